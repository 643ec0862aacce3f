"""Errors by what follows: the run stops, the request is retried, or only one list or parent is left out.

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


class BadEndpoint(TapError):
    """No request can succeed as configured (certificate, CA bundle, proxy, redirect): the run stops at once."""


class BadOutput(TapError):
    """Messages or temporary files can't be written, for example because the disk is full."""

    advice = "Fix that, and run again"


class PassingFault(TapError):
    """A fault that may pass: a timeout, 5xx, 429, or an error that comes from a gateway and not from the API. It is
    retried. If it lasts too long and nothing else answers, it ends the run."""

    advice = "Check endpoint and the network, or run again later with the last state"


class SlowAnswer(PassingFault):
    """No answer in time, or a gateway that gave up waiting (502, 503, 504). A smaller page may help."""


class NoConnection(PassingFault):
    """There is no connection at all, so no other request would be answered either."""


class Stopped(TapError):
    """The run must stop, because of a signal or an error in another thread. No more requests are sent."""


class Unreadable(TapError):
    """A list, or the rows of one parent, can't be read. The others can. It never ends the run before they are read."""


class MissingPermission(Unreadable):
    """The key lacks the permission `scope` (403). It is "" if the API does not name it."""

    def __init__(self, text: str, scope: str) -> None:
        super().__init__(text)
        self.scope = scope


class Forbidden(Unreadable):
    """The API refuses the request (403), but not for want of a permission. The text has its words."""

    advice = "Use a key that may read it, or deselect the stream"


class Gone(Unreadable):
    """What was requested does not exist (404). For a child request: the parent was deleted, so it has no rows."""

    advice = "Check endpoint; if it is right, the API no longer has this path: deselect the stream"


class Rejected(Unreadable):
    """The API will never accept this request (any other 4xx)."""


class BadData(Unreadable):
    """An answer holds a value that fits no record. No value is lost or changed in silence."""

    advice = "Run again; if the error comes back, deselect what this line names, and report the line"


class Unanswered(Unreadable):
    """This path gave no proper answer for the whole retry time, though the API answers elsewhere."""

    advice = "Run again later with the last state, or deselect the stream; report it if it lasts"
