"""A graph as a stack of dense layers: ``folder`` walks it, every operator is a row of a table.

Activations and what else acts on every element alone are rows of ``activations``. Linear operators
are rows of the table at the end of their family's module: ``passing``, ``affine``, ``shapes``,
``pooling``, ``convolution``, ``normalisation``. They compute with the ``values`` and the
``arithmetic`` of the room.
"""
