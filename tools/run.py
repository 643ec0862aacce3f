"""`make run`: a sync into plain files under output/, one a stream, of incident.io or of a sample organisation.

output/run.json then says what was read: `make report` prints it.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from threading import Event
from typing import Any, TextIO

from tap_incident.api.client import Client
from tap_incident.config import Config, load
from tap_incident.errors import TapError
from tap_incident.protocol.selection import select
from tap_incident.settings import variables
from tap_incident.streams import BY_NAME, STREAMS
from tests.fake_api import FakeApi, sample_organisation

CONFIG = Path("config.json")
CATALOG = Path("catalog.json")
OUTPUT = Path("output")
MANIFEST = "run.json"
SAMPLE_INCIDENTS = 200
MORE = ("incident_alerts",)
"""Streams that the report draws and that are not default streams."""


def main() -> int:
    """Run the tap, write what it says, tell what was written; gives the tap's exit code."""
    logging.disable()  # The tap says it all itself.
    command = [sys.executable, "-m", "tap_incident"]
    environ, began = dict(os.environ), datetime.now(timezone.utc)
    key = next((name for name in variables("api_key") if environ.get(name)), "")
    with ExitStack() as stack:
        if CONFIG.exists():
            print(f"Reading incident.io with {CONFIG}", flush=True)
            command += ["--config", str(CONFIG)]
        elif key:
            print(f"Reading incident.io with the key in {key}", flush=True)
        else:
            what = f"a sample organisation of {SAMPLE_INCIDENTS} incidents"
            print(f"There is no {CONFIG} and no INCIDENT_API_KEY: reading {what}", flush=True)
            fake = stack.enter_context(FakeApi(sample_organisation(SAMPLE_INCIDENTS, now=began), key="sample"))
            environ |= {"INCIDENT_API_KEY": "sample", "INCIDENT_ENDPOINT": fake.url}
        config = _config(environ)
        if CATALOG.exists():
            command += ["--catalog", str(CATALOG)]
        elif config and not config.streams:
            environ["TAP_INCIDENT_STREAMS"] = ",".join(streams())
        facts: dict[str, Any] = {"sample": not (CONFIG.exists() or key), "began": began.isoformat(timespec="seconds")}
        # Until the end, this is a run that did not finish.
        facts |= {"organisation": _organisation(config), "exit_code": 1, "streams": {}, "missing": {}}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environ) as tap:
            try:
                rows = write(tap.stdout or (), OUTPUT, facts)
            except KeyboardInterrupt:
                print("\nStopped: output/ has a part of the rows. Run make run again before make report", flush=True)
                return 130
        if rows:
            facts |= {"exit_code": tap.returncode, "streams": rows, "missing": _missing(_config(environ), rows)}
            _note(OUTPUT, facts)
    report(rows, tap.returncode)
    return tap.returncode


def _note(folder: Path, facts: Mapping[str, Any]) -> None:
    (folder / MANIFEST).write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def streams() -> list[str]:
    """The setting `streams` for the default streams and those of `MORE`.

    A pattern names no stream explicitly, so a key that may not read one of them is no error.
    """
    left_out = [stream.name for stream in STREAMS if not (stream.selected_by_default or stream.name in MORE)]
    return ["*", *(f"!{name}" for name in left_out)]


def write(messages: Iterable[str], folder: Path, facts: Mapping[str, Any]) -> Counter[str]:
    """Write each stream's records to `folder`/STREAM.jsonl and the last state to state.json; gives rows a stream.

    With the first SCHEMA, `facts` about the run go into run.json, and what an earlier run wrote is removed: rows of two
    organisations never mix.
    """
    folder.mkdir(exist_ok=True)
    rows: Counter[str] = Counter()
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        for line in messages:
            message = json.loads(line)
            name = message.get("stream", "")
            if message["type"] == "SCHEMA":
                if not rows:
                    for old in (MANIFEST, "state.json", *(f"{stream}.jsonl" for stream in BY_NAME)):
                        (folder / old).unlink(missing_ok=True)
                    _note(folder, facts)
                rows[name] = 0
                files[name] = stack.enter_context((folder / f"{name}.jsonl").open("w", encoding="utf-8"))
            elif message["type"] == "RECORD":
                rows[name] += 1
                files[name].write(json.dumps(message["record"], ensure_ascii=False) + "\n")
            elif message["type"] == "STATE":
                (folder / "state.json").write_text(json.dumps(message["value"]) + "\n", "utf-8")
    return rows


def _config(environ: dict[str, str]) -> Config | None:
    """The tap's settings; None if they can't be used, which the tap explains."""
    try:
        return load([("config", CONFIG.read_text("utf-8"))] if CONFIG.exists() else [], environ)
    except TapError:
        return None


def _organisation(config: Config | None) -> dict[str, Any]:
    """Name of the key and address of the dashboard, if the API says them."""
    try:
        identity = Client(config, stop=Event()).identity() if config else {}
    except TapError:
        identity = {}
    return {name: identity[name] for name in ("name", "dashboard_url") if name in identity}


def _missing(config: Config | None, rows: Mapping[str, int]) -> dict[str, str]:
    """The streams that are selected and did not come, each with the permission that it needs."""
    catalog = json.loads(CATALOG.read_text("utf-8")) if CATALOG.exists() else None
    selected = select(catalog, streams=config.streams) if config else {}
    return {name: BY_NAME[name].scope or "" for name in selected if name not in rows}


def report(rows: Counter[str], code: int) -> None:
    """Print what was written where."""
    if not rows:
        print(f"\nNothing was read, so {OUTPUT} is as it was before: the lines above say why.")
        return
    print("\nWritten:")
    for name, count in rows.items():
        print(f"  {count:8,} rows  {OUTPUT / name}.jsonl")
    print(f"  {sum(rows.values()):8,} rows in {len(rows)} streams; the state is in {OUTPUT / 'state.json'}")
    if code:
        print(f"The sync did not finish (exit code {code}): the lines above say why.")
    else:
        print("Next: make report draws this, and docs/getting-started.md says how to load a database.")


if __name__ == "__main__":
    sys.exit(main())
