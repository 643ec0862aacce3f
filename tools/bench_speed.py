"""Whole runs at the defaults, against what the API's quota, its latency and the number of workers make necessary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from tap_incident.protocol.selection import select
from tap_incident.streams import BY_NAME, Stream
from tests.fake_api import FakeApi, Organisation
from tests.support.runs import bare, catalog_with, only
from tools.figures import Figure, bench_organisation
from tools.measured import KEY, Ran, run

WORKERS = 32
BURST, PER_SECOND = 1200, 20
UNLIMITED = 10_000_000
"""Requests a minute that a stand-in claims to allow, so that the tap's own gate doesn't bound what is measured."""
_YEAR = timedelta(days=365)
_BEGINNING = datetime(2025, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Work:
    """Something to extract."""

    name: str
    organisation: Callable[[], Organisation]
    catalog: dict[str, Any] | None = None
    settings: dict[str, Any] = field(default_factory=dict)


def with_attachments() -> dict[str, Any]:
    """The default streams, and incident_attachments."""

    def change(name: str, metadata: dict[str, Any]) -> None:
        if name == "incident_attachments":
            metadata["selected"] = True

    return catalog_with(change)


def with_alerts(incidents: int, alerts: int, escalations: int) -> Organisation:
    """An organisation with so many alerts and escalations within one year."""
    org = bench_organisation(incidents)
    for path, count in (("/v2/alerts", alerts), ("/v2/escalations", escalations)):
        org.rows[path] = [spread(org.rows[path], number, count) for number in range(count)]
    return org


def spread(rows: list[dict[str, Any]], number: int, count: int) -> dict[str, Any]:
    """The row with this number of so many, created when its turn is within the year."""
    created = (_BEGINNING + number * _YEAR / count).isoformat()[:19] + "Z"
    row = {**rows[number % len(rows)], "id": f"01J{number:023d}", "created_at": created, "updated_at": created}
    return {name: value for name, value in row.items() if name != "alert_group_ids"}


WORKS = (
    Work("A: 300 incidents", lambda: bench_organisation(300)),
    Work("B: 1,500 incidents", lambda: bench_organisation(1500)),
    Work("C: 10,000 alerts, 4,000 escalations, 50 incidents", lambda: with_alerts(50, 10_000, 4_000)),
    Work(
        "D: first INCREMENTAL run, 600 incidents, attachments selected",
        lambda: bench_organisation(600),
        with_attachments(),
        {"replication_method": "INCREMENTAL"},
    ),
)


def whole_runs() -> Iterator[Figure]:
    """Each work at 100 and at 300 ms an answer, with the API's quota."""
    for work in WORKS:
        org = work.organisation()
        for latency in (0.1, 0.3):
            with FakeApi(org, key=KEY, latency=latency) as fake:
                ran = run(fake, work.catalog, **work.settings)
                floor = floor_of(ran, latency, longest_chain(org, work.catalog))
                twice = repeated(fake)
            bound = 1.25 * floor + 1
            yield Figure(
                f"{work.name}, {latency * 1000:.0f} ms: {ran.requests} requests, floor {floor:.1f} s",
                f"{ran.seconds:.1f} s",
                f"{bound:.1f} s (1.25 times + 1 s)",
                ran.seconds <= bound,
            )
            yield Figure(
                f"requests of it that were sent twice, answers of 429: {ran.refused}", str(twice), "0", not twice
            )


def floor_of(ran: Ran, latency: float, chain: int) -> float:
    """The seconds that so many requests take at least. On a slow machine, that is the CPU time of the rows."""
    quota = (ran.requests - BURST) / PER_SECOND
    return max(quota, ran.requests * latency / WORKERS, chain * latency, ran.cpu_seconds)


def longest_chain(org: Organisation, catalog: dict[str, Any] | None) -> int:
    """Requests that need each other's answers: whose key it is, the pages of a list, a child of its last row, and the
    second look. A list that can be read in windows of time counts as two pages."""
    lengths = []
    for name in select(catalog):
        stream = BY_NAME[name]
        parent = BY_NAME[stream.parent.stream] if stream.parent.stream and not stream.parent.has_list else None
        lengths.append(1 + pages_of(org, stream) if parent is None else 2 + pages_of(org, parent))
    return max(lengths) + 1


def pages_of(org: Organisation, stream: Stream) -> int:
    """The pages of a list that must be read one after the other."""
    rows = len(org.rows[stream.path])
    pages = max(1, -(-rows // stream.page_size)) if stream.page_size else 1
    return min(2, pages) if stream.filters_created_at else pages


def repeated(fake: FakeApi) -> int:
    """How many requests were the same as an earlier one, other than those that were refused for the rate limit."""
    counts = Counter(
        (request.path, tuple(request.params))
        for request in fake.requests
        # Two steps look for incidents that have changed meanwhile.
        if request.status != 429 and request.path != "/v2/incidents"
    )
    return sum(count - 1 for count in counts.values())


def memory() -> Iterator[Figure]:
    """Peak memory at ten times the incidents and the alerts, by both strategies, with nested parts and without."""
    nested, plain, alerts = only("incidents"), bare(only("incidents", "actions")), bare(only("incidents", "alerts"))
    small, large = with_alerts(2_000, 10_000, 0), with_alerts(20_000, 100_000, 0)
    for strategy in ("per_incident", "list"):
        for name, catalog in (("with nested parts", nested), ("with actions", plain), ("with alerts", alerts)):
            peaks = []
            for org in (small, large):
                with FakeApi(org, key=KEY, rate_per_minute=UNLIMITED, incidents_per_minute=UNLIMITED) as fake:
                    peaks.append(run(fake, catalog, child_strategy=strategy).peak_mb)
            ratio = peaks[1] / peaks[0]
            sizes = f"{peaks[0]:.1f} MB, {peaks[1]:.1f} MB"
            what = f"peak memory at 2,000 incidents and 10,000 alerts, and at ten times as many, {strategy}, {name}"
            yield Figure(f"{what} ({sizes})", f"{ratio:.2f} times", "at most 1.10 times", ratio <= 1.1)
