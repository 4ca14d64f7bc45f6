"""Structure read off a function that can be asked anywhere: what it depends on, and how."""

from srnet_cli.structure.findings import (
    Additive,
    Combination,
    Constant,
    Exchange,
    Finding,
    Irrelevant,
    Monotone,
    Multiplicative,
    Parity,
    Profile,
    Structure,
)
from srnet_cli.structure.postfix import postfix
from srnet_cli.structure.search import find_structure
from srnet_cli.structure.sketches import Sketch, find_sketches

__all__ = [
    "Additive",
    "Combination",
    "Constant",
    "Exchange",
    "Finding",
    "Irrelevant",
    "Monotone",
    "Multiplicative",
    "Parity",
    "Profile",
    "Sketch",
    "Structure",
    "find_sketches",
    "find_structure",
    "postfix",
]
