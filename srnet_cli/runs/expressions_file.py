"""``expressions.json``: the formulas with their figures, readable without this program.

Layers hold ``expressions`` over the units of the layer before, ``h0, h1, …``, or over the inputs in
their own units. The layer's units are ``expressions · weights + bias``. They are in the normal form
that ``srnet explain`` prints; ``model.json`` has them as the search has found them. ``network``
holds one formula per output over the inputs, or null where it would be too long to write down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
import sympy
from sympy import Expr

from srnet_cli.config.schema import EvolutionSettings
from srnet_cli.evolution.limits import limited_functions
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.formulas import LayerFormulas, Shortener, compose, layer_formulas
from srnet_cli.expressions.layers import ReadableLayer, readable_layers
from srnet_cli.expressions.nesting import written_functions
from srnet_cli.expressions.printers import as_srepr, as_text
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.classes import Agreement
from srnet_cli.fidelity.layers import LayerFidelity, layer_name
from srnet_cli.fidelity.validity import Validity
from srnet_cli.fronts.front import Composition, Fronts, Member
from srnet_cli.runs import files
from srnet_cli.runs.record import RunRecord
from srnet_cli.signals import never

Fidelity = Mapping[str, Sequence[LayerFidelity]]

UNIT_NAMES = "h{unit}"
FIDELITY = 0.99
"""What is shown first is the simplest composition with so much of the greatest R²."""


@dataclass(frozen=True)
class Figures:
    """What a layer's formulas are worth, by set of rows; each as in ``LayerFidelity``."""

    mse: dict[str, float | None]
    r2: dict[str, float | None]
    effect_r2: dict[str, float | None]
    unit_r2: dict[str, tuple[float | None, ...]]
    ceiling: dict[str, float | None]
    undefined_rows: dict[str, int]


@dataclass(frozen=True)
class MemberEntry:
    """A simpler way to read a layer; ``shown`` is whether it is in the composition shown first."""

    complexity: int
    r2: float | None
    effect_r2: float | None
    formulas: tuple[str, ...]
    shown: bool


@dataclass(frozen=True)
class CompositionEntry:
    """A simpler form of the whole network; ``shown`` is whether it is shown first, ``refuted``
    whether it is proved to have no value somewhere in the domain."""

    complexity: int
    r2: float | None
    picks: tuple[int | None, ...]
    shown: bool
    refuted: bool = False


@dataclass(frozen=True)
class LayerEntry:
    """One layer.

    Attributes:
        name: ``hidden 1`` … or ``output``.
        inputs: what its formulas read.
        steps: named partial results, in order of use.
        expressions, srepr: f_k as text, and for SymPy.
        weights, bias: W, (K, m), and b, (m,).
        complexity: nodes of all that is printed of it, readouts included.
        figures: what they are worth.
        front: simpler ways to read the layer; None where a run was interrupted.
    """

    name: str
    inputs: tuple[str, ...]
    steps: dict[str, str]
    expressions: tuple[str, ...]
    srepr: tuple[str, ...]
    weights: list[list[float]]
    bias: list[float]
    complexity: int
    figures: Figures
    front: tuple[MemberEntry, ...] | None

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written, the figures among them."""
        values = asdict(self)
        figures, front = values.pop("figures"), values.pop("front")
        return {**values, **figures, "front": front}


@dataclass(frozen=True)
class WholeEntry:
    """The network as one formula per output; None where that would be too long."""

    expressions: tuple[str, ...] | None
    complexity: int | None
    figures: Figures

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written, the figures among them."""
        values = asdict(self)
        figures = values.pop("figures")
        return {**values, **figures}


@dataclass(frozen=True)
class ClassesEntry:
    """What a classifier's formulas say, and how often the network says so.

    Attributes:
        classes: their names, in the order of the outputs.
        decision: how scores decide, in words.
        agreement: with the network, by set of rows.
    """

    classes: tuple[str, ...]
    decision: str
    agreement: dict[str, Agreement]


@dataclass(frozen=True)
class Expressions(RunRecord):
    """``expressions.json``, which this program writes and others read.

    Attributes:
        scaler: None. In early versions the first layer read standardised inputs, of which this
            said mean and scale; where it is None, inputs are in their own units.
        proved: what is proved on the whole domain, a sentence each, of the whole-network formulas
            (``direct``), the ``composition`` shown first, and its hidden layers, and of the layers
            here (``as found``) where that is another composition.
    """

    FILE: ClassVar[str] = files.EXPRESSIONS

    features: tuple[str, ...]
    scaler: dict[str, list[float]] | None
    layers: tuple[LayerEntry, ...]
    network: WholeEntry
    compositions: tuple[CompositionEntry, ...] | None
    classification: ClassesEntry | None
    validity: dict[str, Validity]
    proved: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written, in order."""
        return super().to_dict() | {
            "layers": [layer.to_dict() for layer in self.layers],
            "network": self.network.to_dict(),
        }


def shortener(
    assessment: Assessment,
    settings: EvolutionSettings,
) -> Shortener:
    """Normal forms by the network's own activations on the rows checked, within the limits."""
    limited = written_functions(limited_functions(settings))
    network, rows = assessment.network, assessment.checked
    return Shortener([network.inputs(rows.X), *rows.activations[:-1]], limited)


def formulas_of(
    assessment: Assessment, shorten: Shortener, is_late: Callable[[], bool] = never
) -> tuple[tuple[LayerFormulas, ...], tuple[Expr, ...] | None]:
    """The formulas of every layer in normal form, and of the whole network where there are any.

    ``is_late`` says whether time is up, see ``layer_formulas`` and ``compose``.
    """
    rows = assessment.checked
    layers = _normal_layers(assessment, shorten, is_late)
    return layers, compose(assessment.model, rows.X, layers, rows.outputs, is_late)


def printed_layers(assessment: Assessment, shorten: Shortener) -> tuple[ReadableLayer, ...]:
    """Every layer as ``expressions.json`` holds it and ``srnet explain`` prints it."""
    rows = assessment.checked
    layers = _normal_layers(assessment, shorten)
    return readable_layers(assessment.model, layers, rows.X, rows.layers)


def _normal_layers(
    assessment: Assessment, shorten: Shortener, is_late: Callable[[], bool] = never
) -> tuple[LayerFormulas, ...]:
    rows = assessment.checked
    return layer_formulas(
        assessment.model,
        rows.X,
        unit_names=UNIT_NAMES,
        shorten=shorten,
        values=rows.layers,
        is_late=is_late,
    )


def describe(
    assessment: Assessment,
    fidelity: Fidelity,
    classes: ClassesEntry | None,
    validity: dict[str, Validity],
    shorten: Shortener | None = None,
    fronts: Fronts | None = None,
    proved: Mapping[str, tuple[str, ...]] | None = None,
    is_over: Callable[[], bool] = never,
) -> Expressions:
    """The content of ``expressions.json``.

    Args:
        assessment: the symbolic network beside the network.
        fidelity: figures by set of rows and layer.
        classes: what a classifier's formulas say; None for a regression.
        validity: where formulas fail, by region.
        shorten: gives the normal forms; None: formulas as they were found.
        fronts: simpler forms of the same network, where there are any.
        proved: sentences that are proved, by the name of the formulas.
        is_over: whether no time at all is left; formulas of the whole network are as long as they
            come then, but for those of a few outputs.
    """
    model = assessment.model
    if shorten is None:
        layers = layer_formulas(model, unit_names=UNIT_NAMES)
        whole, readable = compose(model, layers=layers), readable_layers(model, layers)
    else:
        layers, whole = formulas_of(assessment, shorten, is_over)
        rows = assessment.checked
        readable = readable_layers(model, layers, rows.X, rows.layers)
    shown = None if fronts is None else fronts.simplest(FIDELITY)
    return Expressions(
        features=tuple(symbol.name for symbol in layers[0].inputs),
        scaler=None,
        layers=tuple(
            _layer(layer, index, len(layers), fidelity, _front(fronts, shown, index))
            for index, layer in enumerate(readable)
        ),
        network=WholeEntry(
            None if whole is None else tuple(as_text(expr) for expr in whole),
            None if whole is None else sum(map(complexity, whole)),
            figures(fidelity, len(layers) - 1),
        ),
        compositions=None
        if fronts is None
        else tuple(
            CompositionEntry(each.complexity, each.r2, each.picks, each is shown, each.is_refuted)
            for each in fronts.compositions
        ),
        classification=classes,
        validity=validity,
        proved=dict(proved or {}),
    )


def shown_anew(record: Mapping[str, Any], fronts: Fronts) -> dict[str, Any]:
    """The content of an ``expressions.json``, with the composition marked that is shown now.

    Args:
        record: what was in the file.
        fronts: the fronts of the run, those compositions marked that are refuted.
    """
    shown = fronts.simplest(FIDELITY)
    compositions = [
        {**entry, "shown": each is shown, "refuted": each.is_refuted}
        for entry, each in zip(record["compositions"], fronts.compositions, strict=True)
    ]
    layers = [
        {
            **layer,
            "front": [
                {**entry, "shown": number == pick} for number, entry in enumerate(layer["front"], 1)
            ],
        }
        for layer, pick in zip(record["layers"], shown.picks, strict=True)
    ]
    return {**record, "layers": layers, "compositions": compositions}


def front_figures(entry: Member | Composition) -> dict[str, Any]:
    """What every entry of a front has."""
    return {"complexity": entry.complexity, "r2": entry.r2}


def figures(fidelity: Fidelity, layer: int) -> Figures:
    """Every figure of a layer, by set of rows."""
    by_set = {name: layers[layer] for name, layers in fidelity.items()}
    return Figures(
        mse={name: values.mse for name, values in by_set.items()},
        r2={name: values.r2 for name, values in by_set.items()},
        effect_r2={name: values.effect_r2 for name, values in by_set.items()},
        unit_r2={name: values.unit_r2 for name, values in by_set.items()},
        ceiling={name: values.ceiling for name, values in by_set.items()},
        undefined_rows={name: values.undefined_rows for name, values in by_set.items()},
    )


def _front(
    fronts: Fronts | None, shown: Composition | None, index: int
) -> tuple[MemberEntry, ...] | None:
    if fronts is None or shown is None:
        return None
    return tuple(
        MemberEntry(
            complexity=member.complexity,
            r2=member.r2,
            effect_r2=member.effect_r2,
            formulas=member.formulas,
            shown=number == shown.picks[index],
        )
        for number, member in enumerate(fronts.layers[index], 1)
    )


def _layer(
    layer: ReadableLayer,
    index: int,
    layers: int,
    fidelity: Fidelity,
    front: tuple[MemberEntry, ...] | None,
) -> LayerEntry:
    expressions, weights, bias = layer.parts
    if not expressions:  # whoever computes the units need not think of layers that are constant
        expressions, weights = (sympy.S.Zero,), np.zeros((1, len(bias)))
    return LayerEntry(
        name=layer_name(index, layers),
        inputs=tuple(symbol.name for symbol in layer.inputs),
        steps={symbol.name: as_text(expr) for symbol, expr in layer.steps},
        expressions=tuple(map(as_text, expressions)),
        srepr=tuple(map(as_srepr, expressions)),
        weights=weights.tolist(),
        bias=bias.tolist(),
        complexity=layer.complexity,
        figures=figures(fidelity, index),
        front=front,
    )
