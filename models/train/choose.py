"""Chooses packages to learn from: a list for fetch.py.

    python choose.py LISTS RESERVED > packages.txt

LISTS is a folder with what the registries hold: `pypi.tsv` (name, version, month, rank), `npm.tsv` (name, version, downloads),
`go-partial.tsv` and `maven-partial.tsv` (name, version). RESERVED is a file of projects that nothing may be learned from;
what the questions in benchmarks/questions are about is left out as well.
"""
import json
import random
import re
import sys
from pathlib import Path

EACH = {"pypi": 400, "npm": 500, "cargo": 250, "go": 250, "maven": 200}
# There is no list of crates, so these are by name; the newest version is taken.
CRATES = """
aho-corasick ahash anyhow approx arc-swap arrayvec async-channel async-trait atomic-waker backtrace base64 bincode bit-set bitflags
block-buffer bstr bumpalo byteorder bytemuck bytes camino cargo_metadata cc cfg-if chrono chrono-tz cipher colored
comfy-table config console const-oid cookie criterion crossbeam-channel crossbeam-deque crossbeam-epoch crossbeam-queue crossbeam-utils
crossterm csv csv-core ctrlc dashmap data-encoding deadpool derive_builder derive_more diesel diff digest dirs dotenvy either encoding_rs
enum-map env_logger erased-serde event-listener eyre fastrand figment filetime fixedbitset flate2 flume fnv fs-err futures-channel
futures-util fuzzy-matcher generic-array getrandom gimli git2 glam glob globset governor h2 half handlebars hashbrown headers heck hex hmac
home httparse httpdate humantime ignore image indexmap indicatif indoc inquire insta inventory ipnet itertools itoa jsonwebtoken
kv-log-macro lazy_static lettre libloading linked-hash-map lock_api log lru lz4_flex matchit maud md-5 memchr memmap2 mime
minijinja miniz_oxide mio mockall moka multer multimap nalgebra ndarray nix nom notify num-bigint num-complex num-integer num-rational
num-traits object once_cell opentelemetry ordered-float parking_lot parking_lot_core parse-display pem percent-encoding pest petgraph
phf pin-project plotters polling postgres-types pretty_assertions proc-macro2 prometheus proptest prost pulldown-cmark quick-xml quickcheck
quinn quote r2d2 rand rand_core rand_distr ratatui rayon rayon-core regex regex-automata regex-syntax reqwest ring ron ropey rstest
rusqlite rust_decimal rustls rustyline ryu same-file schemars scopeguard semver serde_json serde_with serde_yaml sha2 sharded-slab
signal-hook similar simd-json slab sled smallvec smol socket2 spin sqlparser sqlx-core stable_deref_trait string_cache strsim strum subtle
syn sysinfo tabled tar tempfile tera termcolor textwrap thiserror thread_local time tinyvec toml toml_edit tonic tower tower-http tracing
tracing-core tracing-subscriber trybuild tungstenite typed-arena typenum unicode-normalization unicode-segmentation unicode-width untrusted
url uuid walkdir warp wasm-bindgen winnow xml-rs zeroize zip zstd
""".split()


def names_in_use(reserved):
    used = {line.split("/")[-1].lower() for line in Path(reserved).read_text().split() if "/" in line}
    for path in (Path(__file__).parent / "../../benchmarks/questions").glob("*ibraries.json"):
        used |= {entry["repo"].lower() for entry in json.loads(path.read_text())}
    for path in (Path(__file__).parent / "../../benchmarks/questions").glob("otherLanguages.json"):
        used |= {entry["repo"].lower() for entry in json.loads(path.read_text())}
    # What is made of the same code under another name.
    return used | set("serde_core serde_derive serde_json jackson exposed wai-warp clap_builder hyper-util pydantic-core typer sanic".split())


def is_used(name, used):
    parts = [part for part in re.split(r"[/:@._-]+", name.lower()) if part]
    return any(one in (name.lower(), name.lower().split("/")[-1]) or re.split(r"[._-]+", one) == parts[-len(re.split(r"[._-]+", one)):] or parts[:1] == [one] for one in used)


def main():
    lists, reserved = Path(sys.argv[1]), sys.argv[2]
    used = names_in_use(reserved)
    rng = random.Random(11)
    rows = {name: [line.split("\t") for line in (lists / f"{name}.tsv").read_text().splitlines()[1:]] for name in ("pypi", "npm")}
    found = {
        "pypi": [(row[0], row[1]) for row in sorted((row for row in rows["pypi"] if len(row) > 3 and row[3].isdigit()), key=lambda row: int(row[3]))],
        "npm": [(row[0], row[1]) for row in sorted((row for row in rows["npm"] if len(row) > 2 and row[2].isdigit()), key=lambda row: -int(row[2])) if not row[0].startswith("@types/")],
        "cargo": [(name, "") for name in CRATES],
    }
    for ecosystem in ("go", "maven"):
        lines = [line.split("\t") for line in (lists / f"{ecosystem}-partial.tsv").read_text().splitlines()[1:]]
        served = [(row[0], row[1]) for row in lines if len(row) > 1 and re.match(r"v?\d", row[1])]
        rng.shuffle(served)
        found[ecosystem] = served
    for ecosystem, packages in found.items():
        allowed = [one for one in packages if not is_used(one[0], used)]
        for name, version in allowed[: EACH[ecosystem]]:
            print(f"{ecosystem}\t{name}\t{version}")


if __name__ == "__main__":
    main()
