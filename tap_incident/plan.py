"""The plan: a selection as steps, each one list to be walked with the children that hang on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tap_incident.selection import Selected, Selection
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

    def described(self) -> list[Any]:
        """What the walk reads and emits from here down, as JSON."""
        schema = self.selected.schema if self.selected else None
        return [self.stream.name, schema, self.nested, [child.described() for child in self.children]]


@dataclass(frozen=True)
class Step:
    """One list, walked from its first page to its last."""

    node: Node
    params: Params

    @property
    def name(self) -> str:
        """The stream that `currently_syncing` and the bookmark name."""
        return self.node.stream.name


def steps(selection: Selection, modes: Sequence[str]) -> tuple[Step, ...]:
    """The steps of a run, in the order of the stream table, for incidents of `modes`.

    A parent comes once, whatever of its children is selected; behind it, the lists of its children's orphans.
    """
    found: list[Step] = []
    for node in _nodes(selection, None):
        found += [Step(node, params) for params in node.stream.chains(modes)]
        for child in node.tree():
            if child.stream.orphan_params and child.selected:
                found.append(Step(replace(child, nested=False), (*child.stream.params, *child.stream.orphan_params)))
    return tuple(found)


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


def _nodes(selection: Selection, parent: Stream | None) -> tuple[Node, ...]:
    above = selection.get(parent.name) if parent else None
    found = []
    for stream in STREAMS:
        if stream.parent != (parent.name if parent else None):
            continue
        selected = selection.get(stream.name)
        nested = above is not None and stream.nested_as in above.schema["properties"]
        named = (selected is not None and selected.named) or (
            nested and above is not None and stream.nested_as in above.named_fields
        )
        children = _nodes(selection, stream)
        if selected or nested or children:
            found.append(Node(stream, selected, nested, named, children))
    return tuple(found)
