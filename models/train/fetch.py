"""Downloads the packages of a list, from the registries that pip, npm, cargo, go and mvn are configured for.

    python fetch.py LIST DIR [--licences OUT]

LIST has lines `ecosystem<TAB>name<TAB>version`, perhaps with a licence after it. DIR/ECOSYSTEM/NAME gets the sources. Only
packages with a permissive licence are kept; OUT gets the list of these, with their licences.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PERMISSIVE = re.compile(r"\b(MIT|Apache|BSD|ISC|Unlicense|Zlib|0BSD|CC0|Python Software Foundation|PSF|BlueOak)\b", re.I)
COPYLEFT = re.compile(r"\b(?:A|L)?GPL|\bMPL|\bEPL|\bCDDL|Creative Commons Attribution|SSPL|BUSL", re.I)
LICENCE_TEXTS = {
    "MIT": "Permission is hereby granted, free of charge",
    "Apache-2.0": "Apache License",
    "BSD": "Redistribution and use in source and binary forms",
    "ISC": "Permission to use, copy, modify, and",
    "Unlicense": "This is free and unencumbered software",
}


def run(*words, cwd):
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]}: {done.stderr.strip().splitlines()[-1:] or done.returncode}")
    return done.stdout


def licence_of_texts(folder):
    for path in sorted(folder.rglob("*")):
        if not re.match(r"(?i)(licen[cs]e|copying|unlicense)", path.name) or not path.is_file():
            continue
        text = path.read_text(errors="replace")[:4000]
        if COPYLEFT.search(text) or "GNU" in text:
            return "copyleft"
        for name, words in LICENCE_TEXTS.items():
            if words in text:
                return name
    return ""


def pypi(name, version, work):
    run("python3", "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", ".", f"{name}=={version}", cwd=work)
    with zipfile.ZipFile(next(work.glob("*.whl"))) as wheel:
        wheel.extractall(work / "out")
    metadata = next((work / "out").glob("*.dist-info/METADATA")).read_text(errors="replace").split("\n\n")[0]
    lines = re.findall(r"^(?:License|License-Expression|Classifier: License ::)[: ]*(.{1,200})$", metadata, re.M)
    return " ".join(lines)


def npm(name, version, work):
    run("npm", "pack", "--silent", f"{name}@{version}", cwd=work)
    (work / "out").mkdir()
    run("tar", "xzf", str(next(work.glob("*.tgz"))), "-C", "out", "--strip-components=1", cwd=work)
    licence = json.loads((work / "out" / "package.json").read_text()).get("license", "")
    return licence if isinstance(licence, str) else licence.get("type", "")


def cargo(name, version, work):
    (work / "src").mkdir()
    (work / "src" / "lib.rs").touch()
    package = '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n'
    (work / "Cargo.toml").write_text(f'{package}{name} = "={version}"\n' if version else f'{package}{name} = "*"\n')
    run("cargo", "vendor", "-q", "vendor", cwd=work)
    shutil.move(work / "vendor" / name, work / "out")
    manifest = (work / "out" / "Cargo.toml").read_text()
    return "".join(re.findall(r'^license = "(.*)"', manifest, re.M))


def go(name, version, work):
    found = json.loads(run("go", "mod", "download", "-json", f"{name}@{version}", cwd=work))
    shutil.copytree(found["Dir"], work / "out")
    run("chmod", "-R", "u+w", "out", cwd=work)
    return licence_of_texts(work / "out")


def maven(name, version, work):
    run("mvn", "-q", "-B", "dependency:copy", f"-Dartifact={name}:{version}:jar:sources", "-DoutputDirectory=.", cwd=work)
    with zipfile.ZipFile(next(work.glob("*.jar"))) as jar:
        jar.extractall(work / "out")
    licence = licence_of_texts(work / "out")
    if licence:
        return licence
    run("mvn", "-q", "-B", "dependency:copy", f"-Dartifact={name}:{version}:pom", "-DoutputDirectory=.", cwd=work)
    pom = next(work.glob("*.pom")).read_text(errors="replace")
    return " ".join(re.findall(r"<license>\s*<name>(.*?)</name>", pom))


FETCH = {"pypi": pypi, "npm": npm, "cargo": cargo, "go": go, "maven": maven}


def fetch(line, folder):
    ecosystem, name, version = (line.split("\t") + ["", ""])[:3]
    target = folder / ecosystem / name.replace("/", "__").replace(":", "__")
    known = target / ".licence"
    if known.exists():
        return ecosystem, name, version, known.read_text()
    work = Path(tempfile.mkdtemp(prefix="fetch-"))
    try:
        licence = FETCH[ecosystem](name, version, work).strip()
        if not PERMISSIVE.search(licence) or COPYLEFT.search(licence):
            return ecosystem, name, version, ""
        licence = re.sub(r"\s+", " ", licence)[:60]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(work / "out", target)
        known.write_text(licence)
        return ecosystem, name, version, licence
    except Exception as error:  # One that cannot be had is left out, and said.
        print(f"{ecosystem} {name} {version}: {str(error)[:160]}")
        return ecosystem, name, version, ""
    finally:
        shutil.rmtree(work, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("list")
    parser.add_argument("folder")
    parser.add_argument("--licences")
    parser.add_argument("--at-once", type=int, default=4)
    options = parser.parse_args()
    lines = [line for line in Path(options.list).read_text().splitlines() if line and not line.startswith("#")]
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    with ThreadPoolExecutor(options.at_once) as pool:
        rows = list(pool.map(lambda line: fetch(line, Path(options.folder)), lines))
    kept = [row for row in rows if row[3]]
    print(f"{len(kept)} of {len(rows)} packages")
    if options.licences:
        Path(options.licences).write_text("".join("\t".join(row) + "\n" for row in kept))


if __name__ == "__main__":
    main()
