"""A stand-in for the incident.io API, served over real HTTP on loopback, strict where the real one is."""

from __future__ import annotations

from .making import NOW
from .organisation import Organisation, organisation, sample_organisation
from .server import FakeApi
from .wire import Fault, Logged

__all__ = ["NOW", "FakeApi", "Fault", "Logged", "Organisation", "organisation", "sample_organisation"]
