"""The buffer in front of stdout: nothing is left out, whatever the descriptor does."""

from __future__ import annotations

import errno
import io
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from tap_incident.errors import BadOutput
from tap_incident.protocol.output import DescriptorOutput, output_errors, standard_output

LINE = "x" * 9_999 + "\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe; the end for writing does not block."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    yield read, write
    os.close(write)


def test_output_waits_until_the_reader_has_room(pipe: tuple[int, int]) -> None:
    read, write = pipe
    came: list[bytes] = []

    def reader() -> None:
        while sum(map(len, came)) < 50 * len(LINE):
            came.append(os.read(read, 3000))

    thread = threading.Thread(target=reader, daemon=True)
    out = DescriptorOutput(write)
    timer = threading.Timer(0.3, thread.start)
    timer.start()
    for _ in range(50):
        out.write(LINE)
    out.flush()
    timer.join()
    thread.join(20)
    os.close(read)
    assert b"".join(came) == LINE.encode() * 50


def test_output_wait_is_ended_by_a_signal(pipe: tuple[int, int]) -> None:
    read, write = pipe
    out = DescriptorOutput(write)

    def handle(number: int, frame: FrameType | None) -> None:
        raise InterruptedError("the handler ran")

    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(InterruptedError, match="the handler ran"):
            out.write(LINE * 20)
    finally:
        signal.signal(signal.SIGALRM, before)
        os.close(read)


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


def test_output_to_a_closed_pipe_is_a_broken_pipe_error(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.close(read)
    out = DescriptorOutput(write)
    out.write(LINE)
    with pytest.raises(BrokenPipeError), output_errors():
        out.flush()


def test_output_error_says_why() -> None:
    with pytest.raises(BadOutput, match="No space left on device"), output_errors():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_stdout_that_was_replaced_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    assert standard_output() is out
    monkeypatch.setattr(sys, "stdout", None)
    assert standard_output() is None


def test_stdout_of_the_process_is_written_by_its_descriptor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        monkeypatch.setattr(sys, "__stdout__", file)
        out = standard_output()
        assert isinstance(out, DescriptorOutput)
        out.write("a line\n")
        out.flush()
        assert (tmp_path / "out").read_text() == "a line\n"
