"""What people write in settings and catalogs: names that are almost right, and yes or no as a text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_LONGEST_NAME = 100
_NEAR = 0.7
_TRUTHS = {
    **dict.fromkeys((True, "true", "yes", "on", "1"), True),
    **dict.fromkeys((False, "false", "no", "off", "0"), False),
}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most similar to an unknown name; None if no name is similar."""
    by_form = {_form(each): each for each in known}
    found = get_close_matches(_form(name), list(by_form), 1, _NEAR) if len(name) <= _LONGEST_NAME else []
    return by_form[found[0]] if found else None


def _form(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def shown(name: str, known: Iterable[str]) -> str:
    """An unknown name for a message, with the nearest of the known names if one is near."""
    near = nearest(name, known)
    return f"{name} (did you mean {near}?)" if near else name


def truth(value: Any) -> bool | None:
    """True or False for a boolean, or for a text or number that means one; None for any other value."""
    found = value.strip().lower() if isinstance(value, str) else value
    return _TRUTHS.get(found) if isinstance(found, bool | int | str) else None


def listed(text: str) -> Any:
    """The list that a text holds: JSON, or names with commas between them."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return [name.strip() for name in text.split(",") if name.strip()]
