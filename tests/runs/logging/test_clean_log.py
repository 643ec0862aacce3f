"""What the API puts into the log: no control character, no key, no endless line; whole runs."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.fake_api.server import Faults
from tests.support.faults import refusal
from tests.support.runs import KEY, only

HOSTILE = f"\x1b]0;x\a\x1b[2J\x9b\x00\u202e\u2066 {KEY}\r\nCRITICAL forged \ud800 "
USERS = only("users")
ROW = {"id": "U1", "name": "a", "role": "owner"}


def saying(user: object, status: int = 200, after: str | None = None) -> Faults:
    """An identity, and a page of users with this one; with another status, this body."""
    identity = {"name": HOSTILE, "roles": [HOSTILE, {HOSTILE: HOSTILE}], "team_roles": [HOSTILE]}
    page = {"users": [user], "pagination_meta": {"after": after}} if status == 200 else user
    answers = {"/v1/identity": refusal(200, {"identity": identity}), "/v2/users": refusal(status, page)}
    return lambda number, path, params: answers.get(path)


REFUSED = {"code": HOSTILE, "message": HOSTILE}
DENIED = {"code": HOSTILE, "metadata": {"scope": HOSTILE}, "message": "m" * 490 + KEY}
ANSWERS = {
    "an unknown property": saying({**ROW, HOSTILE: 1, "custom_role": {HOSTILE: 2}}),
    "the end of a long property": saying({**ROW, "p" * 142 + KEY + "q" * 1000: 1}),
    "an id": saying({**ROW, "id": HOSTILE, "name": []}),
    "a long id": saying({**ROW, "id": "i" * 2990 + KEY + HOSTILE * 10_000, "name": []}),
    "a cursor": saying(ROW, after=HOSTILE.encode("ascii", "replace").decode()),
    "a refusal": saying({"type": HOSTILE, "errors": [REFUSED]}, 422),
    "a missing permission": saying({"type": "authorization_error", "errors": [DENIED]}, 403),
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS.keys())
def test_log_has_no_control_character_and_no_key_of_the_api(
    tap: Tap, caplog: pytest.LogCaptureFixture, answers: Faults
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeApi(organisation(1), faults=answers) as fake:
        tap(fake, catalog=USERS)
    lines = [record.getMessage() for record in caplog.records]
    for line in lines:
        assert line.isprintable()
        assert len(line) < 5_000
        assert not any(form in line for form in (KEY, quote(KEY), KEY[: len(KEY) // 2 + 2]))
    assert any('API key "\\x1b]0;x\\x07\\x1b[2J\\x9b\\x00\\u202e\\u2066 ***' in line for line in lines)


def test_unknown_properties_by_the_thousand_are_one_short_line(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(3)
    org.rows["/v2/users"] = [
        row | {f"new_{number}_{place}": 1 for number in range(2_000)} for place, row in enumerate(org.rows["/v2/users"])
    ]
    with FakeApi(org) as fake:
        assert tap(fake, catalog=USERS).code == 0
    (line,) = (record.getMessage() for record in caplog.records if "does not know" in record.getMessage())
    assert line.endswith(", and at least 980 others")
    assert line.count(", ") == 20
    assert len(line) < 500
