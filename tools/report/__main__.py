"""`make report`, with the variables that docs/report.md has."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from tools.report import marts, page
from tools.report.numbers import Data, data
from tools.report.options import BadOption, options

STALE = timedelta(days=2)


def main() -> int:
    """Build the marts, and write output/report.html, report.md and message.md."""
    present = datetime.now(timezone.utc)
    try:
        chosen = options(os.environ)
        origin = marts.origin(marts.files(chosen), present)
        marts.OUTPUT.mkdir(exist_ok=True)
        target, absent = marts.build(chosen, origin.as_of)
        origin = replace(origin, missing={**dict.fromkeys(absent, ""), **origin.missing})
        now = origin.as_of.astimezone(ZoneInfo(chosen.zone)).replace(tzinfo=None)
        found = data(marts.read(target), chosen, origin, now)
    except BadOption as error:
        print(f"make report: {error}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError:
        print("The marts could not be built: dbt says why above", file=sys.stderr)
        return 1
    for name, text in page.pages(found, warnings(found, present)).items():
        (marts.OUTPUT / name).write_text(text, "utf-8")
        print(f"written: output/{name} ({len(text.encode()) / 1000:,.0f} kB)")
    return 0


def warnings(found: Data, present: datetime) -> list[str]:
    """What a reader must know before the numbers."""
    said, origin, days = [], found.origin, [row["started_on"] for row in found.incidents]
    if origin.code:
        said.append(f"The run that read the data did not finish (exit code {origin.code}): rows are missing.")
    if origin.read and present - origin.as_of > STALE:
        said.append(f"The data were read {(present - origin.as_of).days} days ago.")
    moments = [row["paged_at"] for row in found.interruptions] + [row["created_at"] for row in found.alerts]
    newest = max(
        (moment for moment in [*moments, *(row["created_at"] for row in found.incidents)] if moment), default=None
    )
    if not origin.read and newest and present.replace(tzinfo=None) - newest > STALE:
        said.append(f"The newest row is of {newest:%Y-%m-%d}: is the database still loaded?")
    if days and min(days) > found.before.first:
        said.append(f"The first incident is of {min(days)}: comparisons are with less than a whole period.")
    return said


if __name__ == "__main__":
    sys.exit(main())
