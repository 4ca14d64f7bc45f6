"""Budgets of searches short enough for tests."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import cast

import pytest

from srnet_cli.evolution.auto.budget import Budget, CycleBudget, LayerBudget
from srnet_cli.evolution.direct.settings import Effort
from srnet_cli.evolution.strategies import STRATEGIES, Strategy

SHORT = Budget(
    direct=Effort(generations=1),
    layer=LayerBudget(seeds=8, offspring=25, rounds=2),
    cycles=CycleBudget(cycles=2),
)
"""Few seeds and offspring a lineage, few rounds and cycles, hardly any direct search."""

BRIEF = Budget(
    direct=Effort(generations=3),
    layer=LayerBudget(seeds=8, offspring=20, rounds=1),
    cycles=CycleBudget(cycles=2),
)
"""For whole runs."""


def limit_auto(patch: pytest.MonkeyPatch, budget: Budget = BRIEF) -> None:
    """Let runs of the strategy ``auto`` be handed a budget."""
    auto = STRATEGIES["auto"]
    table = cast("dict[str, Strategy]", STRATEGIES)
    patch.setitem(table, "auto", replace(auto, search=partial(auto.search, budget=budget)))
