"""``srnet prove`` on runs: what is asked, where, and how it is said."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import proof_checker
import pytest
import sympy
from small_run import write_config

from srnet_cli import cli
from srnet_cli.cgp.kernels.intervals.operations import NAMES as NAMES_OF
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


@pytest.mark.parametrize(
    ("activation", "formula"),
    [
        ("sigmoid", "1/(1 + exp(-a - b/2)) + 0.001"),
        ("relu", "Max(0, a + b/2) + Abs(a)*sin(b)/(a + 3)"),
        ("tanh", "Min(tanh(a + b/2), b) - a**3*log(b + 2)"),
    ],
)
def test_what_is_kept_is_confirmed_part_by_part(activation: str, formula: str) -> None:
    """A second program, which shares no code, finds every claim of a file of certificates true on
    each part of the domain, and the parts to make it up; not so with bounds a tenth bolder."""
    network = replace(NETWORK, activation=activation)
    asked = subject(formula, network=network)
    proofs, packed = prove(asked, None, max_boxes=100 if JIT_DISABLED else 1500)
    (proof,) = proofs.proofs
    assert proof.defined is not None
    assert proof.defined.verdict == "proved"
    assert proof.error is not None
    assert proof.error.bound is not None
    (span,) = proof.ranges
    claims = {
        "defined": (-np.inf, np.inf),
        "error": (-proof.error.bound, proof.error.bound),
        "range 1": (span.low, span.high),
    }
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        arrays = dict(file)
    for claim, (low, high) in claims.items():
        name = f"direct/{claim}/"
        certificate = {k.removeprefix(name): v for k, v in arrays.items() if k.startswith(name)}
        leaves = proof_checker.leaves(certificate)
        assert np.prod(leaves[1] - leaves[0], axis=1).sum() == pytest.approx(2.0, abs=1e-9)
        pieces = proof_checker.halved(*leaves, 6)
        ((below, above),), safe = proof_checker.evaluate(certificate, NAMES_OF, *pieces)
        assert safe.all()
        if claim != "defined":
            slack = 0.01 * (high - low)  # its own bounds are cruder
            assert low - slack <= below.min()
            assert above.max() <= high + slack
            assert max(above.max() - high, low - below.min()) > -0.1 * (high - low)


def certificate_of(packed: bytes, claim: str) -> dict[str, np.ndarray]:
    """The arrays of a claim about the formulas of the network."""
    name = f"direct/{claim}/"
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        return {k.removeprefix(name): v for k, v in dict(file).items() if k.startswith(name)}


@pytest.mark.parametrize(
    ("formula", "signs"),
    [
        ("1/(1 + exp(-a - b/2)) + 0.001", ("rises", "rises")),
        ("Max(a, 2*a + b) - tanh(b/3) - 3*b", ("rises", "falls")),
        ("log(a + 2)*(b + 1)**2 + 5*a", ("rises", "open")),
    ],
)
def test_slopes_that_are_kept_are_confirmed_part_by_part(
    formula: str, signs: tuple[str, str]
) -> None:
    """The second program finds slopes of the sign that is proved on each part of the domain."""
    proofs, packed = prove(subject(formula), None, max_boxes=100 if JIT_DISABLED else 1500)
    certificate = certificate_of(packed, "slopes 1")
    pieces = proof_checker.halved(*proof_checker.leaves(certificate), 6)
    low, high = proof_checker.slopes(certificate, NAMES_OF, *pieces)
    told = " ".join(proofs.proofs[0].words)
    for i, (name, sign) in enumerate(zip("ab", signs, strict=True)):
        if sign == "rises":
            assert f"nowhere falls with {name} (proved)" in told
            assert low[:, i].min() > -1e-9
        elif sign == "falls":
            assert f"nowhere rises with {name} (proved)" in told
            assert high[:, i].max() < 1e-9
        else:
            assert low[:, i].min() < 0.0 < high[:, i].max()


@pytest.mark.parametrize("decision", ["argmax", "argmin"])
def test_decisions_that_are_kept_are_confirmed_part_by_part(decision: str) -> None:
    """The second program finds formulas and network to decide alike, and otherwise, on nearly as
    much of the domain as is proved, and on no more than is left open besides."""
    network = Network((np.array([[1.0, 0.2], [0.5, -1.0], [-0.2, 0.4]]),), (np.zeros(3),))
    a, b = NAMES.symbols
    formulas = (a + 0.3 * b, 0.4 * a - b, 0.5 * b - 0.1 * a)
    fronts = tuple(
        FormulaFront(f"y{k}", (NetworkFormula(expr, 3, 0.1),)) for k, expr in enumerate(formulas)
    )
    asked = replace(subject("a", network=network), decision=decision)
    asked = replace(asked, formulas=NetworkFormulas(NAMES, "interpolation", fronts))
    proofs, packed = prove(asked, None, max_boxes=300 if JIT_DISABLED else 5000)
    told = proofs.proofs[0].decision
    assert told is not None
    certificate = certificate_of(packed, "decision")
    low, high = proof_checker.leaves(certificate)
    pairs, safe = proof_checker.evaluate(certificate, NAMES_OF, low, high)
    assert safe.all()
    ours, theirs = (proof_checker.named(part, 3) for part in (pairs[:3], pairs[3:]))
    shares = np.prod(high - low, axis=1) / np.prod(high - low, axis=1).sum()
    is_known = (ours >= 0) & (theirs >= 0)
    for proved, is_so in ((told.agreeing, ours == theirs), (told.differing, ours != theirs)):
        confirmed = shares[is_known & is_so].sum()
        assert 0.97 * proved - 1e-9 <= confirmed <= proved + told.undecided + 1e-9
    assert told.agreeing > 0.3


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


def test_a_formula_whose_pole_is_seen_late_makes_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the first look at the front has left open, and the proof of the answer refutes, is no
    answer either."""
    monkeypatch.setattr("srnet_cli.runs.proving._refuted", lambda *given: {})
    asked = subject("0.5 + a/4 + 1e-9/(a - 0.123456)", "1/(1 + exp(-a - b/2))")
    proofs, _ = prove(asked, None, max_boxes=2000)
    (bad,) = proofs.refuted["y"]
    assert "0.123456" in bad
    assert proofs.proofs[0].words[0] == "defined on the whole domain (proved)"


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


def with_poles(folder: Path, *numbers: int) -> Path:
    """A copy of a run whose compositions with these numbers have a pole of width 1e-9: the output
    is h + 1e-9/(h − 0.95) of a first unit h that runs from 0.91 to 1.01."""
    folder = Path(shutil.copytree(GOLDEN / "auto", folder))
    record = RunFolder.open(folder).read_json("fronts.json")
    for number in numbers:
        hidden, output = record["compositions"][number - 1]["layers"]
        hidden["programs"] = [{"inputs": 2, "constants": [], "instructions": [], "output": 1}]
        hidden["weights"], hidden["bias"] = [[0.05, 0.2, -0.2]], [0.91, -0.02, 1.0]
        (program,) = output["programs"]
        program["constants"] = [1e-9, 0.95]
        steps = (("sub", 0, 4), ("div", 3, 5), ("add", 0, 6))
        program["instructions"] = [{"function": name, "args": args} for name, *args in steps]
        program["output"] = 7
    with RunFolder.claim(folder) as claimed:
        claimed.amend({"fronts.json": json.dumps(record).encode()})
    return folder


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command prints, which ends well."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        cli.main([str(each) for each in arguments])
    assert stop.value.code == 0, arguments
    return capsys.readouterr().out


def test_a_refuted_composition_makes_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another of the front is proved, shown, exported and marked, whatever is asked for; the one
    with the pole is the answer only before anybody has asked."""
    folder = with_poles(tmp_path / "run", 1)
    assert "1.0e-9" in printed(capsys, "export", folder, "--to", "sympy")
    proved = json.loads(printed(capsys, "prove", folder, "--max-seconds", 4, "--format", "json"))
    assert proved["refuted_compositions"] == [1]
    assert [entry["name"] for entry in proved["proofs"]] == ["composition", "hidden 1", "as found"]
    assert [entry["defined"]["verdict"] for entry in proved["proofs"]] == ["proved"] * 3
    for wishes in ((), ("--fidelity", 1), ("--complexity", 99)):
        shown = json.loads(printed(capsys, "explain", folder, *wishes, "--format", "json"))
        assert shown["shown"]["picks"] == [11, 1]
        assert shown["shown"]["why"].endswith(", 1 that are undefined somewhere left out")
        assert not wishes or not shown["proved"]
    assert "1.0e-9" not in printed(capsys, "export", folder, "--to", "sympy")
    text = printed(capsys, "explain", folder)
    assert "the layers: defined on the whole domain (proved)" in text
    assert "the layers: defined" in printed(capsys, "explain", folder, "--as-found")
    assert printed(capsys, "explain", folder, "--fronts").count("undefined somewhere") == 1
    expressions = RunFolder.open(folder).read_json("expressions.json")
    marks = [(entry["shown"], entry["refuted"]) for entry in expressions["compositions"]]
    assert marks == [(False, True), (True, False)]
    assert [place for place, e in enumerate(expressions["layers"][0]["front"]) if e["shown"]] == [
        10
    ]
    assert "undefined somewhere: 1 of the compositions of the front" in printed(
        capsys, "prove", folder, "--max-seconds", 4
    )
    printed(capsys, "verify", folder)


def test_where_all_compositions_are_refuted_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the formulas that are shown all the same stands that they fail, and where."""
    folder = with_poles(tmp_path / "run", 1, 2)
    printed(capsys, "prove", folder, "--max-seconds", 4)
    text = printed(capsys, "explain", folder)
    assert "undefined somewhere in the domain, as all of the front are" in text
    assert "the layers: not defined on the whole domain: it divides by 0 beside" in text
    exported = printed(capsys, "export", folder, "--to", "python")
    assert "undefined somewhere in the domain, as all of the front are" in exported


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
    for decision, choose in (("argmax", np.argmax), ("argmin", np.argmin)):
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
