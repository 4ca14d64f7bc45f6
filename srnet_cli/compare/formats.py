"""A comparison as text, Markdown, LaTeX or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srnet_cli.compare.bootstrap import Figure
from srnet_cli.compare.comparison import Comparison, SetComparison
from srnet_cli.compare.explainers import EXPLAINERS
from srnet_cli.compare.files import record
from srnet_cli.compare.instances import SIGMA, SIGMAS
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.rendering.drawn import drawn
from srnet_cli.rendering.latex import escaped
from srnet_cli.rendering.text_table import score
from srnet_cli.store import encode_json

Table = list[list[str]]

_ROWS = {
    "rmse": "RMSE at the instance",
    "r2": "R² at the instances",
    "agreement": "agreement of labels",
    "majority": "  the most frequent label",
    "kappa": "Cohen's kappa",
    f"rmse_near_{SIGMA:g}": f"RMSE around it, σ = {SIGMA:g}",
    f"r2_near_{SIGMA:g}": f"R² around it, σ = {SIGMA:g}",
    "agreement_near": f"agreement around it, σ = {SIGMA:g}",
    "spread": "spread over seeds",
    "cosine": "cosine with the gradient",
    "terms": "terms",
    "nodes": "nodes",
}
"""What the measures are called in print, in order."""

_SWEEP = {"rmse_near": "RMSE", "r2_near": "R²"}
"""Measures that there are for neighbourhoods of every size."""

_EXACT = frozenset(("terms", "nodes"))

_NAMES = {
    **{f"rmse_near_{sigma:g}": f"RMSE around it, σ = {sigma:g}" for sigma in SIGMAS},
    **{measure: title.strip() for measure, title in _ROWS.items()},
}
"""What they are called in a sentence."""


def as_table(comparisons: Sequence[Comparison]) -> str:
    """For the terminal."""
    return "\n\n".join("\n".join(_text(comparison)) for comparison in comparisons)


def as_markdown(comparisons: Sequence[Comparison]) -> str:
    """For a notebook or an issue."""
    return "\n\n".join("\n".join(_markdown(comparison)) for comparison in comparisons)


def as_latex(comparisons: Sequence[Comparison]) -> str:
    """For a paper: a ``tabular`` a set of rows."""
    return "\n\n".join("\n".join(_latex(comparison)) for comparison in comparisons)


def as_json(comparisons: Sequence[Comparison]) -> str:
    """For programs: a list with the content of ``compare.json`` of every run."""
    return encode_json([record(comparison) for comparison in comparisons]).decode().rstrip()


FORMATS = {"table": as_table, "json": as_json, "markdown": as_markdown, "latex": as_latex}


def _text(comparison: Comparison) -> Iterator[str]:
    yield str(comparison.fitted.path)
    for table in _tables(comparison):
        yield ""
        yield drawn(table)
    yield ""
    yield from _remarks(comparison)


def _markdown(comparison: Comparison) -> Iterator[str]:
    yield f"# {comparison.fitted.path}"
    for head, *rows in _tables(comparison):
        yield ""
        for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows):
            yield f"| {' | '.join(cell.strip() for cell in row)} |"
    yield ""
    for line in _remarks(comparison):
        yield f"- {line}"


def _latex(comparison: Comparison) -> Iterator[str]:
    yield f"% {comparison.fitted.path}"
    for table in _tables(comparison):
        head, *rows = [[escaped(cell.strip()) for cell in row] for row in table]
        yield rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}"
        yield rf"  {' & '.join(head)} \\ \hline"
        for row in rows:
            yield rf"  {' & '.join(row)} \\"
        yield r"\end{tabular}"
    for line in _remarks(comparison):
        yield f"% {line}"


def _tables(comparison: Comparison) -> Iterator[Table]:
    for name, one in comparison.sets.items():
        yield _table(name, one)
        yield _sweep(name, one)
    yield _costs(comparison)


def _table(name: str, one: SetComparison) -> Table:
    head = f"{SET_NAMES[name]}, {len(one.instances)} instances"
    table = [[head, *(EXPLAINERS[kind].title for kind in one.judged)]]
    first = next(iter(one.judged.values()))
    for measure, title in _ROWS.items():
        if measure in first.figures:
            cells = [_cell(judged.figures[measure], measure) for judged in one.judged.values()]
            table.append([title, *cells])
    failures = [sum(judged.failures.values()) for judged in one.judged.values()]
    if any(failures):
        table.append(["failed", *map(str, failures)])
    return table


def _sweep(name: str, one: SetComparison) -> Table:
    """Fidelity around the instances by the size of the neighbourhood, without intervals."""
    table = [[f"{SET_NAMES[name]}, around", *(f"σ = {sigma:g}" for sigma in SIGMAS)]]
    for measure, title in _SWEEP.items():
        for kind, judged in one.judged.items():
            figures = [judged.figures[f"{measure}_{sigma:g}"] for sigma in SIGMAS]
            cells = [_cell(figure, measure).partition(" ")[0] for figure in figures]
            table.append([f"{title} {EXPLAINERS[kind].title}", *cells])
    return table


def _costs(comparison: Comparison) -> Table:
    costs = comparison.costs.values()
    return [
        ["cost, seconds", *(EXPLAINERS[kind].title for kind in comparison.costs)],
        ["an explanation", *(_cell(cost.explanation) for cost in costs)],
        ["to fit the explainer, once", *(f"{cost.fit:.3g}" for cost in costs)],
    ]


def _cell(figure: Figure, measure: str = "") -> str:
    """A figure with its interval; a size, or one that no resample changes, without."""
    if not figure.instances:
        return "none"
    if figure.low == figure.high == figure.value:
        return f"{figure.value:.4g}"
    if measure in _EXACT:
        return f"{figure.value:.1f} [{figure.low:.1f}, {figure.high:.1f}]"
    if measure.startswith("r2"):
        return f"{score(figure.value)} [{score(figure.low)}, {score(figure.high)}]"
    digits = ".4f" if measure in _RATES and abs(figure.value) < 10 else ".3g"
    return f"{figure.value:{digits}} [{figure.low:{digits}}, {figure.high:{digits}}]"


_RATES = frozenset(("agreement", "majority", "kappa", "agreement_near", "cosine"))


def _remarks(comparison: Comparison) -> Iterator[str]:
    what = "class probabilities" if comparison.is_classifier else "outputs"
    yield (
        f"against the network's {what}; each explanation is judged at its own instance and on "
        "points around it, σ in standard deviations of the features; in brackets 95 % bootstrap "
        "intervals over instances"
    )
    for name, one in comparison.sets.items():
        if one.trivial:
            same = "class" if comparison.is_classifier else "value"
            yield (
                f"{SET_NAMES[name]}: the network gives one {same} on all instances, so agreement "
                "with it is trivial"
            )
        yield from _failures(SET_NAMES[name], one)
    if "lime" in comparison.kinds:
        yield (
            "LIME: continuous features, coefficients per unit of the input; its ridge penalty is 1 "
            "on features in standard deviations"
        )
    if "maple" in comparison.kinds:
        yield (
            "MAPLE: 200 trees, min_samples_leaf 10, max_features 0.5, features in standard "
            "deviations; its ridge penalty is 0.001"
        )


def _failures(name: str, one: SetComparison) -> Iterator[str]:
    total = len(one.instances)
    for kind, judged in one.judged.items():
        title = EXPLAINERS[kind].title
        for reason, count in judged.failures.items():
            yield f"{name}: {title} failed on {count} of {total} instances: {reason}"
        if judged.unstable_failures:
            yield f"{name}: {title} failed on {judged.unstable_failures} more with other seeds"
        for measure, figure in judged.figures.items():
            left = total - sum(judged.failures.values()) - figure.instances
            # Where the RMSE around an instance is undefined, so is R².
            if left > 0 and measure in _NAMES:
                yield (
                    f"{name}: {title}: {_NAMES[measure]}: over {figure.instances} "
                    f"instances, undefined on {left}"
                )
