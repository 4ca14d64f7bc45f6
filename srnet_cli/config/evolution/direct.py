"""Settings of strategy ``direct``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from srnet_cli.config.evolution.common import EvolutionSettings
from srnet_cli.config.types import Whole


class DirectSettings(EvolutionSettings):
    """Whole-network formulas, straight from the inputs to each output: the best at every
    complexity."""

    reads_oracle_rows: ClassVar[bool] = True

    strategy: Literal["direct"] = "direct"
    max_length: Annotated[int, Field(ge=1, le=40), Whole] = Field(
        default=40, description="operations a formula may have"
    )

    @property
    def longest(self) -> int:
        """Operations that a formula may have."""
        return self.max_length

    @property
    def searches_directly(self) -> bool:
        """Whether there is a search for whole-network formulas."""
        return True
