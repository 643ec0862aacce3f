"""The loaders, as data: what is installed where, and the command that reads messages from its standard input."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Version = tuple[int, int]

REQUIREMENTS = Path(__file__).parent / "requirements"


@dataclass(frozen=True)
class Loader:
    """A program that the tap's messages are piped into; `requirements/NAME.txt` pins it with all that it needs."""

    name: str
    command: str
    """In the bin folder of its environment."""
    pythons: tuple[Version, Version] = ((3, 10), (3, 13))
    """The first and the last Python that it runs on."""

    @property
    def requirements(self) -> Path:
        """File for `pip install --no-deps -r`."""
        return REQUIREMENTS / f"{self.name}.txt"


JSONL = Loader("target-jsonl", "target-jsonl")
MELTANO = Loader("meltanolabs-target-postgres", "target-postgres")
PIPELINEWISE = Loader("pipelinewise-target-postgres", "target-postgres")
DUCKDB = Loader("target-duckdb", "target-duckdb")
CSV = Loader("meltanolabs-target-csv", "target-csv")
OLD_CSV = Loader("target-csv", "target-csv", pythons=((3, 9), (3, 9)))
# No loader, but a program with requirements of its own too: it runs the tap and a loader.
ORCHESTRATOR = Loader("meltano", "meltano", ((3, 11), (3, 13)))
# No loader either: the vendor's client for the API, which reads the stand-in.
VENDOR = Loader("incident-io", "python", ((3, 11), (3, 13)))
# For what models/ are in warehouses: dbt's adapters with an emulator of Snowflake, and a loader's types in BigQuery.
WAREHOUSES = Loader("dbt-warehouses", "python", ((3, 11), (3, 13)))
BIGQUERY = Loader("z3-target-bigquery", "python", ((3, 11), (3, 11)))
# What getting-started.md installs the tap with.
PIPX, UV = (Loader("installers", name) for name in ("pipx", "uv"))
