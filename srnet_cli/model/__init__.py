"""The symbolic network: layers of expressions, each with its linear readout."""

from srnet_cli.model.symbolic import SymbolicLayer, SymbolicNetwork

__all__ = ["SymbolicLayer", "SymbolicNetwork"]
