"""Stands in for crane: images are kept in one JSON file, and what it says on errors is what crane 0.22 says.

`FAKE_CRANE` in the environment makes every call fail with that text.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

STORE = Path(os.environ["FAKE_HOME"]) / "images.json"
MISSING = "Error: GET http://registry/v2/x/manifests/y: MANIFEST_UNKNOWN: manifest unknown; map[Tag:y]"


def read() -> dict[str, Any]:
    return dict(json.loads(STORE.read_text())) if STORE.exists() else {}


def find(reference: str) -> dict[str, Any]:
    images = read()
    name, _, digest = reference.partition("@")
    found = images.get(reference) or next(
        (image for key, image in images.items() if digest and key.startswith(name) and image["digest"] == digest), None
    )
    if found is None:
        sys.exit(MISSING)
    return dict(found)


def options(words: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in zip(words[::2], words[1::2], strict=True):
        found.setdefault(key.removeprefix("--"), []).append(value)
    return found


def manifest(reference: str) -> str:
    if "manifest" not in (found := find(reference)):
        return json.dumps({"mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []})
    return str(found["manifest"])


def blob(reference: str) -> bytes:
    digest = reference.partition("@")[2]
    file = STORE.parent / "blobs" / digest.removeprefix("sha256:")
    if not file.exists():
        sys.exit(MISSING)
    return file.read_bytes()


def mutate(words: list[str]) -> str:
    base, given = find(words[0]), options(words[1:])
    config = {**base["config"], "User": given["user"][0]}
    config["Labels"] = {**config.get("Labels", {}), **dict(pair.split("=", 1) for pair in given["label"])}
    if "entrypoint" in given:
        config |= {"Entrypoint": given["entrypoint"][0].split(","), "Cmd": None}
    if "cmd" in given:
        config["Cmd"] = given["cmd"][0].split(",")
    layers = [hashlib.sha256(Path(layer).read_bytes()).hexdigest() for layer in given["append"]]
    image: dict[str, Any] = {"config": config, "layers": [*base.get("layers", []), *layers]}
    digest = hashlib.sha256(json.dumps(image, sort_keys=True).encode()).hexdigest()
    image["digest"] = f"sha256:{digest}"
    STORE.write_text(json.dumps({**read(), given["tag"][0]: image}))
    return f"{given['tag'][0].rpartition(':')[0]}@{image['digest']}"


def remember_login() -> None:
    """Write down which logins were offered last."""
    file = Path(os.environ["DOCKER_CONFIG"]) / "config.json"
    (STORE.parent / "login").write_text(file.read_text() if file.exists() else "")


def main(words: list[str]) -> None:
    remember_login()
    if said := os.environ.get("FAKE_CRANE"):
        sys.exit(said)
    words = [word for word in words if word != "--insecure"]
    match words:
        case ["digest", reference]:
            sys.stdout.write(find(reference)["digest"])
        case ["config", reference, "--platform", _]:
            sys.stdout.write(json.dumps({"config": find(reference)["config"]}))
        case ["manifest", reference]:
            sys.stdout.write(manifest(reference))
        case ["blob", reference]:
            sys.stdout.buffer.write(blob(reference))
        case ["mutate", *more]:
            sys.stdout.write(mutate(more))
        case _:
            sys.exit(f"Error: unknown command {words}")


if __name__ == "__main__":
    main(sys.argv[1:])
