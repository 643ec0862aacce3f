"""--test: SCHEMA and a few rows of each selected stream, without STATE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from tap_incident.api.answers import Page, Row
from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import BadData, Gone, MissingPermission, Unreadable
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected, Selection
from tap_incident.streams import Params
from tap_incident.sync.child_requests import TimeSpan, child_params, shift_window, with_added_columns
from tap_incident.sync.identity import key_page, log_key
from tap_incident.sync.plan import Node, steps
from tap_incident.sync.problems import Problems

_ROWS = 3
"""Rows of a stream. Of one that is read for its children, there is one."""


def write_sample(selection: Selection, config: Config, client: Client, writer: Writer, now: datetime) -> None:
    """Write SCHEMA and a few records of each stream. `schedule_entries` is read for a window around `now`.

    Raises TapError at the end if some of what was selected could not be read, and what ends a sync at once.
    """
    log_key(key_page(client))
    sample = _Sample(client, writer, Problems(), shift_window(now, config.schedule_window_days))
    for step in steps(selection, config.incident_modes, "per_incident", has_bookmark=lambda _: False):
        root, params = step.lists[0]
        sample.write(root, sample.page(root, params))
        for selected in step.emitted():
            if selected.stream.name not in sample.problems.denied:
                writer.schema(selected)
    writer.flush()
    sample.problems.raise_failures(selection)


@dataclass(frozen=True)
class _Sample:
    client: Client
    writer: Writer
    problems: Problems
    span: TimeSpan

    def page(self, node: Node, params: Params) -> Page | None:
        """The first rows of a list; None if they can't be read."""
        most = 1 if node.children else _ROWS
        try:
            page = self.client.first_page(node.stream, params, most)
            (page,) = with_added_columns(iter([page]), node.stream, params)
        except MissingPermission as error:
            self.problems.deny(node, error)
        except Unreadable as error:
            # A parent may be deleted at any time.
            if not (isinstance(error, Gone) and node.stream.parent.stream):
                self.problems.end(node, error)
        else:
            self.problems.answered.add(node.stream.name)
            return replace(page, rows=page.rows[:most])
        return None

    def write(self, node: Node, page: Page | None) -> None:
        """Write the rows of a page, and what is below them."""
        if page is None:
            return
        if node.selected:
            self.writer.schema(node.selected)
        for row in page.rows:
            below = list(self._below(node, row))
            if node.selected:
                self._record(node.selected, node, row, page.extracted)
            for child, found in below:
                if child.selected or child.children:
                    self.write(child, found)

    def _below(self, node: Node, row: Row) -> Iterator[tuple[Node, Page | None]]:
        """The pages of a row's children. Those of nested parts are also put into the row."""
        for child in node.children:
            if not self.problems.is_wanted(child):
                continue
            try:
                lists = child_params(child.stream, row, self.span, lambda *_: True)
            except BadData as error:  # A parent without the ids to ask by.
                self.problems.fail(node, error)
                return
            found = self.page(child, lists[0])
            if child.nested:
                row[str(child.stream.parent.nested_as)] = found.rows if found else None
            yield child, found

    def _record(self, selected: Selected, node: Node, row: Row, extracted: str) -> None:
        try:
            record = shaper(selected, schema(node.stream), lambda path: None)(row)
        except BadData as error:
            self.problems.fail(node, error)
        else:
            self.writer.record(node.stream.name, record, extracted)
