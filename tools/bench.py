"""Speed, requests, memory and processor against their bounds: `make bench` prints a table; 1 if a bound isn't kept.

Some figures are ratios within this run, so that the machine's own speed drops out; for the others, look at the load in
the first line. `make bench ARGS="C D"` measures the lines that begin so.
"""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.runs import bare, only, there

KEY = "bench"
WORKERS, BURST, PER_SECOND = 32, 1200, 20
UNLIMITED = 10_000_000
"""Requests a minute that a stand-in claims to allow, so that the tap's own gate doesn't bound what is measured."""
INCREMENTAL = {"replication_method": "INCREMENTAL"}
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
CODEC = "import json, sys\nfor line in open(sys.argv[1]):\n for row in json.loads(line): print(json.dumps(row))"
LAUNCHER = """
import json, os, sys, time
began = time.monotonic()
flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
files = [(os.POSIX_SPAWN_OPEN, number, sys.argv[number], flags, 0o600) for number in (1, 2)]
child = os.posix_spawn(sys.argv[3], sys.argv[3:], os.environ, file_actions=files)
_, status, used = os.wait4(child, 0)
print(json.dumps([time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss, status]))
"""
"""Runs a program and prints what it used. A child begins with the peak of its parent, so the parent has to be small."""
Json = dict[str, Any]
Figures = Iterator[tuple[str, float, float]]
"""What was measured, the figure, and the most that it may be."""


@dataclass(frozen=True)
class Ran:
    """One run of a program, and of the tap: requests, those refused with 429, and those that came twice."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    requests: int = 0
    refused: int = 0
    twice: int = 0
    state: Any = None


def launched(*command: str, stdout: Path = Path("/dev/null"), stderr: Path = Path("/dev/null")) -> Ran:
    """Run a program; raises RuntimeError if it fails."""
    launcher = [sys.executable, "-S", "-E", "-c", LAUNCHER, str(stdout), str(stderr), *command]
    seconds, cpu, peak, status = json.loads(subprocess.run(launcher, stdout=subprocess.PIPE, check=True).stdout)
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {status}: {stderr.read_text()[-2000:]}")
    # Linux counts in kB, macOS in bytes.
    return Ran(seconds, cpu, peak / (1024**2 if sys.platform == "darwin" else 1024))


def run(fake: FakeApi, catalog: Any, state: Any, settings: Mapping[str, Any]) -> Ran:
    """Run the tap against `fake`."""
    before = len(fake.requests)
    with tempfile.TemporaryDirectory() as folder:
        files = {"config": {"api_key": KEY, "endpoint": fake.url, **settings}, "catalog": catalog, "state": state}
        command = [sys.executable, "-m", "tap_incident"]
        for name, content in files.items():
            if content is not None:
                path = Path(folder) / f"{name}.json"
                path.write_text(json.dumps(content))
                command += [f"--{name}", str(path)]
        out, log = Path(folder) / "out", Path(folder) / "log"
        ran = launched(*command, stdout=out, stderr=log)
        with out.open(encoding="utf-8") as lines:
            (last,) = deque(lines, maxlen=1)
    made = fake.requests[before:]
    answered = [(request.path, request.params) for request in made if request.status != 429]
    # With INCREMENTAL, the tap looks again for incidents that have changed meanwhile.
    once = [request for request in answered if request[0] != "/v2/incidents"]
    twice, state = len(once) - len(set(once)), json.loads(last)["value"]
    return replace(ran, requests=len(made), refused=len(made) - len(answered), twice=twice, state=state)


def steady(incidents: int) -> Organisation:
    """An organisation with so many incidents in the default modes. None changes during the run; the newest was last."""
    org = organisation(incidents * 3 // 2)
    kept = {row["id"] for row in there(org, "incidents")[:incidents]}
    rows = [row for row in org.rows["/v2/incidents"] if row["id"] in kept]
    moments = ((NOW - timedelta(days=120, hours=12 * (len(rows) - number))).isoformat() for number in range(len(rows)))
    org.rows["/v2/incidents"] = [{**row, "updated_at": at} for row, at in zip(rows, moments, strict=True)]
    return org


def stormy(incidents: int, alerts: int, escalations: int) -> Organisation:
    """So many alerts and escalations, newest first: a third of them within five days, the others in two years."""
    org, chance = steady(incidents), random.Random(1)
    for path, count in (("/v2/alerts", alerts), ("/v2/escalations", escalations)):
        days = (chance.uniform(350, 355) if number % 3 == 0 else chance.uniform(0, 700) for number in range(count))
        org.rows[path] = [moved(org.rows[path], number, ago) for number, ago in enumerate(sorted(days))]
    return org


def moved(rows: list[Json], number: int, days_ago: float) -> Json:
    """The row with this number, created at another time."""
    created = (NOW - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    row = {**rows[number % len(rows)], "id": f"01J{number:023d}", "created_at": created, "updated_at": created}
    return {name: value for name, value in row.items() if name != "alert_group_ids"}


def whole_runs() -> Figures:
    """A, B and D, against the time that so many requests and rows take at least."""
    attachments = {"streams": ["default", "incident_attachments"], **INCREMENTAL}
    for name, incidents, settings in (
        ("A 300 incidents", 300, {}),
        ("B 1,500 incidents", 1500, {}),
        ("D first INCREMENTAL of 600 incidents, with attachments", 600, attachments),
    ):
        org = steady(incidents)
        for latency in (0.1, 0.3):
            ran = read(org, latency, settings=settings)
            # On a slow machine, the floor is the processor's time for the rows.
            quota = (ran.requests - BURST) / PER_SECOND
            floor = max(quota, ran.requests * latency / WORKERS, ran.cpu_seconds)
            yield from of_run(name, ran, latency, 1.25 * floor + 1.5)


def storms() -> Figures:
    """C: long lists whose rows crowd together."""
    org = stormy(50, 10_000, 4_000)
    for latency, bound in ((0.1, 5.0), (0.3, 10.0)):
        yield from of_run("C 10,000 alerts, 4,000 escalations in storms", read(org, latency), latency, bound, 450)


def changes() -> Figures:
    """E and F: the first INCREMENTAL run, and one after twenty changes."""
    first = read(steady(1500), 0.1, settings=INCREMENTAL)
    yield from of_run("E first INCREMENTAL of 1,500 incidents", first, 0.1, 25, 1650)
    org = steady(600)
    rows = org.rows["/v2/incidents"]
    touched, later = {row["id"] for row in rows[:: len(rows) // 20][:20]}, (NOW + timedelta(days=9)).isoformat()
    # The state belongs to the address of the stand-in.
    with FakeApi(org, key=KEY) as fake:
        state = run(fake, None, None, INCREMENTAL).state
        org.rows["/v2/incidents"] = [{**row, "updated_at": later} if row["id"] in touched else row for row in rows]
        again = run(fake, None, state, INCREMENTAL)
    yield "F second INCREMENTAL of 600 incidents, 20 changed: requests", again.requests, 80


def commands() -> Figures:
    """G: what is there before a run begins, the best of seven."""
    for option in ("--version", "--help"):
        best = min(launched(sys.executable, "-m", "tap_incident", option).cpu_seconds for _ in range(7))
        yield f"G {option}: seconds of the processor", best, 0.17


def memory() -> Figures:
    """M: the peak at ten times the rows."""
    for name, catalog in (("nested parts", only("incidents")), ("alerts", bare(only("incidents", "alerts")))):
        small, large = (read(stormy(2_000 * n, 10_000 * n, 0), 0, catalog, rate=UNLIMITED).peak_mb for n in (1, 10))
        what = f"M 2,000 incidents and 10,000 alerts, and ten times as many, {name}"
        yield f"{what}: times (from {small:.0f} MB)", large / small, 1.25
        yield f"{what}: MB", large, 100


def processor() -> Figures:
    """P: seconds of the processor for many incidents, against those that parse and print the same bytes."""
    catalog, many = bare(only("incidents")), steady(5_000)
    with tempfile.TemporaryDirectory() as folder:
        pages, rows = Path(folder) / "pages", many.rows["/v2/incidents"]
        pages.write_text("".join(json.dumps(rows[at : at + 250]) + "\n" for at in range(0, len(rows), 250)))
        least = launched(sys.executable, "-c", CODEC, str(pages)).cpu_seconds
    least -= launched(sys.executable, "-c", "import json").cpu_seconds
    idle, busy = (read(org, 0, catalog, rate=UNLIMITED).cpu_seconds for org in (steady(1), many))
    yield "P processor of 5,000 incidents, against parse and print of their bytes: times", (busy - idle) / least, 4


def read(org: Organisation, latency: float, catalog: Any = None, *, settings: Any = None, rate: Any = None) -> Ran:
    """One run against the organisation, with the API's quota if there is no `rate`."""
    with FakeApi(org, key=KEY, latency=latency, rate_per_minute=rate, incidents_per_minute=rate) as fake:
        return run(fake, catalog, None, settings or {})


def of_run(name: str, ran: Ran, latency: float, seconds: float, requests: int | None = None) -> Figures:
    """The figures of one whole run."""
    what = f"{name}, {latency * 1000:.0f} ms, {ran.requests} requests"
    yield f"{what}: seconds", ran.seconds, seconds
    if requests is not None:
        yield f"{what}: requests", ran.requests, requests
    yield f"{what}: answers of 429, and requests that came twice", ran.refused + ran.twice, 0


PARTS = {"A": whole_runs, "B": whole_runs, "D": whole_runs, "C": storms, "E": changes, "F": changes}
PARTS |= {"G": commands, "M": memory, "P": processor}


def main(wanted: list[str]) -> int:
    """Measure and print the parts with these letters, or all; 1 if a bound isn't kept."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}\n")
    print("| figure | measured | at most | kept |\n| --- | --- | --- | --- |", flush=True)
    kept = True
    for part in dict.fromkeys(part for letter, part in PARTS.items() if not wanted or letter in wanted):
        for what, measured, bound in part():
            kept = kept and measured <= bound
            print(f"| {what} | {measured:.2f} | {bound:.2f} | {'yes' if measured <= bound else '**no**'} |", flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
