"""The settings of an experiment: every key a config may hold, with its default and its meaning."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from srnet_cli.config.dataset import DatasetSettings
from srnet_cli.config.evolution import (
    AutoSettings,
    DirectSettings,
    EvolutionSettings,
    MnncgpSettings,
    StrategySettings,
)
from srnet_cli.config.network import NetworkSettings, TrainSettings
from srnet_cli.config.proof import ProofSettings
from srnet_cli.config.section import Settings
from srnet_cli.config.types import Integer, Text

__all__ = [
    "AutoSettings",
    "DatasetSettings",
    "DirectSettings",
    "EvolutionSettings",
    "Experiment",
    "MnncgpSettings",
    "NetworkSettings",
    "ProofSettings",
    "Settings",
    "StrategySettings",
    "TrainSettings",
]


class Experiment(Settings):
    """One config file."""

    name: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="what the run is called",
        json_schema_extra={
            "expected": "a name of at most 100 letters, digits and . _ -, "
            "starting with a letter or digit"
        },
    )
    seed: Integer = Field(
        default=0, ge=0, le=2**63 - 1, description="decides every random number of the run"
    )
    trials: Integer = Field(
        default=1, ge=1, le=1_000_000, description="independent searches, of which the best counts"
    )
    first_trial: Integer = Field(
        default=0,
        ge=0,
        le=10**9,
        description="number of the first search, from 0: with first_trial 7 and trials 1 a run is "
        "the eighth search of the same config with more trials",
    )
    dataset: DatasetSettings = Field(
        default=DatasetSettings(),
        description="the rows, see below; may be left out where the network's file has a domain",
    )
    hypotheses: tuple[Text, ...] = Field(
        default=(),
        max_length=100,
        description="formulas of your own that `explain` sets beside those found, such as "
        "`k*x**2/2`; of several outputs as `name = formula`. They change no result",
    )
    network: NetworkSettings = Field(description="the network to explain, see below")
    evolution: StrategySettings = Field(default=AutoSettings(), description="the search, see below")
    proof: ProofSettings = Field(
        default=ProofSettings(), description="proofs of what was found, see below"
    )

    @model_validator(mode="before")
    @classmethod
    def _decisions_are_of_classes(cls, values: Any) -> Any:
        """Outputs that decide are a classifier's, unless the dataset's task says otherwise."""
        match values:
            case {"network": {"decision": str(), **network}} if "train" not in network:
                dataset = values.get("dataset", {})
                if isinstance(dataset, dict) and not {"task", "formula"} & dataset.keys():
                    return {**values, "dataset": {**dataset, "task": "classification"}}
        return values
