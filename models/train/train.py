"""Trains all-MiniLM-L6-v2 further on pairs of a question and its code, by in-batch contrast.

    python train.py OUT --weights DIR --pairs PAIRS.jsonl [--files FILES.jsonl --questions QUESTIONS.tsv] [--steps N] [--gpu]

PAIRS.jsonl comes from pairs.mjs. FILES.jsonl comes from files.mjs, and QUESTIONS.tsv has the questions about these files: lines
`package<TAB>path<TAB>question<TAB>question…`. DIR has the published `model.safetensors`, `config.json` and `tokenizer.json`.
OUT/model.safetensors are the trained weights, and OUT/at-STEP those of a step on the way.

Half of a batch are questions about files, where there are some. A batch has several pairs of each of its packages, so that most
wrong answers are of the same package. The loss is InfoNCE in both directions (van den Oord et al., 2018).
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
QUESTION_TOKENS = 32
# Share of documents that keep the comment, of questions without the words of the path, and of answers that are the whole file.
WITH_COMMENT = 0.25
MASKED = 0.35
WHOLE_FILE = 0.6
# Packages that are kept to see how well the model does.
HELD_OUT = 24


def words(text):
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())


def stem(word):
    return re.sub(r"(?:ing|ers?|ed|es|s|e)$", "", word) if len(word) > 4 else word


def masked(question, path):
    """The question without the words that its file's path has, as somebody asks who does not know the file."""
    known = {stem(word) for word in words(path)}
    kept = [word for word in question.split() if not ({stem(part) for part in words(word)} & known)]
    return " ".join(kept) if len(kept) >= 3 else question


class Source:
    """Things to ask about, by package. A package counts by the root of its number: else a few large ones would be most of it."""

    def __init__(self, things, rng):
        self.rng = rng
        self.by_package = defaultdict(list)
        for thing in things:
            self.by_package[thing["p"]].append(thing)
        self.packages = [name for name, all_ in self.by_package.items() if len(all_) >= PER_PACKAGE]
        self.weights = [math.sqrt(len(self.by_package[name])) for name in self.packages]

    def choose(self, count):
        chosen, seen = [], set()
        while len(chosen) < count:
            package = self.rng.choices(self.packages, self.weights)[0]
            if package in seen:
                continue
            seen.add(package)
            chosen += self.rng.sample(self.by_package[package], PER_PACKAGE)
        return chosen[:count]


def of_pair(pair, rng):
    document = pair["c" if rng.random() < WITH_COMMENT else "d"]
    question = pair["q"]
    if rng.random() < MASKED:
        question = masked(question, document.split("\n")[0])
    return (question[:1].lower() + question[1:] if rng.random() < 0.5 else question), document


def of_file(file, rng):
    at = rng.randrange(len(file["q"]))
    return file["q"][at], file["s"] if rng.random() < WHOLE_FILE else file["d"][file["best"][at]]


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


class Texts:
    def __init__(self, folder, device):
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.device = device

    def batch(self, texts, tokens):
        rows = [one.ids[: tokens - 1] + one.ids[-1:] if len(one.ids) > tokens else one.ids for one in self.tokenizer.encode_batch(texts)]
        longest = max(map(len, rows))
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.zeros(len(rows), longest, dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
            mask[i, : len(row)] = 1
        return ids.to(self.device), mask.to(self.device)


def embed(encoder, texts, all_, tokens):
    """Vectors of texts, without gradients, in their order: count x 384."""
    order = sorted(range(len(all_)), key=lambda i: len(all_[i]))
    vectors = torch.zeros(len(all_), 384)
    encoder.eval()
    with torch.no_grad(), torch.autocast(texts.device, dtype=torch.bfloat16):
        for at in range(0, len(order), 64):
            part = order[at : at + 64]
            vectors[part] = encoder(*texts.batch([all_[i] for i in part], tokens)).cpu()
    encoder.train()
    return vectors


def read_files(path, table):
    """Files with their questions, `q`."""
    questions = {}
    for line in Path(table).read_text().splitlines():
        package, file, *asked = line.split("\t")
        questions[package, file] = asked
    files = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return [{**file, "q": questions[file["p"], file["f"]]} for file in files if (file["p"], file["f"]) in questions and file["d"]]


def choose_chunks(files, encoder, texts):
    """`best`: for each question the chunk of its file that is nearest to it."""
    chunks = [chunk for file in files for chunk in file["d"]]
    asked = [question for file in files for question in file["q"]]
    vectors, wanted = embed(encoder, texts, chunks, 64), embed(encoder, texts, asked, QUESTION_TOKENS)
    chunk = question = 0
    for file in files:
        of_file_ = vectors[chunk : chunk + len(file["d"])]
        file["best"] = (wanted[question : question + len(file["q"])] @ of_file_.T).argmax(1).tolist()
        chunk, question = chunk + len(file["d"]), question + len(file["q"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--pairs", required=True)
    parser.add_argument("--files")
    parser.add_argument("--questions")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rate", type=float, default=4e-5)
    parser.add_argument("--save-every", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    device = "cuda" if options.gpu else "cpu"
    folder, out = Path(options.weights), Path(options.out)
    published = load_file(folder / "model.safetensors")
    texts, encoder = Texts(folder, device), Encoder(folder).to(device)

    pairs = [json.loads(line) for line in Path(options.pairs).read_text().splitlines()]
    files = read_files(options.files, options.questions) if options.files else []
    choose_chunks(files, encoder, texts)
    held = set(rng.sample(sorted({file["p"] for file in files} or {pair["p"] for pair in pairs}), HELD_OUT))
    held_files = [file for file in files if file["p"] in held]
    sources = [(Source([pair for pair in pairs if pair["p"] not in held], rng), of_pair)]
    if files:
        sources.append((Source([file for file in files if file["p"] not in held], rng), of_file))

    def held_out():
        """Mean reciprocal rank of a file among those of its package, for each kind of question."""
        if not held_files:
            return ""
        documents = embed(encoder, texts, [file["s"] for file in held_files], 256)
        figures = []
        for kind in range(3):
            asked = [(i, file["q"][kind]) for i, file in enumerate(held_files) if len(file["q"]) > kind]
            scores = embed(encoder, texts, [question for _, question in asked], QUESTION_TOKENS) @ documents.T
            ranks = []
            for row, (i, _) in enumerate(asked):
                same = [j for j, file in enumerate(held_files) if file["p"] == held_files[i]["p"]]
                ranks.append(1 / (1 + sum((scores[row, j] > scores[row, i]).item() for j in same)))
            figures.append(f"{sum(ranks) / len(ranks):.4f}")
        return "held-out MRR " + " ".join(figures)

    def save(to):
        trained = encoder.bert.state_dict()
        to.mkdir(parents=True, exist_ok=True)
        save_file({name: trained[name].cpu().contiguous() if name in trained else value for name, value in published.items()}, str(to / "model.safetensors"))

    optimizer = torch.optim.AdamW(encoder.parameters(), lr=options.rate, weight_decay=0.01)
    warmup = max(1, options.steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.05, (options.steps - step) / max(1, options.steps - warmup)))
    )
    print(f"{len(pairs)} pairs, {sum(len(file['q']) for file in files)} questions about {len(files)} files; {held_out()}", flush=True)
    began, total = time.time(), 0.0
    encoder.train()
    for step in range(1, options.steps + 1):
        share = options.batch // len(sources)
        batch = [make(thing, rng) for source, make in sources for thing in source.choose(share)]
        with torch.autocast(device, dtype=torch.bfloat16):
            a = encoder(*texts.batch([question for question, _ in batch], QUESTION_TOKENS))
            b = encoder(*texts.batch([document for _, document in batch], options.tokens))
        scores = a @ b.T / TEMPERATURE
        wanted = torch.arange(len(batch), device=device)
        loss = (torch.nn.functional.cross_entropy(scores, wanted) + torch.nn.functional.cross_entropy(scores.T, wanted)) / 2
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total += loss.item()
        if step % 50 == 0:
            print(f"step {step}: loss {total / 50:.4f}, {(time.time() - began) / step:.2f} s a step", flush=True)
            total = 0.0
        if step % options.save_every == 0 and step < options.steps:
            print(f"step {step}: {held_out()}", flush=True)
            save(out / f"at-{step}")
    print(held_out())
    save(out)


if __name__ == "__main__":
    main()
