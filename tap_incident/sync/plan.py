"""The plan: the selection as steps. A step is one stream's lists, with the children that are read along with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tap_incident.protocol.selection import Selected, Selection
from tap_incident.streams import BY_NAME, STREAMS, Params, Stream
from tap_incident.sync.second_look import SecondLook


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
        return [self.stream.name, schema, self.nested, [child.described() for child in self.children]]


Listing = tuple[Node, Params]
"""One list: the node whose rows it has, and its query parameters."""


@dataclass(frozen=True)
class Step:
    """Lists that are read one after the other, each from its first page to its last."""

    name: str
    """Name of the stream that `currently_syncing` and the bookmark use."""
    lists: tuple[Listing, ...]
    replication_key: str | None = None
    """None for a full refresh."""
    by_list: bool = False
    """True if children are read from organisation-wide lists where there are such lists."""
    changed_parents: Listing | None = None
    """The list of parents for a second look, if what the API shows of their children depends on the parent's mode."""

    def emitted(self) -> tuple[Selected, ...]:
        """The streams whose rows it writes."""
        found = {node.stream.name: node.selected for root, _ in self.lists for node in root.tree() if node.selected}
        return tuple(found.values())


def steps(
    selection: Selection, modes: Sequence[str], strategy: str, table: Sequence[Stream] = STREAMS
) -> tuple[Step, ...]:
    """The steps of a run, in the order of the stream `table`, for the incident modes `modes`.

    Each parent is read once, followed by the extra lists for rows without a listed parent (work streams). If the
    parent's list is incremental, its children have their own steps.
    """
    roots = [(root, root.stream.list_params(modes)) for root in _nodes(selection, None, table)]
    return tuple(step for root, lists in roots for step in _steps(root, lists, modes, strategy == "list"))


def _steps(root: Node, lists: Sequence[Params], modes: Sequence[str], by_list: bool) -> Iterator[Step]:
    """The steps of one root with everything below it."""
    incremental = [child for child in root.children if _replication_key(child)]
    full = [child for child in root.children if child not in incremental]
    key = _replication_key(root)
    if key:
        inside = tuple(replace(child, selected=None, children=()) for child in root.children if child.nested)
        yield Step(root.stream.name, tuple((replace(root, children=inside), params) for params in lists), key, by_list)
        outside = tuple(replace(child, nested=False) for child in full if child.selected or child.children)
        rest, by_list = replace(root, selected=None, children=outside), True
    else:
        inside = tuple(replace(child, selected=None, children=()) for child in incremental if child.nested)
        rest = replace(root, children=(*inside, *full))
    if rest.selected or rest.children:
        name = rest.children[0].stream.name if key else root.stream.name
        orphans = tuple(
            _orphans(child) for child in rest.tree() if child.stream.parent.orphan_params and child.selected
        )
        again = (rest, lists[0]) if any(_depends_on_mode(child) for child in rest.children) else None
        yield Step(name, (*((rest, params) for params in lists), *orphans), by_list=by_list, changed_parents=again)
    for child in incremental:
        own = replace(child, nested=False)
        orphan = [_orphans(own)[1]] if own.stream.parent.orphan_params else []
        for step in _steps(own, (*own.stream.list_params(modes), *orphan), modes, by_list):
            depends = step.name == own.stream.name and _depends_on_mode(own)
            yield replace(step, changed_parents=_parents_of(own, modes)) if depends else step


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


def rotated(all_steps: Sequence[Step], syncing: str | None) -> tuple[Step, ...]:
    """The same steps, but the one of the interrupted stream comes first."""
    start = next((number for number, step in enumerate(all_steps) if step.name == syncing), 0)
    return (*all_steps[start:], *all_steps[:start])


def cost(node: Node, parents: int, modes: Sequence[str], strategy: str) -> int:
    """Roughly how many requests it takes to read `parents` rows of `node` with the children of each.

    An organisation-wide list counts as one page, because its length is not known in advance.
    """
    pages = max(1, -(-parents // (node.stream.page_size or max(parents, 1))))
    lists = [child.stream for child in node.children if strategy == "list" and child.stream.parent.has_list]
    return pages + parents * (len(node.children) - len(lists)) + sum(len(stream.list_params(modes)) for stream in lists)


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
