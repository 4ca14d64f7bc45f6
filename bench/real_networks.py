"""Networks that people use: how faithful formulas are to them, beside regressions of the same rows.

    SRNET_NETWORKS_DIR=../shared/networks python bench/real_networks.py
    SRNET_NETWORKS_DIR=../shared/networks python bench/real_networks.py \\
        --layers-only --seeds 1 --seconds 80 --threads 1

Three collision avoidance systems (ACAS Xu, HCAS, VCAS; six or seven layers, ReLU), the policy of a
cart-pole agent (tanh), and two networks that are trained here and kept in ``--trained``: the flow
of a van der Pol oscillator (3 → 32, 32 ReLU → 3) and the rates of a rigid body (6 → 64, 64, 64
sigmoid → 3).

Each is fitted by ``srnet fit`` with the defaults, at most ``--seconds`` of search per seed, and
both of its results are judged: the most faithful whole-network formulas, and the composition of
layers. ``--layers-only`` leaves the search for whole-network formulas out, so that layers have all
the time. The regressions are fitted to 10,000 even rows that the network labels: linear,
polynomials of degrees 2 to 4 by ridge regression, and scikit-learn's HistGradientBoostingRegressor
with defaults; and, where pyoperon is installed, Operon (Burlacu, Kronberger & Kommenda, 2020) with
the published functions and tuned constants, ``--seconds`` for all outputs together.

All are judged on the same 5000 fresh even rows. R² is of all outputs together. Numbers are all
those that a formula or a regression holds. Where outputs are scores, the decision is the greatest
(of ACAS Xu the least): agreement is on how many rows it is the network's, beside Cohen's kappa; the
majority is the agreement of always giving the most frequent one. Medians over the seeds.

Run folders are kept in ``--runs``; what has finished there is taken as it is. One Markdown table on
standard output, all figures go to a JSON file.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from support.output import RESULTS, parser, save, table
from support.real import NETWORKS, RealNetwork, networks_dir

from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.model.symbolic import SymbolicNetwork
from srnet_cli.primitives import PUBLISHED_FUNCTIONS
from srnet_cli.runs.run import read_run

Array = NDArray[np.float64]
Predict = Callable[[Array], Array]

ROWS, ROWS_OF_NETWORK = 10_000, 40_000
FRESH_ROWS = 5000
DEGREES = (2, 3, 4)
NUMBER = re.compile(r"(?<![\w.])\d+\.?\d*(?:e[+-]?\d+)?")
"""A number of a formula as pyoperon writes it; the digits of names such as X1 are none."""


def main() -> None:
    """Parse the options, fit, print."""
    options = _options()
    networks_dir()
    figures: dict[str, list[dict[str, Any]]] = {}
    for name in options.networks:
        real = NETWORKS[name](options.trained)
        figures[name] = _of_network(name, real, options)
        save(options.out, "real_networks", {"options": _plain(options), "networks": figures})
    _print(figures)


def _options() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=120.0, help="of search, per fit")
    options.add_argument(
        "--threads", type=int, default=os.cpu_count() or 1, help="of each search, one at a time"
    )
    options.add_argument(
        "--layers-only", action="store_true", help="no search for whole-network formulas"
    )
    options.add_argument("--no-operon", action="store_true", help="leave Operon out")
    options.add_argument(
        "--trained", type=Path, default=RESULTS / "real", help="folder of those trained here"
    )
    options.add_argument(
        "--runs", type=Path, default=RESULTS / "runs", help="run folders; finished ones are reused"
    )
    return options.parse_args()


def _plain(options: argparse.Namespace) -> dict[str, Any]:
    return {name: str(value) for name, value in vars(options).items()}


def _of_network(name: str, real: RealNetwork, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The figures of every explainer, a list of one per seed in each."""
    fresh = real.rows(FRESH_ROWS, name, "fresh")
    by_explainer: dict[str, list[dict[str, Any]]] = {}
    for seed in range(options.seeds):
        X = real.rows(ROWS, name, "rows", seed)
        explainers = [
            *_regressions(X, real.network.predict(X)),
            _smaller_network(name, real, seed),
            *_operon(X, real.network.predict(X), seed, options),
            *_formulas(name, real, seed, options),
        ]
        for explainer, numbers, seconds, predict in explainers:
            judged = _judged(real, fresh, predict(fresh))
            record = {"numbers": numbers, "seconds": seconds, **judged}
            by_explainer.setdefault(explainer, []).append(record)
        print(f"{name}, seed {seed}", file=sys.stderr, flush=True)
    return [{"explainer": explainer, "seeds": seeds} for explainer, seeds in by_explainer.items()]


def _judged(real: RealNetwork, fresh: Array, estimate: Array) -> dict[str, float | None]:
    """R² of all outputs together and, where these decide, how often the decision is the network's;
    None where a value is not finite."""
    truth = real.network.predict(fresh)
    if not np.isfinite(estimate).all():
        return {"r2": None, "agreement": None, "kappa": None, "majority": None}
    missing = np.sum((truth - estimate) ** 2) / np.sum((truth - truth.mean(axis=0)) ** 2)
    figures: dict[str, float | None] = {"r2": float(1.0 - missing)}
    if real.decision is not None:
        from sklearn.metrics import cohen_kappa_score

        ours, theirs = real.decisions(estimate), real.decisions(truth)
        figures["agreement"] = float(np.mean(ours == theirs))
        figures["kappa"] = float(cohen_kappa_score(theirs, ours))
        figures["majority"] = float(np.bincount(theirs).max() / len(theirs))
    return figures


def _regressions(X: Array, Y: Array) -> Iterator[tuple[str, int, float, Predict]]:
    """Every baseline: its name, how many numbers it holds, its seconds, and what it predicts."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.multioutput import MultiOutputRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    models: list[tuple[str, int, Any]] = [("linear", 1, LinearRegression())]
    for degree in DEGREES:
        model = make_pipeline(StandardScaler(), PolynomialFeatures(degree), Ridge(1e-6))
        models.append((f"polynomial of degree {degree}", degree, model))
    models.append(("gradient boosting", 0, MultiOutputRegressor(HistGradientBoostingRegressor())))
    for name, degree, model in models:
        begin = time.perf_counter()
        model.fit(X, Y)
        seconds = time.perf_counter() - begin
        if degree:
            numbers = math.comb(X.shape[1] + degree, degree) * Y.shape[1]
        else:  # a threshold or a value in every node
            trees = (
                tree for each in model.estimators_ for trees in each._predictors for tree in trees
            )
            numbers = sum(len(tree.nodes) for tree in trees)
        yield name, numbers, seconds, partial(_predicted, model)


def _smaller_network(
    name: str, real: RealNetwork, seed: int
) -> tuple[str, int | None, float, Predict]:
    """A network of two layers of 24 ReLU units that is trained on the network's answers."""
    from sklearn.neural_network import MLPRegressor

    begin = time.perf_counter()
    X = real.rows(ROWS_OF_NETWORK, name, "smaller network", seed)
    Y = real.network.predict(X)
    mean, scale, middle, spread = X.mean(axis=0), X.std(axis=0), Y.mean(axis=0), Y.std()
    mlp = MLPRegressor(
        hidden_layer_sizes=(24, 24),
        alpha=0.0,
        batch_size=500,
        learning_rate_init=3e-3,
        max_iter=100,
        n_iter_no_change=100,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a hundred epochs were all
        mlp.fit((X - mean) / scale, (Y - middle) / spread)
    numbers = sum(each.size for each in (*mlp.coefs_, *mlp.intercepts_))
    return (
        "network of 24, 24 ReLU",
        numbers,
        time.perf_counter() - begin,
        lambda rows: mlp.predict((rows - mean) / scale).reshape(len(rows), -1) * spread + middle,
    )


def _predicted(model: Any, X: Array) -> Array:
    """Predictions, (n, m): of one output some of these models give (n,)."""
    return np.reshape(model.predict(X), (len(X), -1))


def _operon(
    X: Array, Y: Array, seed: int, options: argparse.Namespace
) -> Iterator[tuple[str, int | None, float, Predict]]:
    """Operon's formulas, one per output, as ``_regressions``; nothing where it is not installed."""
    if options.no_operon or find_spec("pyoperon") is None:
        return
    from pyoperon.sklearn import SymbolicRegressor

    begin = time.perf_counter()
    models = []
    for y in Y.T:
        model = SymbolicRegressor(
            allowed_symbols=",".join((*PUBLISHED_FUNCTIONS, "constant", "variable")),
            optimizer_iterations=10,
            n_threads=options.threads,
            max_length=50,
            generations=10**9,
            max_evaluations=10**12,
            max_time=max(1, round(options.seconds / Y.shape[1])),
            model_selection_criterion="mean_squared_error",
            random_state=seed + 1,
        )
        models.append(model.fit(X, y))
    texts = [model.get_model_string(model.model_, 9) for model in models]
    numbers = sum(len(NUMBER.findall(text)) for text in texts)
    seconds = time.perf_counter() - begin
    yield (
        "Operon",
        numbers,
        seconds,
        lambda rows: np.column_stack([m.predict(rows) for m in models]),
    )


def _formulas(
    name: str, real: RealNetwork, seed: int, options: argparse.Namespace
) -> Iterator[tuple[str, int | None, float, Predict]]:
    """What a fit gives, as ``_regressions``; the seconds are the most that it searched."""
    run = read_run(_fitted(name, real, seed, options))
    seconds = options.seconds
    if run.formulas is not None:
        formulas = run.formulas
        yield (
            "whole-network formulas",
            _numbers_of_formulas(formulas),
            seconds,
            lambda X: _most_faithful(formulas, X),
        )
    yield "composition of layers", _numbers_of_model(run.model), seconds, run.model.predict


def _most_faithful(formulas: NetworkFormulas, X: Array) -> Array:
    evaluate = Evaluator(formulas.names.symbols, X)
    members = [front.members[-1].expression for front in formulas.fronts]
    return np.column_stack([np.broadcast_to(evaluate(member), len(X)) for member in members])


def _numbers_of_formulas(formulas: NetworkFormulas) -> int:
    from sympy import Number, preorder_traversal

    return sum(
        isinstance(part, Number)
        for front in formulas.fronts
        for part in preorder_traversal(front.members[-1].expression)
    )


def _numbers_of_model(model: SymbolicNetwork) -> int:
    """Readouts, constants, and coefficients other than 1."""
    count = 0
    for layer in model.layers:
        count += layer.weights.size + layer.bias.size
        for program in layer.programs:
            count += len(program.constants)
            if program.coefficients is not None:
                count += int(np.count_nonzero(program.coefficients != 1.0))
    return count


def _fitted(name: str, real: RealNetwork, seed: int, options: argparse.Namespace) -> Path:
    """The run folder of a fit, made now unless it has finished before."""
    kind = "layers" if options.layers_only else "auto"
    folder = options.runs / f"{name}-{kind}-{options.seconds:g}-{seed}"
    options.runs.mkdir(parents=True, exist_ok=True)
    domain = {name: list(ends) for name, ends in real.box.items()}
    config = {"name": name, "dataset": {"domain": domain}, "network": real.settings}
    path = options.runs / f"{name}.yaml"
    path.write_text(json.dumps(config) + "\n")  # JSON is YAML
    settings = {
        "seed": seed,
        "evolution.max_seconds": options.seconds,
        "evolution.threads": options.threads,
        **({"evolution.direct_share": 0} if options.layers_only else {}),
    }
    command = [sys.executable, "-m", "srnet_cli", "fit", "--quiet", str(path)]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    subprocess.run([*command, "--run-dir", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return folder


def _print(figures: dict[str, list[dict[str, Any]]]) -> None:
    rows = []
    for name, explainers in figures.items():
        for place, entry in enumerate(explainers):
            median = {key: _median(entry["seeds"], key) for key in entry["seeds"][0]}
            rows.append(
                [
                    name if place == 0 else "",
                    entry["explainer"],
                    _shown(median["numbers"], ".0f"),
                    _shown(median["r2"], ".4f"),
                    _shown(median.get("agreement"), ".3f"),
                    _shown(median.get("kappa"), ".3f"),
                    _shown(median.get("majority"), ".3f") if place == 0 else "",
                    _shown(median["seconds"], ".1f"),
                ]
            )
    headings = ["network", "explainer", "numbers", "R²", "agreement", "kappa", "majority", "s"]
    table(headings, rows)


def _median(seeds: list[dict[str, Any]], key: str) -> float | None:
    values = [record[key] for record in seeds]
    return None if None in values else statistics.median(values)


def _shown(value: float | None, how: str) -> str:
    return "" if value is None else format(value, how)


if __name__ == "__main__":
    main()
