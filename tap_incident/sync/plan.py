"""The plan: a selection as steps, each one list to be walked with the children that hang on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tap_incident.protocol.selection import Selected, Selection
from tap_incident.streams import STREAMS, Params, Stream


@dataclass(frozen=True)
class Node:
    """A stream's place in a walk: emitted, nested into its parent's record, walked for its children, or several."""

    stream: Stream
    selected: Selected | None
    """None if its rows are not emitted."""
    nested: bool
    named: bool
    """Whether the catalog asks for it by name, so that leaving it out is a failure."""
    children: tuple[Node, ...]

    def tree(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.tree()

    def windowed(self) -> bool:
        """Whether anything from here down is read for a window of time only."""
        return any(node.stream.window_params for node in self.tree())

    def described(self) -> list[Any]:
        """What the walk reads and emits from here down, as JSON."""
        schema = self.selected.schema if self.selected else None
        return [self.stream.name, schema, self.nested, [child.described() for child in self.children]]


Listing = tuple[Node, Params]
"""One list: what hangs on its rows, and its fixed parameters."""


@dataclass(frozen=True)
class Step:
    """Lists that are walked one after the other, each from its first page to its last."""

    name: str
    """The stream that `currently_syncing` and the bookmark name."""
    lists: tuple[Listing, ...]
    replication_key: str | None = None
    """None if the lists are read whole."""
    by_list: bool = False
    """Whether its children come from organisation-wide lists where they can."""

    def emitted(self) -> tuple[Selected, ...]:
        """The streams whose rows it writes."""
        found = {node.stream.name: node.selected for root, _ in self.lists for node in root.tree() if node.selected}
        return tuple(found.values())


def steps(
    selection: Selection, modes: Sequence[str], strategy: str, table: Sequence[Stream] = STREAMS
) -> tuple[Step, ...]:
    """The steps of a run, in the order of the stream `table`, for incidents of `modes`.

    A parent comes once, whatever of its children is selected, and behind it the lists of its children's orphans. Where
    the parent's list leaves out what has not changed, its children have steps of their own.
    """
    roots = [(root, root.stream.chains(modes)) for root in _nodes(selection, None, table)]
    return tuple(step for root, chains in roots for step in _steps(root, chains, modes, strategy == "list"))


def _steps(root: Node, chains: Sequence[Params], modes: Sequence[str], by_list: bool) -> Iterator[Step]:
    """The steps of one list with all that hangs on it."""
    apart = [child for child in root.children if _replication_key(child)]
    whole = [child for child in root.children if child not in apart]
    key = _replication_key(root)
    if key:
        inside = tuple(replace(child, selected=None, children=()) for child in root.children if child.nested)
        yield Step(root.stream.name, tuple((replace(root, children=inside), params) for params in chains), key, by_list)
        outside = tuple(replace(child, nested=False) for child in whole if child.selected or child.children)
        rest, by_list = replace(root, selected=None, children=outside), True
    else:
        inside = tuple(replace(child, selected=None, children=()) for child in apart if child.nested)
        rest = replace(root, children=(*inside, *whole))
    if rest.selected or rest.children:
        name = rest.children[0].stream.name if key else root.stream.name
        orphans = tuple(_orphans(child) for child in rest.tree() if child.stream.orphan_params and child.selected)
        yield Step(name, (*((rest, params) for params in chains), *orphans), by_list=by_list)
    for child in apart:
        own = replace(child, nested=False)
        orphan = [_orphans(own)[1]] if own.stream.orphan_params else []
        yield from _steps(own, (*own.stream.chains(modes), *orphan), modes, by_list)


def _replication_key(node: Node) -> str | None:
    return node.selected.replication_key if node.selected else None


def _orphans(node: Node) -> Listing:
    return replace(node, nested=False), (*node.stream.params, *node.stream.orphan_params)


def rotated(all_steps: Sequence[Step], syncing: str | None) -> tuple[Step, ...]:
    """The same steps, beginning with the stream that was interrupted; none is dropped."""
    start = next((number for number, step in enumerate(all_steps) if step.name == syncing), 0)
    return (*all_steps[start:], *all_steps[:start])


def cost(node: Node, parents: int, modes: Sequence[str], strategy: str) -> int:
    """About how many requests it takes to walk `parents` rows of `node` with the lists that hang on each.

    Lists of the whole organisation are counted as one page each: nobody knows their length beforehand.
    """
    pages = max(1, -(-parents // (node.stream.page_size or max(parents, 1))))
    lists = [child.stream for child in node.children if strategy == "list" and child.stream.listable]
    return pages + parents * (len(node.children) - len(lists)) + sum(len(stream.chains(modes)) for stream in lists)


def _nodes(selection: Selection, parent: Stream | None, table: Sequence[Stream]) -> tuple[Node, ...]:
    above = selection.get(parent.name) if parent else None
    found = []
    for stream in table:
        if stream.parent != (parent.name if parent else None):
            continue
        selected = selection.get(stream.name)
        nested = above is not None and stream.nested_as in above.schema["properties"]
        named = (selected is not None and selected.named) or (
            nested and above is not None and stream.nested_as in above.named_fields
        )
        children = _nodes(selection, stream, table)
        if selected or nested or children:
            found.append(Node(stream, selected, nested, named, children))
    return tuple(found)
