"""Searches short enough for tests."""

from __future__ import annotations

import pytest

from srnet_cli.evolution.auto import layer_search, strategy


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few seeds and offspring a lineage, few rounds and cycles."""
    monkeypatch.setattr(layer_search, "OFFSPRING", 25)
    monkeypatch.setattr(strategy, "SEEDS", 8)
    monkeypatch.setattr(strategy, "_ROUNDS", 2)
    monkeypatch.setattr(strategy, "_CYCLES", 2)
