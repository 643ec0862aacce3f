"""Whose key it is: what the API says of the key itself. It is asked for before anything else.

Source: API document, `GET /v1/identity`.
"""

from __future__ import annotations

import logging

from tap_incident.api.answers import Row
from tap_incident.api.client import Client
from tap_incident.errors import BadKey, NoConnection, PassingFault, Stopped, TapError, Unreadable
from tap_incident.protocol.state import fingerprint

LOGGER = logging.getLogger(__name__)


def described(identity: Row) -> str:
    """Name and roles of the key. Raises TypeError if the API sends something else in their place."""
    teams = (f"{role} (in its teams)" for role in identity.get("team_roles") or [])
    roles = [*(identity.get("roles") or []), *teams]
    return f'API key "{identity.get("name")}", roles: {", ".join(map(str, roles)) or "none"}'


def organisation(client: Client) -> str | None:
    """Log whose key it is. Returns a fingerprint of its organisation, None if the API does not say it.

    Raises what ends a run: above all BadKey, at the cost of one request.
    """
    try:
        identity = client.identity()
        LOGGER.info("%s", described(identity))
    except NoConnection:
        raise
    except (Unreadable, PassingFault, TypeError) as error:
        LOGGER.info("The API does not say whose key this is; the run continues (%s)", error)
        return None
    address = identity.get("dashboard_url")
    if isinstance(address, str) and address:
        return fingerprint(address)
    LOGGER.info("The API does not say whose organisation this is: use no state of another one")
    return None


def check_key(client: Client) -> None:
    """Make sure that the API knows the key, for a run that needs nothing else. Raises BadKey if it does not."""
    try:
        LOGGER.info("%s", described(client.identity()))
    except (BadKey, Stopped):
        raise
    except (TapError, TypeError) as error:
        LOGGER.warning("The key could not be checked; the catalog does not depend on it (%s)", error)
