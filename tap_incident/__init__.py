"""A Singer tap for incident.io."""

from tap_incident.cli import main

__all__ = ["main"]
