"""The constants of a chain, tuned together through all of its layers.

What falls is the squared error of the outputs, and a little that of the units that formulas stand
for, each in standard deviations. Derivatives go forward through the layers with the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.gradient import differentiate, tunable_mask
from srnet_cli.descent import DampingRule, LeastSquares, Reached, damped_descent
from srnet_cli.fronts.chain import Array, Line, Lines
from srnet_cli.fronts.halls import inputs_read
from srnet_cli.fronts.tuning import free_weights

_UNITS_WEIGHT = 0.1
_GAIN = 1e-3
_FIRST_DAMPING = 1e-2
_DAMPING = DampingRule(trials=4, rise=8.0)
_MOST_CONSTANTS = 120


class ChainTuning:
    """Chains on rows with the network's activations there.

    Args:
        X: inputs, (n, d).
        targets: the network's units of every layer, (n, m_l).
    """

    def __init__(self, X: Array, targets: Sequence[Array]) -> None:
        self._X, self._targets = X, targets
        self._means = [target.mean(axis=0) for target in targets]
        self._scales = [_scale(target) for target in targets]
        self._squares: LeastSquares[Lines] = LeastSquares(
            self._loss, self._normal_equations, _moved
        )

    def tuned(self, lines: Lines, steps: int) -> Lines | None:
        """The lines after at most so many steps; None where nothing can be tuned."""
        if not 0 < len(_constants(lines)) <= _MOST_CONSTANTS:
            return None
        begin = Reached(lines, self._loss(lines), _FIRST_DAMPING)
        if not np.isfinite(begin.loss):
            return None
        reached = damped_descent(
            self._squares,
            begin,
            rule=_DAMPING,
            steps=steps,
            pays=lambda old, new: new < (1.0 - _GAIN) * old,
        )
        return reached.point

    def units(self, lines: Lines) -> list[Array]:
        """Units of every layer on the rows, (n, m_l); of those without a line their means."""
        units = [self._X]
        with np.errstate(all="ignore"):
            for layer, mean in zip(lines, self._means, strict=True):
                inputs = np.asfortranarray(units[-1])
                values = np.tile(mean, (len(inputs), 1))
                for unit, line in layer.items():
                    values[:, unit] = line(inputs)
                units.append(values)
        return units[1:]

    def _residuals(
        self, lines: Lines, units: Sequence[Array]
    ) -> Iterator[tuple[NDArray[np.int64], Array]]:
        """Per layer (read units' numbers, their residuals (n, r)), as they count in the loss."""
        last = len(lines) - 1
        for index, layer in enumerate(lines):
            read = np.array(list(layer), dtype=np.int64)
            weight = (1.0 if index == last else _UNITS_WEIGHT) / self._scales[index][read]
            difference = units[index][:, read] - self._targets[index][:, read]
            yield read, difference * weight / np.sqrt(len(self._X))

    def _loss(self, lines: Lines) -> float:
        with np.errstate(all="ignore"):
            parts = self._residuals(lines, self.units(lines))
            total = sum(float(np.sum(residual**2)) for _, residual in parts)
        return total if np.isfinite(total) else np.inf

    def _normal_equations(self, lines: Lines) -> tuple[Array, Array]:
        """JᵀJ and −Jᵀr of the residuals over the constants of all lines, by forward mode."""
        total, n, last = len(_constants(lines)), len(self._X), len(lines) - 1
        system, right, at = np.zeros((total, total)), np.zeros(total), 0
        inputs, flow = self._X, np.zeros((n, total, self._X.shape[1]))
        units = self.units(lines)
        with np.errstate(all="ignore"):
            for index, (layer, (read, residual)) in enumerate(
                zip(lines, self._residuals(lines, units), strict=True)
            ):
                through = np.zeros((n, total, self._targets[index].shape[1]))
                for unit, line in layer.items():
                    own, by_input = _derivatives(line, inputs)
                    through[:, :, unit] = np.einsum("npd,dn->np", flow, by_input, optimize=True)
                    through[:, at : at + len(own), unit] += own.T
                    at += len(own)
                weight = (1.0 if index == last else _UNITS_WEIGHT) / self._scales[index][read]
                jacobian = through[:, :, read] * (weight / np.sqrt(n))
                rows = jacobian.transpose(0, 2, 1).reshape(-1, total)
                system += rows.T @ rows
                right -= rows.T @ residual.reshape(-1)
                inputs, flow = units[index], through
        return system, right


def _scale(target: Array) -> Array:
    spread = target.std(axis=0)
    return np.where(spread > 0.0, spread, 1.0)


def _free(line: Line) -> NDArray[np.bool_]:
    return free_weights(line.program)


def _constants(lines: Lines) -> Array:
    """All constants that are printed and can be tuned, (p,)."""
    parts = [np.zeros(0)]
    for layer in lines:
        for line in layer.values():
            assert line.program.coefficients is not None
            parts.append(line.program.coefficients[_free(line)])
            parts.append(np.array([v for v in (line.weight,) if v != 1.0]))
            parts.append(np.array([v for v in (line.bias,) if v != 0.0]))
    return np.concatenate(parts)


def _derivatives(line: Line, inputs: Array) -> tuple[Array, Array]:
    """Of a line by its own constants, (p, n), and by what it reads, (d, n)."""
    values, by_weight, by_input = differentiate(line.program, inputs)
    own = [line.weight * by_weight[_free(line)[tunable_mask(line.program)]]]
    if line.weight != 1.0:
        own.append(values[np.newaxis])
    if line.bias != 0.0:
        own.append(np.ones((1, len(inputs))))
    # What is not read has no influence, though 0 · ∞ is no number.
    read = sorted(inputs_read(line.program))
    through = np.zeros_like(by_input)
    through[read] = line.weight * by_input[read]
    return np.concatenate(own), through


def _moved(lines: Lines, step: Array) -> Lines:
    """The lines with their constants moved, in the order of ``_constants``."""
    changes = step.tolist()

    def moved(line: Line) -> Line:
        mask = _free(line)
        count = int(mask.sum())
        assert line.program.coefficients is not None
        coefficients = line.program.coefficients.copy()
        coefficients[mask] += changes[:count]
        del changes[:count]
        weight = line.weight + changes.pop(0) if line.weight != 1.0 else 1.0
        bias = line.bias + changes.pop(0) if line.bias != 0.0 else 0.0
        program = replace(line.program, coefficients=coefficients) if count else line.program
        return Line(program, weight, bias, line.nodes)

    return tuple({unit: moved(line) for unit, line in layer.items()} for layer in lines)
