"""From settings to datasets: which rows come from where."""

from __future__ import annotations

import gzip
import subprocess
import sys

import numpy as np
import pytest

from srnet_cli.config.schema import DatasetSettings
from srnet_cli.datasets.dataset import fingerprint
from srnet_cli.datasets.loading import load_dataset
from srnet_cli.errors import ConfigError, DataError

BOX = {"b": (1.0, 2.0), "a": (-1.0, 1.0)}
WIDE = {"b": (0.0, 4.0), "a": (-3.0, 3.0)}


def formula_settings(**changes: object) -> DatasetSettings:
    keys: dict[str, object] = {"formula": "a/b", "domain": BOX, "samples": 40, "test_samples": 30}
    return DatasetSettings.model_validate(keys | changes)


def inside(X: np.ndarray, box: dict[str, tuple[float, float]]) -> bool:
    low, high = np.array(list(box.values())).T
    return bool(((low <= X) & (high >= X)).all())


def same_rows(first: np.ndarray, second: np.ndarray) -> bool:
    return first.shape == second.shape and bool((first == second).all())


@pytest.fixture
def npz(tmp_path):
    def npz(**arrays: object) -> str:
        np.savez(tmp_path / "rows.npz", **arrays)
        return str(tmp_path / "rows.npz")

    return npz


@pytest.fixture
def csv(tmp_path):
    """A table of 40 rows, y = 10·u + v, and a class that is v's sign."""
    path = tmp_path / "table.csv.gz"
    lines = [
        f"{u},{v},{10 * u + v},{'pos' if v > 0 else 'neg'}"
        for u in range(8)
        for v in [-2, -1, 1, 2, 3]
    ]
    path.write_bytes(gzip.compress("\n".join(["u,v,y,sign", *lines]).encode()))
    return path


def test_formula_rows_are_labelled_and_fresh():
    """Training and test rows lie in the domain, in its order, with the formula's values."""
    dataset = load_dataset(formula_settings(), seed=0)
    assert dataset.features == ("b", "a")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (40, 0, 30)
    for rows in (dataset.train, dataset.test):
        assert inside(rows.X, BOX)
        np.testing.assert_array_equal(rows.y, rows.X[:, 1] / rows.X[:, 0])
    assert not set(dataset.train.X[:, 0]) & set(dataset.test.X[:, 0])
    assert dataset.truth is not None
    assert dataset.truth.text == "a/b"
    np.testing.assert_array_equal(dataset.domain.high, [2, 1])
    assert dataset.validation_domain is dataset.extrapolation_domain is None


@pytest.mark.parametrize(
    ("samples", "wanted", "rows"),
    [(40, "auto", 12), (20, "auto", 10), (9, "auto", 10), (99, "auto", 27), (40, 7, 7), (40, 0, 0)],
)
def test_validation_rows_come_from_their_domain(samples, wanted, rows):
    """Their number is as the protocol says; only the network labels them."""
    dataset = load_dataset(
        formula_settings(samples=samples, validation_samples=wanted, validation_domain=WIDE), seed=0
    )
    assert dataset.validation.X.shape == (rows, 2)
    assert inside(dataset.validation.X, WIDE)
    assert dataset.validation.y is None
    assert rows < 5 or not inside(dataset.validation.X, BOX)


def test_boxes_are_put_in_the_order_of_the_inputs():
    """The order of names in the other domains does not matter."""
    turned = dict(reversed(WIDE.items()))
    dataset = load_dataset(
        formula_settings(validation_domain=turned, extrapolation_domain=turned), seed=0
    )
    np.testing.assert_array_equal(dataset.extrapolation_domain.low, [0, -3])
    assert inside(dataset.validation.X, WIDE)


def test_seeds_and_settings_decide_the_rows():
    """One seed gives one dataset; another seed, other rows in every set."""
    settings = formula_settings(validation_domain=WIDE)
    first, again, other = (load_dataset(settings, seed) for seed in (0, 0, 1))
    assert fingerprint(first) == fingerprint(again) != fingerprint(other)
    for name in ("train", "validation", "test"):
        assert not same_rows(getattr(first, name).X, getattr(other, name).X)


def test_sets_do_not_depend_on_each_other():
    """More training or validation rows leave the test rows as they are, and so on round."""
    base = load_dataset(formula_settings(validation_domain=WIDE, validation_samples=5), seed=0)
    more = load_dataset(
        formula_settings(validation_domain=WIDE, validation_samples=9, samples=60), seed=0
    )
    assert same_rows(base.test.X, more.test.X)
    assert same_rows(base.validation.X, more.validation.X[:5])


def test_undefined_rows_are_redrawn():
    """A formula that is undefined on part of its domain is sampled where it is defined."""
    dataset = load_dataset(formula_settings(formula="log(a)*b", sampling="grid"), seed=0)
    assert len(dataset.train) == 40
    for rows in (dataset.train, dataset.test):
        assert (rows.X[:, 1] > 0).all()
        assert np.isfinite(rows.y).all()
    with pytest.raises(DataError, match=r"'sqrt\(-b\)' is not finite at 40 of 40 rows"):
        load_dataset(formula_settings(formula="sqrt(-b)"), seed=0)


def test_diagonal_training_rows_have_diagonal_test_rows():
    """Test rows follow the training rows; validation rows fill the box all the same."""
    dataset = load_dataset(
        formula_settings(sampling="diagonal", validation_domain=WIDE, validation_samples=30), seed=0
    )
    for rows in (dataset.train, dataset.test):
        np.testing.assert_allclose(rows.X[:, 1], 2 * (rows.X[:, 0] - 1) - 1, atol=1e-12)
    np.testing.assert_array_equal(dataset.train.X[[0, -1]], [[1, -1], [2, 1]])
    assert abs(np.corrcoef(dataset.validation.X.T)[0, 1]) < 0.6


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"formula": "a/c"}, "unknown variable 'c'"),
        ({"formula": "evil(a)"}, "unknown function 'evil'"),
        ({"samples": 10**7, "domain": {f"x{i}": (0, 1) for i in range(50)}}, "too many"),
    ],
)
def test_settings_that_cannot_be_met(changes, part):
    """A formula or a number that does not fit is a config error."""
    with pytest.raises(ConfigError) as caught:
        load_dataset(formula_settings(**({"formula": "1"} | changes)), seed=0)
    assert part in str(caught.value)


def test_published_rows_are_the_training_rows(npz):
    """All given rows train, named and ordered as the domain; test rows are fresh."""
    X = np.column_stack([np.linspace(1, 2, 20), np.linspace(-1, 1, 20)])
    settings = DatasetSettings.model_validate(
        {"rows": npz(X=X), "domain": BOX, "validation_domain": WIDE, "test_samples": 25}
    )
    dataset = load_dataset(settings, seed=0)
    assert dataset.features == ("b", "a")
    np.testing.assert_array_equal(dataset.train.X, X)
    assert (len(dataset.validation), len(dataset.test)) == (10, 25)
    assert inside(dataset.test.X, BOX)
    assert dataset.train.y is dataset.validation.y is dataset.test.y is dataset.truth is None


def test_a_formula_labels_given_rows(npz):
    """With the formula as truth, training and test rows have targets."""
    X = np.random.default_rng(0).uniform(1, 2, (20, 2))
    keys = {"domain": BOX, "formula": "a*b", "sampling": "diagonal"}
    dataset = load_dataset(DatasetSettings.model_validate({"rows": npz(X=X), **keys}), seed=0)
    for rows in (dataset.train, dataset.test):
        np.testing.assert_array_equal(rows.y, rows.X[:, 0] * rows.X[:, 1])
    np.testing.assert_allclose(dataset.test.X[:, 1], 2 * dataset.test.X[:, 0] - 3, atol=1e-12)
    path = npz(X=X, y=np.arange(20))
    dataset = load_dataset(DatasetSettings.model_validate({"rows": path, **keys}), seed=0)
    np.testing.assert_array_equal(dataset.train.y, np.arange(20))


def test_rows_without_a_domain_are_split(npz):
    """Without a domain to draw from, test rows are split off the given ones."""
    X = np.random.default_rng(0).random((20, 3))
    settings = DatasetSettings.model_validate({"rows": npz(X=X, y=X.sum(axis=1))})
    dataset = load_dataset(settings, seed=0)
    assert dataset.features == ("x0", "x1", "x2")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (15, 0, 5)
    both = np.concatenate([dataset.train.X, dataset.test.X])
    np.testing.assert_array_equal(both[np.lexsort(both.T)], X[np.lexsort(X.T)])
    np.testing.assert_allclose(dataset.test.y, dataset.test.X.sum(axis=1))


def test_rows_with_labels(npz):
    """Labels beside given rows are classes."""
    path = npz(X=np.arange(24.0).reshape(12, 2), y=["yes", "no", "yes"] * 4)
    settings = DatasetSettings.model_validate({"rows": path, "task": "classification"})
    dataset = load_dataset(settings, seed=0)
    assert dataset.classes == ("no", "yes")
    assert dataset.test.y.sum() == 2  # of 3: the classes' shares are kept


@pytest.mark.parametrize(
    ("arrays", "part"),
    [
        ({"X": np.ones((4, 3))}, "X has 3 columns, dataset.domain has 2 inputs (b, a)"),
        ({"X": np.array([[1.0, 2.0], [np.nan, 1.0]])}, "column 'b' has no value in 1 of 2 rows"),
        ({"X": np.array([[1.0, 2.0], [1.0, np.inf]])}, "column 'a': row 2 holds 'inf'"),
        ({"X": np.ones((0, 2))}, "no rows"),
        ({"X": np.ones((2, 2)), "y": [1.0, np.nan]}, "column 'y' has no value in 1 of 2"),
        ({"X": np.array([[1.0, 1.0], [0.0, 1.0]])}, "formula 'a/b' is not finite on 1 of 2 rows"),
    ],
)
def test_given_rows_that_cannot_be_used(npz, arrays, part):
    """Rows that do not fit the domain, or have no value, are one line that names them."""
    settings = DatasetSettings.model_validate(
        {"rows": npz(**arrays), "domain": BOX, "formula": "a/b"}
    )
    with pytest.raises(DataError) as caught:
        load_dataset(settings, seed=0)
    assert part in str(caught.value)
    assert "rows.npz" in str(caught.value)


def test_table_is_split_in_three(csv):
    """A table's rows are dealt out with their targets; text columns must not be features."""
    with pytest.raises(DataError, match="column 'sign': line 2 holds 'neg'"):
        load_dataset(DatasetSettings.model_validate({"file": csv, "target": "y"}), seed=0)
    settings = DatasetSettings.model_validate(
        {"file": csv, "target": "sign", "task": "classification"}
    )
    dataset = load_dataset(settings, seed=0)
    assert dataset.features == ("u", "v", "y")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (24, 6, 10)
    assert dataset.classes == ("neg", "pos")
    for rows in (dataset.train, dataset.validation, dataset.test):
        np.testing.assert_array_equal(rows.y, rows.X[:, 1] > 0)
        assert abs(rows.y.mean() - 0.6) < 0.1
    assert len({*map(tuple, dataset.train.X), *map(tuple, dataset.test.X)}) == 34


def test_table_with_a_validation_domain_keeps_its_rows(csv):
    """A declared validation domain takes the place of a table's validation rows."""
    box = {"y": (0, 1), "v": (2, 3), "u": (4, 5)}
    settings = DatasetSettings.model_validate(
        {
            "file": csv,
            "target": "sign",
            "task": "classification",
            "domain": box,
            "validation_domain": box,
        }
    )
    dataset = load_dataset(settings, seed=0)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (30, 10, 10)
    np.testing.assert_array_equal(dataset.validation_domain.low, [4, 2, 0])
    assert dataset.validation.y is None


@pytest.mark.parametrize(
    ("box", "part"),
    [
        ({"u": (0, 1), "w": (0, 1), "y": (0, 1)}, "dataset.domain: 'w' is no column of the data"),
        ({"u": (0, 1), "vv": (0, 1)}, "did you mean 'v'?"),
        ({"u": (0, 1)}, "dataset.domain: no interval for the column 'v'"),
    ],
)
def test_domain_of_a_table_must_name_its_columns(csv, box, part):
    """A box that names too much or too little is a config error."""
    keys = {"file": csv, "target": "sign", "task": "classification", "domain": box}
    with pytest.raises(ConfigError) as caught:
        load_dataset(DatasetSettings.model_validate(keys), seed=0)
    assert part in str(caught.value)


def test_every_class_needs_a_training_row(tmp_path):
    """A class that the split leaves without a training row is named."""
    path = tmp_path / "rare.csv"
    path.write_text("x,y\n" + "".join(f"{i},{i // 2}\n" for i in range(12)))
    settings = DatasetSettings.model_validate(
        {"file": path, "target": "y", "task": "classification", "test_fraction": 0.75}
    )
    with pytest.raises(DataError, match="none of the 1 training rows has the class"):
        load_dataset(settings, seed=0)


def test_pmlb_by_name(tmp_path, monkeypatch):
    """A table of the cache is loaded by its name."""
    monkeypatch.setenv("SRNET_DATA_DIR", str(tmp_path))
    (tmp_path / "toy").mkdir()
    content = "x\ttarget\n" + "".join(f"{i}\t{i % 2}\n" for i in range(20))
    (tmp_path / "toy" / "toy.tsv.gz").write_bytes(gzip.compress(content.encode()))
    settings = DatasetSettings.model_validate({"pmlb": "toy", "task": "classification"})
    dataset = load_dataset(settings, seed=0)
    assert dataset.classes == ("0", "1")
    assert len(dataset.test) == 5


def test_published_rows_load(shared):
    """The published rows and formulas load as they are."""
    settings = DatasetSettings.model_validate(
        {
            "rows": str(shared / "paper/regression/K3.npz"),
            "formula": "1/(1 + x0**-4) + 1/(1 + x1**-4)",
            "domain": {"x0": (-5, 5), "x1": (-5, 5)},
            "validation_domain": {"x0": (-10, 10), "x1": (-10, 10)},
            "sampling": "diagonal",
        }
    )
    dataset = load_dataset(settings, seed=0)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (25, 10, 5000)
    np.testing.assert_allclose(dataset.test.X[:, 0], dataset.test.X[:, 1])


def test_formulas_need_neither_pandas_nor_scikit_learn():
    """A dataset from a formula is drawn without loading the heavy libraries."""
    code = (
        "import sys\n"
        "from srnet_cli.config.schema import DatasetSettings as S\n"
        "from srnet_cli.datasets.loading import load_dataset\n"
        "load_dataset(S(formula='x', domain={'x': (0, 1)}), 0)\n"
        "print(*sorted({'pandas', 'sklearn', 'sympy', 'pmlb'} & set(sys.modules)))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
