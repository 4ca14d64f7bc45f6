"""What ``srnet explain`` answers: a function per section, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srnet_cli.explain.answer import Answer
from srnet_cli.explain.explanation import Explanation
from srnet_cli.explain.layer_section import SHOWN, equations, layer_section
from srnet_cli.expressions.printed import READABLE_NODES
from srnet_cli.expressions.printers import as_text
from srnet_cli.expressions.trees import rounded
from srnet_cli.fidelity.baselines import shortfalls
from srnet_cli.fidelity.layers import unfaithful
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fidelity.tables import (
    Scores,
    agreement_table,
    confusion_table,
    fidelity_table,
    influence_table,
)
from srnet_cli.fidelity.validity import warnings
from srnet_cli.networks.quality import ClassificationQuality, written
from srnet_cli.rendering.document import (
    BRIEF,
    Block,
    Display,
    Document,
    Paragraph,
    Remarks,
    Section,
    remarks,
)
from srnet_cli.rendering.table import (
    Column,
    code,
    figures,
    number,
    score_text,
    shortfall_text,
    table,
    text,
)
from srnet_cli.runs.formula_sections import answer_section, front_sections, structure_sections
from srnet_cli.runs.records import NetworkQuality

_TRIED_DIGITS = 6

_LEGEND = 30
"""So many lines of the legend are printed."""


def document(explanation: Explanation, display: Display = BRIEF) -> Document:
    """An explanation as a document.

    Args:
        explanation: what to print.
        display: how much of it; in full: every unit of wide layers, and formulas however long.
    """
    return Document(
        title=explanation.run,
        lead=tuple(_lead(explanation)),
        sections=(
            *answer_sections(explanation, display),
            *_layers_heading(explanation, display),
            *scaling_sections(explanation, display),
            *(layer_section(layer, display) for layer in explanation.layers),
            *decision_sections(explanation),
            network_section(explanation, display),
            *legend_sections(explanation, display),
            fidelity_section(explanation, display),
            remarks(explanation_remarks(explanation, display)),
        ),
        record=explanation.to_dict,
    )


def answer_sections(explanation: Explanation, display: Display) -> Iterator[Section]:
    """What the network computes: the formulas that answer, where they fail, and all the others."""
    answer = explanation.answer
    if answer is None:
        return
    if answer.formulas is not None:
        yield answer_section(answer.formulas, answer.chosen, display)
        lines = [f"shown: {answer.why}; {_size(answer)}"]
        if len(answer.chosen) == 1 and explanation.classification is not None:
            classes = explanation.classification.classes
            lines.append(f"above 0 it names {classes[1]}, else {classes[0]}")
        yield remarks([*lines, *warnings(answer.validity), *answer.proved])
    yield from tried_sections(answer)
    if answer.formulas is not None:
        yield from front_sections(answer.formulas, display)
        yield from structure_sections(answer.formulas, display)


def _size(answer: Answer) -> str:
    """How long the formulas are, beside the network."""
    nodes = sum(formula.complexity for formula in answer.chosen)
    if not answer.weights:  # nobody knows those of a function
        return f"{nodes} nodes"
    longer = ", longer than the network" if nodes > answer.weights else ""
    return f"{nodes} nodes{longer}, the network has {answer.weights} weights"


def tried_sections(answer: Answer) -> Iterator[Section]:
    """The truth, where it is known, and the user's own formulas, beside what was found."""
    rows = []
    for tried in answer.tried:
        for kind, formula in tried.formulas:
            source = tried.source if kind == "as written" else kind
            rows.append(
                [
                    text(source),
                    number(formula.complexity, "d"),
                    number(formula.unexplained, ".2g", missing="no value"),
                    code(as_text(rounded(formula.expr, _TRIED_DIGITS))),
                ]
            )
        if tried.beside is not None:
            rows.append(
                [
                    text("found, no longer"),
                    number(tried.beside.complexity, "d"),
                    number(tried.beside.error, ".2g"),
                    code(tried.beside.text),
                ]
            )
    if rows:
        columns = [Column(""), *figures("nodes", "1−R²"), Column("formula", wraps=True)]
        yield Section("beside what is known or thought", (table(columns, rows),))


def _layers_heading(explanation: Explanation, display: Display) -> Iterator[Section]:
    """What follows are the layers: which composition this is, and what it is worth."""
    yield Section("layer by layer", (Remarks(tuple(shown_lines(explanation, display))),))


def scaling_sections(explanation: Explanation, display: Display) -> Iterator[Section]:
    """What the first layer reads, where that are standardised inputs."""
    if explanation.scaling:
        heading = "standardised inputs, which hidden 1 reads"
        yield Section(heading, (equations(explanation.scaling),))


def decision_sections(explanation: Explanation) -> Iterator[Section]:
    """How the scores of a classifier decide."""
    if explanation.classification is not None:
        yield Section(f"decision: {explanation.classification.decision}")


def network_section(explanation: Explanation, display: Display) -> Section:
    """The formulas of the whole network, as far as they can be read."""
    if explanation.network is None:
        return Section("whole network: too long for one formula; the layers above are the formula")
    heading = f"whole network, complexity {explanation.network_complexity}"
    if _is_readable(explanation, display):
        return Section(heading, (equations(explanation.network),))
    return Section(f"{heading}: {display.spelled('full')} prints it")


def legend_sections(explanation: Explanation, display: Display) -> Iterator[Section]:
    """The columns that formulas call by another name."""
    lines = list(explanation.legend.items())
    if not lines:
        return
    shown = lines if display.full else lines[:_LEGEND]
    rows = ([code(name), text(column)] for name, column in shown)
    blocks: list[Block] = [table(["in formulas", Column("column", wraps=True)], rows)]
    if len(shown) < len(lines):
        more = f"… and {len(lines) - len(shown)} more names"
        blocks.append(Paragraph(f"{more}; {display.spelled('full')} prints all"))
    yield Section("Names", tuple(blocks))


def fidelity_section(explanation: Explanation, display: Display) -> Section:
    """R² by layer and set of rows, what is left of it as printed, and the classes."""
    printed, layers = explanation.printed, explanation.layers
    r2: dict[str, Scores] = {layer.name: layer.figures.r2 for layer in layers}
    digits = f"{explanation.digits} digit{'s' if explanation.digits > 1 else ''}"
    r2[f"layers as printed, {digits}"] = {printed.rows: printed.layers}
    if _is_readable(explanation, display):
        r2[f"whole as printed, {digits}"] = {printed.rows: printed.network}
    by_effect = {layer.name: layer.figures.effect_r2[printed.rows] for layer in layers}
    ceiling = {layer.name: layer.figures.ceiling[printed.rows] for layer in layers}
    beside: dict[str, Scores] = {
        f"{SET_NAMES[printed.rows]}: by effect": by_effect,
        "ceiling": ceiling,
    }
    undefined = layers[-1].figures.undefined_rows
    fidelity = fidelity_table(r2, explanation.rows, undefined, judged=printed.rows, beside=beside)
    return Section("Fidelity", (fidelity, *_class_tables(explanation, display)))


def _class_tables(explanation: Explanation, display: Display) -> Iterator[Block]:
    """How often a classifier's formulas and the network agree, and where they do not."""
    classification, rows = explanation.classification, explanation.printed.rows
    if classification is None:
        return
    yield agreement_table(classification.agreement)
    classes, inputs = classification.classes, classification.inputs
    if display.full or len(classes) <= SHOWN:
        yield confusion_table(classification.agreement[rows], classes, rows)
    else:
        full = display.spelled("full")
        yield Paragraph(f"confusion matrix of {len(classes)} classes: {full} prints it")
    if inputs:
        yield influence_table(inputs, len(inputs) if display.full else SHOWN)
        if not display.full and len(inputs) > SHOWN:
            more = f"… and {len(inputs) - SHOWN} more inputs"
            yield Paragraph(f"{more}; {display.spelled('full')} prints all")


def _is_readable(explanation: Explanation, display: Display) -> bool:
    """Whether there are formulas of the whole network, of a length to be printed."""
    return explanation.network_complexity is not None and (
        display.full or explanation.network_complexity <= READABLE_NODES
    )


def _lead(explanation: Explanation) -> Iterator[str]:
    if not explanation.is_done:
        yield f"not finished: the best found in {explanation.generations} generations"
    if explanation.trials > 1:
        yield f"trial {explanation.trial} of {explanation.trials}, the best"


def shown_lines(explanation: Explanation, display: Display) -> Iterator[str]:
    """Which composition this is, and what the most faithful one has."""
    shown, rows = explanation.shown, SET_NAMES[explanation.printed.rows]
    measure = "R²" if explanation.classification is None else "R² of the probabilities"
    worth = f"complexity {shown.complexity}, {measure} {worth_text(shown.r2)} on {rows} rows"
    yield f"shown: {shown.why}: {worth}"
    best = shown.most_faithful_complexity, shown.most_faithful_r2
    if shown.compositions and (shown.complexity, shown.r2) != best:
        option = f"{display.spelled('fidelity')} 1"
        yield f"the most faithful, {option}: complexity {best[0]}, R² {worth_text(best[1])}"


def worth_text(r2: float | None) -> str:
    """R² in a sentence; of one that is nearly 1 also what it is short of that."""
    if r2 is None or r2 == 1.0 or r2 < 0.99:
        return score_text(r2)
    return f"{score_text(r2)} (1−R² {shortfall_text(r2)})"


def explanation_remarks(explanation: Explanation, display: Display) -> Iterator[str]:
    yield from _class_remarks(explanation)
    if explanation.quality is not None:
        yield f"the network itself: {quality_words(explanation.quality)}"
    printed = explanation.printed
    if explanation.classification is None:
        remark = unfaithful(printed.exact, SET_NAMES[printed.rows])
        yield from [] if remark is None else [remark]
    if printed.enough_digits is not None:
        yield (
            f"rounding costs R² on {SET_NAMES[printed.rows]} rows, {worth_text(printed.exact)} "
            f"before: {display.spelled('digits')} {printed.enough_digits} keeps it"
        )
    yield from shortfalls(printed.exact, explanation.baselines, "these formulas, layer by layer")
    yield from warnings(explanation.validity)
    yield from explanation.proved
    if explanation.unconfirmed:
        yield (
            f"not confirmed to 1e-9 on every row, as near a pole: {_some(explanation.unconfirmed)}"
        )


def _class_remarks(explanation: Explanation) -> Iterator[str]:
    classification, printed = explanation.classification, explanation.printed
    if classification is None:
        return
    agreement, rows = classification.agreement[printed.rows], SET_NAMES[printed.rows]
    if agreement.is_trivial:
        yield f"the network names one class on all {rows} rows, so agreement says nothing"
    elif sum(any(column) for column in zip(*agreement.confusion, strict=True)) == 1:
        yield f"the formulas name one class on all {rows} rows, the network does not"
    if printed.agreement != agreement.agreement:
        yield f"as printed, the formulas agree on {printed.agreement:.4f} of the {rows} rows"


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return "; ".join(names[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def quality_words(quality: NetworkQuality) -> str:
    if isinstance(quality, ClassificationQuality):
        return (
            f"accuracy {quality.accuracy:.4f} on held-out rows "
            f"(the most frequent class: {quality.majority_rate:.4f})"
            + ("; it is right less often than that class alone" if quality.is_useless else "")
        )
    return (
        f"R² {worth_text(quality.r2)} to the truth on held-out rows, "
        f"RMSE {written(quality.rmse)} (the training mean: {written(quality.baseline_rmse)})"
        + ("; it does worse than that mean" if quality.is_useless else "")
    )
