"""A static model, one vector per token, from the token embeddings of the bundled model."""

from pathlib import Path


def static_model(model_folder: str, target: str) -> None:
    import numpy as np
    import onnx
    from model2vec import StaticModel
    from onnx import numpy_helper
    from tokenizers import Tokenizer

    graph = onnx.load(str(Path(model_folder, "onnx", "model.onnx"))).graph
    tables = [numpy_helper.to_array(t) for t in graph.initializer if len(t.dims) == 2 and t.dims[0] > 30_000]
    tokenizer = Tokenizer.from_file(str(Path(model_folder, "tokenizer.json")))
    StaticModel(vectors=tables[0].astype(np.float32), tokenizer=tokenizer).save_pretrained(target)
