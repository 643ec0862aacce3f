"""One run with every stream selected, for the tests that only read it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.catalogs import EVERYTHING
from tests.support.runs import Run


@dataclass(frozen=True)
class Everything:
    """What there was to read, the run, and the stand-in with its requests."""

    org: Organisation
    run: Run
    fake: FakeApi


@pytest.fixture(scope="session")
def everything(session_tap: Tap) -> Everything:
    """A run with every stream selected."""
    org = organisation(8)
    with FakeApi(org) as fake:
        run = session_tap(fake, catalog=EVERYTHING)
    assert run.code == 0
    return Everything(org, run, fake)
