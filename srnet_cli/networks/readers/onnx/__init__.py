"""ONNX files: dense networks become layers of numbers, all others are run in onnxruntime.

``reading`` is where it begins. A file is looked at before it is parsed (``protobuf_scan``), becomes
a graph of plain values (``graph``), and is asked for one output (``request``). Then either

* ``dense`` makes dense layers of it, with the operators of ``folding``, and has onnxruntime confirm
  them (``confirming``), or
* ``running`` keeps the graph: ``runnable`` says which operators may run, ``sizes`` how much memory
  they may take, ``layers`` which tensors are layers, ``models`` writes the graph that runs.
"""
