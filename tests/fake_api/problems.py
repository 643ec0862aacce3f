"""The errors that the stand-in answers with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TYPES: Mapping[int, str] = {
    401: "authentication_error",
    403: "resource_forbidden",
    404: "not_found",
    405: "method_not_allowed",
    422: "validation_error",
    429: "too_many_requests",
}


class Problem(Exception):
    """An answer that is not the one asked for: its status, code and words, and the parameter at fault.

    `beside` is what else the body holds, `headers` what else the answer says.
    """

    def __init__(
        self, status: int, code: str, message: str, *, field: str = "", metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field, self.metadata = status, code, message, field, metadata
        self.beside: dict[str, Any] = {}
        self.headers: dict[str, str] = {}

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON object of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field:
            error["source"] = {"field": self.field, "pointer": f"/{self.field}"}
        if self.metadata:
            error["metadata"] = dict(self.metadata)
        kind = TYPES.get(self.status, "api_error")
        return {"type": kind, "status": self.status, "request_id": request_id, "errors": [error], **self.beside}


def invalid(field: str, message: str, code: str = "invalid_value") -> Problem:
    """The 422 for one parameter."""
    return Problem(422, code, message, field=field)
