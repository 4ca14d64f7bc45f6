"""The network layer by layer: a drawing, and every layer's formulas with what they are worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from srnet_cli.explain.document import network_section, scaling_sections, shown_lines
from srnet_cli.explain.explanation import Explanation, LayerExplanation
from srnet_cli.explain.layer_section import layer_section
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.networks import TrainedNetwork
from srnet_cli.networks.network import Network
from srnet_cli.rendering.chart import Axis, Chart, Panel, Series, values
from srnet_cli.rendering.diagram import Diagram, Edge, Layer, Node
from srnet_cli.rendering.document import (
    Block,
    Display,
    Equation,
    Equations,
    Folded,
    Highlight,
    Highlights,
    Remarks,
    Section,
)
from srnet_cli.rendering.table import score_text
from srnet_cli.report.fronts import compositions_chart, compositions_table
from srnet_cli.report.subject import ReportedRun
from srnet_cli.runs.run import FittedRun

_DRAWN = 8
_LETTERS = 60_000
"""So many letters of formulas are written, of all layers together; as MathML they take many times
that. Longer ones are in the run's files."""


def layer_sections(run: ReportedRun, display: Display) -> Iterator[Section]:
    """The composition: its drawing, and a section per layer."""
    explanation, fitted = run.explanation, run.fitted
    if explanation is None or fitted is None:
        return
    blocks: list[Block] = [
        network_diagram(fitted, explanation),
        Remarks(tuple(map(_capital, shown_lines(explanation, display)))),
    ]
    for section in scaling_sections(explanation, display):
        blocks.append(Folded(section.heading, section.blocks))
    if fitted.formulas is not None and fitted.fronts is not None:
        chart, listed = compositions_chart(fitted.fronts), compositions_table(fitted.fronts)
        blocks.append(Folded("Simpler and longer compositions", (chart, listed)))
    yield Section("Layer by layer", tuple(blocks), key="layers")
    for number, layer in enumerate(explanation.layers, start=1):
        yield _section(layer, number, explanation, display)
    whole = network_section(explanation, display)
    yield Section(
        "All layers as one formula" if whole.blocks else _capital(whole.heading),
        whole.blocks,
        depth=1,
    )


def _section(
    layer: LayerExplanation, number: int, explanation: Explanation, display: Display
) -> Section:
    written = layer_section(layer, display)
    rows = explanation.printed.rows
    figures = layer.figures
    r2, ceiling, effect = figures.r2[rows], figures.ceiling[rows], figures.effect_r2[rows]
    worth = [Highlight("R²", score_text(r2), f"{SET_NAMES[rows]} rows, units pooled")]
    if effect is not None:
        worth.append(Highlight("R² by effect", score_text(effect), "units weighed by what they do"))
    if ceiling is not None:
        many = len(layer.expressions) or len(layer.units)
        meaning = f"the best that {many} expression{'' if many == 1 else 's'} could reach"
        worth.append(Highlight("Ceiling", score_text(ceiling), meaning))
    room = _LETTERS // len(explanation.layers)
    blocks: list[Block] = [Highlights(tuple(worth)), *_within(written.blocks, room, display)]
    if len(layer.units) > 1:
        blocks.append(units_chart(layer, number, rows))
        if layer.complexity <= room:  # a letter a node at least
            in_full = layer_section(layer, Display(full=True))
            if in_full.blocks != written.blocks and _letters(in_full.blocks) <= room:
                blocks.append(Folded(f"All {len(layer.units)} units", in_full.blocks))
    return Section(_capital(written.heading), tuple(blocks), key=_key(number), depth=1)


def _within(blocks: Sequence[Block], room: int, display: Display) -> Iterator[Block]:
    """The blocks with as many of their equations as there is room for."""
    for block in blocks:
        if not isinstance(block, Equations) or _letters([block]) <= room:
            yield block
            continue
        kept: list[Equation] = []
        for equation in block.equations:
            room -= len(equation.text)
            if room < 0:
                break
            kept.append(equation)
        more = f"… and {len(block.equations) - len(kept)} more, too long for a page"
        rest = f"{block.rest}; {more}" if block.rest else more
        yield Equations(tuple(kept), f"{rest}; {display.spelled('full')} prints them")


def _letters(blocks: Sequence[Block]) -> int:
    """How long the formulas of some blocks are."""
    return sum(
        len(equation.text)
        for block in blocks
        if isinstance(block, Equations)
        for equation in block.equations
    )


def _key(number: int) -> str:
    return f"layer-{number}"


def units_chart(layer: LayerExplanation, number: int, rows: str) -> Chart:
    """R² of every unit of a layer."""
    scores = layer.figures.unit_r2[rows]
    shown = [np.nan if score is None else max(score, -0.05) for score in scores]
    low = min([0.0, *(score for score in shown if np.isfinite(score))])
    known = [score for score in scores if score is not None]
    summary = (
        f"{len(known)} of {len(scores)} units have an R²: the least is {score_text(min(known))}, "
        f"the greatest {score_text(max(known))}"
        if known
        else "No unit has an R²"
    )
    return Chart(
        key=f"units-{number}",
        title=f"R² of every unit of {layer.name}",
        description=f"{summary}; bars end at 0 where it is less.",
        panels=(
            Panel(
                Axis("unit", limits=(-0.7, len(scores) - 0.3)),
                Axis(f"R², {SET_NAMES[rows]} rows", limits=(low, 1.0)),
                (Series("units", values(range(len(scores))), values(shown), "columns", 1),),
            ),
        ),
    )


def network_diagram(fitted: FittedRun, explanation: Explanation) -> Diagram:
    """The network, its units shaded by how well they are read."""
    network, rows = fitted.network, explanation.printed.rows
    depth = len(explanation.layers)
    features = [Node(name, "input") for name in fitted.inputs.features]
    inputs = Layer(
        "inputs", (f"{len(features)} input{'' if len(features) == 1 else 's'}",),
        tuple(features[:_DRAWN]), max(0, len(features) - _DRAWN),
    )  # fmt: skip
    layers = [inputs]
    for number, layer in enumerate(explanation.layers, start=1):
        scores = layer.figures.unit_r2[rows]
        names = [unit.name for unit in layer.units]
        nodes = [
            Node(name, f"R² {score_text(score)}", score)
            for name, score in zip(names, scores, strict=True)
        ]
        kind = _activation(network, number, depth)
        notes = [f"{len(nodes)} unit{'' if len(nodes) == 1 else 's'}{kind}"]
        notes.append(f"R² {score_text(layer.figures.r2[rows])}")
        if layer.figures.ceiling[rows] is not None:
            notes.append(f"ceiling {score_text(layer.figures.ceiling[rows])}")
        layers.append(
            Layer(
                name=layer.name,
                notes=tuple(notes),
                nodes=tuple(nodes[:_DRAWN]),
                more=max(0, len(nodes) - _DRAWN),
                edges=tuple(_edges(network, number, depth)),
                target=_key(number),
            )
        )
    widths = ", ".join(f"{layer.name} {layer.notes[0]}" for layer in layers)
    return Diagram(
        "network",
        "The network",
        f"Layers: {widths}. Units are the bluer the better their formulas read them; solid lines "
        "are positive weights, dashed ones negative. A layer leads to its formulas.",
        tuple(layers),
    )


def _is_stack(network: TrainedNetwork, depth: int) -> bool:
    return isinstance(network, Network) and len(network.weights) == depth


def _activation(network: TrainedNetwork, number: int, depth: int) -> str:
    if not isinstance(network, Network) or not _is_stack(network, depth):
        return ""
    return f", {network.activation_names[number - 1]}"


def _edges(network: TrainedNetwork, number: int, depth: int) -> Iterator[Edge]:
    """The weights between units that are drawn, the small ones left out."""
    if not isinstance(network, Network) or not _is_stack(network, depth):
        return
    weights = network.weights[number - 1][:_DRAWN, :_DRAWN]
    largest = float(np.abs(weights).max(initial=0.0))
    for end, row in enumerate(weights.tolist()):
        for start, weight in enumerate(row):
            if largest and abs(weight) >= 0.1 * largest:
                yield Edge(start, end, abs(weight) / largest, weight < 0.0)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
