"""Fills the spools: reads the organisation-wide lists of children whose rows must wait for their parents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tap_incident.api.answers import Row
from tap_incident.errors import BadData, MissingPermission, Unreadable
from tap_incident.sync.context import RunContext
from tap_incident.sync.fanout import Task
from tap_incident.sync.plan import Node
from tap_incident.sync.replication import ResumePoint
from tap_incident.sync.spool import Spool


def spooled_nodes(points: Iterable[ResumePoint]) -> Iterator[Node]:
    """One node for each stream that is spooled for what is left of these steps."""
    found = {
        node.stream.name: node
        for point in points
        for root, _ in point.step.lists[point.list_index :]
        for node in root.tree()
        if node.spooled
    }
    yield from found.values()


def fill_spool(run: RunContext, child: Node) -> Task:
    """Read the lists of one stream into its spool."""
    spool = run.spools[child.stream.name] = Spool()
    return _fill(run, child, spool)


def _fill(run: RunContext, child: Node, spool: Spool) -> Task:
    stream, problems = child.stream, run.problems
    lists = [run.workers.prefetch(run.client.pages(stream, params)) for params in stream.list_params(run.modes)]
    try:
        for pages in lists:
            while True:
                while pending := pages.pending:
                    yield pending
                page = next(pages, None)
                if page is None:
                    break
                problems.answered.add(stream.name)
                spool.add([(_parent_id(row, child), row) for row in page.rows], page.extracted)
                run.tick()
                yield None
    except MissingPermission as error:
        # On a later page, the 403 is not about one parent: nobody knows whose rows the rest of the list has.
        if stream.name in problems.answered:
            problems.end(child, error)
        else:
            problems.deny(child, error)
    except Unreadable as error:
        problems.end(child, error)
    spool.full.set_result(None)


def _parent_id(row: Row, child: Node) -> str:
    key = child.stream.parent.id_param
    if row.get(key) is None:
        raise BadData(f"{child.stream.name}: a row came without its key property {key}")
    return str(row[key])
