"""A plane through the inputs, on which the classes of a network of many inputs can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.explainers import Subject
from srnet_cli.errors import UsageError
from srnet_cli.expressions.names import feature_symbols
from srnet_cli.model.functions import gradient

Array = NDArray[np.float64]

_ROWS = 500


@dataclass(frozen=True)
class View:
    """Which plane is wanted; by default that of the two inputs of the largest effect.

    Attributes:
        inputs: names of two inputs, parted at their commas too, as in formulas or as in the data.
        projection: the first two principal components of the training rows instead.
    """

    inputs: tuple[str, ...] | None = None
    projection: bool = False

    @classmethod
    def parse(cls, inputs: str | None, projection: bool) -> View:
        """The view of what a user typed: ``x0,x1``, or a projection.

        Raises:
            UsageError: not two different names, or both options.
        """
        if inputs is None:
            return cls(None, projection)
        if projection:
            raise UsageError(
                "they are two ways to choose a plane; give one", options=("inputs", "projection")
            )
        names = tuple(name.strip() for name in inputs.split(","))
        if len(names) < 2 or not all(names) or (len(names) == 2 and names[0] == names[1]):
            raise UsageError("give two different inputs, such as x0,x1", options={"inputs": inputs})
        return cls(names)

    @property
    def wishes(self) -> tuple[str, ...]:
        """The names of what is asked for."""
        return tuple(
            field.name for field in fields(self) if getattr(self, field.name) != field.default
        )

    def check(self, run: str, features: Sequence[str], is_classifier: bool) -> None:
        """Check that a run has such a plane.

        Raises:
            UsageError: it has no classes, too few inputs, or none of that name.
        """
        if self == View():
            return
        if not is_classifier:
            raise UsageError(
                f"they choose where classes are drawn, and the network of {run} is no classifier",
                options=self.wishes,
            )
        if len(features) < 2:
            raise UsageError(f"a plane needs two inputs, and {run} has one", options=self.wishes)
        if self.inputs is not None:
            self.places(features, run)

    def places(self, features: Sequence[str], run: str = "this run") -> tuple[int, ...]:
        """The numbers of the inputs asked for, from 0; empty where none are.

        A name may hold commas: the first comma is taken that parts two known names.

        Raises:
            UsageError: there are no such inputs.
        """
        if self.inputs is None:
            return ()
        printed = [symbol.name for symbol in feature_symbols(features)]
        known = {name: place for names in (printed, features) for place, name in enumerate(names)}
        for cut in range(1, len(self.inputs)):
            pair = [",".join(self.inputs[:cut]), ",".join(self.inputs[cut:])]
            places = tuple(known[name] for name in pair if name in known)
            if len(set(places)) == 2:
                return places
        unknown = [name for name in self.inputs if name not in known] or self.inputs
        raise UsageError(
            f"{run} has no input '{unknown[0]}'",
            hint=f"its inputs are {', '.join(features)}",
            options=("inputs",),
        )


@dataclass(frozen=True)
class Plane:
    """A plane with two coordinates.

    Attributes:
        names: of the coordinates.
        origin: the raw row at (0, 0), (d,).
        axes: what a unit of each coordinate adds to a row, (2, d).
        dual: the coordinates of a row less the origin, (d, 2).
        low, high: the range of the training rows, (2,).
    """

    names: tuple[str, str]
    origin: Array
    axes: Array
    dual: Array
    low: Array
    high: Array

    def rows(self, points: Array) -> Array:
        """Raw rows of points on the plane: (n, 2) -> (n, d)."""
        return np.asarray(self.origin + points @ self.axes)

    def place(self, X: Array) -> Array:
        """Where raw rows fall on the plane: (n, d) -> (n, 2)."""
        return np.asarray((X - self.origin) @ self.dual)


def plane_of(subject: Subject, view: View) -> Plane | None:
    """The plane of a view, or None where there are no classes or not two inputs.

    Args:
        subject: the network with its training rows.
        view: which plane; ``View.check`` must have passed.
    """
    features = subject.model.features
    if subject.network.output_activation != "softmax" or len(features) < 2:
        return None
    if view.projection:
        return _principal(subject)
    chosen = [*view.places(features)] or _of_most_effect(subject)
    axes = np.eye(len(features))[chosen]
    origin = np.where(axes.any(axis=0), 0.0, np.median(subject.train, axis=0))
    names = (features[chosen[0]], features[chosen[1]])
    return _spanned(subject, names, origin, axes, axes.T)


def _of_most_effect(subject: Subject) -> list[int]:
    """The inputs whose standard deviations move the outputs most, the first of equals."""
    slopes = gradient(subject.network, subject.train[:_ROWS])
    effects = np.abs(slopes * subject.train.std(axis=0)).mean(axis=(0, 1))
    return [int(index) for index in np.argsort(-effects, kind="stable")[:2]]


def _principal(subject: Subject) -> Plane:
    """Through the means, along the first two principal components of standardised rows."""
    from sklearn.decomposition import PCA

    center, scale = subject.center, subject.scale
    components = PCA(n_components=2, svd_solver="full").fit((subject.train - center) / scale)
    along = np.asarray(components.components_, dtype=np.float64)
    names = ("first principal component", "second principal component")
    return _spanned(subject, names, center, along * scale, (along / scale).T)


def _spanned(
    subject: Subject, names: tuple[str, str], origin: Array, axes: Array, dual: Array
) -> Plane:
    placed = (subject.train - origin) @ dual
    return Plane(
        names=names,
        origin=origin,
        axes=axes,
        dual=dual,
        low=placed.min(axis=0),
        high=placed.max(axis=0),
    )
