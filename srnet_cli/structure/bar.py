"""When a property counts as one that holds."""

from __future__ import annotations

from dataclasses import dataclass

SHARE_OF_EFFECT = 0.1
"""The most of an input's own effect that a property of the input may leave unexplained."""


@dataclass(frozen=True)
class Bar:
    """What scores are held to.

    Attributes:
        tolerance: the greatest share of the output's variance that may remain unexplained.
        variance: of the output, in its units squared.
    """

    tolerance: float
    variance: float

    def limit(self, effect: float) -> float:
        """The greatest score of a property of inputs of which the weakest has this effect.

        An input that hardly matters has every property as far as the output's variance can tell,
        so that none can be claimed.
        """
        return min(self.tolerance, SHARE_OF_EFFECT * effect)

    def share(self, squares: float) -> float:
        """A mean of squared differences as a share of the variance."""
        return float(squares / self.variance)
