"""What ``srnet fit`` answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from srnet_cli.fidelity.layers import LayerFidelity, layer_name, unfaithful
from srnet_cli.fidelity.row_sets import SET_NAMES, judged
from srnet_cli.fidelity.tables import agreement_table, fidelity_table
from srnet_cli.fidelity.validity import warnings
from srnet_cli.fit.fitting import FitResult
from srnet_cli.rendering.document import (
    BRIEF,
    Block,
    Display,
    Document,
    Paragraph,
    Section,
    remarks,
)
from srnet_cli.rendering.table import Table
from srnet_cli.runs.formula_sections import answer_section
from srnet_cli.runs.records import Metrics


def document(result: FitResult, display: Display = BRIEF, next_step: str = "") -> Document:
    """The result of a fit: fitness, fidelity, where formulas fail, then what the network computes.

    The formula comes last, beside what to type next, where whoever has waited looks. The record is
    ``metrics.json``, the formulas, and where all of it lies.

    Args:
        result: of the fit.
        display: how much of it.
        next_step: what to type to see more; empty where that is not known.
    """
    notices = ["this run had finished before; nothing was computed"] if result.was_done else []
    formulas, fitness = result.formulas, _fitness(result.metrics)
    if formulas is None:
        lead = [*notices, fitness]
        answers: list[Section] = []
        layers: tuple[Block, ...] = tuple(_tables(result.metrics))
    else:
        # Fitness belongs to the layers.
        lead = notices
        answers = [answer_section(formulas, [front.answer for front in formulas.fronts], display)]
        fidelity = result.metrics.fidelity or {"train": ()}
        what = "layer by layer: " if len(fidelity["train"]) > 1 else ""
        layers = (Paragraph(f"{what}{fitness}"), *_tables(result.metrics))
    metrics = result.metrics
    to_know = [*_unfaithful(result), *metrics.shortfalls, *warnings(metrics.validity)]
    last = [f"run {result.path}"]
    if next_step and not result.metrics.found_nothing:
        last.append(f"next: {next_step}")
    return Document(
        title="",
        lead=tuple(lead),
        sections=(Section("", layers), remarks(to_know), *answers, remarks(last)),
        record={
            "run": str(result.path),
            "was_done": result.was_done,
            "formulas": None if formulas is None else formulas.to_dict(),
            **result.metrics.to_dict(),
        },
    )


def _unfaithful(result: FitResult) -> Iterator[str]:
    """A remark where the layers are all there is, and say little."""
    metrics = result.metrics
    if result.formulas is None and metrics.fidelity and metrics.agreement is None:
        output = metrics.output
        remark = unfaithful(None if output is None else output.r2, SET_NAMES[judged(metrics.rows)])
        yield from [] if remark is None else [remark]


def _fitness(metrics: Metrics) -> str:
    finite = [value for value in metrics.fitness if value is not None]
    if finite:
        return f"fitness {min(finite):.6g}{_among(metrics, finite)}"
    return "no expression was finite on all rows; try other functions or more generations"


def _tables(metrics: Metrics) -> Iterator[Table]:
    if metrics.fidelity:
        yield _fidelity(metrics.fidelity, metrics.rows)
    if metrics.agreement:
        yield agreement_table(metrics.agreement)


def _among(metrics: Metrics, finite: list[float]) -> str:
    trials = len(metrics.fitness)
    if trials == 1:
        return ""
    failed = f", {trials - len(finite)} found nothing" if len(finite) < trials else ""
    return f" (trial {metrics.trial} of {trials}, median {median(finite):.6g}{failed})"


def _fidelity(fidelity: Mapping[str, Sequence[LayerFidelity]], rows: Mapping[str, int]) -> Table:
    layers = len(fidelity["train"])
    r2 = {
        layer_name(index, layers): {name: by_layer[index].r2 for name, by_layer in fidelity.items()}
        for index in range(layers)
    }
    undefined = {name: by_layer[-1].undefined_rows for name, by_layer in fidelity.items()}
    return fidelity_table(r2, rows, undefined, judged=judged(rows))
