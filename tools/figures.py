"""What the benchmarks share: a line of their table, and an organisation to read."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fake_api import Organisation, organisation
from tests.support.runs import there


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, and the bound that it has to keep."""

    what: str
    measured: str
    bound: str
    kept: bool

    def line(self) -> str:
        """As a row of a Markdown table."""
        return f"| {self.what} | {self.measured} | {self.bound} | {'yes' if self.kept else 'NO'} |"


def bench_organisation(incidents: int) -> Organisation:
    """An organisation of which so many incidents are in the default modes, and none changes during the run."""
    org = organisation(incidents * 3 // 2)
    kept = {row["id"] for row in there(org, "incidents")[:incidents]}
    org.rows["/v2/incidents"] = [
        {**row, "updated_at": "2024-01-02T03:04:05Z"} for row in org.rows["/v2/incidents"] if row["id"] in kept
    ]
    return org
