"""A Singer tap for incident.io. docs/architecture.md says what is where."""

from tap_incident.cli import main

__all__ = ["main"]
