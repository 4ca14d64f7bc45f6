"""How faithful formulas are to the network: layers, units, classes, inputs, and where they fail."""
