"""Which operators are run: a further one is a word here."""

from __future__ import annotations

import re

import numpy as np

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.onnx.graph import Graph, Node

# Operators whose results have sizes that follow from those of what goes in, and that give the same
# for the same rows: no loops, no random numbers, nothing that a few bytes can blow up.
_RUNNABLE = frozenset(
    re.findall(
        r"\w+",
        """
        Abs Acos Add And ArgMax ArgMin Asin Atan AveragePool BatchNormalization Cast Ceil
        Celu Clip Concat Constant Conv ConvTranspose Cos Cosh DepthToSpace Div Dropout Elu
        Equal Erf Exp Flatten Floor GRU Gather GatherElements Gelu Gemm GlobalAveragePool
        GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish
        Hardmax Identity InstanceNormalization LRN LSTM LayerNormalization LeakyRelu Less
        LessOrEqual Log LogSoftmax LpNormalization LpPool MatMul Max MaxPool Mean
        MeanVarianceNormalization Min Mish Mod Mul Neg Not Or PRelu Pad Pow RNN Reciprocal
        ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
        ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round Selu Shape Sigmoid Sign Sin
        Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum
        Swish Tan Tanh ThresholdedRelu Transpose Unsqueeze Where Xor RMSNormalization Scaler
        Normalizer Imputer LinearRegressor LinearClassifier ArrayFeatureExtractor ZipMap
        """,
    )
)


def check_operators(graph: Graph) -> None:
    """Check that every operator of a graph may be run.

    Raises:
        ModelError: one may not.
    """
    for node in graph.nodes:
        if node.op not in _RUNNABLE:
            raise ModelError(
                f"the graph has the operator {quoted(node.op)}, which is not run here "
                f"(operators: {graph.operators})",
                hint="export the network without it, or the part before it",
            )
        if node.op == "Dropout" and _trains(graph, node):
            raise ModelError(
                "the graph has a Dropout in training mode, which gives random values",
                hint="export the network in evaluation mode: model.eval()",
            )


def _trains(graph: Graph, node: Node) -> bool:
    if len(node.inputs) < 3 or not node.inputs[2]:
        return False
    name = node.inputs[2]
    values = [maker.attributes.get("value") for maker in graph.nodes if name in maker.outputs]
    constant = graph.constants.get(name, values[0] if values else None)
    return constant is None or bool(np.any(constant))
