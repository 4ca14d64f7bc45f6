"""Points as they are typed."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.errors import UsageError
from srnet_cli.explain.place import parse_place
from srnet_cli.expressions.names import feature_symbols

ROWS = {"train": np.zeros((2, 3)), "interpolation": np.arange(12.0).reshape(4, 3)}


def values(at: str, features: list[str], **categories: list[str]) -> list[float]:
    return parse_place(at, ROWS, features, categories).x.tolist()


def test_rows_are_held_out_rows() -> None:
    """Numbered from 0."""
    place = parse_place("2", ROWS, ["a", "b", "c"], {})
    assert place.x.tolist() == [6.0, 7.0, 8.0]
    assert place.where == "held-out row 2"


@pytest.mark.parametrize(
    ("at", "features", "expected"),
    [
        ("a=1,b=2", ["a", "b"], [1, 2]),
        (" b = 2 , a=1e3 ", ["a", "b"], [1000, 2]),
        ("a,b=1,a=2,b=3", ["a,b", "a", "b"], [1, 2, 3]),
        ("a=b=1,a=2", ["a=b", "a"], [1, 2]),
        ("x (kg, dry)=1,y=2=3", ["x (kg, dry)", "y=2"], [1, 3]),
        ("=,==1", ["=,="], [1]),
        ("a=-1,,=2", ["a", ","], [-1, 2]),
    ],
)
def test_names_may_hold_what_parts_them(
    at: str, features: list[str], expected: list[float]
) -> None:
    """Commas and equals signs belong to a name where that makes all names known."""
    assert values(at, features) == expected


def test_categories_may_hold_what_parts_them() -> None:
    """Of a column with categories, the longest that leaves the rest readable."""
    features = ["c=a", "c=a,b", "c=a,u=1", "u"]
    categories = {"c": ["a", "a,b", "a,u=1"]}
    assert values("c=a,b,u=5", features, **categories) == [0, 1, 0, 5]
    assert values("c=a,u=1,u=2", features, **categories) == [0, 0, 1, 2]
    assert values("c=a,u=1", features, **categories) == [1, 0, 0, 1]
    assert values("c=a=1,c=a,b=0,c=a,u=1=0,u=3", features, **categories) == [1, 0, 0, 3]


def test_names_in_formulas_are_accepted() -> None:
    """What is printed can be typed; where that is another input's name, the input is meant."""
    features = ["wind speed", "wind_speed", "E"]
    first, second, third = (symbol.name for symbol in feature_symbols(features))
    assert (second, third) == ("wind_speed", "E_")
    assert first not in features
    assert values(f"{first}=1,{second}=2,{third}=3", features) == [1, 2, 3]
    assert values("wind speed=1,wind_speed=2,E=3", features) == [1, 2, 3]


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("4", "at 4: there are 4 held-out rows"),
        ("two", "at: 'two' is not the number of a row"),
        ("a=1", "at: no value for b, c"),
        ("a=1,z=2", "at: no feature 'z'"),
        ("a=1,a=2,b=1,c=1", "at: 'a' is given twice"),
        ("a=1,b=much,c=1", "at: 'b=much' is not a finite number"),
        ("k=c3,a=1,b=1,c=1", "at: 'k' has no category 'c3'"),
    ],
)
def test_what_is_no_point_is_one_line(at: str, message: str) -> None:
    """It names the argument and what is wrong with it."""
    with pytest.raises(UsageError) as caught:
        values(at, ["a", "b", "c"], k=["c1", "c2"])
    assert str(caught.value).startswith(message)
    assert caught.value.line(lambda name: f"--{name}").startswith("--at")


def test_many_inputs_and_many_readings_end_soon() -> None:
    """A thousand inputs, and a text that could be read in very many ways and in none to the end."""
    features = [f"x{place}" for place in range(1000)]
    typed = ",".join(f"{name}=1" for name in features)
    assert sum(values(typed, features)) == 1000
    with pytest.raises(UsageError):
        values("a=,a=" * 2000, ["a", "a=,a"])


def test_a_column_of_two_categories_may_be_one_input() -> None:
    """The category that has no input is 0 on the other's."""
    assert values("c=a,u=2", ["c=b", "u"], c=["a", "b"]) == [0, 2]
    assert values("c=b,u=2", ["c=b", "u"], c=["a", "b"]) == [1, 2]
