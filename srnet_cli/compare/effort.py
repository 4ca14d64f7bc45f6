"""How often a comparison repeats what is random."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How often what is random is repeated.

    Attributes:
        repeats: seeds that every instance is explained with by explainers that are random.
        resamples: of the instances, for the intervals of figures.
    """

    repeats: int = 5
    resamples: int = 1000


FULL = Effort()
"""That of ``srnet compare``."""
