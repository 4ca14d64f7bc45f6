"""Settings of strategy ``auto``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from srnet_cli.config.evolution.common import EvolutionSettings
from srnet_cli.config.types import Fraction, Whole


class AutoSettings(EvolutionSettings):
    """Several expressions per layer with tuned weights, read by a linear readout; beside them
    whole-network formulas."""

    reads_oracle_rows: ClassVar[bool] = True

    strategy: Literal["auto"] = "auto"
    expressions: Literal["auto"] | Annotated[int, Field(ge=1, le=1000), Whole] = Field(
        default="auto",
        description="expressions per layer K, at most its independent units; auto: the least K "
        "whose principal components hold 99.9 % of the layer's variance, units standardised (in "
        "the last hidden layer of that and the outputs'), at most 32",
    )
    max_length: Annotated[int, Field(ge=1, le=40), Whole] = Field(
        default=24, description="operations an expression may have"
    )
    direct_share: Fraction = Field(
        default=0.35,
        description="share of a trial's effort that goes to whole-network formulas, straight from "
        "the inputs to the outputs, the rest to the layers; 0: none",
    )

    @property
    def searches_directly(self) -> bool:
        """Whether there is a search for whole-network formulas."""
        return self.direct_share > 0.0
