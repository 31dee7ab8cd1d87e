"""Answer questions with semble, as its MCP server does: a peer of `npm run bench -- tokens`.

    python search_semble.py MODEL_FOLDER TOP_K SNIPPET_LINES

Reads `{"folder", "query"}` as a line of JSON each, and prints each answer's text as a line of JSON. MODEL_FOLDER is a static model,
or `models/all-MiniLM-L6-v2` of this project: then the model is the token embeddings of that one. Needs `pip install semble
onnx tokenizers`.
"""

import json
import sys
import tempfile
from pathlib import Path

from semble import SembleIndex
from semble.utils import format_results

from static_model import static_model

model_folder, top_k, snippet_lines = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

with tempfile.TemporaryDirectory() as made:
    model = model_folder
    if Path(model_folder, "onnx").exists():
        static_model(model_folder, made)
        model = made
    indexes = {}
    for line in sys.stdin:
        asked = json.loads(line)
        folder, query = asked["folder"], asked["query"]
        if folder not in indexes:
            indexes[folder] = SembleIndex.from_path(folder, model_path=model)
        results = indexes[folder].search(query, top_k=top_k, max_snippet_lines=snippet_lines)
        print(json.dumps(json.dumps(format_results(query, results, snippet_lines))), flush=True)
