"""Settings of proofs: section ``proof``."""

from __future__ import annotations

from pydantic import Field

from srnet_cli.config.section import Settings
from srnet_cli.config.types import Integer


class ProofSettings(Settings):
    """What `fit` proves, when its search has ended, of the formulas that `explain` shows first:
    where they are defined, and how far they are from the network. A formula that is proved to have
    no value somewhere is not offered as the answer. `srnet prove` takes more time for the same."""

    max_boxes: Integer = Field(
        default=4096,
        ge=0,
        le=10_000_000,
        description="parts of the domain that each question may take; of long formulas and large "
        "networks, whose parts cost more, fewer; 0: prove nothing",
    )
    max_seconds: float = Field(
        default=0.0,
        ge=0,
        description="time that all questions may take besides; what is proved then depends on the "
        "machine; 0: any",
    )
