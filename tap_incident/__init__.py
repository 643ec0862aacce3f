"""A Singer tap for incident.io. One run, in the order of the packages: cli, sync, api, protocol, streams.

Imports only run in that order. The modules at the root that all of them may import: config, errors, json_input and
timestamps.
"""

from tap_incident.cli import main

__all__ = ["main"]
