"""The people of the organisation.

Paths, parameters, `page_size` maxima and scopes: the API's OpenAPI document.
"""

from __future__ import annotations

from tap_incident.streams.definition import Stream

PEOPLE: tuple[Stream, ...] = (
    Stream(
        "users",
        "/v2/users",
        "Users with roles and seats, including deactivated users",
        "users.view",
        # The maximum is 10,000, but that makes answers of about 10 MB.
        page_size=1000,
        params=(("include_inactive", "true"),),
    ),
)
