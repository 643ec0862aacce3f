"""Which requests to read children with: one per parent, or an organisation-wide list. The setting `child_strategy`."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from tap_incident.api.answers import Page
from tap_incident.errors import MissingPermission, Unreadable
from tap_incident.protocol import state as states
from tap_incident.protocol.selection import Selection
from tap_incident.streams import Params
from tap_incident.sync.context import RunContext
from tap_incident.sync.plan import Step, cost, steps
from tap_incident.sync.replication import ResumePoint, resume_point

LOGGER = logging.getLogger(__name__)

STRATEGIES = ("per_incident", "list")
_WORTH_IT = 2
"""The list is used if it needs less than this part of the requests."""


def plans(selection: Selection, run: RunContext) -> dict[str, list[ResumePoint]]:
    """The resume points of all steps, by the strategies that the settings allow."""
    config = run.config

    def points(strategy: str) -> list[ResumePoint]:
        return [resume_point(step, run.state, config) for step in _steps(selection, run, strategy)]

    if config.child_strategy != "auto":
        return {config.child_strategy: points(config.child_strategy)}
    options = {strategy: points(strategy) for strategy in STRATEGIES}
    per_incident, by_list = ([point.step for point in found] for found in options.values())
    if per_incident == by_list:
        del options["list"]
    elif not any(root.stream.name == "incidents" for step in by_list for root, _ in step.lists):
        del options["per_incident"]  # Only that one needs the incidents.
    return options


def _steps(selection: Selection, run: RunContext, strategy: str) -> tuple[Step, ...]:
    def has_bookmark(name: str) -> bool:
        return bool(run.config.start_date or states.bookmark(run.state, name).get("updated_at"))

    return steps(selection, run.modes, strategy, has_bookmark=has_bookmark)


def request_parents(options: dict[str, list[ResumePoint]], run: RunContext) -> None:
    """Request the first page of the parents' list, since the choice depends on how many there are."""
    point = _parents(next(iter(options.values())))
    if point is not None:
        node, params = point.listing(0, run.began(point))
        run.early[_first_page(point, run)] = run.workers.prefetch(run.client.pages(node.stream, params, point.after))


def decided(options: dict[str, list[ResumePoint]]) -> list[ResumePoint]:
    """The resume points that are the same in each of the plans, without the one with the parents' list."""
    first, *others = options.values()
    parents = _parents(first)
    return [point for point in first if point is not parents and all(point in points for points in others)]


def chosen(selection: Selection, options: dict[str, list[ResumePoint]], run: RunContext) -> list[ResumePoint]:
    """The plan to use. It says at INFO why, and what it costs."""
    (strategy, points), *others = options.items()
    parents = _parents(points)
    if parents is None:
        return points
    try:
        count = _count(run, parents)
    except MissingPermission:
        # The organisation-wide lists can be read without the incidents.
        return options.get("list", points)
    except Unreadable:
        return points  # The list itself will meet it again.
    # By the strategy list, some children are not below their parents.
    roots = (step.lists[0][0] for step in _steps(selection, run, "per_incident") if step.name == parents.step.name)
    root = next(roots)
    costs = {each: cost(root, count, run.modes, each) for each in STRATEGIES}
    best = cheaper(costs)
    if not others:
        better = costs[best] < costs[strategy] and parents.since is None
        advice = f' (only about {costs[best]:,} with child_strategy "auto")' if better else ""
        name = parents.step.name
        LOGGER.info(f"{name}: {count:,} rows, about {costs[strategy]:,} requests by child_strategy {strategy}{advice}")
        return points
    resumed = {each: sum(point.is_resumed for point in found) for each, found in options.items()}
    if resumed["list"] != resumed["per_incident"]:
        return options[max(resumed, key=lambda each: resumed[each])]
    LOGGER.info(
        "%s: %s rows: child_strategy %s (list needs about %s requests, per_incident %s)",
        *(parents.step.name, f"{count:,}", best, f"{costs['list']:,}", f"{costs['per_incident']:,}"),
    )
    return options[best]


def cheaper(costs: Mapping[str, int]) -> str:
    """The strategy to use, if each of them needs that many requests."""
    return "list" if costs["list"] * _WORTH_IT < costs["per_incident"] else "per_incident"


def _parents(points: list[ResumePoint]) -> ResumePoint | None:
    """The step with the list of parents whose children can also be read from an organisation-wide list."""
    listed = (point for point in points for child in point.step.lists[0][0].children if child.stream.parent.has_list)
    return next((point for point in listed if point.list_index == 0 and not point.windows), None)


def _first_page(point: ResumePoint, run: RunContext) -> tuple[str, Params, str | None]:
    _, params = point.listing(0, run.began(point))
    return point.step.name, params, point.after


def _count(run: RunContext, point: ResumePoint) -> int:
    """The number of parents, or that on the first page if the API gives none. Raises what `Client.get` raises."""
    page = run.early[_first_page(point, run)].peek() or Page([])
    return len(page.rows) if page.total is None else page.total
