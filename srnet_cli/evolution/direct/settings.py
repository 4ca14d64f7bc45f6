"""What a direct search may spend, and what is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

_MANY_ISLANDS = 6


@dataclass(frozen=True)
class SumBudget:
    """What sums of terms may cost, see ``sums``.

    Attributes:
        every: a step follows so many generations of single expressions.
        enough: mean 1−R² of the outputs below which single expressions will do.
        terms: of all outputs together, at most.
        nodes: printed nodes that the sum of one output may have, at most.
        rows_per_term: rows to fit that each term needs.
        formulas: of the search of single expressions, that give candidates in a step.
        products, hinges, units: candidates made anew in a step.
        rows: on which candidates are compared.
        tuning_rows: on which the weights of all terms are tuned together.
        steps: that tune them.
    """

    every: int = 20
    enough: float = 5e-3
    terms: int = 48
    nodes: int = 1500
    rows_per_term: int = 20
    formulas: int = 300
    products: int = 150
    hinges: int = 50
    units: int = 600
    rows: int = 4096
    tuning_rows: int = 4096
    steps: int = 4


@dataclass(frozen=True)
class Budget:
    """How a direct search is shaped.

    Attributes:
        nodes: printed nodes that a formula may have, readout included, at most.
        islands: archives that evolve side by side, per output; fewer where there are many outputs.
            Where they are not few, one of them rounds its numbers, and one more has none.
        places: members that an archive keeps per number of nodes.
        rows: rows on which offspring are tuned, per island.
        judged_rows: rows on which members of the hall of fame are tuned and judged, at most.
        check_rows: rows of the domain on which formulas must keep their range, at most.
        seeds: random formulas that an island begins with.
        offspring: made per island and generation.
        steps: evaluations spent on tuning an offspring.
        judged_steps: evaluations spent on tuning a candidate for the hall of fame.
        enough: generations after which a perfect formula ends the search of its output.
        inputs: inputs that formulas are made of, at most; of more, those with the largest effect.
        sums: what sums of several formulas may cost.
    """

    nodes: int = 50
    islands: int = 8
    places: int = 6
    rows: int = 256
    judged_rows: int = 4096
    check_rows: int = 2048
    seeds: int = 400
    offspring: int = 400
    steps: int = 6
    judged_steps: int = 12
    enough: int = 100
    inputs: int = 30
    sums: SumBudget = field(default_factory=SumBudget)

    @property
    def has_number_islands(self) -> bool:
        """Whether an island rounds its numbers, and one more has none."""
        return self.islands >= _MANY_ISLANDS

    @property
    def all_islands(self) -> int:
        """Islands per output, that without numbers among them."""
        return self.islands + self.has_number_islands

    def shared(self, outputs: int) -> Budget:
        """The same for each of several outputs: fewer islands where many share time and memory."""
        return replace(self, islands=max(1, min(self.islands, 64 // max(outputs, 1))))


FULL = Budget()
"""The budget of every search that is not a test's."""


@dataclass(frozen=True)
class Effort:
    """When a search ends of itself, where no limit of time does.

    Attributes:
        generations: the most, per output.
        quiet_generations: after so many in a row without ``gain`` it ends, per output.
        gain: by how much the mean logarithm of the least error, over all sizes of formulas, has to
            fall in a generation.
    """

    generations: int = 200
    quiet_generations: int = 50
    gain: float = 1e-3


@dataclass(frozen=True)
class Hints:
    """What is known of an output's structure, all of it optional.

    Attributes:
        irrelevant: inputs that the output does not depend on, by number.
        exponents: per input the exponent of the power law that holds along it, None where none
            does; empty: nothing known.
        products, sums: groups of inputs that the output is a product, or a sum, of functions of.
        sketches: formulas worth beginning with, in postfix order: inputs by number, constants, and
            functions by name.
    """

    irrelevant: tuple[int, ...] = ()
    exponents: tuple[float | None, ...] = ()
    products: tuple[tuple[int, ...], ...] = ()
    sums: tuple[tuple[int, ...], ...] = ()
    sketches: tuple[tuple[int | float | str, ...], ...] = ()
