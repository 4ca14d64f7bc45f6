"""Certificates: a tape, the cuts of a box, and a claim that bounds on every part confirm.

The parts are not written down but the cuts that made them: part 0 is the whole box, and cut number
i halves part ``parts[i]`` across input ``inputs[i]``, at the float64 nearest to ``low/2 + high/2``,
into the parts 2i + 1 (the lower one) and 2i + 2. Parts that were never cut make up the box.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.proofs.enclosures import Tape
from srnet_cli.proofs.subdivision import Box, Partition

Arrays = dict[str, NDArray[np.float64] | NDArray[np.int64]]


class Certificate(NamedTuple):
    """What it takes to confirm a claim.

    Attributes:
        claim: what is proved on every part: ``defined``; ``range`` and ``error``, bounds of all
            outputs; ``slopes``, bounds of the slopes of the first.
        tape: of what.
        box: on what.
        partition: its parts.
    """

    claim: str
    tape: Tape
    box: Box
    partition: Partition

    def arrays(self, name: str) -> Arrays:
        """The certificate as arrays, whose names begin with ``name`` and a slash."""
        parts, inputs = self.partition.cuts
        columns = {f"tape.{field}": value for field, value in self.tape._asdict().items()}
        columns |= {
            "low": self.box.low,
            "high": self.box.high,
            "parts": parts.astype(np.int32),
            "inputs": inputs.astype(np.uint16),
        }
        return {f"{name}/{key}": value for key, value in columns.items()}
