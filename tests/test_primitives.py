"""The function set that fits a network."""

from __future__ import annotations

import pytest

from srnet_cli.config.activation_names import PARAMETERS
from srnet_cli.primitives import BY_NAME, PUBLISHED_FUNCTIONS, fitting_functions, function_set

ANY = (*PUBLISHED_FUNCTIONS, "exp", "tanh")

ADDED = {
    "sigmoid": ("sigmoid",),
    "tanh": (),
    "linear": (),
    "relu": ("relu", "abs", "min", "max"),
    "leaky_relu": ("leaky_relu", "abs", "min", "max"),
    "hard_sigmoid": ("hard_sigmoid", "abs", "min", "max"),
    "hard_tanh": ("hard_tanh", "abs", "min", "max"),
    "softsign": ("softsign", "abs"),
    "gelu": ("gelu",),
    "gelu_tanh": ("gelu",),
    "softplus": ("softplus",),
    "mish": ("softplus",),
    "elu": ("elu",),
    "selu": ("elu",),
    "silu": ("silu",),
    "relu6": ("relu", "abs", "min", "max"),
    "hard_swish": ("hard_sigmoid", "abs", "min", "max"),
    **dict.fromkeys(("exp", "sin", "cos", "square"), ()),
    "abs": ("abs",),
}


@pytest.mark.parametrize("activation", ADDED)
def test_functions_of_an_activation(activation: str) -> None:
    """The published functions, exp and tanh, then what it is built of, as far as there is a row."""
    names = fitting_functions([activation])
    assert names == (*ANY, *(name for name in ADDED[activation] if name in BY_NAME))
    assert len(function_set(names)) == len(names)


def test_every_activation_of_a_network_is_known() -> None:
    """All that networks are read with, whose functions all have a row."""
    assert set(ADDED) == set(PARAMETERS)
    assert {name for names in ADDED.values() for name in names} <= set(BY_NAME)


def test_several_activations_and_none() -> None:
    """Each function stands once, in the order of activations; unknown ones add nothing."""
    assert fitting_functions() == fitting_functions(["nobody knows"]) == ANY
    both = fitting_functions(["relu", "sigmoid", "relu"])
    assert both == (*ANY, "relu", "abs", "min", "max", "sigmoid")
