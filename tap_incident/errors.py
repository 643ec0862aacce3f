"""Errors by what to do about them: fix the input, skip the stream, retry, or stop.

Each is a `TapError`. Its text is one line for a person and never holds the API key.
"""

from __future__ import annotations


class TapError(Exception):
    """An error of a known kind. If it ends the run, its text is the CRITICAL line, without a traceback."""

    advice = ""
    """What a person can do about it, if the text does not say so."""

    def __init__(self, text: str, *, advice: str = "") -> None:
        super().__init__(text)
        self.advice = advice or self.advice


class BadInput(TapError):
    """The config, catalog or state file can't be used. The user fixes the file that the text names."""


class BadKey(TapError):
    """The API does not know the key (401). Nothing can be read until it is replaced."""


class Unreadable(TapError):
    """Something can't be read: a list, or the rows of one parent. The rest can."""


class MissingPermission(Unreadable):
    """The key lacks a permission (403 that names it). Its stream is skipped."""

    def __init__(self, text: str, scope: str) -> None:
        super().__init__(text)
        self.scope = scope


class Forbidden(Unreadable):
    """The API refuses this request (403 that names no permission)."""


class Gone(Unreadable):
    """What was requested does not exist (404). For a child request: the parent was deleted, so it has no rows."""

    advice = "Check endpoint; if it is right, the API no longer has this path: deselect the stream"


class Rejected(Unreadable):
    """The API will never accept this request (any other 4xx)."""


class Unanswered(Unreadable):
    """This path did not answer for the whole retry time, though others did."""

    advice = "Run again later with the last state"


class BadData(Unreadable):
    """An answer holds a value that fits no record. The stream ends, so that no value is lost or changed."""

    advice = "Run again; if the error comes back, deselect what this line names, and report the line"


class BadEndpoint(TapError):
    """No request can succeed as configured (certificate, proxy URL, redirect): the run stops."""


class BadOutput(TapError):
    """Messages or temporary files can't be written, for example because the disk is full."""

    advice = "Fix that, and run again"


class PassingFault(TapError):
    """A fault that may pass: a timeout, 5xx, 429, or an error that comes from a gateway and not from the API. It is
    retried. If it lasts too long, it ends the run."""

    advice = "Check endpoint and the network, or run again later with the last state"


class SlowAnswer(PassingFault):
    """No answer in time, or a gateway that gave up waiting (502, 503, 504). A smaller page may help."""


class NoConnection(PassingFault):
    """The API can't be reached at all."""


class Stopped(TapError):
    """The run must stop, because of a signal or an error in another thread. No more requests are sent."""
