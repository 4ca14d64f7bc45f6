"""Settings of proofs: section ``proof``."""

from __future__ import annotations

from pydantic import Field

from srnet_cli.config.section import Settings


class ProofSettings(Settings):
    """What is proved of the formulas when a search has ended. It changes none of them."""

    max_seconds: float = Field(
        default=0.0,
        ge=0,
        description="time in which `fit` proves where formulas are defined and how far they are "
        "from the network, as `srnet prove` does at any later time; 0: not at all",
    )
