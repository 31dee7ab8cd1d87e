"""Users of sentence-transformers, each with a model of its own: memory and time for 1, 10, 27 of them.

Weights of the same shape stand in for the real ones, which this project has as ONNX only: memory and time do not depend on
their values. Usage: users.py MODEL_FOLDER 1,10,27; prints one line of JSON.
"""

import gc
import json
import os
import shutil
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TQDM_DISABLE"] = "1"

source, users = sys.argv[1], [int(count) for count in sys.argv[2].split(",")]


def resident():
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def make_model(folder):
    """In a process of its own, so that what it takes to make one is not measured."""
    if os.fork() == 0:
        from transformers import BertConfig, BertModel

        BertModel(BertConfig.from_json_file(os.path.join(source, "config.json"))).save_pretrained(folder)
        for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
            shutil.copy(os.path.join(source, name), folder)
        os._exit(0)
    if os.wait()[1] != 0:
        sys.exit("the stand-in model could not be made")


with tempfile.TemporaryDirectory() as folder:
    make_model(folder)
    began = time.monotonic()
    from sentence_transformers import SentenceTransformer, models

    imported = (time.monotonic() - began) * 1000
    held, result = [], {"importMs": imported, "rss": [], "ms": []}
    for up_to in users:
        began = time.monotonic()
        for number in range(len(held), up_to):
            transformer = models.Transformer(folder, max_seq_length=256)
            pooling = models.Pooling(transformer.get_word_embedding_dimension(), "mean")
            held.append(SentenceTransformer(modules=[transformer, pooling], device="cpu"))
            held[-1].encode(f"where does user {number} retry a failed upload", show_progress_bar=False)
        result["ms"].append((time.monotonic() - began) * 1000)
        gc.collect()
        result["rss"].append(resident())
    print(json.dumps(result))
