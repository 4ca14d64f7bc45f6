"""An explanation as text, Markdown, LaTeX or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from srnet_cli.workflows.explain import Explanation, LayerExplanation


def as_table(explanation: Explanation) -> str:
    """For the terminal."""
    return "\n".join(_text_lines(explanation))


def as_json(explanation: Explanation) -> str:
    """For programs."""
    return json.dumps(explanation.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)


def as_markdown(explanation: Explanation) -> str:
    """For a notebook or an issue."""
    return "\n".join(_markdown_lines(explanation))


def as_latex(explanation: Explanation) -> str:
    """For a paper: one align environment a layer, and one for the whole network."""
    return "\n".join(_latex_lines(explanation))


FORMATS: dict[str, Callable[[Explanation], str]] = {
    "table": as_table,
    "json": as_json,
    "markdown": as_markdown,
    "latex": as_latex,
}


def summary(explanation: Explanation) -> Iterator[str]:
    """What the formulas are worth, a line a fact."""
    if explanation.quality is not None:
        yield f"the network itself: {_quality(explanation.quality)}"
    output = explanation.layers[-1]
    for name, score in output.r2.items():
        rows, undefined = explanation.rows[name], output.undefined_rows[name]
        missing = f", undefined on {undefined} of them" if undefined else ""
        yield f"R² to the network, {_SETS[name]}: {_score(score)} ({rows} rows{missing})"
    if explanation.r2_printed is not None:
        yield (
            f"R² of the formulas as printed, {explanation.digits} digits, held-out rows: "
            f"{_score(explanation.r2_printed)}"
        )


_SETS = {
    "train": "training rows",
    "validation": "selection rows",
    "interpolation": "held-out rows",
    "extrapolation": "beyond the domain",
}


def _quality(quality: dict[str, float]) -> str:
    if "accuracy" in quality:
        return (
            f"accuracy {quality['accuracy']:.4f} on held-out rows "
            f"(majority class: {quality['majority_rate']:.4f})"
        )
    return (
        f"R² {quality['r2']:.4f} to the truth on held-out rows, RMSE {quality['rmse']:.4g} "
        f"(the training mean: {quality['baseline_rmse']:.4g})"
    )


def _score(score: float | None) -> str:
    if score is None:
        return "none"
    return f"{score:.6f}" if score > -1000 else f"{score:.3g}"


def _text_lines(explanation: Explanation) -> Iterator[str]:
    state = "" if explanation.is_done else "  (not finished: the best so far)"
    yield f"{explanation.run}{state}"
    if explanation.standardised:
        yield "The first layer reads standardised inputs, (x - mean) / scale."
    for layer in explanation.layers:
        yield ""
        yield _heading(layer)
        for formula in (*layer.expressions, *layer.units):
            yield f"  {formula.name} = {formula.text}"
    yield ""
    yield from _whole_as_text(explanation)
    yield ""
    yield from summary(explanation)


def _heading(layer: LayerExplanation) -> str:
    score = layer.r2.get("interpolation", layer.r2.get("train"))
    units = f"{len(layer.units)} unit{'s' if len(layer.units) > 1 else ''}"
    return (
        f"{layer.name}: {units} from {', '.join(layer.inputs)}   "
        f"R² {_score(score)}, complexity {layer.complexity}"
    )


def _whole_as_text(explanation: Explanation) -> Iterator[str]:
    if explanation.network is None:
        yield "whole network: too long for one formula; the layers above are the formula"
        return
    yield f"whole network: complexity {explanation.network_complexity}"
    for formula in explanation.network:
        yield f"  {formula.name} = {formula.text}"


def _markdown_lines(explanation: Explanation) -> Iterator[str]:
    yield f"# {explanation.run}"
    for layer in explanation.layers:
        yield f"\n## {_heading(layer)}\n"
        for formula in (*layer.expressions, *layer.units):
            yield f"- `{formula.name} = {formula.text}`"
    yield "\n## Whole network\n"
    for line in list(_whole_as_text(explanation))[1:] or list(_whole_as_text(explanation)):
        yield f"- `{line.strip()}`"
    yield "\n## Fidelity\n"
    for line in summary(explanation):
        yield f"- {line}"


def _latex_lines(explanation: Explanation) -> Iterator[str]:
    for line in summary(explanation):
        yield f"% {line}"
    for layer in explanation.layers:
        yield f"% {_heading(layer)}"
        yield from _align([(f.name, f.latex) for f in (*layer.expressions, *layer.units)])
    if explanation.network is not None:
        yield "% whole network"
        yield from _align([(f.name, f.latex) for f in explanation.network])


def _align(equations: list[tuple[str, str]]) -> Iterator[str]:
    yield r"\begin{align*}"
    yield " \\\\\n".join(f"  {_name(name)} &= {latex}" for name, latex in equations)
    yield r"\end{align*}"


def _name(name: str) -> str:
    head = name.rstrip("0123456789")
    if head != name and len(head) == 1:
        return f"{head}_{{{name[1:]}}}"
    escaped = name.replace("_", r"\_")
    return name if len(name) == 1 else rf"\mathrm{{{escaped}}}"
