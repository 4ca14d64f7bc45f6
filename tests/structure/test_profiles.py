"""How single inputs enter: the form, its exponent or rate, and what it is added to."""

from __future__ import annotations

from fractions import Fraction

import pytest
from known_functions import box, structure_of

from srnet_cli.structure import Profile


def profile_of(formula: str, low: float = 1.0, high: float = 5.0) -> Profile:
    """The profile of x in a formula of x, y and z."""
    structure = structure_of("x y z", formula, domain=box(3, low, high))
    (profile,) = [f for f in structure.profiles(0) if f.inputs == (0,)]
    return profile


@pytest.mark.parametrize("exponent", [1, 2, 3, 4, -1, -2, -3, "1/2", "-1/2", "3/2", "-3/2", "1/3"])
def test_exponents_are_found_as_fractions(exponent: int | str) -> None:
    """Powers are found with their exponents, and nothing added to them."""
    profile = profile_of(f"y*z*x**({exponent})")
    assert (profile.shape, profile.exact, profile.offset) == ("power", Fraction(exponent), "none")
    assert profile.is_proportional


def test_exponents_that_are_no_simple_fractions() -> None:
    """Another exponent is given as a number."""
    profile = profile_of("y*x**1.83")
    assert profile.exact is None
    assert profile.rate == pytest.approx(1.83, abs=1e-3)


@pytest.mark.parametrize(
    ("formula", "offset"),
    [("y*x**2", "none"), ("7 + y*x**2", "constant"), ("sin(z) + y*x**2", "others")],
)
def test_what_a_power_is_added_to(formula: str, offset: str) -> None:
    """Nothing, a constant, or a function of the other inputs."""
    assert profile_of(formula).offset == offset


@pytest.mark.parametrize("power", [1, 2, 3])
def test_whole_powers_over_both_signs(power: int) -> None:
    """Where an input has both signs, whole powers are told apart."""
    assert profile_of(f"y*x**{power} + z", -2.0, 2.0).exact == power


def test_other_forms() -> None:
    """Logarithms, exponentials, waves and shifted powers are named with their numbers."""
    assert profile_of("y*log(x) + z").shape == "logarithm"
    exponential = profile_of("y*exp(-0.7*x) + z")
    assert (exponential.shape, exponential.rate) == ("exponential", pytest.approx(-0.7, rel=1e-3))
    wave = profile_of("y*sin(2*x) + z")
    assert (wave.shape, wave.rate, wave.phase) == ("sinusoid", 2.0, pytest.approx(0.0, abs=1e-9))
    assert profile_of("y*cos(x) + z").phase == pytest.approx(1.5708, abs=1e-4)
    free = profile_of("y*sin(2.3*x + 0.4) + z")
    assert (free.rate, free.phase) == (pytest.approx(2.3, rel=1e-3), pytest.approx(0.4, abs=1e-2))
    shifted = profile_of("y/(x + 2) + z")
    assert (shifted.exact, shifted.shift) == (-1, pytest.approx(2.0, rel=1e-3))


def test_a_form_without_a_name() -> None:
    """One curve of its own is found where no form fits, and none where the curves differ."""
    assert profile_of("y*exp(sin(2*x)) + z").shape == "unknown"
    assert not structure_of("x y", "sin(x*y)").profiles(0)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("y*x**2", "is proportional to x**2"),
        ("3 + y/x", "is a constant plus a multiple of x**(-1)"),
        ("z + y*cos(x)", "is linear in cos(x), with coefficients that the other inputs decide"),
        (
            "z + y/(x + 2)",
            "is linear in (x + 2)**(-1), with coefficients that the other inputs decide",
        ),
    ],
)
def test_sentences(formula: str, words: str) -> None:
    """Each profile is said in plain words."""
    assert profile_of(formula).statement(("x", "y", "z")) == words
