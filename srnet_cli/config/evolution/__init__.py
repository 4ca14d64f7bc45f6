"""Settings of the search, section ``evolution``: a class per strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import BeforeValidator, Field

from srnet_cli.config.evolution.auto import AutoSettings
from srnet_cli.config.evolution.common import EvolutionSettings
from srnet_cli.config.evolution.direct import DirectSettings
from srnet_cli.config.evolution.mnncgp_es import MnncgpSettings

DEFAULT_STRATEGY = "auto"

_AnyOf = AutoSettings | MnncgpSettings | DirectSettings
"""The table of settings: a new strategy adds its class."""

SETTINGS: Mapping[str, type[EvolutionSettings]] = {
    settings.model_fields["strategy"].default: settings for settings in get_args(_AnyOf)
}
"""The settings of every strategy by its name."""

ORACLE_ROWS = ("dataset", "oracle_rows")
"""The key of another section that only some strategies read."""


def keys_read(strategy: str) -> frozenset[tuple[str, str]]:
    """Section and name of the keys that a strategy reads and others may not."""
    settings = SETTINGS[strategy]
    own = frozenset(("evolution", name) for name in settings.model_fields)
    return own | {ORACLE_ROWS} if settings.reads_oracle_rows else own


def readers(key: tuple[str, str]) -> list[str]:
    """Names of the strategies that read a key, given by section and name."""
    return [strategy for strategy in SETTINGS if key in keys_read(strategy)]


def _with_strategy(values: object) -> object:
    return {"strategy": DEFAULT_STRATEGY} | values if isinstance(values, dict) else values


StrategySettings = Annotated[
    Annotated[_AnyOf, Field(discriminator="strategy")],
    BeforeValidator(_with_strategy),
]
"""The settings of any strategy; ``strategy`` says which, ``auto`` where it is missing."""

__all__ = [
    "DEFAULT_STRATEGY",
    "ORACLE_ROWS",
    "SETTINGS",
    "AutoSettings",
    "DirectSettings",
    "EvolutionSettings",
    "MnncgpSettings",
    "StrategySettings",
    "keys_read",
    "readers",
]
