"""Versions of records, and the ACTIVATE_VERSION messages of a run."""

from __future__ import annotations

from tests.support.runs import Run

VERSIONED = {"activate_version": True}


def activated(run: Run) -> dict[str, int]:
    """The activated version of each stream; a stream may be activated once."""
    found = [(m["stream"], m["version"]) for m in run.messages if m["type"] == "ACTIVATE_VERSION"]
    assert len(dict(found)) == len(found)
    return dict(found)


def versions(run: Run, stream: str) -> set[int | None]:
    """The versions that the stream's records have."""
    return {m.get("version") for m in run.messages if m["type"] == "RECORD" and m["stream"] == stream}
