"""The names of all files of a run folder. What is in them: ``docs/run-folder.md``."""

from __future__ import annotations

from srnet_cli.store.commit import LOG
from srnet_cli.store.layout import CHECKPOINTS, DONE, RUN
from srnet_cli.store.lock import LOCK

# What the run is, and what it was made from.
CONFIG = "config.yaml"
SETTINGS = "config.resolved.json"
INPUTS = "inputs.json"
NETWORK = "network.safetensors"
ROWS = "rows.npz"

# What was found.
FORMULAS = "formulas.json"
FORMULAS_TEXT = "formulas.txt"
EXPRESSIONS = "expressions.json"
MODEL = "model.json"
METRICS = "metrics.json"
FRONTS = "fronts.json"
FRONT_ROWS = "fronts.npz"
CURVES = "curves.csv"
FITNESS_PLOT = "plots/fitness.png"
FRONTS_PLOT = "plots/fronts.png"

# What depends on the clock.
TIMING = "timing.csv"

# What ``srnet explain --hybrid`` adds.
HYBRID = "hybrid.json"

# What ``srnet prove`` adds.
PROOFS = "proofs.json"
CERTIFICATES = "proofs.npz"

# What ``srnet compare`` adds.
COMPARISON = "compare.json"
COMPARISON_TABLE = "compare.csv"
COMPARISON_TIMING = "compare_timing.csv"
PATH_PLOT = "plots/compare_path.png"
SCATTER_PLOT = "plots/compare_scatter.png"
SWEEP_PLOT = "plots/compare_sweep.png"
LAYERS_PLOT = "plots/compare_layers.png"
CONVERGENCE_PLOT = "plots/compare_convergence.png"
BOUNDARIES_PLOT = "plots/compare_boundaries.png"

NAMING_PATHS = (SETTINGS, INPUTS)
"""Files that name paths outside the folder."""

REQUIRED = (RUN, CONFIG, SETTINGS, INPUTS, NETWORK, ROWS, METRICS, CURVES)
"""Files that every finished run consists of."""


def required(*, has_model: bool) -> tuple[str, ...]:
    """Files that a finished run consists of.

    Args:
        has_model: whether there are formulas.
    """
    return (*REQUIRED, MODEL, EXPRESSIONS) if has_model else REQUIRED


__all__ = [
    "BOUNDARIES_PLOT",
    "CERTIFICATES",
    "CHECKPOINTS",
    "COMPARISON",
    "COMPARISON_TABLE",
    "COMPARISON_TIMING",
    "CONFIG",
    "CONVERGENCE_PLOT",
    "CURVES",
    "DONE",
    "EXPRESSIONS",
    "FITNESS_PLOT",
    "FORMULAS",
    "FORMULAS_TEXT",
    "FRONTS",
    "FRONTS_PLOT",
    "FRONT_ROWS",
    "HYBRID",
    "INPUTS",
    "LAYERS_PLOT",
    "LOCK",
    "LOG",
    "METRICS",
    "MODEL",
    "NAMING_PATHS",
    "NETWORK",
    "PATH_PLOT",
    "PROOFS",
    "REQUIRED",
    "ROWS",
    "RUN",
    "SCATTER_PLOT",
    "SETTINGS",
    "SWEEP_PLOT",
    "TIMING",
    "required",
]
