"""Diagrams of networks as SVG inside a page; all words are escaped here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srnet_cli.rendering.diagram import Diagram, Layer
from srnet_cli.rendering.svg_words import escaped, px, shortened

_LABEL = 6
"""Letters that fit into a node."""

_COLUMN = 118.0
_NODE = 30.0


def diagram_svg(diagram: Diagram) -> str:
    """A diagram as an ``svg`` element; layers are links to what is said of them."""
    rows = max(len(layer.nodes) + (layer.more > 0) for layer in diagram.layers)
    notes = max(len(layer.notes) for layer in diagram.layers)
    inner = rows * _NODE
    width, height = _COLUMN * len(diagram.layers), 30.0 + inner + 18.0 * notes + 8.0
    key = diagram.key
    parts = [
        f'<svg viewBox="0 0 {px(width)} {px(height)}" width="{px(width)}" class="diagram" '
        f'role="group" aria-labelledby="{key}-t" aria-describedby="{key}-d">'
        f'<title id="{key}-t">{escaped(diagram.title)}</title>'
        f'<desc id="{key}-d">{escaped(diagram.description)}</desc>'
    ]
    for number, layer in enumerate(diagram.layers):
        if number:
            parts += _edges(diagram.layers[number - 1], layer, number, inner)
    for number, layer in enumerate(diagram.layers):
        parts += _layer(layer, number, inner)
    return "".join([*parts, "</svg>"])


def _node_places(layer: Layer, number: int, inner: float) -> list[tuple[float, float]]:
    count = len(layer.nodes) + (layer.more > 0)
    start = 30.0 + (inner - count * _NODE) / 2 + _NODE / 2
    return [(_COLUMN * (number + 0.5), start + _NODE * k) for k in range(count)]


def _edges(before: Layer, layer: Layer, number: int, inner: float) -> Iterator[str]:
    starts = _node_places(before, number - 1, inner)
    ends = _node_places(layer, number, inner)
    for edge in layer.edges:
        x0, y0 = starts[edge.start]
        x1, y1 = ends[edge.end]
        strength = max(1, round(4 * edge.strength))
        sign = "minus" if edge.is_negative else "plus"
        yield (
            f'<path class="edge e{strength} {sign}" '
            f'd="M{px(x0 + 24)} {px(y0)}L{px(x1 - 24)} {px(y1)}"/>'
        )


def _short_labels(labels: Sequence[str]) -> list[str]:
    """Labels that fit into nodes: their ends, where only these tell them apart."""
    starts = [shortened(label, _LABEL) for label in labels]
    ends = [
        start if start == label else f"…{label[1 - _LABEL :]}"
        for start, label in zip(starts, labels, strict=True)
    ]
    tells_more = len(set(ends)) > len(set(starts))
    return ends if tells_more else starts


def _layer(layer: Layer, number: int, inner: float) -> Iterator[str]:
    middle = _COLUMN * (number + 0.5)
    name = escaped(shortened(layer.name, 16))
    head = f'<text class="head" x="{px(middle)}" y="17" text-anchor="middle">{name}</text>'
    is_link = bool(layer.target)
    yield f'<a class="layer" href="#{escaped(layer.target)}">{head}</a>' if is_link else head
    places = _node_places(layer, number, inner)
    labels = _short_labels([node.label for node in layer.nodes])
    for node, label, (x, y) in zip(layer.nodes, labels, places, strict=False):
        share = "none" if node.share is None else str(round(4 * min(max(node.share, 0.0), 1.0)))
        words = f"{node.label}: {node.description}" if node.description else node.label
        yield (
            f"<g><title>{escaped(words)}"
            f'</title><rect class="node r{share}" x="{px(x - 24)}" y="{px(y - 11)}" width="48" '
            f'height="22" rx="11"/><text x="{px(x)}" y="{px(y + 4)}" text-anchor="middle">'
            f"{escaped(label)}</text></g>"
        )
    if layer.more:
        x, y = places[-1]
        yield f'<text x="{px(x)}" y="{px(y + 4)}" text-anchor="middle">+ {layer.more} more</text>'
    for line, note in enumerate(layer.notes):
        y = 30.0 + inner + 18.0 * (line + 0.8)
        yield (
            f'<text class="note" x="{px(middle)}" y="{px(y)}" text-anchor="middle">'
            f"{escaped(shortened(note, 17))}</text>"
        )
