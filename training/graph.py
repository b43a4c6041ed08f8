"""The encoder as one graph of ONNX, so that it runs without the libraries that trained it.

The weights stay where they are, in 8 bits: they are given to the graph by the names that they have in their file, and
the graph tells how they are unpacked. ONNX Runtime does that once, when it loads the graph, except for the vectors of
word pieces: of these only those that a text needs are unpacked.

Source: Devlin et al. 2019, "BERT"; the operators of ONNX and, in the domain com.microsoft, of ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onnx import ModelProto, NodeProto, StringStringEntryProto, TensorProto, helper

from assistant.retrieval.weights import PROJECTION, QUESTION_PROJECTION, SCALE

_FLOAT, _INT64, _BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
_OPSET = 18
_IR = 9
_OF_RUNTIME = "com.microsoft"
# What is added to how much a piece attends to one of another text: e^-40 of that is left, which no float32 shows. Of
# the usual -10000 numbers below the smallest normal one are left, and a processor takes many times as long for those.
_APART = -40.0


def graph(config: Mapping[str, Any], token_dim: int) -> bytes:
    """The graph of an encoder, as a file.

    Several texts are one row of pieces, without padding, of which each attends to those of its own text alone. The
    inputs, each int64[n], tell of every piece its number (`pieces`), its place in its text from 0 (`places`) and the
    number of its text from 0, ascending (`texts`); `asked`, bool[1], tells whether the texts are questions. The outputs
    are `vectors` float32[b, dim] of the texts and `tokens` float32[n, token_dim] of the pieces, unit rows.

    Args:
        config: arguments of transformers' BertConfig.
        token_dim: dimensions of a word piece's vector.
    """
    made = _Graph()
    dim, first = config["hidden_size"], made.integers(0)
    # A batch of the one row.
    states = made.node("Unsqueeze", _embedded(made, config), first)
    together = made.node("Equal", made.node("Unsqueeze", "texts", made.integers(1)), "texts")
    mask = made.node("Unsqueeze", made.node("Cast", together, to=TensorProto.INT32), first)
    for layer in range(config["num_hidden_layers"]):
        states = _layer(made, f"encoder.layer.{layer}.", states, mask, config)
    states = made.node("Squeeze", states, first)
    # The mean over the pieces of each text, as a product with what is whose; its length does not count.
    whose = made.node("Equal", made.node("Unsqueeze", _numbers(made), made.integers(1)), "texts")
    pooled = made.node("MatMul", made.node("Cast", whose, to=_FLOAT), states)
    made.node("LpNormalization", pooled, output="vectors", axis=-1, p=2)
    projections = (made.weight(name, dim, token_dim) for name in (QUESTION_PROJECTION, PROJECTION))
    projected = made.node("MatMul", states, made.node("Where", "asked", *projections))
    made.node("LpNormalization", projected, output="tokens", axis=-1, p=2)
    return made.model({"vectors": ["b", dim], "tokens": ["n", token_dim]}).SerializeToString()


class _Graph:
    """A graph in the making; what adds something returns the name of its output."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._tensors: dict[str, TensorProto] = {}

    def node(self, operator: str, *inputs: str, output: str = "", domain: str = "", **attributes: Any) -> str:
        """An operator with one output."""
        name = output or f"{operator}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], name, domain=domain, **attributes))
        return name

    def integers(self, *values: int) -> str:
        """A constant, int64[n]."""
        name = ".".join(["integers", *map(str, values)])
        self._tensors[name] = helper.make_tensor(name, _INT64, [len(values)], values)
        return name

    def weight(self, name: str, *shape: int, kind: int = _FLOAT) -> str:
        """A tensor of the file of weights; where it lies is told when the graph is loaded."""
        elsewhere = [StringStringEntryProto(key="location", value="weights")]
        self._tensors[name] = TensorProto(
            name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL, external_data=elsewhere
        )
        return name

    def matrix(self, name: str, rows: int, columns: int, picked: str = "") -> str:
        """float32[rows, columns], or its rows `picked`, unpacked."""
        parts = (
            self.weight(name, rows, columns, kind=TensorProto.INT8),
            self.weight(name + SCALE, rows, 1, kind=TensorProto.FLOAT16),
        )
        if picked:
            parts = (self.node("Gather", parts[0], picked), self.node("Gather", parts[1], picked))
        return self.node("Mul", *(self.node("Cast", part, to=_FLOAT) for part in parts))

    def linear(self, name: str, states: str, columns: int, rows: int) -> str:
        """`states` times a matrix that is stored as rows of outputs; its bias is left to what follows."""
        weight = self.node("Transpose", self.matrix(name + ".weight", rows, columns), perm=[1, 0])
        return self.node("MatMul", states, weight)

    def model(self, outputs: Mapping[str, list[int | str]]) -> ModelProto:
        """The whole graph."""
        inputs = [helper.make_tensor_value_info(name, _INT64, ["n"]) for name in ("pieces", "places", "texts")]
        inputs.append(helper.make_tensor_value_info("asked", _BOOL, [1]))
        found = [helper.make_tensor_value_info(name, _FLOAT, shape) for name, shape in outputs.items()]
        made = helper.make_graph(self._nodes, "encoder", inputs, found, list(self._tensors.values()))
        domains = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_OF_RUNTIME, 1)]
        return helper.make_model(made, opset_imports=domains, ir_version=_IR, producer_name="training.graph")


def _embedded(made: _Graph, config: Mapping[str, Any]) -> str:
    """Word pieces → states, before the first layer."""
    dim = config["hidden_size"]
    words = made.matrix("embeddings.word_embeddings.weight", config["vocab_size"], dim, picked="pieces")
    positions = made.matrix(
        "embeddings.position_embeddings.weight", config["max_position_embeddings"], dim, picked="places"
    )
    kinds = made.matrix("embeddings.token_type_embeddings.weight", config["type_vocab_size"], dim)
    # All pieces are of the first kind.
    zero = made.integers(0)
    kind = made.node("Slice", kinds, zero, made.integers(1), zero)
    states = made.node("Add", words, made.node("Add", positions, kind))
    norm = _norm(made, "embeddings.LayerNorm", dim)
    return made.node("LayerNormalization", states, *norm, axis=-1, epsilon=config["layer_norm_eps"])


def _numbers(made: _Graph) -> str:
    """The numbers of all texts: int64[b]."""
    first, last = (made.node(operator, "texts", keepdims=0) for operator in ("ReduceMin", "ReduceMax"))
    one = made.node("Squeeze", made.integers(1))
    return made.node("Range", first, made.node("Add", last, one), one)


def _layer(made: _Graph, name: str, states: str, mask: str, config: Mapping[str, Any]) -> str:
    """One layer: attention, then two linear maps, each added to what it was made of."""
    dim, inner = config["hidden_size"], config["intermediate_size"]
    three = [f"{name}attention.self.{each}" for each in ("query", "key", "value")]
    weights = made.node("Concat", *(made.matrix(f"{each}.weight", dim, dim) for each in three), axis=0)
    biases = made.node("Concat", *(made.weight(f"{each}.bias", dim) for each in three), axis=0)
    weights = made.node("Transpose", weights, perm=[1, 0])
    heads = config["num_attention_heads"]
    seen = made.node(
        "Attention", states, weights, biases, mask, domain=_OF_RUNTIME, num_heads=heads, mask_filter_value=_APART
    )
    seen = _added(
        made, f"{name}attention.output", made.linear(f"{name}attention.output.dense", seen, dim, dim), states, config
    )
    wide = made.linear(f"{name}intermediate.dense", seen, dim, inner)
    wide = made.node("BiasGelu", wide, made.weight(f"{name}intermediate.dense.bias", inner), domain=_OF_RUNTIME)
    return _added(made, f"{name}output", made.linear(f"{name}output.dense", wide, inner, dim), seen, config)


def _added(made: _Graph, name: str, change: str, states: str, config: Mapping[str, Any]) -> str:
    """The norm of `states` with `change` and its bias added."""
    dim = config["hidden_size"]
    norm, bias = _norm(made, f"{name}.LayerNorm", dim), made.weight(f"{name}.dense.bias", dim)
    epsilon = config["layer_norm_eps"]
    return made.node("SkipLayerNormalization", change, states, *norm, bias, domain=_OF_RUNTIME, epsilon=epsilon)


def _norm(made: _Graph, name: str, dim: int) -> tuple[str, str]:
    return made.weight(f"{name}.weight", dim), made.weight(f"{name}.bias", dim)
