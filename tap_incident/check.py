"""--check: what the key may read, and what the first run will cost. It asks for one row of each selected list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from tap_incident.api.answers import Page
from tap_incident.api.children import TimeSpan, child_params, shift_window
from tap_incident.api.client import Client
from tap_incident.api.identity import described
from tap_incident.config import Config
from tap_incident.errors import BadData, Gone, MissingPermission, PassingFault, TapError, Unreadable
from tap_incident.logs import duration, masked, printable
from tap_incident.protocol.selection import Selection
from tap_incident.streams import BY_NAME, Params
from tap_incident.sync.plan import Node, pages_for, requests_for, steps
from tap_incident.sync.problems import permission
from tap_incident.sync.summary import of

RETRY_SECONDS = 15
"""A fault that lasts longer ends the check of a list."""
_ROWS_PER_PARENT = 2
"""What a list of children counts, since nobody knows its length in advance."""


@dataclass(frozen=True)
class Finding:
    """What is known of one list."""

    node: Node
    page: Page | None = None
    """Its first page, of one row; None if it was not read."""
    rows: int | None = None
    """Its number of rows, if the API says it."""
    problem: TapError | None = None
    note: str = "ok"


def check(selection: Selection, config: Config, client: Client, now: datetime) -> Iterator[str]:
    """The lines of the report. `schedule_entries` is asked for around `now`.

    Raises BadKey, BadEndpoint or PassingFault if the API refuses the key or can't be reached. Raises TapError after the
    last line if nothing can be read, if a permission is missing for something that is selected by name, or if something
    can't be read for another reason.
    """
    with suppress(Unreadable, TypeError):  # Then the API does not say whose key it is.
        yield _clean(described(client.identity()), config)
    roots = [step.root for step in steps(selection, config.incident_modes, by_list=False)]
    order = list(BY_NAME)
    span = shift_window(now, config.schedule_window_days)
    findings = sorted(_findings(roots, config, client, span), key=lambda found: order.index(found.node.name))
    yield ""
    width = max(len(found.node.label) for found in findings)
    yield f"{'stream':{width}} {'rows':>9}"
    for found in findings:
        count = "" if found.rows is None else f"{found.rows:,}"
        yield _clean(f"{found.node.label:{width}} {count:>9}  {_outcome(found)}".rstrip(), config)
    yield ""
    yield _cost([found for found in findings if found.node in roots], findings, config, client)
    _raise_problems(findings)


def _findings(roots: Sequence[Node], config: Config, client: Client, span: TimeSpan) -> Iterator[Finding]:
    """What is known of each list: the roots first, then their children side by side, and so on."""
    modes = config.incident_modes
    waiting = [(root, root.stream.list_params(modes)) for root in roots]
    with ThreadPoolExecutor(config.max_concurrency) as pool:
        while waiting:
            found = list(pool.map(lambda each: _finding(client, *each), waiting))
            yield from found
            waiting = []
            for parent in found:
                for child in parent.node.children:
                    try:
                        lists = _lists(child, parent.page, span, modes)
                    except BadData as error:
                        yield Finding(child, problem=error)
                        continue
                    if lists:
                        waiting.append((child, lists))
                    else:
                        note = f"not asked for: that takes a row of {parent.node.name}"
                        yield from (Finding(each, note=note) for each in child.tree())


def _lists(child: Node, parents: Page | None, span: TimeSpan, modes: Sequence[str]) -> tuple[Params, ...]:
    """The lists to request: the lists of the whole organisation, the list of one parent, or none."""
    if _has_own_list(child):
        return child.stream.list_params(modes)
    if parents is None or not parents.rows:
        return ()
    return tuple(child_params(child.stream, parents.rows[0], span, lambda *_: True)[:1])


def _has_own_list(node: Node) -> bool:
    is_read_by_list = node.stream.parent.has_list and (node.selected is not None or not node.nested)
    return node.stream.parent.stream is None or is_read_by_list


def _finding(client: Client, node: Node, lists: Sequence[Params]) -> Finding:
    """What the first pages of these lists of a node say together."""
    is_whole = _has_own_list(node)
    try:
        pages = [client.first_page(node.stream, params, 1) for params in lists]
    except (Unreadable, PassingFault) as error:
        is_gone_parent = isinstance(error, Gone) and not is_whole
        return Finding(node, Page([])) if is_gone_parent else Finding(node, problem=error)
    totals = [len(page.rows) if page.after is None else page.total for page in pages]
    known = [total for total in totals if total is not None]
    rows = sum(known) if is_whole and len(known) == len(totals) else None
    return Finding(node, Page([row for page in pages for row in page.rows]), rows)


def _outcome(found: Finding) -> str:
    problem = found.problem
    if not isinstance(problem, MissingPermission):
        return found.note if problem is None else f"can't be read: {problem}"
    return f"the key lacks the permission {permission(problem.scope or found.node.stream.scope)}"


def _clean(text: str, config: Config) -> str:
    return printable(masked(text, config.api_key))


def _cost(roots: Sequence[Finding], findings: Sequence[Finding], config: Config, client: Client) -> str:
    """Roughly how many requests and how much time it takes to read the roots with their readable children."""
    readable = {found.node.name for found in findings if found.problem is None}
    by_list = config.child_strategy == "list"
    read = [found for found in roots if found.page is not None]
    requests = 0
    for found in read:
        rows = found.rows or 0
        children = [
            replace(child, spooled=by_list and child.stream.parent.has_list)
            for child in found.node.children
            if child.name in readable
        ]
        requests += requests_for(replace(found.node, children=tuple(children)), rows)
        for stream in (child.stream for child in children if child.spooled):
            lists = stream.list_params(config.incident_modes)
            requests += max(len(lists), pages_for(_ROWS_PER_PARENT * rows, stream))
    timings = client.timings().values()
    latency = sum(each.seconds for each in timings) / max(1, sum(each.number for each in timings))
    time = duration(max(1.0, client.seconds_for(requests), requests * latency / config.max_concurrency))
    unknown = [found.node.label for found in read if found.rows is None]
    more = f"; more if these are long, since the API does not say: {', '.join(unknown)}" if unknown else ""
    about = "at least" if unknown else "about"
    return f"The first run takes {about} {of(requests, 'request')} and {time}{more}"


def _raise_problems(findings: Sequence[Finding]) -> None:
    failed = [found for found in findings if found.problem is not None]
    denied = [found for found in failed if isinstance(found.problem, MissingPermission)]
    named = ", ".join(found.node.label for found in denied if found.node.explicit)
    if named:
        raise TapError(
            f"The key may not read all that is selected: {named} (see the table above)",
            advice="Use a key with these permissions, or deselect them",
        )
    others = ", ".join(found.node.label for found in failed if found not in denied)
    if others:
        # A sync would fail too.
        raise TapError(
            f"Not everything could be read: {others} (see the table above)",
            advice="Check again later, or deselect them",
        )
    if all(found.page is None for found in findings):
        raise TapError("Nothing could be read (see the table above)", advice="Use a key with these permissions")
