"""``srnet prove`` on runs: what is asked, where, and how it is said."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import sympy
from small_run import write_config

from srnet_cli import cli
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.config.schema import DatasetSettings
from srnet_cli.errors import DataError, UsageError
from srnet_cli.expressions.hypothesis import parse_hypothesis
from srnet_cli.expressions.names import Names
from srnet_cli.fronts.formulas import FormulaFront, NetworkFormula, NetworkFormulas
from srnet_cli.networks import Network
from srnet_cli.networks.loading import Provenance
from srnet_cli.proofs.proving import Prover
from srnet_cli.proofs.subdivision import Budget
from srnet_cli.runs.proofs_file import (
    DomainEntry,
    entry_of,
    read_proofs,
    sentences,
    without_refuted,
)
from srnet_cli.runs.proving import KERNEL, Subject, place_of, prove, run
from srnet_cli.runs.records import Inputs
from srnet_cli.store import RunFolder

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0"
NAMES = Names(("a", "b"))
NETWORK = Network((np.array([[1.0, 0.5], [0.2, -1.0]]), np.eye(2)[:1]), (np.zeros(2), np.zeros(1)))


def inputs(categories: dict[str, tuple[str, ...]] | None = None) -> Inputs:
    return Inputs(
        features=NAMES.columns,
        target="y",
        task="regression",
        classes=(),
        categories=categories or {},
        network=Provenance("file"),
        quality=None,
        config_sha256="",
        dataset_sha256="",
        network_sha256="",
    )


def formulas(*texts: str) -> NetworkFormulas:
    """A front of these formulas, each ten times as faithful as the one before."""
    members = tuple(
        NetworkFormula(parse_hypothesis(text, NAMES).expr, 3 + 2 * k, 0.05 * 0.1**k)
        for k, text in enumerate(texts)
    )
    return NetworkFormulas(NAMES, "interpolation", (FormulaFront("y", members),))


def subject(*texts: str, dataset: DatasetSettings | None = None, **given: object) -> Subject:
    boxed = DatasetSettings(formula="a + b", domain={"a": (-1.0, 1.0), "b": (0.0, 1.0)})
    rows = np.array([[0.0, 1.0], [2.0, 5.0]])
    return Subject(
        inputs=given.get("inputs", inputs()),  # type: ignore[arg-type]
        network=given.get("network", NETWORK),  # type: ignore[arg-type]
        formulas=formulas(*texts),
        model=None,
        dataset=dataset or boxed,
        train=rows,
    )


def test_what_is_proved_of_a_formula() -> None:
    """Definedness, error, range and slopes, in words that give the proven figures; the same numbers
    of boxes give the same record."""
    asked = subject("1/(1 + exp(-a - b/2)) + 0.001")
    proofs, certificates = prove(asked, None, max_boxes=20_000)
    (proof,) = proofs.proofs
    assert proof.words[0] == "defined on the whole domain (proved)"
    assert proof.error is not None
    assert proof.error.bound is not None
    assert 0.00099 < proof.error.largest <= proof.error.bound < 0.00102
    assert proof.words[1].startswith("within ")
    assert proof.words[1].count("of the network everywhere (proved; largest seen") == 1
    assert proof.words[2].endswith("(proved), so always positive")
    assert proof.words[3:] == ("nowhere falls with a (proved)", "nowhere falls with b (proved)")
    with np.load(io.BytesIO(certificates), allow_pickle=False) as arrays:
        assert {name.split("/")[1] for name in arrays.files} >= {"defined", "error", "range 1"}
    assert prove(asked, None, max_boxes=20_000)[0] == proofs


def test_a_refuted_formula_is_no_answer() -> None:
    """The most faithful formula has a pole between all rows: the one before it answers instead."""
    asked = subject("1/(1 + exp(-a - b/2))", "0.5 + a/4 + 1e-9/(a - 0.123456)")
    assert asked.formulas is not None
    (front,) = asked.formulas.fronts
    front = FormulaFront("y", (front.members[1],))
    proofs, _ = prove(asked, None, max_boxes=20_000)
    (bad,) = proofs.refuted["y"]
    assert "0.123456" in bad
    (marked,) = without_refuted(asked.formulas, proofs.refuted).fronts
    assert [member.is_refuted for member in marked.members] == [False, True]
    assert marked.answer is marked.members[0]
    assert marked.simplest(1.0) is marked.within(99) is marked.members[0]
    assert proofs.proofs[0].formulas == (marked.members[0].text,)
    # Where all are refuted, one of them is shown all the same.
    (alone,) = without_refuted(
        NetworkFormulas(NAMES, "interpolation", (front,)), proofs.refuted
    ).fronts
    assert alone.answer.is_refuted


def test_a_refutation_in_words() -> None:
    """The words say what fails, and where."""
    proofs, _ = prove(subject("log(a + 0.5)"), None, max_boxes=2000)
    (proof,) = proofs.proofs
    assert proof.defined is not None
    assert proof.defined.verdict == "refuted"
    assert proof.defined.point is not None
    assert proof.defined.point["a"] <= -0.5
    assert "takes the logarithm of a number that is not positive at a = " in proof.words[0]
    assert proof.error is None


def test_where_nothing_is_declared_it_is_the_box_of_the_rows() -> None:
    """A table without a domain has the box of its training rows, which is said, and so are
    categories."""
    table = DatasetSettings(rows="rows.npz")
    place = place_of(subject("a", dataset=table))
    np.testing.assert_array_equal(place.box.low, [0.0, 1.0])
    np.testing.assert_array_equal(place.box.high, [2.0, 5.0])
    assert place.words == "box of the training rows, as no domain is declared"
    coded = inputs({"b": ("x", "y")})
    words = place_of(subject("a", dataset=table, inputs=coded)).words
    assert words.endswith("with categories anywhere between 0 and 1")


def test_a_diagonal_is_one_input() -> None:
    """Rows on which all inputs are equal make a box of one input."""
    dataset = DatasetSettings(
        formula="a", domain={"a": (-2.0, 3.0), "b": (-2.0, 3.0)}, sampling="diagonal"
    )
    proofs, _ = prove(subject("1/(a - b + 1)", dataset=dataset), None, max_boxes=100)
    assert proofs.domain.low == {"a": -2.0}
    assert proofs.proofs[0].words[0].startswith("defined on the whole domain, where all inputs")


def test_rows_that_span_no_box() -> None:
    """Rows with a number that is not finite are no domain."""
    table = DatasetSettings(rows="rows.npz")
    asked = subject("a", dataset=table)
    with pytest.raises(DataError, match="not bounded in input 1"):
        prove(Subject(**(vars(asked) | {"train": np.array([[np.inf, 0.0]])})), 1.0)


def test_what_has_no_bounds_is_open() -> None:
    """A formula that holds a function without bounds is an obstacle in words, not an error."""
    place = place_of(subject("a"))
    prover = Prover(place, np.zeros((1, 2)))
    odd = sympy.zeta(NAMES.symbols[0], evaluate=False)
    proof = prover.formulas("direct", ["y"], [odd], NAMES.symbols, NETWORK, Budget(boxes=10))
    entry = entry_of(proof, ["zeta(a)"], ["a", "b"])
    (line,) = sentences(entry, DomainEntry("whole domain", {}, {}))
    assert line == "nothing can be proved: no bounds are known for the function zeta"
    assert prover.defined(odd, NAMES.symbols, Budget(boxes=10)) is None


def test_the_command_on_a_finished_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files are added to the run, which verifies, and ``explain`` says what is proved."""
    folder = Path(shutil.copytree(GOLDEN / "auto", tmp_path / "run"))
    for arguments in (
        ["prove", "--run", str(folder), "--max-seconds", "3", "--format", "json"],
        ["verify", "--run", str(folder)],
        ["explain", "--run", str(folder), "--format", "json"],
    ):
        with pytest.raises(SystemExit) as stop:
            cli.main(arguments)
        assert stop.value.code == 0, arguments
        printed = capsys.readouterr().out
        if arguments[0] == "prove":
            proved = json.loads(printed)
    told = json.loads(printed)["proved"]
    assert [line.removeprefix("the layers: ") for line in told] == proved["proofs"][0]["words"]
    assert proved["proofs"][0]["name"] == "composition"
    kept = read_proofs(RunFolder.open(folder))
    assert kept is not None
    assert json.loads(json.dumps(kept.to_dict())) == proved


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_no_time(seconds: float) -> None:
    """A time that is none is an error of usage."""
    with pytest.raises(UsageError, match="above 0"):
        run("anything", max_seconds=seconds)


def test_scores_that_decide() -> None:
    """Of scores that a regression gives, the greatest or the least of them, both fractions are
    what sampling says; without a decision nobody asks."""
    network = Network((np.array([[1.0, 0.5], [0.2, -1.0]]),), (np.zeros(2),))
    asked = subject("a", network=network)
    a, b = NAMES.symbols
    fronts = tuple(
        FormulaFront(f"y{k}", (NetworkFormula(expr, 3, 0.1),))
        for k, expr in enumerate((a + 0.3 * b, 0.4 * a - b))
    )
    asked = replace(asked, formulas=NetworkFormulas(NAMES, "interpolation", fronts))
    (proof,) = prove(asked, None, max_boxes=2000)[0].proofs
    assert proof.decision is None
    rows = np.random.default_rng(0).random((20_000, 2)) * [2.0, 1.0] - [1.0, 0.0]
    ours, theirs = rows @ [[1.0, 0.4], [0.3, -1.0]], network.predict(rows)
    for decision, choose in (("greatest", np.argmax), ("least", np.argmin)):
        told = replace(asked, decision=decision)
        (proof,) = prove(told, None, max_boxes=20_000)[0].proofs
        assert proof.decision is not None
        alike = float(np.mean(choose(ours, axis=1) == choose(theirs, axis=1)))
        assert proof.decision.agreeing <= alike + 0.01
        assert proof.decision.differing <= 1.0 - alike + 0.01
        assert proof.decision.undecided < 0.02
        assert any(line.startswith("decides as the network does on 0.") for line in proof.words)


def test_large_networks_are_left_out_of_a_fit() -> None:
    """Where the work allows for a few boxes only, the formula alone is looked at, which is said."""
    (proof,) = prove(subject("a + b"), None, max_boxes=100, work=2e4)[0].proofs
    assert proof.words[0] == "defined on the whole domain (proved)"
    assert proof.error is None
    assert "beside the network: it is too large for the proofs of a fit" in proof.words[1]


def test_a_fit_proves_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plain fit writes proofs, which expressions.json and explain repeat; the number of boxes
    decides what they are, and with none there are none."""
    kept = []
    for name, boxes in (("one", 200), ("same", 200), ("none", 0)):
        change = ("  threads: 1", f"  threads: 1\nproof: {{max_boxes: {boxes}}}")
        run_dir = tmp_path / name
        config = write_config(tmp_path, change)
        with pytest.raises(SystemExit) as stop:
            cli.main(["fit", str(config), "--run-dir", str(run_dir), "--quiet"])
        assert stop.value.code == 0
        kept.append({file: (run_dir / file).read_bytes() for file in ("expressions.json",)})
        proofs = read_proofs(RunFolder.open(run_dir))
        told = json.loads(kept[-1]["expressions.json"])["proved"]
        if not boxes or JIT_DISABLED:
            assert proofs is None
            assert told == {}
            continue
        assert proofs is not None
        assert {key: tuple(lines) for key, lines in told.items()} == proofs.words()
        kept[-1]["proofs"] = (run_dir / "proofs.json").read_bytes()
        kept[-1]["certificates"] = (run_dir / "proofs.npz").read_bytes()
        capsys.readouterr()
        with pytest.raises(SystemExit):
            cli.main(["explain", "--run", str(run_dir)])
        printed = capsys.readouterr().out
        assert all(line in printed for line in told["composition"])
    assert kept[0] == kept[1]


def test_the_kernel_that_stands_for_all_is_one() -> None:
    """Else every fit would say that it compiles what earlier ones have compiled."""
    module, function = KERNEL.split(".")
    kernels = import_module(f"srnet_cli.cgp.kernels.intervals.{module}")
    assert callable(getattr(kernels, function))
