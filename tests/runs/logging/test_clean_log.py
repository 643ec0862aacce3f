"""What the API puts into the log: no control character, no key, no endless line; whole runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.support.runs import KEY, Run, only

HOSTILE = f"\x1b]0;x\a\x1b[2J\x9b\x00\u202e\u2066 {KEY}\r\nCRITICAL forged \ud800 "
USERS = only("users")


def answer(body: object, status: int = 200) -> Fault:
    """This body as JSON."""
    return Fault(status=status, body=json.dumps(body), content_type="application/json")


def hostile_api(user: object, status: int = 200, after: str | None = None) -> dict[str, Fault]:
    """Answers by path: an identity, and a page of users with this one."""
    identity = {"name": HOSTILE, "roles": [HOSTILE, {HOSTILE: HOSTILE}], "team_roles": [HOSTILE]}
    page = {"users": [user], "pagination_meta": {"after": after}} if status == 200 else user
    return {"/v1/identity": answer({"identity": identity}), "/v2/users": answer(page, status)}


def ran(tap: Tap, answers: Mapping[str, Fault], org: Organisation | None = None) -> Run:
    """A run over the users with these answers."""
    with FakeApi(org or organisation(1), faults=lambda number, path, params: answers.get(path)) as fake:
        return tap(fake, catalog=USERS)


def check_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The messages that were logged; none of them holds what it must not."""
    for record in caplog.records:
        text = record.getMessage()
        assert text.isprintable()
        assert len(text) < 5_000
        assert not any(form in text for form in (KEY, quote(KEY), KEY[: len(KEY) // 2 + 2]))
    return [record.getMessage() for record in caplog.records]


ROW = {"id": "U1", "name": "a", "role": "owner"}
ANSWERS = {
    "an unknown property": hostile_api({**ROW, HOSTILE: 1, "custom_role": {HOSTILE: 2}}),
    "the end of a long property": hostile_api({**ROW, "p" * 142 + KEY + "q" * 1000: 1}),
    "an id": hostile_api({**ROW, "id": HOSTILE, "name": []}),
    "a long id": hostile_api({**ROW, "id": "i" * 2990 + KEY + HOSTILE * 10_000, "name": []}),
    "a cursor": hostile_api(ROW, after=HOSTILE.encode("ascii", "replace").decode()),
    "a refusal": hostile_api({"type": HOSTILE, "errors": [{"code": HOSTILE, "message": HOSTILE}]}, 422),
    "a missing permission": hostile_api(
        {
            "type": "authorization_error",
            "errors": [{"code": HOSTILE, "metadata": {"scope": HOSTILE}, "message": "m" * 490 + KEY}],
        },
        403,
    ),
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS.keys())
def test_log_has_no_control_character_and_no_key_of_the_api(
    tap: Tap, caplog: pytest.LogCaptureFixture, answers: dict[str, Fault]
) -> None:
    caplog.set_level(logging.DEBUG)
    ran(tap, answers)
    lines = check_lines(caplog)
    assert any('API key "\\x1b]0;x\\x07\\x1b[2J\\x9b\\x00\\u202e\\u2066 ***' in line for line in lines)


def test_unknown_properties_by_the_thousand_are_one_short_line(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(3)
    org.rows["/v2/users"] = [
        row | {f"new_{number}_{place}": 1 for number in range(2_000)} for place, row in enumerate(org.rows["/v2/users"])
    ]
    assert ran(tap, {}, org).code == 0
    (line,) = (record.getMessage() for record in caplog.records if "does not know" in record.getMessage())
    assert line.endswith(", and at least 980 others")
    assert line.count(", ") == 20
    assert len(line) < 500
