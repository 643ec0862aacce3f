"""The plan: the selection as steps. A step is the lists of one stream, with the children that are read with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tap_incident.protocol.selection import Selected, Selection
from tap_incident.streams import BY_NAME, STREAMS, Params, Stream


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
    asked_by: Literal["own id", "other ids", "all"] = "all"
    """Which of its lists are read for a row of its parent: that by the row's own id, those by other ids, or all."""

    @property
    def name(self) -> str:
        """Name of its stream."""
        return self.stream.name

    @property
    def part(self) -> str:
        """Property of the parent's record that holds its rows, if it is nested."""
        return str(self.stream.parent.nested_as)

    @property
    def label(self) -> str:
        """What a person deselects so that it is not read."""
        return f"{self.stream.parent.stream}.{self.part}" if self.nested and self.selected is None else self.name

    def tree(self) -> Iterator[Node]:
        """This node and all nodes below it, parents first."""
        yield self
        for child in self.children:
            yield from child.tree()

    def described(self) -> list[Any]:
        """What is read and emitted for this node and below it, as JSON for a fingerprint."""
        schema = self.selected.schema if self.selected else None
        below = [child.described() for child in self.children]
        how = [*(["spooled"] if self.spooled else []), *([self.asked_by] if self.asked_by != "all" else [])]
        return [self.name, schema, self.nested, below, *how]

    @property
    def needs_detail(self) -> bool:
        """True if a column is selected that only an answer with a single row has."""
        detail = self.stream.detail
        if detail is None or self.selected is None:
            return False
        return not {*detail.columns, *detail.beside}.isdisjoint(self.selected.schema["properties"])


Listing = tuple[Node, Params]
"""One list: the node whose rows it has, and its query parameters."""


@dataclass(frozen=True)
class Step:
    """Lists that are read side by side, each from its first page to its last, and a list for a second look."""

    name: str
    """Name of the stream whose bookmark says how far it is."""
    lists: tuple[Listing, ...]
    replication_key: str | None = None
    """None for a full refresh."""
    changed_parents: Listing | None = None
    """The list of parents for a second look, if what the API shows of their children depends on the parent's mode."""

    @property
    def root(self) -> Node:
        """The node of its first list."""
        return self.lists[0][0]

    @property
    def parts(self) -> dict[str, Node]:
        """The nodes that are nested in its rows, by the property that holds them."""
        return {child.part: child for child in self.root.children if child.nested}

    def emitted(self) -> tuple[Selected, ...]:
        """The streams whose rows it writes."""
        found = {node.name: node.selected for root, _ in self.lists for node in root.tree() if node.selected}
        return tuple(found.values())


def steps(
    selection: Selection,
    modes: Sequence[str],
    *,
    by_list: bool,
    filtered: bool = False,
    has_bookmark: Callable[[str], bool] = lambda name: False,
) -> tuple[Step, ...]:
    """The steps of a run, in the order of `STREAMS`, for the incident modes `modes`.

    Each parent is read once, with the extra lists for rows without a listed parent (work streams). If the parent's list
    is incremental and `has_bookmark`, the list only has the parents that changed: then its children have steps of their
    own. `by_list`: so have those that can be read from an organisation-wide list with a filter by mode. `filtered`: a
    list of only those parents that have children says which of them to ask for.
    """
    roots = [(root, root.stream.list_params(modes)) for root in _nodes(selection, None)]
    found = (step for root, lists in roots for step in _steps(root, lists, modes, by_list, has_bookmark))
    return tuple(map(_filtered, found) if filtered else found)


def _filtered(step: Step) -> Step:
    """The step with a list more for each child whose parents the API can filter by whether they have such children."""
    lists: list[Listing] = []
    for root, params in step.lists:
        sparse = [child for child in root.children if child.stream.parent.only_if]
        others = tuple(replace(child, asked_by="other ids") if child in sparse else child for child in root.children)
        lists.append((replace(root, children=others), params))
        for child in sparse:
            own = replace(root, selected=None, children=(replace(child, asked_by="own id"),))
            lists.append((own, (*params, *child.stream.parent.only_if)))
    return replace(step, lists=tuple(lists))


def _steps(
    root: Node, lists: Sequence[Params], modes: Sequence[str], by_list: bool, has_bookmark: Callable[[str], bool]
) -> Iterator[Step]:
    """The steps of one root with everything below it."""
    key = _replication_key(root)
    changed_only = key is not None and has_bookmark(root.name)
    by_list = by_list or changed_only
    apart = [child for child in root.children if _replication_key(child) or (by_list and _has_own_list(child))]
    within = tuple(
        replace(child, spooled=True) if by_list and child.stream.parent.has_list else child
        for child in root.children
        if child not in apart
    )
    if changed_only:
        yield _changed(root, lists, within)
        # Their children come from all parents.
        children = tuple(replace(child, nested=False) for child in within if child.selected or child.children)
        if children:
            yield _together(children[0].name, replace(root, selected=None, children=children), lists)
    elif root.selected or within:
        yield _together(root.name, replace(root, children=within), lists)
    for child in apart:
        own = replace(child, nested=False)
        orphan = [_orphans(own)[1]] if own.stream.parent.orphan_params else []
        for step in _steps(own, (*own.stream.list_params(modes), *orphan), modes, by_list, has_bookmark):
            is_partly_hidden = step.name == own.name and step.replication_key and own.stream.mode_param
            yield replace(step, changed_parents=_parents_of(own, modes)) if is_partly_hidden else step


def _changed(root: Node, lists: Sequence[Params], children: Sequence[Node]) -> Step:
    """The parents that changed, with their nested parts: from the spool only if that is filled for its own rows too."""
    spooled = {child.name for child in children if child.spooled and child.selected}
    parts = tuple(
        replace(child, selected=None, children=(), spooled=child.name in spooled)
        for child in root.children
        if child.nested
    )
    return Step(root.name, tuple((replace(root, children=parts), params) for params in lists), _replication_key(root))


def _together(name: str, root: Node, lists: Sequence[Params]) -> Step:
    """All parents with their children, and the children without a parent in these lists."""
    orphans = [child for child in root.children if child.stream.parent.orphan_params and child.selected]
    return Step(name, (*((root, params) for params in lists), *map(_orphans, orphans)), _replication_key(root))


def _has_own_list(child: Node) -> bool:
    """True if the rows of the asked modes can be read from an organisation-wide list, without a list of parents."""
    return bool(child.stream.parent.has_list and child.stream.mode_param and child.selected and not child.nested)


def _parents_of(child: Node, modes: Sequence[str]) -> Listing:
    """The list of a child's parents, read only for that child."""
    parent = BY_NAME[child.stream.parent.stream or ""]
    return Node(parent, None, nested=False, explicit=False, children=(child,)), parent.list_params(modes)[0]


def _replication_key(node: Node) -> str | None:
    return node.selected.replication_key if node.selected else None


def _orphans(node: Node) -> Listing:
    return replace(node, nested=False), (*node.stream.params, *node.stream.parent.orphan_params)


def requests_for(node: Node, parents: int) -> int:
    """Roughly how many requests it takes to read `parents` rows of `node`, with what is read for each of them."""
    # How many parents have children that the API can filter by is not known: few.
    each = sum(not child.spooled and not child.stream.parent.only_if for child in node.children) + node.needs_detail
    return pages_for(parents, node.stream) + parents * each


def pages_for(rows: int, stream: Stream) -> int:
    """The number of pages that hold so many rows: at least one."""
    return max(1, -(-rows // (stream.page_size or max(rows, 1))))


def _nodes(selection: Selection, parent: Stream | None) -> tuple[Node, ...]:
    above = selection.get(parent.name) if parent else None
    found = []
    for stream in STREAMS:
        if stream.parent.stream != (parent.name if parent else None):
            continue
        selected = selection.get(stream.name)
        nested_as = stream.parent.nested_as
        nested = above is not None and nested_as in above.schema["properties"]
        explicit = (selected is not None and selected.explicit) or (
            nested and above is not None and nested_as in above.explicit_fields
        )
        children = _nodes(selection, stream)
        if selected or nested or children:
            found.append(Node(stream, selected, nested, explicit, children))
    return tuple(found)
