"""Which rows of a page a run has to read: those of the window, that changed, or that a second look is for."""

from __future__ import annotations

from tap_incident.api.answers import Page
from tap_incident.errors import BadData
from tap_incident.sync.context import RunContext
from tap_incident.sync.plan import Node
from tap_incident.sync.replication import ResumePoint, changed_rows
from tap_incident.sync.second_look import changed_since
from tap_incident.sync.windows import Window


def due_rows(run: RunContext, point: ResumePoint, node: Node, window: Window, page: Page) -> Page:
    """The page with only the rows that this run has to read."""
    name, key = point.step.name, node.stream.replication_key
    run.problems.answered.add(node.stream.name)
    if node.second_look:
        page.rows[:] = node.second_look.parents(page.rows, run.recent.get(name, {}))
        return page
    look = point.step.changed_parents
    # Spools were filled before the parents are read. They do not know what has changed since.
    if look and look[0].stream is node.stream and key and not any(child.spooled for child in node.children):
        recent = run.recent.setdefault(name, {})
        began = run.began(point)
        recent.update((str(row.get("id")), row[key]) for row in page.rows if changed_since(row, key, began))
    try:
        rows = [row for row in page.rows if window.has(row)]
    except BadData as error:
        raise BadData(f"{node.stream.name}: {error}") from None
    page.rows[:] = changed_rows(point, node, rows, run.newest)
    if name in run.newest:
        run.first_newest.setdefault(name, run.newest[name])
    return page
