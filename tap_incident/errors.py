"""What can go wrong, sorted by what to do about it rather than by status number.

Every known kind is a `TapError`; its text is one line for a person and never holds the API key.
"""

from __future__ import annotations


class TapError(Exception):
    """An error of a known kind: the run ends with its text as the CRITICAL line, and no traceback."""

    advice = ""
    """What a person can do about it, where the text doesn't say so."""

    def __init__(self, text: str, *, advice: str = "") -> None:
        super().__init__(text)
        self.advice = advice or self.advice


class BadInput(TapError):
    """The configuration, catalog or state can't be used: the user mends the file that the text names."""


class BadKey(TapError):
    """The API doesn't know the key (401): nothing can be read until it is replaced."""


class MissingPermission(TapError):
    """The key may not read this endpoint (403): its stream is skipped and the others go on."""

    def __init__(self, text: str, scope: str | None) -> None:
        super().__init__(text)
        self.scope = scope


class Gone(TapError):
    """The thing that was asked for is no more (404): a child request of a deleted parent gives no rows."""

    advice = "Check endpoint; if that is right, the API has given up this path: deselect the stream"


class Rejected(TapError):
    """The API will never accept this request (any other 4xx, a redirect): the run stops."""


class BadData(TapError):
    """An answer holds what no record can be made of: the run stops rather than lose or bend a value."""

    advice = "Run again; if it comes back, deselect what this line names, and report the line"


class BadOutput(TapError):
    """Messages, or what is kept until their turn, can't be written: the disk is full, say."""

    advice = "Mend that, and run again"


class PassingFault(TapError):
    """A fault that may be over at the next try; if it lasts beyond the time for retries, it ends the run."""

    advice = "Check endpoint and the network, or run again later with the last state"


class Stopped(TapError):
    """The run was told to stop (a signal, or an error in another thread): no further request is made."""
