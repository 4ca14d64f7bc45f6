"""Programs of ``torch.export`` (``.pt2``), read without PyTorch.

Such a file is an archive of JSON and of numbers. ``program`` reads both as plain values,
``operators`` says what each of PyTorch's operators is in ONNX, ``writer`` writes the graph, and
``reading`` hands it to the reader of ONNX files: what is dense is folded, all else runs as it is.
"""
