"""Speed, requests and memory against their physical limits: `make bench` prints a table and writes bench/results.json.

Each figure is a ratio within this one run, against a stand-in on loopback, so that the machine's own speed drops out.
"""

from __future__ import annotations

import io
import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any

import singer
from singer.transform import Transformer

from tap_incident.protocol.messages import Writer
from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selection, select
from tap_incident.streams import BY_NAME
from tap_incident.sync.plan import steps
from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.runs import STANDARD, bare, only, there
from tools.bench_speed import memory, whole_runs
from tools.figures import Figure, bench_organisation
from tools.measured import KEY, run


def floor_of_the_bucket() -> Iterator[Figure]:
    """800 requests where the API gives 120 at once and 20 a second, at 50 ms each."""
    capacity, refill, incidents = 120, 20, 266
    org = bench_organisation(incidents)
    catalog = bare(only("actions", "follow_ups", "incident_updates"))
    with FakeApi(org, key=KEY, rate_per_minute=capacity, refill_per_second=refill, latency=0.05) as fake:
        ran = run(fake, catalog, child_strategy="per_incident")
    floor = (ran.requests - ran.refused - capacity) / refill
    share = ran.refused / ran.requests
    yield Figure(
        f"wall time of {ran.requests} requests against the bucket's floor of {floor:.1f} s",
        f"{ran.seconds:.1f} s",
        "1.05 times + 1 s",
        ran.seconds <= 1.05 * floor + 1,
    )
    yield Figure("answers of 429 among them", f"{100 * share:.1f} %", "1 %", share <= 0.01)


def fewest_requests() -> Iterator[Figure]:
    """Requests of a default sync, against those that the rows to be read make necessary."""
    org = bench_organisation(200)
    for strategy in ("per_incident", "list"):
        with FakeApi(org, key=KEY) as fake:
            ran = run(fake, child_strategy=strategy)
        needed = necessary(org, select(), strategy)
        what = f"requests of a default sync of 200 incidents, {strategy}"
        yield Figure(what, str(ran.requests), f"{needed}", ran.requests == needed)


def necessary(org: Organisation, selection: Selection, strategy: str) -> int:
    """Pages that hold the rows, each once, and an empty answer where only asking tells that there is nothing.

    And the one request that asks whose key it is, and one per step for the second look at what changed meanwhile.
    """
    planned = steps(selection, STANDARD, strategy)
    total = 1 + sum(step.changed_parents is not None for step in planned)
    spooled = {}
    for node, params in (listing for step in planned for listing in step.lists):
        mode = dict(params).get(node.stream.mode_param or "") if node.stream.parent.stream else None
        rows = there(org, node.stream.name) if mode is None else in_mode(org, node.stream.path, mode)
        total += pages(len(rows), node.stream.page_size)
        for child in node.children:
            counts = Counter(row[child.stream.parent.id_param] for row in org.rows[child.stream.path])
            if child.spooled:
                spooled[child.stream.name] = pages(sum(counts.values()), child.stream.page_size)
            else:
                total += sum(pages(counts[row["id"]], child.stream.page_size) for row in rows)
    return total + sum(spooled.values())


def in_mode(org: Organisation, path: str, mode: str) -> list[dict[str, Any]]:
    """The rows of a list that belong to incidents of one mode."""
    return [row for row in org.rows[path] if org.modes.get(row["incident_id"], "standard") == mode]


def pages(rows: int, page_size: int | None) -> int:
    """Requests for so many rows."""
    return max(1, -(-rows // page_size)) if page_size else 1


def processor() -> Iterator[Figure]:
    """CPU time of an incident's way from bytes to a RECORD line."""
    org = organisation(400)
    selected = select()["incidents"]
    texts = [json.dumps({**row, **nested(org, row["id"])}) for row in org.rows["/v2/incidents"][:200]]
    shape = shaper(selected, schema(BY_NAME["incidents"]), lambda _: None)

    def write(parsed: Iterator[Any]) -> None:
        writer = Writer(io.StringIO())
        writer.schema(selected)
        for row in parsed:
            writer.record("incidents", shape(row))

    def transform(parsed: Iterator[Any]) -> None:
        transformer = Transformer()
        with redirect_stdout(io.StringIO()):
            for row in parsed:
                record = transformer.transform(row, selected.schema)
                singer.write_message(singer.RecordMessage("incidents", record))

    ours, codec, parsing, shaping, theirs = cpu(
        lambda: write(json.loads(text) for text in texts),
        lambda: [json.dumps(json.loads(text)) for text in texts],
        lambda: [*map(json.loads, texts)],
        lambda: write(iter([json.loads(text) for text in texts])),
        lambda: transform(json.loads(text) for text in texts),
    )
    shaping, theirs = shaping - parsing, theirs - parsing
    yield Figure(
        f"CPU of an incident of {sum(map(len, texts)) / len(texts) / 1000:.1f} kB against json.loads + json.dumps",
        f"{ours / codec:.1f} times",
        "at most 3 times",
        ours <= 3 * codec,
    )
    what = "CPU of shaping and writing an incident: Transformer + write_message against ours"
    yield Figure(what, f"{theirs / shaping:.1f} times", "at least 10 times", theirs >= 10 * shaping)


def nested(org: Organisation, incident: str) -> dict[str, Any]:
    """The attachments and updates of an incident, as they stand in its record."""
    parts = {"attachments": "/v1/incident_attachments", "updates": "/v2/incident_updates"}
    return {name: [row for row in org.rows[path] if row["incident_id"] == incident] for name, path in parts.items()}


def cpu(*works: Callable[[], object]) -> list[float]:
    """The least CPU seconds of each in seven rounds. They take turns, because the speed of a machine changes."""

    def once(work: Callable[[], object]) -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    rounds = [[once(work) for work in works] for _ in range(7)]
    return [min(times) for times in zip(*rounds, strict=True)]


def main() -> int:
    """Measure, print and write all figures; 1 if a bound isn't kept."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"On {machine}. This takes some minutes.\n", flush=True)
    figures = []
    for part in (processor, fewest_requests, whole_runs, floor_of_the_bucket, memory):
        for figure in part():
            figures.append(figure)
            print(figure.line(), flush=True)
    folder = Path("bench")
    folder.mkdir(exist_ok=True)
    content = {"machine": machine, "figures": [asdict(figure) for figure in figures]}
    (folder / "results.json").write_text(json.dumps(content, indent=2) + "\n")
    return 0 if all(figure.kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
