"""Shows the nodes of a plan as nested tuples."""

from __future__ import annotations

from typing import Any

from tap_incident.sync.plan import Node

MODES = ("standard", "retrospective")


def tree(node: Node) -> Any:
    """Stream name, E if emitted and N if nested in its parent's record, then the tree of each child."""
    flags = ("E" if node.selected else "") + ("N" if node.nested else "")
    return (node.stream.name, flags, *(tree(child) for child in node.children))
