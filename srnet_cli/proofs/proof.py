"""Where something is proved, and what has been proved there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from srnet_cli.proofs.certificate import Certificate
from srnet_cli.proofs.claims import Agreement, Definedness, ErrorBound, Range, Shape
from srnet_cli.proofs.subdivision import Box
from srnet_cli.proofs.symmetries import Symmetry

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where things are proved.

    Attributes:
        box: of the inputs that vary.
        sources: for each of the network's d inputs the input of the box that it is: all of them
            the first where rows lie on the diagonal.
        words: where the box comes from.
    """

    box: Box
    sources: tuple[int, ...]
    words: str

    def rows(self, points: Array) -> Array:
        """What the network reads at points of the box, (n, b) → (n, d)."""
        return points[..., list(self.sources)]


@dataclass(frozen=True)
class Proof:
    """What is proved of some formulas.

    Attributes:
        name: ``direct``, ``composition``, or the name of a layer.
        outputs: what they are called.
        defined: whether all of them have a value everywhere; None where that cannot be asked.
        ranges: of every output; empty where nobody looked.
        error: how far they are from the network's; None where nobody looked.
        agreement: of a classifier.
        shapes: of every output, how it depends on every input.
        symmetries: of every output.
        obstacle: why nothing could be asked; empty.
        certificates: by claim.
    """

    name: str
    outputs: tuple[str, ...]
    defined: Definedness | None = None
    ranges: tuple[Range, ...] = ()
    error: ErrorBound | None = None
    agreement: Agreement | None = None
    shapes: tuple[Shape, ...] = ()
    symmetries: tuple[tuple[Symmetry, ...], ...] = ()
    obstacle: str = ""
    certificates: dict[str, Certificate] = field(default_factory=dict)
