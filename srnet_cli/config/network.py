"""Settings of the network to explain: section ``network``."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from srnet_cli.config.activation_names import canonical_activation
from srnet_cli.config.section import Settings
from srnet_cli.config.types import FilePath, Integer, Text, Width

Decision = Literal["argmax", "argmin", "threshold"]
"""How outputs that are scores decide."""


def _activations(value: Any) -> Any:
    """The names in the one way that this program writes them; the list as a tuple."""
    if isinstance(value, str):
        return canonical_activation(value)
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return tuple(canonical_activation(name) for name in value)
    return value


def _label(value: Any) -> Any:
    """A class that looks like a number is a text all the same."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


Activations = Annotated[
    str | tuple[str, ...],
    BeforeValidator(_activations),
    Field(json_schema_extra={"expected": "an activation such as relu, or a list of them"}),
]
Label = Annotated[str, BeforeValidator(_label), Field(max_length=10_000)]
Positive = Annotated[float, Field(gt=0)]


class TrainSettings(Settings):
    """A network trained here, with scikit-learn."""

    hidden: tuple[Width, ...] = Field(
        default=(3, 3), min_length=1, max_length=100, description="units of every hidden layer"
    )
    activation: Literal["sigmoid", "tanh", "relu"] = Field(
        default="sigmoid", description="of the hidden layers; the output is linear"
    )
    solver: Literal["lbfgs", "adam", "sgd"] = Field(
        default="lbfgs", description="scikit-learn's optimiser"
    )
    max_iter: Integer = Field(
        default=20000, ge=1, le=10**9, description="iterations of lbfgs, epochs of adam and sgd"
    )
    alpha: Literal["auto"] | Annotated[float, Field(ge=0)] = Field(
        default="auto",
        description="L2 penalty; auto: none for rows of a formula, 20 rows or more per weight, or "
        "where training is stopped early; else with lbfgs the best of 0, 0.001, 0.01, … 10 in "
        "fivefold cross-validation of the training rows",
    )
    learning_rate: float = Field(default=1e-3, gt=0, description="initial rate of adam and sgd")
    tolerance: float = Field(
        default=1e-10, ge=0, description="gain in loss below which training ends"
    )
    early_stopping: Literal["auto"] | bool = Field(
        default="auto",
        description="hold a tenth of the training rows out, and end training where it does worse "
        "on them; auto: of a table with 2,000 training rows or more, but fewer than 20 per weight, "
        "where `alpha` is auto as well",
    )


class NetworkSettings(Settings):
    """The network to explain: trained here, loaded from a file, or known by its values only. What
    the file says itself need not be said here; [your-own-network.md](your-own-network.md) tells
    which file says what."""

    train: TrainSettings | None = Field(default=None, description="settings, see below")
    load: FilePath | None = Field(
        default=None,
        description="a network file: .onnx, .pt, .pth, .keras, .h5, .skops, .safetensors, .nnet, "
        ".npz",
    )
    activations: FilePath | None = Field(
        default=None,
        description="an .npz file of values in place of a network: arrays x, h1, h2 …, y, a row "
        "per row. It answers for these rows alone, see "
        "[values only](your-own-network.md#values-only)",
    )
    callable: Text | None = Field(
        default=None,
        description="what a network is called that was given in Python; for the Python interface "
        "alone, a config cannot hold it",
    )
    activation: Activations | None = Field(
        default=None,
        description="of a loaded network whose file does not say: of all hidden layers, or a list "
        "with one per layer, the output's last; such as relu, leaky_relu(0.2). Of arrays named "
        "weight1, bias1 … the default is sigmoid",
    )
    layers: tuple[Text, ...] | None = Field(
        default=None,
        max_length=1000,
        description="the file's own names of the layers to read, in order: of a state dict, such "
        "as fc1; of an ONNX graph, tensors",
    )
    outputs: tuple[Text, ...] = Field(
        default=(), max_length=1000, description="name of the output to explain, of a file of many"
    )
    maps: Literal["flatten", "mean"] = Field(
        default="flatten",
        description="convolutional maps as layers: every place a unit, or the mean of each channel",
    )
    inputs: tuple[Text, ...] = Field(
        default=(),
        max_length=100_000,
        description="the dataset's inputs in the order in which the network takes them, where that "
        "is another than the dataset's",
    )
    input_mean: tuple[float, ...] = Field(
        default=(),
        max_length=100_000,
        description="with `input_scale`: the network was trained on (x - mean) / scale; a number "
        "per input, in the network's order",
    )
    input_scale: tuple[Positive, ...] = Field(
        default=(), max_length=100_000, description="see `input_mean`"
    )
    classes: tuple[Label, ...] = Field(
        default=(),
        max_length=100_000,
        description="labels of the classes in the order of the network's outputs, where the file "
        "does not say; by default sorted",
    )
    decision: Decision | None = Field(
        default=None,
        description="how outputs decide, where they are scores: the greatest (`argmax`, as of "
        "every classifier) or the least (`argmin`) names the class, or a single one is of the "
        "second class above `threshold`. Without `dataset.task` the network is a classifier then; "
        "with `task: regression` proofs tell on how much of the domain formulas decide alike",
    )
    threshold: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="with `decision: threshold`: where the second class begins; by default 0, "
        "behind a sigmoid 0.5",
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        sources = [key for key in SOURCES if getattr(self, key) is not None]
        if len(sources) != 1:
            raise ValueError("give exactly one of 'train', 'load' and 'activations'")
        if self.train is not None:
            self._check_own()
        if len(self.input_mean) != len(self.input_scale):
            raise ValueError("'input_mean' and 'input_scale' need a number per input each")
        if self.threshold is not None and self.decision != "threshold":
            raise ValueError("'threshold' needs 'decision: threshold'")
        for key in ("inputs", "classes", "layers"):
            names = getattr(self, key) or ()
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"'{key}' lists {name!r} twice")
        return self

    def _check_own(self) -> None:
        """A network trained here is of the dataset's making."""
        for key in LOADED_ONLY:
            if getattr(self, key) not in (type(self).model_fields[key].default, "argmax"):
                raise ValueError(f"'{key}' is for a network that is loaded, not for one trained")


SOURCES = ("train", "load", "activations", "callable")
"""Keys of which exactly one says where the network comes from."""

LOADED_ONLY = (
    *("layers", "outputs", "maps", "inputs", "input_mean", "input_scale", "classes"),
    *("decision", "threshold"),
)
"""Keys that only a loaded network has a use for."""
