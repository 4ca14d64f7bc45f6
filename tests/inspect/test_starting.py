"""A first config from a table: what it holds, and what is refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from srnet_cli.config.loading import load_experiment
from srnet_cli.errors import ConfigError, DataError, UsageError
from srnet_cli.inspect import starting
from srnet_cli.inspect.starting import Wish

pytest.importorskip("srnet_cli.datasets.survey")


@pytest.fixture
def cars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table with an identifier, a gap, categories and an evil name, in the working folder."""
    monkeypatch.chdir(tmp_path)
    draw = random.Random(1)
    rows = ["id,name,hp,weight,origin,1e4,price"]
    for number in range(40):
        power = "" if number == 7 else str(draw.randint(50, 200))
        weight, place = f"{draw.uniform(700, 2000):.1f}", "abc"[number % 3]
        rows.append(
            f"{number + 1},car {number},{power},{weight},{place},{number % 5},{number * 9.5}"
        )
    path = tmp_path / "cars.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_config_of_a_table(cars: Path) -> None:
    """It is valid, names the table beside it, leaves out identifiers, fills gaps, and says why."""
    made = starting.run(Wish(data=cars, target="price"))
    assert made.path == Path("cars.yaml")
    text = made.path.read_text()
    assert "  file: cars.csv" in text
    assert "identifier; left out: " in text
    experiment = load_experiment(made.path)
    dataset = experiment.dataset
    assert dataset.file == cars
    assert (dataset.target, dataset.task) == ("price", "regression")
    assert dataset.categorical == ("origin",)
    assert set(dataset.drop) == {"id", "name"}
    assert dataset.missing == "impute"
    assert experiment.evolution.max_seconds == 60


def test_inputs_can_be_named(cars: Path) -> None:
    """All others are left out; a name that looks like a number is a name."""
    made = starting.run(Wish(data=cars, target="price", inputs=("1e4", "hp")), Path("a.yaml"))
    dataset = load_experiment(made.path).dataset
    assert set(dataset.drop) == {"id", "name", "weight", "origin"}
    assert dataset.categorical == ()


@pytest.mark.parametrize(
    ("wish", "error", "message"),
    [
        (Wish(data=Path("gone.csv")), DataError, "gone.csv"),
        (Wish(data=Path("cars.csv"), target="prize"), DataError, "did you mean 'price'"),
        (Wish(data=Path("cars.csv"), inputs=("x",)), ConfigError, "x is no column"),
        (
            Wish(data=Path("cars.csv"), target="price", inputs=("price",)),
            ConfigError,
            "price is the target",
        ),
        (Wish(data=Path("bad.csv")), DataError, "bad.csv"),
        (Wish(), UsageError, "nothing to begin with"),
    ],
)
def test_what_cannot_be_begun_with(
    cars: Path, wish: Wish, error: type[Exception], message: str
) -> None:
    """One line that names it; nothing is written."""
    Path("bad.csv").write_bytes(b"\x00\xff\xfe a,b\n1")
    with pytest.raises(error, match=message):
        starting.run(wish)
    assert list(Path.cwd().glob("*.yaml")) == []


def test_what_is_there_stays(cars: Path) -> None:
    """A config is replaced only where that is asked for."""
    Path("cars.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"cars\.yaml exists"):
        starting.run(Wish(data=cars, target="price"))
    assert Path("cars.yaml").read_text() == "mine"
    starting.run(Wish(data=cars, target="price"), force=True)
    assert load_experiment(Path("cars.yaml")).name == "cars"
