"""The plan: the selection as steps. A step is one stream's lists, with the children that are read along with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tap_incident.protocol.selection import Selected, Selection
from tap_incident.streams import BY_NAME, STREAMS, Params, Stream
from tap_incident.sync.second_look import SecondLook

_ROWS_PER_PARENT = 2


@dataclass(frozen=True)
class Node:
    """A stream in the tree of a step. It is emitted, nested in its parent's record, read for its children, or a mix."""

    stream: Stream
    selected: Selected | None
    """None if its rows are not emitted."""
    nested: bool
    explicit: bool
    """True if the catalog selects it explicitly, so that a missing permission is a failure."""
    children: tuple[Node, ...]
    spooled: bool = False
    """True if its rows come from the organisation-wide list, and are kept on disk until their parent is written."""
    second_look: SecondLook | None = None
    """Set in a second look: which of its rows to read."""

    def tree(self) -> Iterator[Node]:
        """This node and all nodes below it, parents first."""
        yield self
        for child in self.children:
            yield from child.tree()

    def has_window(self) -> bool:
        """True if this node or one below it is only read for a window of time."""
        return any(node.stream.window for node in self.tree())

    def described(self) -> list[Any]:
        """What is read and emitted for this node and below it, as JSON for a fingerprint."""
        schema = self.selected.schema if self.selected else None
        below = [child.described() for child in self.children]
        return [self.stream.name, schema, self.nested, below, *(["spooled"] if self.spooled else [])]


Listing = tuple[Node, Params]
"""One list: the node whose rows it has, and its query parameters."""


@dataclass(frozen=True)
class Step:
    """Lists that are read one after the other, each from its first page to its last."""

    name: str
    """Name of the stream whose bookmark says how far it is."""
    lists: tuple[Listing, ...]
    replication_key: str | None = None
    """None for a full refresh."""
    changed_parents: Listing | None = None
    """The list of parents for a second look, if what the API shows of their children depends on the parent's mode."""

    def emitted(self) -> tuple[Selected, ...]:
        """The streams whose rows it writes."""
        found = {node.stream.name: node.selected for root, _ in self.lists for node in root.tree() if node.selected}
        return tuple(found.values())


def steps(
    selection: Selection,
    modes: Sequence[str],
    strategy: str,
    table: Sequence[Stream] = STREAMS,
    *,
    has_bookmark: Callable[[str], bool] = lambda name: True,
) -> tuple[Step, ...]:
    """The steps of a run, in the order of the stream `table`, for the incident modes `modes`.

    Each parent is read once, followed by the extra lists for rows without a listed parent (work streams). If the
    parent's list is incremental and `has_bookmark`, the list only has the parents that changed: then its children have
    their own steps. So have those that the `strategy` list reads from an organisation-wide list with a filter by mode.
    """
    roots = [(root, root.stream.list_params(modes)) for root in _nodes(selection, None, table)]
    by_list = strategy == "list"
    return tuple(step for root, lists in roots for step in _steps(root, lists, modes, by_list, has_bookmark))


def _steps(
    root: Node, lists: Sequence[Params], modes: Sequence[str], by_list: bool, has_bookmark: Callable[[str], bool]
) -> Iterator[Step]:
    """The steps of one root with everything below it."""
    key = _replication_key(root)
    changed_only = key is not None and has_bookmark(root.stream.name)
    by_list = by_list or changed_only
    apart = [child for child in root.children if _replication_key(child) or (by_list and _has_own_list(child))]
    within = tuple(
        replace(child, spooled=True) if by_list and child.stream.parent.has_list else child
        for child in root.children
        if child not in apart
    )
    inside = tuple(replace(child, selected=None, children=()) for child in root.children if child.nested)
    if changed_only:
        spooled = {child.stream.name for child in within if child.spooled and child.selected}
        shared = tuple(replace(child, spooled=child.stream.name in spooled) for child in inside)
        yield Step(root.stream.name, tuple((replace(root, children=shared), params) for params in lists), key)
        outside = tuple(replace(child, nested=False) for child in within if child.selected or child.children)
        rest, key = replace(root, selected=None, children=outside), None
    else:
        rest = replace(root, children=(*(child for child in inside if _is_in(child, apart)), *within))
    if rest.selected or rest.children:
        name = rest.children[0].stream.name if changed_only else root.stream.name
        orphans = tuple(
            _orphans(child) for child in rest.children if child.stream.parent.orphan_params and child.selected
        )
        again = (rest, lists[0]) if any(_depends_on_mode(child) for child in rest.children) else None
        yield Step(name, (*((rest, params) for params in lists), *orphans), key, changed_parents=again)
    for child in apart:
        own = replace(child, nested=False)
        orphan = [_orphans(own)[1]] if own.stream.parent.orphan_params else []
        for step in _steps(own, (*own.stream.list_params(modes), *orphan), modes, by_list, has_bookmark):
            depends = step.name == own.stream.name and _depends_on_mode(own)
            yield replace(step, changed_parents=_parents_of(own, modes)) if depends else step


def _has_own_list(child: Node) -> bool:
    """True if the rows of the asked modes can be read from an organisation-wide list, without a list of parents."""
    return bool(child.stream.parent.has_list and child.stream.mode_param and child.selected and not child.nested)


def _is_in(child: Node, others: Sequence[Node]) -> bool:
    return any(other.stream is child.stream for other in others)


def _depends_on_mode(child: Node) -> bool:
    """True if the API shows rows of this child only to requests with the mode of their parent."""
    return bool(child.stream.mode_param and child.stream.parent.stream)


def _parents_of(child: Node, modes: Sequence[str]) -> Listing:
    """The list of a child's parents, read only for that child."""
    parent = BY_NAME[child.stream.parent.stream or ""]
    return Node(parent, None, nested=False, explicit=False, children=(child,)), parent.list_params(modes)[0]


def _replication_key(node: Node) -> str | None:
    return node.selected.replication_key if node.selected else None


def _orphans(node: Node) -> Listing:
    return replace(node, nested=False), (*node.stream.params, *node.stream.parent.orphan_params)


def cost(node: Node, parents: int, modes: Sequence[str], strategy: str) -> int:
    """Roughly how many requests it takes to read `parents` rows of `node` with the children of each.

    The length of an organisation-wide list is not known in advance: it counts as `_ROWS_PER_PARENT` for each parent.
    """
    pages = _pages(parents, node.stream)
    lists = [child.stream for child in node.children if strategy == "list" and child.stream.parent.has_list]
    listed = sum(max(len(stream.list_params(modes)), _pages(_ROWS_PER_PARENT * parents, stream)) for stream in lists)
    return pages + parents * (len(node.children) - len(lists)) + listed


def requests_for(node: Node, parents: int) -> int:
    """Roughly how many requests it takes to read `parents` rows of `node`, with what is read for each of them."""
    return _pages(parents, node.stream) + parents * sum(not child.spooled for child in node.children)


def _pages(rows: int, stream: Stream) -> int:
    return max(1, -(-rows // (stream.page_size or max(rows, 1))))


def _nodes(selection: Selection, parent: Stream | None, table: Sequence[Stream]) -> tuple[Node, ...]:
    above = selection.get(parent.name) if parent else None
    found = []
    for stream in table:
        if stream.parent.stream != (parent.name if parent else None):
            continue
        selected = selection.get(stream.name)
        nested_as = stream.parent.nested_as
        nested = above is not None and nested_as in above.schema["properties"]
        explicit = (selected is not None and selected.explicit) or (
            nested and above is not None and nested_as in above.explicit_fields
        )
        children = _nodes(selection, stream, table)
        if selected or nested or children:
            found.append(Node(stream, selected, nested, explicit, children))
    return tuple(found)
