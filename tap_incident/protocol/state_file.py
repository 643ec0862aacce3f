"""The state file, in each form that people and orchestrators use."""

from __future__ import annotations

from tap_incident.errors import BadInput
from tap_incident.json_input import parse_file
from tap_incident.protocol.state import State, check
from tap_incident.streams import BY_NAME


def read_state(text: str, source: str) -> State:
    """The state in the text of a file.

    It can also be a whole STATE message, Meltano's `{"singer_state": {...}}`, or only the bookmarks. Raises BadInput
    with `source` (a file name) and what is wrong in its text.
    """
    if not text.strip():
        raise BadInput(
            f"{source}: is empty. A pipe that ends in > {source} empties it before the tap reads it",
            advice="Write to another file and rename it after the run, or leave out --state",
        )
    return check(_unwrapped(parse_file(text, source), source), source)


def _unwrapped(value: object, source: str) -> object:
    """The state inside a parsed file; other values as they are, so that `check` says what is wrong with them."""
    while isinstance(value, dict) and "bookmarks" not in value:
        if value.get("type") == "STATE" and "value" in value:
            value = value["value"]
        elif "singer_state" in value:
            value = value["singer_state"]
        elif value.keys() & BY_NAME.keys():
            return {"bookmarks": value}
        elif value.keys() <= {"currently_syncing"}:
            return value
        elif isinstance(value.get("streams"), list):
            raise BadInput(f"{source}: is a catalog, not a state", advice="Give it with --catalog")
        else:
            raise BadInput(f'{source}: has no "bookmarks", so it is not a state')
    return value
