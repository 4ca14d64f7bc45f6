"""Trained networks: their layers' activations, training, and one loader a file format."""

from srnet_cli.networks.activations import Activation, OutputActivation, sigmoid, softmax
from srnet_cli.networks.formats import (
    FORMATS,
    load_network,
    network_from_bytes,
    network_to_bytes,
    save_network,
    stored_network,
)
from srnet_cli.networks.loading import Provenance, load_or_train
from srnet_cli.networks.network import Network, Scaler, fit_scaler
from srnet_cli.networks.quality import (
    ClassificationQuality,
    NetworkQuality,
    RegressionQuality,
    quality,
)
from srnet_cli.networks.trained import TrainedNetwork
from srnet_cli.networks.training import Training, train_network

__all__ = [
    "FORMATS",
    "Activation",
    "ClassificationQuality",
    "Network",
    "NetworkQuality",
    "OutputActivation",
    "Provenance",
    "RegressionQuality",
    "Scaler",
    "TrainedNetwork",
    "Training",
    "fit_scaler",
    "load_network",
    "load_or_train",
    "network_from_bytes",
    "network_to_bytes",
    "quality",
    "save_network",
    "sigmoid",
    "softmax",
    "stored_network",
    "train_network",
]
