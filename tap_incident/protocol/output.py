"""Where messages go: stdout, buffered, with complete lines, however Python sets up stdout.

Under `python -u`, Python's own stdout ignores short writes, and the rest of a line is lost. If the descriptor does not
block, it drops what the reader has no room for.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from tap_incident.errors import BadOutput

_BUFFER_BYTES = 64 * 1024


class DescriptorOutput:
    """A buffer in front of a file descriptor. UTF-8 in every locale.

    Nothing is left out in the middle: after an error, the next `flush` continues with the first byte that is not out.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending = bytearray()

    def write(self, text: str, /) -> None:
        """Take a text, and write out the buffer when it is full. Raises OSError."""
        self._pending += text.encode()
        if len(self._pending) >= _BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write out the buffer. Waits while the reader has no room. Raises OSError."""
        while self._pending:
            try:
                written = os.write(self._descriptor, self._pending)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            else:
                del self._pending[:written]


Output = DescriptorOutput | TextIO
"""What messages are written to."""


def standard_output() -> Output | None:
    """Stdout; None if it was closed when the process started.

    If a caller has replaced `sys.stdout`, such as a test, that object is used.
    """
    out = sys.stdout
    if out is sys.__stdout__ and isinstance(out, io.TextIOWrapper):
        with suppress(io.UnsupportedOperation):
            return DescriptorOutput(out.fileno())
    return out


@contextmanager
def output_errors() -> Iterator[None]:
    """Turn an OSError of writing to stdout into BadOutput. BrokenPipeError passes."""
    try:
        yield
    except BrokenPipeError:
        raise  # The target has ended, and says why itself.
    except OSError as error:
        raise BadOutput(f"The messages can't be written ({error.strerror})") from error
