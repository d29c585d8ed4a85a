"""Stands in for buildah: an image is the labels, the user and the files that a Containerfile copies, kept as JSON.

`FAKE_BUILDAH_<VERB>` in the environment makes that verb fail with that text. Pushed images go where the stand-in for
crane keeps its own.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

HOME = Path(os.environ["FAKE_HOME"])
STORE = HOME / "images.json"
FLAGS = {"--layers=false", "--identity-label=false", "--tls-verify=false"}


def read(words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Tell options, each with a value, from the other words."""
    options: dict[str, list[str]] = {}
    others: list[str] = []
    queue = [word for word in words if word not in FLAGS]
    while queue:
        word = queue.pop(0)
        if word.startswith("--"):
            options.setdefault(word[2:], []).append(queue.pop(0))
        else:
            others.append(word)
    return options, others


def build(store: Path, options: dict[str, list[str]], context: Path) -> None:
    lines = Path(options["file"][0]).read_text().splitlines()
    users = [line.removeprefix("USER ") for line in lines if line.startswith("USER ")]
    copied = [line.split()[1] for line in lines if line.startswith("COPY ")]
    base = dict(pair.split("=", 1) for pair in options["build-arg"])["BASE_IMAGE"]
    image: dict[str, Any] = {
        "config": {
            "User": users[-1] if users else "",
            "Labels": dict(pair.split("=", 1) for pair in options["label"]),
        },
        "base": base,
        "files": {name: hashlib.sha256((context / name).read_bytes()).hexdigest() for name in copied},
        "modes": {path.name: oct(path.stat().st_mode & 0o777) for path in sorted(context.iterdir()) if path.is_file()},
    }
    image["digest"] = f"sha256:{hashlib.sha256(json.dumps(image, sort_keys=True).encode()).hexdigest()}"
    store.mkdir(parents=True, exist_ok=True)
    (store / "image.json").write_text(json.dumps(image))
    sys.stdout.write("".join(f"STEP {number}: {line}\n" for number, line in enumerate(lines, 1)))


def push(store: Path, options: dict[str, list[str]], name: str) -> None:
    image = json.loads((store / "image.json").read_text())
    known = json.loads(STORE.read_text()) if STORE.exists() else {}
    STORE.write_text(json.dumps({**known, name: {**image, "authfile": options.get("authfile")}}))
    Path(options["digestfile"][0]).write_text(os.environ.get("FAKE_DIGEST", image["digest"]))


def main(words: list[str]) -> None:
    options, (verb, *rest) = read(words)
    if said := os.environ.get(f"FAKE_BUILDAH_{verb.upper()}"):
        sys.exit(said)
    assert options["storage-driver"] == ["vfs"]
    store = Path(options["root"][0])
    if verb == "build":
        assert options["isolation"] == ["chroot"]
        build(store, options, Path(rest[0]))
    elif verb == "inspect":
        sys.stdout.write(json.loads((store / "image.json").read_text())["config"]["User"] + "\n")
    elif verb == "push":
        assert rest[1] == f"docker://{rest[0]}"
        push(store, options, rest[0])


if __name__ == "__main__":
    main(sys.argv[1:])
