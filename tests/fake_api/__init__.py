"""A stand-in for the incident.io API, served over real HTTP on loopback, strict where the real one is.

facts.json (made by tools/facts.py) says what each endpoint takes and answers, traps.json what no document says; `rows`
makes rows out of their schemas, with what `awkward` (for the tests) or `sample` (for trying things out) adds to them.
"""

from __future__ import annotations

from .making import NOW
from .organisation import Organisation, organisation, sample_organisation
from .server import KEY, FakeApi
from .wire import Fault, Logged

__all__ = ["KEY", "NOW", "FakeApi", "Fault", "Logged", "Organisation", "organisation", "sample_organisation"]
