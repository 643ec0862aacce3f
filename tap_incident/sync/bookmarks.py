"""The state after each page and at the end of a step, with the bookmark of an incremental stream.

Source: Singer spec, section "State".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tap_incident.protocol import state as states
from tap_incident.protocol.state import State
from tap_incident.streams import STREAMS
from tap_incident.sync.plan import Node, Step
from tap_incident.sync.replication import ResumePoint, Without, latest, nested_nodes
from tap_incident.sync.windows import Window
from tap_incident.timestamps import instant


def state_after_page(
    point: ResumePoint,
    state: State,
    *,
    list_index: int,
    left: Sequence[Window],
    newest: str | None,
    began: str,
    lacks: Collection[str] = (),
    denied: Collection[str] = (),
) -> State:
    """The state once the rows of one list are written, except in the windows `left`. The run started at `began`.

    `lacks` names streams that could not be read for some of these rows. `denied` are nested parts that the key may not
    read at all.
    """
    fields: dict[str, Any] = {"walk": point.walk, "part": list_index or None}
    if len(left) == 1 and left[0].is_whole:
        fields["after"] = left[0].after
    else:
        fields["windows"] = [window.as_json() for window in left] or None
    if point.step.replication_key or point.step.changed_parents:
        fields["started"] = point.started or began
    if point.step.replication_key:
        fields |= {"newest": newest, "denied": sorted({*point.denied, *denied}) or None}
    fields["lacks"] = sorted(lacks) or None
    return states.set_cursor(state, point.step.name, **fields)


def state_at_end(
    point: ResumePoint,
    state: State,
    *,
    newest: str | None,
    began: str,
    lacks: Collection[str] = (),
    denied: Mapping[str, str] = MappingProxyType({}),
) -> State:
    """The state once all rows of the step are written, in a run that started at `began`.

    `lacks` names streams that could not be read for some rows. `denied` maps the nested parts that the key may not read
    at all to the id of a row that was refused.
    """
    name = point.step.name
    state = states.clear_cursors(state, name)
    if not point.step.replication_key or (newest is None and point.bookmark is None):
        return state
    if lacks or set(point.denied) - denied.keys():
        return state  # The bookmark stays, so that the next run reads these rows again.
    # A row that changed after the start may have changed on a page that was already read: the next run reads it.
    bookmark = min(latest(newest, point.bookmark), point.started or began, key=instant)
    without = _without(point, denied)
    return states.set_bookmark(state, name, updated_at=bookmark, scope=point.scope, without=without)


def _without(point: ResumePoint, denied: Mapping[str, str]) -> Without:
    """The nested parts that rows up to the new bookmark lack."""
    nested, parent = nested_nodes(point.step), point.step.lists[0][0].stream.name
    without: dict[str, Mapping[str, Any]] = {}
    for stream in (each for each in STREAMS if each.parent.stream == parent and each.parent.nested_as):
        part = str(stream.parent.nested_as)
        known = point.without.get(part)
        if part not in nested or part in denied:
            since = known["since"] if known else point.bookmark
            without[part] = {"since": since, "denied": denied.get(part)}
        elif known:
            without[part] = known
    return without


def regained(step: Step, state: State, may_read: Callable[[Node, str], bool]) -> State:
    """The state in which nested parts that were denied, and that the key may read again, count as deselected.

    So the step reads again what lacks them. `may_read(node, id)` asks the API.
    """
    bookmark = states.bookmark(state, step.name)
    without, nested = dict(bookmark.get("without") or {}), nested_nodes(step) if step.replication_key else {}
    for part in without.keys() & nested.keys():
        refused = without[part]["denied"]
        # An empty id: no row was refused by this step, so there is nothing to ask for.
        if refused is not None and (not refused or may_read(nested[part], refused)):
            without[part] = {**without[part], "denied": None}
    if without == (bookmark.get("without") or {}):
        return state
    return {**state, "bookmarks": {**state["bookmarks"], step.name: {**bookmark, "without": without}}}
