"""`python -m tap_incident`."""

from tap_incident.cli import command

command()
