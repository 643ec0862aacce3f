"""`make report`, or `make report DB=loaded.duckdb`, or `make report DB=postgres`."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timezone

from tools.report import charts, marts, page
from tools.report.sections import sections


def main(database: str) -> int:
    """Build the marts, and write output/report.html and output/report.md."""
    if not database and not (marts.OUTPUT / "incidents.jsonl").exists():
        print("There is nothing in output/: first make run, or name a database: make report DB=...", file=sys.stderr)
        return 1
    marts.OUTPUT.mkdir(exist_ok=True)
    try:
        target = marts.build(database, os.environ)
    except subprocess.CalledProcessError:
        print("The marts could not be built: dbt says why above", file=sys.stderr)
        return 1
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    found = sections(marts.read(target), now)
    for name, text in (("report.html", page.html(found, charts.svg, now)), ("report.md", page.markdown(found, now))):
        (marts.OUTPUT / name).write_text(text, "utf-8")
        print(f"written: output/{name} ({len(text) // 1000:,} kB)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
