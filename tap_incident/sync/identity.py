"""Whose key it is: what the API says of the key itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from tap_incident.api.answers import Page
from tap_incident.api.client import Client
from tap_incident.errors import BadEndpoint, BadKey, PassingFault, Stopped, TapError

LOGGER = logging.getLogger(__name__)


def key_page(client: Client) -> Iterator[Page]:
    """A page of one row that describes the key."""
    yield Page([client.identity()])


def described(identity: Page) -> str:
    """Name and roles of the key. Raises TypeError if the API sends something else in their place."""
    (row,) = identity.rows or [{}]
    roles = [*(row.get("roles") or []), *(f"{role} (in its teams)" for role in row.get("team_roles") or [])]
    return f'API key "{row.get("name")}", roles: {", ".join(map(str, roles)) or "none"}'


def log_key(identity: Iterator[Page]) -> None:
    """Log the name and roles of the key at the start of a sync. Raises BadKey if the API does not know the key."""
    try:
        LOGGER.info("%s", described(next(identity)))
    except (BadKey, Stopped):
        raise
    except (BadEndpoint, PassingFault) as error:
        # The first list meets it too, and says what to do.
        LOGGER.debug("No answer about the key (%s)", error)
    except (TapError, TypeError) as error:
        LOGGER.info("The API does not say whose key this is; the sync continues (%s)", error)


def check_key(identity: Iterator[Page]) -> None:
    """Make sure that the API knows the key, for a run that needs nothing else. Raises BadKey if it does not."""
    try:
        LOGGER.info("%s", described(next(identity)))
    except (BadKey, Stopped):
        raise
    except (TapError, TypeError) as error:
        LOGGER.warning("The key could not be checked; the catalog does not depend on it (%s)", error)
