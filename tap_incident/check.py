"""--check: what the key may read, and what the first run will cost. It asks for one row of each selected list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from tap_incident.api.answers import Page
from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import Gone, MissingPermission, PassingFault, TapError, Unreadable
from tap_incident.logs import duration, masked, printable
from tap_incident.protocol.selection import Selection
from tap_incident.streams import BY_NAME, Params, Stream
from tap_incident.sync.children import TimeSpan, child_params, shift_window
from tap_incident.sync.identity import described
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
    note: str = ""
    is_root: bool = False
    """True if its rows are not read for rows of another stream."""


def check(selection: Selection, config: Config, client: Client, now: datetime) -> Iterator[str]:
    """The lines of the report. `schedule_entries` is asked for around `now`.

    Raises BadKey, BadEndpoint or PassingFault if the API refuses the key or can't be reached. Raises TapError after the
    last line if nothing can be read, if a permission is missing for something that is selected by name, or if something
    can't be read for another reason.
    """
    with suppress(Unreadable, TypeError):  # Then the API does not say whose key it is.
        yield _clean(described(client.identity()), config)
    span = shift_window(now, config.schedule_window_days)
    order = list(BY_NAME)
    with ThreadPoolExecutor(config.max_concurrency) as pool:
        findings = list(_findings(selection, config, client, pool, span))
    findings.sort(key=lambda found: order.index(found.node.stream.name))
    yield ""
    width = max(len(found.node.label) for found in findings)
    yield f"{'stream':{width}} {'rows':>9}"
    for found in findings:
        count = "" if found.rows is None else f"{found.rows:,}"
        yield _clean(f"{found.node.label:{width}} {count:>9}  {_outcome(found)}".rstrip(), config)
    yield ""
    yield _cost(findings, config, client)
    _raise_problems(findings)


def _findings(
    selection: Selection, config: Config, client: Client, pool: ThreadPoolExecutor, span: TimeSpan
) -> Iterator[Finding]:
    modes = config.incident_modes
    roots = [step.lists[0][0] for step in steps(selection, modes, by_list=False)]
    waiting = [(root, root.stream.list_params(modes)) for root in roots]
    while waiting:
        asked = [(node, pool.submit(_first_pages, client, node.stream, lists)) for node, lists in waiting]
        waiting = []
        for node, page in asked:
            found = replace(_finding(node, page), is_root=node in roots)
            yield found
            for child in node.children:
                lists = _lists(child, found, span, modes)
                if lists:
                    waiting.append((child, lists))
                else:
                    note = f"not asked for: that takes a row of {node.stream.name}"
                    yield from (Finding(each, note=note) for each in child.tree())


def _lists(child: Node, parent: Finding, span: TimeSpan, modes: Sequence[str]) -> tuple[Params, ...]:
    """The lists to request: the lists of the whole organisation, the list of one parent, or none."""
    if _has_own_list(child):
        return child.stream.list_params(modes)
    if parent.page is None or not parent.page.rows:
        return ()
    return tuple(child_params(child.stream, parent.page.rows[0], span, lambda *_: True)[:1])


def _has_own_list(node: Node) -> bool:
    is_read_by_list = node.stream.parent.has_list and (node.selected is not None or not node.nested)
    return node.stream.parent.stream is None or is_read_by_list


def _first_pages(client: Client, stream: Stream, lists: Sequence[Params]) -> Page:
    """One page that stands for all of these lists: their first rows, and their number of rows together."""
    found = [client.first_page(stream, params, 1) for params in lists]
    totals = [len(page.rows) if page.after is None else page.total for page in found]
    known = [total for total in totals if total is not None]
    return Page([row for page in found for row in page.rows], None, sum(known) if len(known) == len(totals) else None)


def _finding(node: Node, answer: Future[Page]) -> Finding:
    is_whole = _has_own_list(node)
    try:
        page = answer.result()
    except Gone as error:
        return Finding(node, problem=error) if is_whole else Finding(node, Page([]), note="ok")
    except (Unreadable, PassingFault) as error:
        return Finding(node, problem=error)
    return Finding(node, page, page.total if is_whole else None, note="ok")


def _outcome(found: Finding) -> str:
    problem = found.problem
    if not isinstance(problem, MissingPermission):
        return found.note if problem is None else f"can't be read: {problem}"
    return f"the key lacks the permission {permission(problem.scope or found.node.stream.scope)}"


def _clean(text: str, config: Config) -> str:
    return printable(masked(text, config.api_key))


def _cost(findings: Sequence[Finding], config: Config, client: Client) -> str:
    readable = {found.node.name for found in findings if found.problem is None}
    requests, unknown = 0, []
    for found in findings:
        if not found.is_root or found.page is None:
            continue
        children = tuple(child for child in found.node.children if child.name in readable)
        requests += _requests(replace(found.node, children=children), found.rows or 0, config)
        unknown += [found.node.label] if found.rows is None else []
    timings = client.timings().values()
    latency = sum(each.seconds for each in timings) / max(1, sum(each.number for each in timings))
    time = duration(max(1.0, client.seconds_for(requests), requests * latency / config.max_concurrency))
    more = f"; more if these are long, since the API does not say: {', '.join(unknown)}" if unknown else ""
    about = "at least" if unknown else "about"
    return f"The first run takes {about} {of(requests, 'request')} and {time}{more}"


def _requests(node: Node, parents: int, config: Config) -> int:
    """Roughly how many requests it takes to read `parents` rows of `node` with the children of each."""
    by_list = config.child_strategy == "list"
    lists = [child.stream for child in node.children if by_list and child.stream.parent.has_list]
    listed = sum(
        max(len(stream.list_params(config.incident_modes)), pages_for(_ROWS_PER_PARENT * parents, stream))
        for stream in lists
    )
    return (
        requests_for(replace(node, children=tuple(each for each in node.children if each.stream not in lists)), parents)
        + listed
    )


def _raise_problems(findings: Sequence[Finding]) -> None:
    failed = [found for found in findings if found.problem is not None]
    denied = [found for found in failed if isinstance(found.problem, MissingPermission)]
    _raise(
        [found for found in denied if found.node.explicit],
        "The key may not read all that is selected",
        "Use a key with these permissions, or deselect them",
    )
    if denied == failed and all(found.page is None for found in findings):
        raise TapError("Nothing could be read (see the table above)", advice="Use a key with these permissions")
    # A sync would fail too.
    _raise(
        [found for found in failed if found not in denied],
        "Not everything could be read",
        "Check again later, or deselect them",
    )


def _raise(findings: Sequence[Finding], what: str, advice: str) -> None:
    if findings:
        raise TapError(
            f"{what}: {', '.join(found.node.label for found in findings)} (see the table above)", advice=advice
        )
