"""The main job, tried at once: `make run` syncs into plain files under output/, one a stream.

With config.json, and catalog.json if there is one, it reads incident.io; without, a sample organisation served here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO

from tests.fake_api import FakeApi, sample_organisation

CONFIG = Path("config.json")
CATALOG = Path("catalog.json")
OUTPUT = Path("output")
SAMPLE_INCIDENTS = 200


def main() -> int:
    """Run the tap, write what it says, tell what was written; gives the tap's exit code."""
    arguments = [sys.executable, "-m", "tap_incident"]
    environ = dict(os.environ)
    with ExitStack() as stack:
        if CONFIG.exists():
            print(f"Reading incident.io with {CONFIG}", flush=True)
            arguments += ["--config", str(CONFIG)]
        else:
            print(f"There is no {CONFIG}: reading a sample organisation of {SAMPLE_INCIDENTS} incidents", flush=True)
            org = sample_organisation(SAMPLE_INCIDENTS, now=datetime.now(timezone.utc))
            fake = stack.enter_context(FakeApi(org, key="sample"))
            environ |= {"INCIDENT_API_KEY": "sample", "INCIDENT_ENDPOINT": fake.url}
        if CATALOG.exists():
            arguments += ["--catalog", str(CATALOG)]
        tap = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environ)
        assert tap.stdout is not None  # noqa: S101
        with tap:
            rows = write(tap.stdout, OUTPUT)
    report(rows, tap.returncode)
    return tap.returncode


def write(messages: Iterable[str], folder: Path) -> Counter[str]:
    """Write each stream's records to `folder`/STREAM.jsonl and the last state to state.json; gives rows a stream."""
    folder.mkdir(exist_ok=True)
    rows: Counter[str] = Counter()
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        for line in messages:
            message = json.loads(line)
            name = message.get("stream", "")
            if message["type"] == "SCHEMA":
                rows[name] = 0
                files[name] = stack.enter_context((folder / f"{name}.jsonl").open("w", encoding="utf-8"))
            elif message["type"] == "RECORD":
                rows[name] += 1
                files[name].write(json.dumps(message["record"], ensure_ascii=False) + "\n")
            else:
                (folder / "state.json").write_text(json.dumps(message["value"]) + "\n", "utf-8")
    return rows


def report(rows: Counter[str], code: int) -> None:
    """Print what was written where."""
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
