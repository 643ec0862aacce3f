"""The buffer in front of stdout: nothing is left out, whatever the descriptor does."""

from __future__ import annotations

import errno
import io
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tap_incident.protocol.output import DescriptorOutput, standard_output

LINE = "x" * 9_999 + "\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe; the end for writing does not block."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    yield read, write
    os.close(write)


def test_output_continues_after_an_error_with_the_first_missing_byte(tmp_path: Path) -> None:
    path = tmp_path / "out"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with path.open("wb") as file:
        out = DescriptorOutput(file.fileno())
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, limits[1]))
            for _ in range(3):
                out.write(LINE)
            with pytest.raises(OSError, match="too large") as caught:
                out.flush()
            assert caught.value.errno == errno.EFBIG
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, before)
        assert path.stat().st_size == 15_000
        out.flush()
    assert path.read_text() == LINE * 3


def test_output_is_utf_8_and_written_at_the_flush(pipe: tuple[int, int]) -> None:
    read, write = pipe
    out = DescriptorOutput(write)
    out.write("Größe 👩‍🚒\n")
    with pytest.raises(BlockingIOError):
        os.set_blocking(read, False)
        os.read(read, 1)
    out.flush()
    out.flush()
    assert os.read(read, 1000).decode() == "Größe 👩‍🚒\n"
    os.close(read)


def test_stdout_that_was_replaced_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    assert standard_output() is out
    monkeypatch.setattr(sys, "stdout", None)
    assert standard_output() is None
