"""Trains all-MiniLM-L6-v2 further on pairs of a sentence and its code (see pairs.mjs), by in-batch contrast.

    python train.py PAIRS.jsonl OUT_DIR --weights DIR [--steps N] [--batch N] [--tokens N] [--mix A] [--gpu]

DIR has the published `model.safetensors`, `config.json` and `tokenizer.json`. OUT_DIR gets `model.safetensors`: the trained
weights times A and the published ones times 1 - A (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). A batch has
several pairs of each of its packages, so that most wrong answers are of the same package; the loss is InfoNCE in both directions
(van den Oord et al., 2018).
"""
import argparse
import json
import math
import random
import re
import time
from collections import defaultdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

PER_PACKAGE = 4
# Similarities are divided by this.
TEMPERATURE = 0.05
# Share of documents that keep the comment, and of questions without the words of the path.
WITH_COMMENT = 0.25
MASKED = 0.35


def words(text):
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())


def stem(word):
    return re.sub(r"(?:ing|ers?|ed|es|s|e)$", "", word) if len(word) > 4 else word


def masked(question, path):
    """The question without the words that its file's path has, as somebody asks who does not know the file."""
    known = {stem(word) for word in words(path)}
    kept = [word for word in question.split() if not ({stem(part) for part in words(word)} & known)]
    return " ".join(kept) if len(kept) >= 3 else question


class Batches:
    def __init__(self, pairs, batch, rng):
        self.batch, self.rng = batch, rng
        self.by_package = defaultdict(list)
        for pair in pairs:
            self.by_package[pair["p"]].append(pair)
        self.packages = [name for name, all_ in self.by_package.items() if len(all_) >= PER_PACKAGE]
        # A package counts by the root of its pairs: else a few large ones would be most of what is learned.
        self.weights = [math.sqrt(len(self.by_package[name])) for name in self.packages]

    def next(self):
        chosen = []
        while len(chosen) < self.batch:
            package = self.rng.choices(self.packages, self.weights)[0]
            chosen += self.rng.sample(self.by_package[package], PER_PACKAGE)
        questions, documents = [], []
        for pair in chosen[: self.batch]:
            document = pair["c" if self.rng.random() < WITH_COMMENT else "d"]
            question = pair["q"]
            if self.rng.random() < MASKED:
                question = masked(question, document.split("\n")[0])
            questions.append(question[:1].lower() + question[1:] if self.rng.random() < 0.5 else question)
            documents.append(document)
        return questions, documents


class Encoder(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        config = BertConfig.from_json_file(folder / "config.json")
        self.bert = BertModel(config, add_pooling_layer=False)
        weights = {name: value for name, value in load_file(folder / "model.safetensors").items() if "pooler" not in name and "position_ids" not in name}
        self.bert.load_state_dict(weights)

    def forward(self, ids, mask):
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1)
        return torch.nn.functional.normalize(mean.float(), dim=1)


def encode(tokenizer, texts, tokens, device):
    rows = [one.ids[:tokens - 1] + one.ids[-1:] if len(one.ids) > tokens else one.ids for one in tokenizer.encode_batch(texts)]
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids.to(device), mask.to(device)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs")
    parser.add_argument("out")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--rate", type=float, default=2e-5)
    parser.add_argument("--mix", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    device = "cuda" if options.gpu else "cpu"
    folder = Path(options.weights)
    published = {name: value.clone() for name, value in load_file(folder / "model.safetensors").items()}
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    pairs = [json.loads(line) for line in Path(options.pairs).read_text().splitlines()]
    rng.shuffle(pairs)
    held, pairs = pairs[:512], pairs[512:]
    batches = Batches(pairs, options.batch, rng)
    encoder = Encoder(folder).to(device)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=options.rate, weight_decay=0.01)
    warmup = max(1, options.steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.05, (options.steps - step) / max(1, options.steps - warmup)))
    )

    def held_out():
        encoder.eval()
        with torch.no_grad(), torch.autocast(device, dtype=torch.bfloat16):
            def all_(texts):
                return torch.cat([encoder(*encode(tokenizer, texts[at : at + 64], options.tokens, device)) for at in range(0, len(texts), 64)])
            scores = all_([one["q"] for one in held]) @ all_([one["d"] for one in held]).T
        encoder.train()
        ranks = (scores > scores.diag().unsqueeze(1)).sum(1)
        return (1 / (ranks + 1.0)).mean().item()

    print(f"{len(pairs)} pairs of {len(batches.packages)} packages; held-out MRR {held_out():.4f}", flush=True)
    began = time.time()
    encoder.train()
    total = 0.0
    for step in range(options.steps):
        questions, documents = batches.next()
        with torch.autocast(device, dtype=torch.bfloat16):
            a = encoder(*encode(tokenizer, questions, 48, device))
            b = encoder(*encode(tokenizer, documents, options.tokens, device))
        scores = a @ b.T / TEMPERATURE
        wanted = torch.arange(len(questions), device=device)
        loss = (torch.nn.functional.cross_entropy(scores, wanted) + torch.nn.functional.cross_entropy(scores.T, wanted)) / 2
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total += loss.item()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1}: loss {total / 50:.4f}, {(time.time() - began) / (step + 1):.2f} s a step", flush=True)
            total = 0.0
        if options.minutes and time.time() - began > options.minutes * 60:
            print(f"stopped after {step + 1} steps")
            break
    print(f"held-out MRR {held_out():.4f}")
    trained = encoder.bert.state_dict()
    mixed = {name: (options.mix * trained[name].cpu() + (1 - options.mix) * value).contiguous() if name in trained else value for name, value in published.items()}
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    save_file(mixed, str(out / "model.safetensors"))


if __name__ == "__main__":
    main()
