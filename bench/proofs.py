"""What can be proved of formulas: the published networks, and a million triples beside Arb.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/proofs.py RUNS
    python bench/proofs.py --triples 1000000

RUNS is a folder of finished runs named K0 … F5, as ``srnet fit configs/published/K0.yaml
--run-dir RUNS/K0`` makes them; without any of those, of finished runs whatever their names. A line
per run says what is proved of the formulas that ``explain`` shows in ``--seconds``, and how the
bound of the error compares with the largest of ``--rows`` errors at random points of the domain.
Nothing is written to the runs. The table is Markdown on standard output.

With ``--triples`` random formulas, boxes and points are set beside Arb's ball arithmetic
(python-flint): a value outside of its bounds ends the program.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from srnet_cli.evolution.problem import direct_outputs
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.proofs.enclosures import FORMS, INTERVALS, enclose, warm_up
from srnet_cli.rng import stream
from srnet_cli.runs.proofs_file import COMPOSITION, DIRECT, ProofEntry, without_refuted
from srnet_cli.runs.proving import Subject, place_of, prove, subject_of
from srnet_cli.runs.run import read_run

NETWORKS = (*(f"K{i}" for i in range(6)), *(f"F{i}" for i in range(6)))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("runs", nargs="?", type=Path)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--triples", type=int, default=0)
    asked = arguments.parse_args()
    if asked.triples:
        triples(asked.triples)
    if asked.runs is not None:
        reach(asked.runs, asked.seconds, asked.rows)


def reach(runs: Path, seconds: float, rows: int) -> None:
    """The table of published networks."""
    print("| network | direct: defined | error, proved | of 10⁶ sampled | ratio ", end="")
    print("| composition: defined | error, proved | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    warm_up()
    published = [name for name in NETWORKS if (runs / name).is_dir()]
    others = sorted(path.parent.name for path in runs.glob("*/DONE.json"))
    for name in published or others:
        subject = subject_of(read_run(runs / name))
        started = time.monotonic()
        proofs, _ = prove(subject, seconds)
        spent = time.monotonic() - started
        direct, layers = proofs.of(DIRECT), proofs.of(COMPOSITION)
        sampled = largest_error(subject, proofs.refuted, rows)
        bound = None if direct is None or direct.error is None else direct.error.bound
        ratio = "" if bound is None else f"{bound / sampled:.3f}"
        cells = (
            *(name, verdict(direct), figure(bound), figure(sampled), ratio),
            *(verdict(layers), figure(layers and layers.error and layers.error.bound)),
            f"{spent:.0f}",
        )
        print("| " + " | ".join(cells) + " |", flush=True)


def verdict(proof: ProofEntry | None) -> str:
    return "" if proof is None or proof.defined is None else proof.defined.verdict


def figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def largest_error(subject: Subject, refuted: dict[str, tuple[str, ...]], rows: int) -> float:
    """The largest error of the answers at so many random points of the domain."""
    assert subject.formulas is not None
    place = place_of(subject)
    answers = [front.answer for front in without_refuted(subject.formulas, refuted).fronts]
    points = stream(1, "bench", "proofs").uniform(
        place.box.low, place.box.high, (rows, len(place.box.low))
    )
    X = place.rows(points)
    evaluate = Evaluator(subject.formulas.names.symbols, X)
    values = np.column_stack([evaluate(answer.expression) for answer in answers])
    has_classes = subject.network.output_activation == "softmax"
    known = direct_outputs(subject.network.predict(X), has_classes)
    return float(np.abs(values - known).max())


def triples(count: int) -> None:
    """So many random formulas on boxes at points, beside Arb."""
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / folder) for folder in ("support",)]
    import flint
    from random_formulas import X, Y, ball, random_formula

    from srnet_cli.proofs.builder import TapeBuilder, add_formula

    rng, boxes, checked, without = np.random.default_rng(17), 100, 0, 0
    while checked < count:
        expr = random_formula(rng, int(rng.integers(1, 10)))
        builder = TapeBuilder(2)
        operands = dict(zip((X, Y), builder.inputs, strict=True))
        tape = builder.tape([add_formula(builder, expr, operands)])
        centre = rng.normal(size=(boxes, 2)) * 10.0 ** rng.uniform(-2, 2, (boxes, 1))
        radius = np.abs(centre) * 10.0 ** rng.uniform(-9, 0.5, (boxes, 1))
        low, high = centre - radius, centre + radius
        found = enclose(tape, low, high, means=(FORMS, INTERVALS, None)[int(rng.integers(3))])
        points = np.clip(low + (high - low) * rng.random((boxes, 2)), low, high)
        for row, point in enumerate(points.tolist()):
            value = ball(expr, dict(zip((X, Y), map(flint.arb, point), strict=True)))
            checked += 1
            if not value.is_finite():
                without += 1
            elif value < flint.arb(found.low[row, 0]) or value > flint.arb(found.high[row, 0]):
                sys.exit(f"{expr} at {point} is {value}, outside of its bounds")
    print(f"{checked} triples, {without} of them without a value: none outside of its bounds")


if __name__ == "__main__":
    main()
