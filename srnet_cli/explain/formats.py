"""An explanation as text, Markdown, LaTeX or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sympy import Symbol

from srnet_cli.explain.explaining import Explanation, Formula, LayerExplanation
from srnet_cli.expressions.printed import READABLE_NODES
from srnet_cli.expressions.printers import as_latex
from srnet_cli.fidelity.classes import agreement_rows, confusion_rows
from srnet_cli.fidelity.influence import influence_rows
from srnet_cli.fidelity.layer_table import fidelity_rows
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fidelity.validity import warnings
from srnet_cli.networks.quality import ClassificationQuality
from srnet_cli.rendering.text_table import aligned, score
from srnet_cli.runs.records import NetworkQuality

SHOWN = 8
"""So many units of a layer are printed; the others differ in a few numbers. JSON holds them all."""


def as_table(explanation: Explanation, *, full: bool = False) -> str:
    """For the terminal.

    Args:
        explanation: what to print.
        full: whether to print every unit of wide layers.
    """
    return "\n".join(_text_lines(explanation, full))


def as_json(explanation: Explanation, *, full: bool = False) -> str:
    """For programs; always in full."""
    return json.dumps(explanation.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)


def as_markdown(explanation: Explanation, *, full: bool = False) -> str:
    """For a notebook or an issue; arguments as for ``as_table``."""
    return "\n".join(_markdown_lines(explanation, full))


def as_align(explanation: Explanation, *, full: bool = False) -> str:
    """For a paper: an ``align*`` environment a layer, and one for the whole network."""
    return "\n".join(_latex_lines(explanation, full))


FORMATS = {
    "table": as_table,
    "json": as_json,
    "markdown": as_markdown,
    "latex": as_align,
}


def _text_lines(explanation: Explanation, full: bool) -> Iterator[str]:
    yield from _title(explanation)
    for heading, formulas, rest in _blocks(explanation, full):
        yield f"\n{heading}"
        for formula in formulas:
            yield f"  {formula.name} = {formula.text}"
        if rest:
            yield f"  {rest}"
    yield ""
    yield from aligned(_fidelity(explanation, full), right=True)
    for table in _class_tables(explanation, full):
        yield ""
        yield from aligned(table, right=True)
    yield ""
    yield from _remarks(explanation)


def _markdown_lines(explanation: Explanation, full: bool) -> Iterator[str]:
    title, *more = _title(explanation)
    yield f"# {title}"
    if more:
        yield "\n" + "\n".join(more)
    for heading, formulas, rest in _blocks(explanation, full):
        yield f"\n## {heading}\n"
        for formula in formulas:
            yield f"- `{formula.name} = {formula.text}`"
        if rest:
            yield f"- {rest}"
    yield "\n## Fidelity\n"
    for head, *rows in (_fidelity(explanation, full), *_class_tables(explanation, full)):
        for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows):
            yield f"| {' | '.join(cell.replace('|', _BAR) for cell in row)} |"
        yield ""
    for line in _remarks(explanation):
        yield f"- {line}"


def _latex_lines(explanation: Explanation, full: bool) -> Iterator[str]:
    for line in _title(explanation):
        yield f"% {line}"
    for table in (_fidelity(explanation, full), *_class_tables(explanation, full)):
        for line in aligned(table, right=True):
            yield f"% {line}"
    for line in _remarks(explanation):
        yield f"% {line}"
    for heading, formulas, rest in _blocks(explanation, full):
        yield f"% {heading}"
        if formulas:
            yield r"\begin{align*}"
            yield " \\\\\n".join(f"  {_latex_name(f.name)} &= {f.latex}" for f in formulas)
            yield r"\end{align*}"
        if rest:
            yield f"% {rest}"


_BAR = "\\|"

Block = tuple[str, Sequence[Formula], str]


def _blocks(explanation: Explanation, full: bool) -> Iterator[Block]:
    """(heading, formulas, what is left out) of the inputs, every layer and the whole network."""
    if explanation.scaling:
        yield _block("standardised inputs, which hidden 1 reads", explanation.scaling, (), full)
    for layer in explanation.layers:
        yield _block(_heading(layer, full), layer.expressions, layer.units, full)
    if explanation.classification is not None:
        yield f"decision: {explanation.classification.decision}", (), ""
    heading = f"whole network, complexity {explanation.network_complexity}"
    if explanation.network is None:
        yield "whole network: too long for one formula; the layers above are the formula", (), ""
    elif _is_readable(explanation, full):
        yield _block(heading, (), explanation.network, full)
    else:
        yield f"{heading}: --full prints it", (), ""


def _is_readable(explanation: Explanation, full: bool) -> bool:
    """Whether there are formulas of the whole network, of a length to be printed."""
    return explanation.network_complexity is not None and (
        full or explanation.network_complexity <= READABLE_NODES
    )


def _block(
    heading: str, formulas: Sequence[Formula], units: Sequence[Formula], full: bool
) -> Block:
    shown = units if full else units[:SHOWN]
    left = len(units) - len(shown)
    rest = f"… and {left} more unit{'s' if left > 1 else ''}; --full prints all" if left else ""
    return heading, (*formulas, *shown), rest


def _heading(layer: LayerExplanation, full: bool) -> str:
    units = f"{len(layer.units)} unit{'s' if len(layer.units) > 1 else ''}"
    names = layer.inputs
    inputs = ", ".join(names if full or len(names) <= SHOWN else (*names[:2], "…", names[-1]))
    return f"{layer.name}: {units} from {inputs}, complexity {layer.complexity}"


def _title(explanation: Explanation) -> Iterator[str]:
    yield explanation.run
    if not explanation.is_done:
        yield f"not finished: the best found in {explanation.generations} generations"
    if explanation.trials > 1:
        yield f"trial {explanation.trial} of {explanation.trials}, the best"
    yield from _shown(explanation)


def _shown(explanation: Explanation) -> Iterator[str]:
    """Which composition this is, and what the most faithful one has."""
    shown, rows = explanation.shown, SET_NAMES[explanation.printed.rows]
    what = "R²" if explanation.classification is None else "R² of the probabilities"
    worth = f"complexity {shown.complexity}, {what} {score(shown.r2)} on {rows} rows"
    yield f"shown: {shown.why}: {worth}"
    best = shown.most_faithful_complexity, shown.most_faithful_r2
    if shown.compositions and (shown.complexity, shown.r2) != best:
        yield f"the most faithful, --fidelity 1: complexity {best[0]}, R² {score(best[1])}"


def _fidelity(explanation: Explanation, full: bool) -> list[list[str]]:
    """A table of R² by layer and set of rows, with what is left of it as printed."""
    r2 = {layer.name: layer.r2 for layer in explanation.layers}
    printed = explanation.printed
    digits = f"{explanation.digits} digit{'s' if explanation.digits > 1 else ''}"
    r2[f"layers as printed, {digits}"] = {printed.rows: printed.layers}
    if _is_readable(explanation, full):
        r2[f"whole as printed, {digits}"] = {printed.rows: printed.network}
    table = fidelity_rows(r2, explanation.rows, explanation.layers[-1].undefined_rows)
    return _with_figures(table, explanation)


def _with_figures(table: list[list[str]], explanation: Explanation) -> list[list[str]]:
    """The table with two columns more, both of the rows judged by."""
    rows = explanation.printed.rows
    cells = [(f"{SET_NAMES[rows]}: by effect", "ceiling")]
    for layer in explanation.layers:
        cells.append((score(layer.effect_r2[rows]), score(layer.ceiling[rows])))
    cells += [("", "")] * (len(table) - len(cells))
    return [[*row, *more] for row, more in zip(table, cells, strict=True)]


def _class_tables(explanation: Explanation, full: bool) -> Iterator[list[list[str]]]:
    """How often a classifier's formulas and the network agree, and where they do not."""
    told, rows = explanation.classification, explanation.printed.rows
    if told is None:
        return
    yield agreement_rows(told.agreement)
    if full or len(told.classes) <= SHOWN:
        yield confusion_rows(told.agreement[rows], told.classes, rows)
    if told.inputs:
        yield influence_rows(told.inputs, len(told.inputs) if full else SHOWN)


def _remarks(explanation: Explanation) -> Iterator[str]:
    yield from _class_remarks(explanation)
    if explanation.quality is not None:
        yield f"the network itself: {_quality(explanation.quality)}"
    printed = explanation.printed
    if printed.enough_digits is not None:
        yield (
            f"rounding costs R² on {SET_NAMES[printed.rows]} rows, {score(printed.exact)} before: "
            f"--digits {printed.enough_digits} keeps it"
        )
    yield from warnings(explanation.validity)
    if explanation.unconfirmed:
        yield (
            f"not confirmed to 1e-9 on every row, as near a pole: {_some(explanation.unconfirmed)}"
        )


def _class_remarks(explanation: Explanation) -> Iterator[str]:
    told, printed = explanation.classification, explanation.printed
    if told is None:
        return
    found, rows = told.agreement[printed.rows], SET_NAMES[printed.rows]
    if found.is_trivial:
        yield f"the network names one class on all {rows} rows, so agreement says nothing"
    elif sum(any(column) for column in zip(*found.confusion, strict=True)) == 1:
        yield f"the formulas name one class on all {rows} rows, the network does not"
    if printed.agreement != found.agreement:
        yield f"as printed, the formulas agree on {printed.agreement:.4f} of the {rows} rows"


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return "; ".join(names[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _quality(quality: NetworkQuality) -> str:
    if isinstance(quality, ClassificationQuality):
        return (
            f"accuracy {quality.accuracy:.4f} on held-out rows "
            f"(the most frequent class: {quality.majority_rate:.4f})"
        )
    return (
        f"R² {score(quality.r2)} to the truth on held-out rows, RMSE {quality.rmse:.4g} "
        f"(the training mean: {quality.baseline_rmse:.4g})"
    )


_LATEX = {
    "\\": r"\backslash ",
    "^": r"\hat{\ }",
    "~": r"\tilde{\ }",
    "<": r"{<}",
    ">": r"{>}",
    " ": r"\ ",
    "-": r"\text{-}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def _latex_name(name: str) -> str:
    """A name as LaTeX, as it is in formulas where it can stand in one; else upright, escaped."""
    if name.isidentifier() and name.isascii():
        return as_latex(Symbol(name))
    return rf"\mathrm{{{''.join(_LATEX.get(character, character) for character in name)}}}"
