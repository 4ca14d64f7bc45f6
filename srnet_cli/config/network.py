"""Settings of the network to explain: section ``network``."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from srnet_cli.config.section import Settings
from srnet_cli.config.types import FilePath, Integer, Width


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
    alpha: float = Field(default=0.0, ge=0, description="L2 penalty")
    learning_rate: float = Field(default=1e-3, gt=0, description="initial rate of adam and sgd")
    tolerance: float = Field(
        default=1e-10, ge=0, description="gain in loss below which training ends"
    )
    early_stopping: bool = Field(
        default=False, description="stop on held-out rows; adam and sgd only"
    )

    @model_validator(mode="after")
    def _can_stop_early(self) -> Self:
        if self.early_stopping and self.solver == "lbfgs":
            raise ValueError("'early_stopping' needs solver adam or sgd, not lbfgs")
        return self


class NetworkSettings(Settings):
    """The network to explain: trained here, or loaded from a file. Exactly one of the two."""

    train: TrainSettings | None = Field(default=None, description="settings, see below")
    load: FilePath | None = Field(default=None, description=".npz or .safetensors weights")
    activation: Literal["sigmoid", "tanh", "relu"] = Field(
        default="sigmoid",
        description="hidden activation of a loaded network whose file does not say",
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.train is None) == (self.load is None):
            raise ValueError("give exactly one of 'train' and 'load'")
        return self
