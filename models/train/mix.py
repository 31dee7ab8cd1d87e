"""The mean of several models' weights (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022).

    python mix.py OUT FOLDER=SHARE FOLDER=SHARE …

Each FOLDER has a `model.safetensors`; the shares add up to 1. OUT gets one.
"""
import sys
from pathlib import Path

from safetensors.numpy import load_file, save_file

out, parts = Path(sys.argv[1]), [part.rsplit("=", 1) for part in sys.argv[2:]]
models = [(load_file(str(Path(folder) / "model.safetensors")), float(share)) for folder, share in parts]
first = models[0][0]
mean = {name: sum(weights[name] * share for weights, share in models).astype(value.dtype) if value.dtype.kind == "f" else value for name, value in first.items()}
out.mkdir(parents=True, exist_ok=True)
save_file(mean, str(out / "model.safetensors"))
