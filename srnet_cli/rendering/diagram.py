"""A stack of layers as a value, to be drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A unit.

    Attributes:
        label: its name.
        description: what is to be known of it.
        share: how well it is read, from 0 to 1; None where that is unknown.
    """

    label: str
    description: str = ""
    share: float | None = None


@dataclass(frozen=True)
class Edge:
    """A weight from a node of one layer to a node of the next, both by number from 0.

    Attributes:
        strength: its size beside the largest of its layer, from 0 to 1.
        is_negative: its sign.
    """

    start: int
    end: int
    strength: float
    is_negative: bool


@dataclass(frozen=True)
class Layer:
    """A layer.

    Attributes:
        name: what it is called.
        notes: short lines below it.
        nodes: those that are drawn.
        more: how many are not.
        edges: from the nodes of the layer before that are drawn; empty where there are no weights.
        target: the anchor of what is said of the layer; may be empty.
    """

    name: str
    notes: tuple[str, ...]
    nodes: tuple[Node, ...]
    more: int = 0
    edges: tuple[Edge, ...] = ()
    target: str = ""


@dataclass(frozen=True)
class Diagram:
    """Layers from the inputs to the outputs.

    Attributes:
        key: a short name in plain letters, for anchors and files.
        title: what is shown.
        description: what is to be seen, for readers who cannot see it.
        layers: the layers.
    """

    key: str
    title: str
    description: str
    layers: tuple[Layer, ...]
