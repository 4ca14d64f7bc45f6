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
        "the last hidden layer of that and the outputs'), at most 32; of hidden layers with more "
        "than 12 units or inputs one per independent unit, at most 64",
    )
    max_length: Literal["auto"] | Annotated[int, Field(ge=1, le=40), Whole] = Field(
        default="auto",
        description="operations an expression may have; auto: 24, and 40 where a unit reads more "
        "than 12 others",
    )
    direct_share: Literal["auto"] | Fraction = Field(
        default="auto",
        description="share of a trial's effort that goes to whole-network formulas, straight from "
        "the inputs to the outputs, the rest to the layers; 0: none; auto: 0.35, and 0.5 where "
        "all hidden layers have more than 12 units or inputs and begin with their units as they "
        "are",
    )

    @property
    def longest(self) -> int:
        """Operations that an expression may have."""
        return 24 if self.max_length == "auto" else self.max_length

    @property
    def longest_sum(self) -> int:
        """Operations that the sum of many inputs and a function of it may have."""
        return 40 if self.max_length == "auto" else self.max_length

    @property
    def searches_directly(self) -> bool:
        """Whether there is a search for whole-network formulas."""
        return self.direct_share == "auto" or self.direct_share > 0.0

    def share_of_direct_search(self, *, begins_with_units: bool) -> float:
        """The share of the effort of the search for whole-network formulas.

        Args:
            begins_with_units: whether all hidden layers begin with their units as they are, which
                leaves evolution little to do there.
        """
        if self.direct_share != "auto":
            return self.direct_share
        return 0.5 if begins_with_units else 0.35
