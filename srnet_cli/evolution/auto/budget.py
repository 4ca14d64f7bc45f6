"""How much a search may spend on each of its parts: what it tries, on how many rows, how often.

None of these is a matter of taste to a user, so none is a setting; the defaults serve all problems.
A search is handed a budget, so that a small one can be made, as tests do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from srnet_cli.evolution.direct.settings import Effort


@dataclass(frozen=True)
class LayerBudget:
    """What the expressions of a layer may cost.

    Attributes:
        lineages: independent ones that evolve an expression in a generation.
        seeds: random chromosomes that a lineage without a parent tries first.
        offspring: of every lineage in a generation.
        tuning_steps: evaluations that tune the weights of an offspring.
        rows: at most so many, drawn anew every generation, judge offspring.
        judged: at most so many lineages' results are judged on all rows.
        direction_rows: at most so many give the directions of units.
        directions: at most so many units have theirs followed.
        rounds: after so many, and the one that adds the expressions, a layer is left.
        quiet_rounds: after so many in a row without ``gain``, too.
        gain: the fraction of a layer's error that a round has to take away.
        later_rounds: the most rounds in later cycles, where the first without ``gain`` is the last.
        newcomers: lineages that begin anew beside those that go on from the expression, after no
            quiet round, one, or more.
    """

    lineages: int = 8
    seeds: int = 60
    offspring: int = 500
    tuning_steps: int = 4
    rows: int = 1024
    judged: int = 4
    direction_rows: int = 2000
    directions: int = 64
    rounds: int = 25
    quiet_rounds: int = 3
    gain: float = 0.05
    later_rounds: int = 2
    newcomers: tuple[int, ...] = (2, 4, 6)

    @property
    def evaluations(self) -> int:
        """Expressions tuned in a generation, at most."""
        return self.lineages * (1 + self.seeds + self.offspring)


@dataclass(frozen=True)
class RefinementBudget:
    """What the joint refinement of all layers may cost in a cycle.

    Attributes:
        generations: the most.
        quiet_generations: after so many in a row without ``gain`` it ends.
        gain: the fraction of the log error that a generation has to take away.
        steps: Gauss–Newton steps in a generation.
        rows: at most so many to refine on.
        multiplications: the most in a generation, a few seconds; where a step takes more, none is
            made.
    """

    generations: int = 30
    quiet_generations: int = 2
    gain: float = 0.005
    steps: int = 8
    rows: int = 2000
    multiplications: float = 1e10


@dataclass(frozen=True)
class DescentBudget:
    """What going downhill by the gradient of all weights may cost.

    Attributes:
        generations: the most.
        quiet_generations: after so many in a row without ``gain`` it ends.
        gain: the fraction of the divergence that a generation has to take away.
        rows: at most so many, drawn anew every generation, to fit.
        iterations: of L-BFGS in a generation, the most.
        values: computed in a generation, the most: 10⁹ of them take about a second.
    """

    generations: int = 100
    quiet_generations: int = 4
    gain: float = 0.002
    rows: int = 8000
    iterations: int = 100
    values: float = 6e9


@dataclass(frozen=True)
class CycleBudget:
    """How often all layers are gone through.

    Attributes:
        cycles: the most.
        quiet_cycles: after so many in a row without ``gain`` the search ends.
        gain: what a cycle has to take away from the log error.
    """

    cycles: int = 20
    quiet_cycles: int = 2
    gain: float = 0.05


@dataclass(frozen=True)
class Budget:
    """What a whole search may cost.

    Attributes:
        values: activations on the rows that layers are fitted to, at most: of a network of many
            units there are fewer rows, so that a look at all of them stays a matter of a moment.
        direct: of the search for whole-network formulas.
        layer: of each layer.
        refinement: of all layers together.
        lowering: of all layers together where their normal equations are too many.
        descent: of a classifier's last stage, on its cross-entropy.
        cycles: how often all of it.
        layer_time: where time is limited, the share of it that the layers of the first cycle get.
        classifier_layer_time: the same of a classifier, whose last stage needs time as well.
    """

    values: int = 4_000_000
    direct: Effort = field(default_factory=Effort)
    layer: LayerBudget = field(default_factory=LayerBudget)
    refinement: RefinementBudget = field(default_factory=RefinementBudget)
    lowering: DescentBudget = field(default_factory=lambda: DescentBudget(values=2e9))
    descent: DescentBudget = field(default_factory=DescentBudget)
    cycles: CycleBudget = field(default_factory=CycleBudget)
    layer_time: float = 0.6
    classifier_layer_time: float = 0.5


FULL = Budget()
"""The budget of every search that is not a test's."""
