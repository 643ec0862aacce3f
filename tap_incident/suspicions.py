"""What people write into settings by mistake: names that are almost right, and characters that nobody sees."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence

from tap_incident.settings import SETTINGS, variables
from tap_incident.words import nearest, shown

LOGGER = logging.getLogger(__name__)

OF_THE_SDK = {
    "stream_maps": "deselect the fields, or use a mapper such as meltano-map-transformer",
    "flattening_enabled": "set it for the target, or read the nested columns as JSON",
}
"""Settings of Meltano SDK taps that people use to hide personal data, and what to do instead."""
_PREFIX = "TAP_INCIDENT_"


def log_unknown(source: str, names: Sequence[str]) -> None:
    """Log the settings of a file that the tap does not have: at WARNING if something else was probably meant."""
    for name in (name for name in names if name in OF_THE_SDK):
        LOGGER.warning("%s: this tap has no setting %s, so nothing is hidden: %s", source, name, OF_THE_SDK[name])
    others = [name for name in names if name not in OF_THE_SDK]
    meant = [name for name in others if nearest(name, SETTINGS["properties"])]
    for level, found in ((logging.WARNING, meant), (logging.INFO, [name for name in others if name not in meant])):
        if found:
            texts = ", ".join(shown(name, SETTINGS["properties"]) for name in found)
            LOGGER.log(level, "%s: this tap has no setting %s: ignored", source, texts)


def log_unknown_variables(environ: Mapping[str, str]) -> None:
    """Log variables that are almost one of the tap's. Others with its prefix belong to an orchestrator."""
    every = (variable for key in SETTINGS["properties"] for variable in variables(key))
    known = {variable.removeprefix(_PREFIX) for variable in every if variable.startswith(_PREFIX)}
    given = (name.removeprefix(_PREFIX) for name in sorted(environ) if name.startswith(_PREFIX))
    for name in given:
        if name.lower() in OF_THE_SDK and environ[_PREFIX + name]:
            log_unknown("The environment", [name.lower()])
        # A plugin that inherits from this tap in Meltano has names such as TAP_INCIDENT_EMEA_API_KEY.
        elif name not in known and (near := nearest(name, known)) and not name.endswith(f"_{near}"):
            text = "%s in the environment is no setting of this tap (did you mean %s?): ignored"
            LOGGER.warning(text, _PREFIX + name, _PREFIX + near)


def odd_characters(key: object) -> str:
    """What is wrong with the characters of an API key; "" if nothing is. It shows no part of the key."""
    if not isinstance(key, str):
        return ""
    if re.fullmatch(r"(['\"]).*\1", key):
        return ", but there are quotation marks around it (docker --env-file takes them as part of the value)"
    for number, char in enumerate(key, 1):
        if not "!" <= char <= "~":
            name = unicodedata.name(char, "a control character")
            return f", but character {number} of {len(key)} is U+{ord(char):04X} ({name})"
    return ""
