"""Index a folder with semble and time it: the peer of `npm run bench -- real-folder`.

    python index_folder.py FOLDER MODEL_FOLDER [QUERY...]

MODEL_FOLDER is `models/all-MiniLM-L6-v2` of this project. semble embeds with a static model, a table of one vector per
token. The table here is the token embeddings of the bundled model: its speed is that of any static model of its size,
its ranking is not, so it is good for timing only. Needs `pip install semble onnx tokenizers`. Prints one line of JSON.
"""

import json
import sys
import tempfile
import time

from static_model import static_model

folder, model_folder, *queries = sys.argv[1:]

with tempfile.TemporaryDirectory() as target:
    static_model(model_folder, target)
    from semble import SembleIndex

    began = time.perf_counter()
    index = SembleIndex.from_path(folder, model_path=target)
    indexed = time.perf_counter() - began
    times = []
    for query in queries or ["where is the connection closed", "parse a header", "retry with backoff"]:
        began = time.perf_counter()
        index.search(query)
        times.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"indexMs": indexed * 1000, "chunks": len(index.chunks), "queryMs": sorted(times)[len(times) // 2]}))
