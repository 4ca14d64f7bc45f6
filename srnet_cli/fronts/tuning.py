"""The edge weights of a layer's expressions, tuned together after something was left out.

With F (n × K) the values of the expressions, Q an orthonormal basis of their span with the
constant, and G (n × r) the layer's goal, the readout is eliminated (variable projection, Golub &
Pereyra 1973): what is left is E = G − QQᵀG, with W = F⁺G. Let D⊥ be the derivatives of the
expressions by their weights, Q projected off, and weight a belong to expression k(a). The step δ
solves

    Σ_b (D⊥_a · D⊥_b) (W_k(a) · W_k(b)) δ_b = D⊥_a · (E W_k(a)ᵀ)

(Kaufman's approximation, 1975), a system as large as the number of weights, however wide the layer.
``cgp.kernels.tuning`` does the same for one expression while a search looks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.cgp import evaluate
from srnet_cli.cgp.kernels.gradient import differentiate, tunable_mask
from srnet_cli.cgp.program import Program

Array = NDArray[np.float64]
Programs = tuple[Program, ...]

_STEPS = 12
_GAIN = 0.01
_FIRST_DAMPING = 1e-2
_TRIALS = 5
_MAX_WEIGHTS = 400


def free_weights(program: Program) -> NDArray[np.bool_]:
    """Which edges have a weight to tune, (k, 2): not those left out, whose weight is 1.

    A constant other than 1 is tuned through the edge that reads it.
    """
    if program.coefficients is None:
        return np.zeros((len(program), 2), dtype=np.bool_)
    slots = np.ones(program.inputs + len(program.constants) + len(program))
    slots[program.inputs : program.inputs + len(program.constants)] = program.constants
    is_told = (program.coefficients != 1.0) | (slots[program.args] != 1.0)
    return np.asarray(tunable_mask(program) & is_told)


def tuned(programs: Programs, X: Array, goal: Array) -> Programs:
    """The expressions with weights that leave less of the goal; those given where none do.

    Programs without edge weights, as the published form has them, stay as they are.

    Args:
        programs: the K expressions.
        X: inputs of the layer, (n, d), on rows where all expressions are finite.
        goal: what they are to explain, centred, (n, r).
    """
    masks = [free_weights(program) for program in programs]
    count = sum(int(mask.sum()) for mask in masks)
    if not 0 < count <= min(_MAX_WEIGHTS, len(X) // 2):
        return programs
    error, damping = _error(programs, X, goal), _FIRST_DAMPING
    for _ in range(_STEPS):
        system, right = _normal_equations(programs, masks, X, goal)
        before = error
        for _ in range(_TRIALS):
            step = _damped(system, right, damping)
            trial = _moved(programs, masks, step)
            now = _error(trial, X, goal)
            if now < error:
                programs, error, damping = trial, now, damping / 5.0
                break
            damping *= 8.0
        if not error < (1.0 - _GAIN) * before:
            break
    return programs


def _basis(columns: Array) -> tuple[Array, Array]:
    """(Q, R⁺) of columns (n, K): an orthonormal basis of what they are beside their means, and what
    gives W as R⁺ QᵀG. A column that is constant up to rounding counts as nothing."""
    centred = columns - columns.mean(axis=0)
    scale = np.sqrt(np.mean(centred**2, axis=0))
    varies = ~is_constant(columns, ROUNDING)
    scale = np.where(varies, scale, 1.0)
    standard = np.where(varies, centred / scale, 0.0)
    left, values, right = np.linalg.svd(standard, full_matrices=False)
    kept = values > 1e-10 * values.max(initial=0.0)
    return left[:, kept], (right[kept].T / values[kept]) / scale[:, None]


def _error(programs: Programs, X: Array, goal: Array) -> float:
    """What the expressions leave of the goal; infinite where one has no value."""
    columns = np.column_stack([evaluate(program, X) for program in programs])
    with np.errstate(all="ignore"):
        if not np.isfinite(np.sum(columns**2)):
            return np.inf
    basis, _ = _basis(columns)
    return float(np.sum((goal - basis @ (basis.T @ goal)) ** 2))


def _normal_equations(
    programs: Programs, masks: Sequence[NDArray[np.bool_]], X: Array, goal: Array
) -> tuple[Array, Array]:
    """The system (p, p) of a step and its right side (p,); not finite where a derivative is not."""
    columns, slopes, owner = [], [], []
    for k, (program, mask) in enumerate(zip(programs, masks, strict=True)):
        if not mask.any():
            columns.append(evaluate(program, X))
            continue
        values, by_weight, _ = differentiate(program, X)
        chosen = by_weight[mask[tunable_mask(program)]]
        columns.append(values)
        slopes.append(chosen.T)
        owner += [k] * len(chosen)
    basis, inverse = _basis(np.column_stack(columns))
    shares = basis.T @ goal
    readout = (inverse @ shares)[owner]
    with np.errstate(all="ignore"):
        fresh = np.concatenate(slopes, axis=1)
        fresh = fresh - fresh.mean(axis=0)
        fresh -= basis @ (basis.T @ fresh)
        left = goal - basis @ shares
        system = (fresh.T @ fresh) * (readout @ readout.T)
        return system, np.sum((fresh.T @ left) * readout, axis=1)


def _damped(system: Array, right: Array, damping: float) -> Array:
    """The damped step; zero where the system has no solution."""
    none = np.zeros_like(right)
    if not (np.isfinite(system).all() and np.isfinite(right).all()):
        return none
    scale = 1.0 / np.sqrt(np.maximum(np.diag(system), 1e-300))
    scaled = system * scale * scale[:, None]
    scaled[np.diag_indices_from(scaled)] += damping
    try:
        step = np.linalg.solve(scaled, right * scale) * scale
    except np.linalg.LinAlgError:
        return none
    return np.asarray(np.where(np.isfinite(step), step, 0.0))


def _moved(programs: Programs, masks: Sequence[NDArray[np.bool_]], step: Array) -> Programs:
    moved, at = [], 0
    for program, mask in zip(programs, masks, strict=True):
        count = int(mask.sum())
        if count:
            assert program.coefficients is not None
            coefficients = program.coefficients.copy()
            coefficients[mask] += step[at : at + count]
            program = replace(program, coefficients=coefficients)
        moved.append(program)
        at += count
    return tuple(moved)
