"""ONNX: dense networks become layers of numbers, all others are run in onnxruntime."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from srnet_cli.datasets.suggest import clip, listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.graph import Feed, GraphNetwork, Layer, run_session
from srnet_cli.networks.network import Network
from srnet_cli.networks.readers.folding import NONLINEAR, NotDense, fold, known_constants
from srnet_cli.networks.readers.onnx_graph import Graph, Node, Port, read_graph
from srnet_cli.networks.readers.record import LoadedNetwork, NetworkFile, Wishes
from srnet_cli.networks.trained import Array

_MAX_INPUTS = 100_000
_MAX_TENSOR = 1 << 24
_MAX_RUN = 1 << 26  # values of all tensors of one row
_TESTED_ROWS = 4
_AGREE = 1e-4
_POOLS = ("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool")
_SHAPING = ("Flatten", "Reshape", "Identity", "Dropout", "Squeeze", "Transpose", "Cast")

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


class _Form(NamedTuple):
    """How rows go in.

    Attributes:
        shapes: of every input in one call.
        rows: in one call.
    """

    shapes: tuple[tuple[int, ...], ...]
    rows: int


@dataclass(frozen=True)
class _Request:
    """What is to be read.

    Attributes:
        graph: the graph.
        output: the tensor to explain.
        wishes: what the config says.
    """

    graph: Graph
    output: Port
    wishes: Wishes


def read(file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
    """Read an ONNX graph, as dense layers where it is such, else as it is.

    Raises:
        ModelError: the file is damaged, or a graph of which no network can be made.
    """
    graph = read_graph(file)
    request = _Request(graph, _output(graph, wishes), wishes)
    if not graph.inputs:
        raise ModelError("the graph has no input", hint="export the network with its input")
    _check_dependence(request)
    if wishes.layers is None and wishes.maps == "flatten":
        dense, why = _dense(request)
        if dense is not None:
            return dense
    else:
        why = "layers or maps of its own are asked for"
    return _run_as_it_is(request, why)


# --- what goes in and comes out -------------------------------------------------------------------


def _output(graph: Graph, wishes: Wishes) -> Port:
    """The output to explain.

    Raises:
        ModelError: there are several, and the config names none, or one that there is not.
    """
    known = {port.name: port for port in graph.outputs}
    tensors = {name for node in graph.nodes for name in node.outputs}
    if len(wishes.outputs) > 1:
        raise ModelError("an ONNX network is explained one output at a time; name one")
    if wishes.outputs:
        name = wishes.outputs[0]
        if name in known:
            return known[name]
        if name in tensors:
            return Port(name, None, is_float=True)
        raise ModelError(f"there is no output {quoted(name)}; there are {listed(list(known), 12)}")
    usable = [port for port in graph.outputs if port.is_float] or list(graph.outputs)
    if not usable:
        raise ModelError("the graph has no output", hint="export the network with its output")
    if len(usable) > 1:
        raise ModelError(
            f"the graph has {len(usable)} outputs ({listed(list(known), 12)})",
            hint="network.outputs chooses, such as outputs: [" + clip(usable[0].name) + "]",
        )
    return usable[0]


def _check_dependence(request: _Request) -> None:
    """Check that the output depends on an input."""
    wanted, sources = {request.output.name}, {port.name for port in request.graph.inputs}
    for node in reversed(request.graph.nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
    if not wanted & sources:
        raise ModelError(
            f"the output {quoted(request.output.name)} does not depend on the input",
            hint="there is nothing to explain: the graph always gives the same",
        )


def _used_inputs(request: _Request) -> list[Port]:
    wanted = {request.output.name}
    for node in reversed(request.graph.nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
    return [port for port in request.graph.inputs if port.name in wanted]


def _forms(ports: Sequence[Port]) -> list[_Form]:
    """The ways in which rows may go in, the likeliest first.

    Raises:
        ModelError: shapes are unknown, or have free dimensions beside the batch's.
    """
    shapes = []
    for port in ports:
        if port.shape is None:
            raise ModelError(f"the shape of the input {quoted(port.name)} is not known")
        if None in port.shape[1:]:
            written = " × ".join("?" if size is None else str(size) for size in port.shape)
            raise ModelError(
                f"the input {quoted(port.name)} has the free dimensions {written}",
                hint="export the network with all sizes fixed but the first",
            )
        shapes.append(port.shape)
    if sum(math.prod(size or 1 for size in shape) for shape in shapes) > _MAX_INPUTS:
        raise ModelError(f"the network has more than {_MAX_INPUTS} inputs")
    first = {shape[0] if shape else 0 for shape in shapes}
    one = tuple((1, *(size or 1 for size in shape[1:])) if shape else () for shape in shapes)
    whole = tuple(tuple(size or 1 for size in shape) for shape in shapes)
    if len(first) == 1 and 0 not in first and all(len(shape) > 1 for shape in shapes):
        batch = first.pop()
        if batch is None or batch == 1:
            return [_Form(one, 1)]
        return [_Form(one, batch), _Form(whole, 1)]
    return [_Form(whole, 1)]


def _columns(shape: tuple[int, ...]) -> int:
    return math.prod(shape)


# --- dense layers ---------------------------------------------------------------------------------


def _dense(request: _Request) -> tuple[LoadedNetwork | None, str]:
    """The network as dense layers; else None, and why not."""
    used = _used_inputs(request)
    if len(used) > 1:
        return None, f"{len(used)} inputs"
    why = ""
    for form in _forms(used):
        shape = form.shapes[0]
        try:
            folded = fold(request.graph, used[0].name, shape, request.output.name)
        except NotDense as error:
            why = why or str(error)
            continue
        network: Network = folded.network
        network.check()
        if folded.is_softmax:
            network = replace(network, output_activation="softmax")
        if not _agrees(request, used[0], form, folded.network, folded.is_softmax):
            why = why or "results that onnxruntime does not confirm"
            continue
        is_vector = len(shape) == 2 and form.rows >= 1 and shape[0] == 1
        return (
            LoadedNetwork(
                network,
                "ONNX",
                layers=folded.layers,
                shape=() if is_vector else shape,
                notes=folded.notes,
                says_output=folded.is_softmax,
            ),
            "",
        )
    return None, why


def _agrees(request: _Request, port: Port, form: _Form, network: Network, is_softmax: bool) -> bool:
    """Whether onnxruntime gives the same on random rows; true where it is not installed."""
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        return True
    rng = np.random.default_rng(0)
    columns = network.widths[0]
    rows = rng.uniform(-1.0, 1.0, (form.rows if form.rows > 1 else _TESTED_ROWS, columns))
    rows = rows.astype(np.float32).astype(np.float64)
    if network.scaler is not None:
        rows = rows * network.scaler.scale + network.scaler.mean
        rows = rows.astype(np.float32).astype(np.float64)
    expected = _reference(request, port, form, rows)
    if expected is None:
        return True
    if not expected.size:
        return False
    found = network.predict(rows)
    if is_softmax:
        from srnet_cli.networks.activations import softmax

        found = softmax(found)
        if (expected <= 0).all():
            expected = np.exp(expected)
    if found.shape != expected.shape or not np.isfinite(expected).all():
        return found.shape == expected.shape
    size = np.abs(expected).max(initial=1e-3)
    return bool(np.abs(found - expected).max(initial=0.0) <= _AGREE * size)


def _reference(request: _Request, port: Port, form: _Form, rows: Array) -> Array | None:
    """What onnxruntime gives for raw rows; None where the graph cannot be run here."""
    model = _with_outputs(request.graph, [request.output.name])
    try:
        if not _is_runnable(request):
            return None
        session = run_session(model)
        shape = port.shape or ()
        wanted = session.get_inputs()[0].type
        dtype = np.float64 if "double" in wanted else np.float32
        sizes = tuple(1 if size is None else size for size in shape)
        step = form.rows
        parts = []
        for start in range(0, len(rows), step):
            fed = rows[start : start + step].astype(dtype).reshape(sizes)
            found = np.asarray(session.run([request.output.name], {port.name: fed})[0])
            if step > 1 and found.shape[:1] != (step,):
                return np.empty((0, 0))  # its rows are no rows of a batch
            parts.append(found.astype(np.float64).reshape(step, -1))
        return np.concatenate(parts)
    except Exception:  # whatever onnxruntime cannot do, it does not confirm anything
        return None


def _is_runnable(request: _Request) -> bool:
    try:
        _check_operators(request.graph)
        _sizes(request.graph)
    except ModelError:
        return False
    return True


# --- graphs that are run --------------------------------------------------------------------------


def _run_as_it_is(request: _Request, why: str) -> LoadedNetwork:
    graph, ports = request.graph, _used_inputs(request)
    for port in ports:
        if not port.is_float:
            raise ModelError(f"the input {quoted(port.name)} takes whole numbers or text")
    _check_operators(graph)
    unused = [port.name for port in graph.inputs if port not in ports]
    if unused:
        graph = replace(graph, inputs=tuple(ports))
        request = replace(request, graph=graph)
    form = _forms(ports)[0]
    sizes = _sizes(graph)
    hidden = _hidden(request)
    softmaxes = _final_softmax(request)
    end = softmaxes.inputs[0] if softmaxes else request.output.name
    hidden = [name for name in hidden if name not in (request.output.name, end)]
    network = _graph_network(request, form, sizes, [*hidden, end])
    if softmaxes and softmaxes.op != "Sigmoid":
        network = replace(network, output_activation="softmax")
    network.check()
    learned = sum(
        constant.size for constant in graph.constants.values() if constant.dtype.kind == "f"
    )
    shape = form.shapes[0] if len(ports) == 1 and len(form.shapes[0]) != 2 else ()
    return LoadedNetwork(
        replace(network, learned=learned),
        "ONNX",
        inputs=_input_names(ports, form),
        layers=(*hidden, request.output.name),
        shape=shape,
        notes=(f"run as it is in onnxruntime: it has {why}", *_chain_notes(hidden)),
        says_output=softmaxes is not None and softmaxes.op != "Sigmoid",
    )


def _chain_notes(hidden: Sequence[str]) -> list[str]:
    if hidden:
        return []
    return ["no tensor on the way holds all that the output needs: only the output is explained"]


def _input_names(ports: Sequence[Port], form: _Form) -> tuple[str, ...]:
    """Names for the columns of several inputs."""
    if len(ports) == 1:
        return ()
    return tuple(
        f"{clip(port.name)}_{column}"
        for port, shape in zip(ports, form.shapes, strict=True)
        for column in range(math.prod(shape))
    )


def _check_operators(graph: Graph) -> None:
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
    made = [n.attributes.get("value") for n in graph.nodes if node.inputs[2] in n.outputs]
    constant = graph.constants.get(node.inputs[2], made[0] if made else None)
    return constant is None or bool(np.any(constant))


def _sizes(graph: Graph) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor for one row, as far as it can be told.

    Raises:
        ModelError: shapes do not fit, or take too much memory.
    """
    import onnx

    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    del model.graph.value_info[:]
    _put_constants(model, graph)
    for value in model.graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if axis == 0 and dim.dim_value <= 0:
                dim.dim_value = 1
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except Exception as error:  # of its own kinds
        raise ModelError(
            f"the shapes of the graph do not fit: {clip(str(error).strip(), 160)}"
        ) from error
    sizes: dict[str, tuple[int, ...]] = {}
    for value in [*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output]:
        tensor = value.type.tensor_type
        if tensor.HasField("shape") and all(dim.dim_value > 0 for dim in tensor.shape.dim):
            sizes[value.name] = tuple(dim.dim_value for dim in tensor.shape.dim)
    _check_sizes(graph, sizes)
    return sizes


def _put_constants(model: Any, graph: Graph) -> None:
    """Put what nodes make of constants alone, such as shapes, into the model in their place."""
    from onnx import numpy_helper

    known = known_constants(graph)
    kept = [node for node in model.graph.node if not all(n in known for n in node.output)]
    nodes = [type(node).FromString(node.SerializeToString()) for node in kept]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    for name, value in known.items():
        if name not in graph.constants:
            model.graph.initializer.append(
                numpy_helper.from_array(np.ascontiguousarray(value), name)
            )


def _check_sizes(graph: Graph, sizes: dict[str, tuple[int, ...]]) -> None:
    total, known = 0, known_constants(graph)
    for node in graph.nodes:
        for name in filter(None, node.outputs):
            if name not in sizes and name not in known and node.op not in ("Shape", "ZipMap"):
                if node.op in ("LSTM", "GRU", "RNN", "Dropout", "BatchNormalization", "MaxPool"):
                    continue  # second outputs
                raise ModelError(
                    f"the shape of the tensor {quoted(name)} cannot be told before the graph runs",
                    hint="export the network with all sizes fixed but the first",
                )
            size = math.prod(sizes.get(name, ()))
            total += size
            if size > _MAX_TENSOR or total > _MAX_RUN:
                raise ModelError(
                    f"the tensor {quoted(name)} would take {size} values for one row, too many"
                )


def _final_softmax(request: _Request) -> Node | None:
    """The softmax that makes the output, if there is one; of classes also a sigmoid."""
    ends = ("Softmax", "LogSoftmax", *(("Sigmoid",) if request.wishes.has_classes else ()))
    for node in request.graph.nodes:
        if request.output.name in node.outputs and node.op in ends:
            return node
    return None


def _hidden(request: _Request) -> list[str]:
    """The tensors that are layers: as asked for, or those that all later ones depend on alone.

    Raises:
        ModelError: one that is asked for is not in the graph.
    """
    graph = request.graph
    depends = _dependent(graph)
    if request.wishes.layers is not None:
        for name in request.wishes.layers:
            if name not in depends:
                near = [tensor for tensor in depends if tensor not in graph.constants]
                raise ModelError(
                    f"no tensor {quoted(name)} depends on the input; there are {listed(near, 12)}"
                )
        return list(request.wishes.layers)
    last_use = {name: place for place, node in enumerate(graph.nodes) for name in node.inputs}
    sources = {port.name for port in graph.inputs}
    hidden: list[str] = []
    alive = set(sources)
    for place, node in enumerate(graph.nodes):
        made = [name for name in node.outputs if name in depends and name in last_use]
        alive.update(made)
        alive = {name for name in alive if last_use.get(name, -1) > place}
        if node.op in NONLINEAR and len(made) == 1 and alive == set(made):
            hidden.append(made[0])
    return [_pooled(graph, name) for name in hidden]


def _dependent(graph: Graph) -> dict[str, None]:
    """The tensors that depend on an input, in order."""
    depends = dict.fromkeys(port.name for port in graph.inputs)
    for node in graph.nodes:
        if any(name in depends for name in node.inputs) and node.op not in ("Shape", "Size"):
            depends.update(dict.fromkeys(filter(None, node.outputs)))
    return depends


def _pooled(graph: Graph, name: str) -> str:
    """The tensor itself, or what pooling makes of it, where nothing else reads it."""
    readers = [node for node in graph.nodes if name in node.inputs]
    is_pooled = len(readers) == 1 and readers[0].op in _POOLS
    return readers[0].outputs[0] if is_pooled else name


def _graph_network(
    request: _Request, form: _Form, sizes: dict[str, tuple[int, ...]], names: Sequence[str]
) -> GraphNetwork:
    """The graph with its layers as outputs, in the largest batches that it takes."""
    graph = request.graph
    layers = [_layer(name, sizes, form, request.wishes.maps) for name in names]
    readout = np.eye(layers[-1].width, layers[-1].width + 1)
    types = {value.name: value.type.tensor_type.elem_type for value in graph.model.graph.input}

    def network(model: bytes, shapes: Sequence[tuple[int, ...]], rows: int) -> GraphNetwork:
        feeds = tuple(
            Feed(
                port.name,
                tuple(shape),
                _columns(shape[1:] if shape[:1] == (0,) else shape) // max(1, rows),
                "float64" if types[port.name] == 11 else "float32",
            )
            for port, shape in zip(graph.inputs, shapes, strict=True)
        )
        return GraphNetwork(model, feeds, tuple(layers), rows, readout)

    fixed_shapes = [
        tuple(size if size else 1 for size in port.shape or ()) for port in graph.inputs
    ]
    model = _with_outputs(graph, names)
    if form.shapes[0][:1] != (1,):
        return network(model, fixed_shapes, 1)
    freed = [(0, *shape[1:]) for shape in fixed_shapes]
    single = network(model, fixed_shapes, form.rows)
    if any((port.shape or (1,))[0] is None for port in graph.inputs):
        single = network(model, [(0, *shape[1:]) for shape in fixed_shapes], 0)
        single = replace(single, rows_per_call=1)
    many = network(_with_free_batch(graph, names), freed, 0)
    return many if _gives_the_same(many, single) else single


def _layer(name: str, sizes: dict[str, tuple[int, ...]], form: _Form, maps: str) -> Layer:
    if name not in sizes:
        raise ModelError(f"the shape of the tensor {quoted(name)} cannot be told")
    shape = sizes[name]
    size = math.prod(shape) // form.rows
    if maps == "mean" and len(shape) > 2 and shape[0] == form.rows:
        return Layer(name, shape[1], channels=shape[1])
    return Layer(name, size)


def _gives_the_same(many: GraphNetwork, single: GraphNetwork) -> bool:
    """Whether a graph gives for rows together what it gives for each alone."""
    rng = np.random.default_rng(0)
    count = max(3, single.rows_per_call)
    rows = rng.uniform(-1.0, 1.0, (count, many.widths[0]))
    try:
        together = many.activations(rows)
    except (ModelError, ValueError):
        return False
    alone = single.activations(rows)
    return all(
        np.allclose(some, others, rtol=1e-4, atol=1e-5, equal_nan=True)
        for some, others in zip(together, alone, strict=True)
    )


def _with_outputs(graph: Graph, names: Sequence[str]) -> bytes:
    """The model with these tensors as its outputs."""
    return _model(graph, names).SerializeToString(deterministic=True)  # type: ignore[no-any-return]


def _with_free_batch(graph: Graph, names: Sequence[str]) -> bytes:
    """The same, taking any number of rows: whether it does so rightly is for others to see."""
    model = _model(graph, names)
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if dims:
            dims[0].ClearField("dim_value")
            dims[0].dim_param = "rows"
    return model.SerializeToString(deterministic=True)  # type: ignore[no-any-return]


def _model(graph: Graph, names: Sequence[str]) -> Any:
    import onnx

    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    del model.graph.value_info[:]
    del model.graph.output[:]
    del model.metadata_props[:]
    used = {port.name for port in graph.inputs} | set(graph.constants)
    kept = [value for value in model.graph.input if value.name in used]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    for name in dict.fromkeys(names):
        model.graph.output.add().name = name
    wanted, nodes = set(names), []
    for node in reversed(model.graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            nodes.append(node)
    kept_nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes[::-1]]
    del model.graph.node[:]
    model.graph.node.extend(kept_nodes)
    return model
