"""The table of strategies: every row agrees with the settings of its name."""

from __future__ import annotations

import pytest

from srnet_cli.config.evolution import SETTINGS
from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import ConfigError
from srnet_cli.evolution import strategies
from srnet_cli.evolution.strategies import STRATEGIES, strategy_of


def experiment(strategy: str) -> Experiment:
    return experiment_from_mapping(
        {
            "name": "a",
            "dataset": {"formula": "x", "domain": {"x": [0, 1]}},
            "network": {"train": {}},
            "evolution": {"strategy": strategy},
        }
    )


@pytest.mark.parametrize("name", STRATEGIES)
def test_rows_agree_with_the_settings(name: str) -> None:
    """Each names the class of its own settings, and says of the rows what that says."""
    row = STRATEGIES[name]
    assert row.settings is SETTINGS[name]
    assert row.fits_oracle_rows == (name != "mnncgp-es")
    assert strategy_of(experiment(name)) is row


def test_settings_without_a_search_are_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the strategy, and those there are."""
    rows = {name: row for name, row in STRATEGIES.items() if name == "auto"}
    monkeypatch.setattr(strategies, "STRATEGIES", rows)
    with pytest.raises(ConfigError, match="mnncgp-es is not part of this version") as caught:
        strategy_of(experiment("mnncgp-es"))
    assert caught.value.hint == "Choose one of auto."
