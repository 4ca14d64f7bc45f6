"""The answer, on top: which network, its formula, how faithful that is, and where it is not."""

from __future__ import annotations

from collections.abc import Iterator

from srnet_cli.config.written import one_line
from srnet_cli.explain.answer import Answer
from srnet_cli.explain.document import quality_words, tried_sections
from srnet_cli.explain.explanation import Explanation
from srnet_cli.explain.layer_section import layer_section
from srnet_cli.expressions.printed import READABLE_NODES
from srnet_cli.fidelity.layers import unfaithful
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fidelity.validity import REGION_NAMES, Validity, warnings
from srnet_cli.networks import TrainedNetwork
from srnet_cli.networks.network import Network
from srnet_cli.rendering.document import (
    Block,
    Display,
    Highlight,
    Highlights,
    Paragraph,
    Remarks,
    Section,
)
from srnet_cli.rendering.table import score_text, shortfall_text
from srnet_cli.report.subject import ReportedRun
from srnet_cli.runs.formula_sections import answer_section
from srnet_cli.runs.records import Inputs


def answer_sections(run: ReportedRun, display: Display) -> Iterator[Section]:
    """The answer in a section, and what is known or thought beside it."""
    explanation, fitted = run.explanation, run.fitted
    if run.inputs is None or fitted is None or explanation is None:
        yield Section("Answer", tuple(_nothing(run)), key="answer")
        return
    blocks: list[Block] = [Paragraph(network_words(run.inputs, fitted.network))]
    if explanation.quality is not None:
        blocks.append(Paragraph(f"The network itself: {quality_words(explanation.quality)}."))
    answer = explanation.answer
    if answer is not None and answer.formulas is not None:
        blocks += _direct(answer, explanation, display)
    else:
        blocks += _composition(explanation, display)
    blocks.append(Highlights(tuple(highlights(run))))
    blocks.append(Remarks(tuple(_where_not(explanation))))
    yield Section("Answer", tuple(blocks), key="answer")
    if answer is not None:
        for section in tried_sections(answer):
            yield Section(_capital(section.heading), section.blocks, depth=1)


def _nothing(run: ReportedRun) -> Iterator[Block]:
    yield Paragraph(f"There is no formula: the run {run.obstacle or 'has found none'}.")
    if run.inputs is not None:
        yield Paragraph(f"It is to explain a network that predicts {one_line(run.inputs.target)}.")


def network_words(inputs: Inputs, network: TrainedNetwork) -> str:
    """Which network it is, in a sentence or two."""
    d, *hidden, m = network.widths
    what = "classifier" if network.output_activation == "softmax" else "network"
    layers = " and ".join(map(str, hidden)) if len(hidden) < 3 else ", ".join(map(str, hidden))
    middle = f", {len(hidden)} hidden layer{_s(len(hidden))} of {layers} units" if hidden else ""
    activations = ""
    if isinstance(network, Network):
        names = list(dict.fromkeys(network.activation_names[:-1]))
        activations = f" ({', '.join(names)})" if names else ""
    outputs = "classes" if what == "classifier" else f"output{_s(m)}"
    return (
        f"The question is what a {what} of {d} input{_s(d)}{middle}{activations} and {m} {outputs} "
        f"computes. It predicts {one_line(inputs.target)}, and has {network.parameters} weights: "
        f"{inputs.network.summary()}."
    )


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _direct(answer: Answer, explanation: Explanation, display: Display) -> Iterator[Block]:
    assert answer.formulas is not None
    equations, worth = answer_section(answer.formulas, answer.chosen, display).blocks
    yield equations
    if len(answer.chosen) > 1:
        yield worth
    if len(answer.chosen) == 1 and explanation.classification is not None:
        classes = explanation.classification.classes
        yield Paragraph(f"Above 0 it names {classes[1]}, else {classes[0]}.")


def _composition(explanation: Explanation, display: Display) -> Iterator[Block]:
    nodes = explanation.network_complexity
    if explanation.network is not None and nodes is not None and nodes <= READABLE_NODES:
        from srnet_cli.explain.document import network_section

        yield from network_section(explanation, display).blocks
        return
    yield Paragraph(
        "As one formula it would be too long; the formulas of its layers, one after the other, are "
        "the formula. The last of them:"
    )
    yield from layer_section(explanation.layers[-1], display).blocks


def highlights(run: ReportedRun) -> Iterator[Highlight]:
    """The figures that say how faithful the formulas are, and how long."""
    explanation, fitted = run.explanation, run.fitted
    assert explanation is not None
    assert fitted is not None
    answer, printed = explanation.answer, explanation.printed
    rows = SET_NAMES[printed.rows]
    if answer is not None and answer.formulas is not None:
        worst = max(formula.error for formula in answer.chosen)
        which = "" if len(answer.chosen) == 1 else ", the worst output"
        yield Highlight(
            "R² of the formula", score_text(1.0 - worst), f"to the network, {rows} rows"
        )
        yield Highlight("1−R²", shortfall_text(1.0 - worst), f"what it leaves unexplained{which}")
        nodes = sum(formula.complexity for formula in answer.chosen)
        yield Highlight("Length", f"{nodes} nodes", f"the network has {answer.weights} weights")
    if printed.exact is not None or answer is None or answer.formulas is None:
        what = "probabilities, " if explanation.classification is not None else ""
        yield Highlight(
            "R² of the layers" if len(explanation.layers) > 1 else "R² of the formulas",
            score_text(explanation.shown.r2),
            f"{what}{rows} rows, {explanation.shown.complexity} nodes",
        )
    if explanation.classification is not None:
        agreement = explanation.classification.agreement[printed.rows]
        yield Highlight(
            "Same class",
            f"{agreement.agreement:.4f}",
            f"of {rows} rows, by layers; the most frequent class alone: "
            f"{agreement.majority_rate:.4f}",
        )


def _where_not(explanation: Explanation) -> Iterator[str]:
    """Where the answer fails, first; that it does not, where it was looked for."""
    answer = explanation.answer
    validity = explanation.validity
    if answer is not None and answer.formulas is not None:
        validity = answer.validity
        poor = [formula for formula in answer.chosen if formula.error > 0.5]
        if poor:
            yield "No short formula explains the network: more is left than half of the variance."
    else:
        remark = unfaithful(explanation.printed.exact, SET_NAMES[explanation.printed.rows])
        if remark is not None and explanation.classification is None:
            yield f"{_capital(remark)}."
    failing = list(warnings(validity))
    yield from (f"Not to be trusted {line}." for line in failing)
    for region, shown in validity.items():
        if is_sound(shown):
            yield (
                f"{_capital(REGION_NAMES[region])}, the formula has a value within the network's "
                f"range on all of {shown.rows} rows checked."
            )


def is_sound(shown: Validity) -> bool:
    """Whether nothing has failed in a region."""
    return not shown.undefined and not shown.outside


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
