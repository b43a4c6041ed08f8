"""What the assistant is made of: requirements.lock with hashes, sbom.json in CycloneDX' form, and if they are true.

`python tools/supply.py write` makes both anew, by pip-tools and cyclonedx-bom, from requirements.txt, constraints.txt
and the packages that are installed; the same input gives the same files. `check` compares them, and asks no other host.

Source: CycloneDX 1.6 (ECMA-424); pip's hash-checking mode.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
SBOM = ROOT / "sbom.json"
ENCODER = ROOT / "assistant" / "retrieval" / "model" / "encoder.safetensors"
_HEAD = (
    "# Every package that the assistant runs with, by the hashes of its files; written by `make lock`.\n"
    "# Of torch only the build without CUDA, for x86-64 and Python 3.11, is accepted.\n"
)
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)
_COMPILE = (
    "--quiet --generate-hashes --no-annotate --no-header --strip-extras --allow-unsafe --no-emit-index-url "
    "--no-emit-find-links --no-emit-trusted-host --no-emit-options"
).split()


def locked(text: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Canonical name → version and hashes of every package in a lock file."""
    return {
        canonicalize_name(name): (version, tuple(re.findall(r"sha256:(\w+)", hashes)))
        for name, version, hashes in _PIN.findall(text)
    }


def pinned(text: str) -> dict[str, str]:
    """Canonical name → version of every line of a requirements file that names a package."""
    lines = (line for line in text.splitlines() if line and not line.startswith(("#", "-")))
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in requirements}


def write() -> None:
    """Writes both files."""
    LOCK.write_text(_HEAD + _compiled(), encoding="utf-8")
    form = bill(_environment(), locked(LOCK.read_text(encoding="utf-8")))
    SBOM.write_text(json.dumps(form, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _compiled() -> str:
    """The lock as pip-tools makes it, without its remarks; a local version such as +cpu is told by the hash alone."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "requirements.lock"
        command = [sys.executable, "-m", "piptools", "compile", *_COMPILE, "--output-file", made, "requirements.txt"]
        subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
        text = made.read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n|^\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^(\S+==[^\s+]+)\+\S+", r"\1", text, flags=re.MULTILINE)


def _environment() -> dict[str, Any]:
    """What cyclonedx-bom tells of the packages that are installed."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--of", "JSON"]
    done = subprocess.run([*command, sys.executable], cwd=ROOT, check=True, capture_output=True)
    form: dict[str, Any] = json.loads(done.stdout)
    return form


def bill(environment: Mapping[str, Any], lock: Mapping[str, tuple[str, tuple[str, ...]]]) -> dict[str, Any]:
    """The bill of materials of what is locked alone, with the encoder and without addresses.

    Args:
        environment: bill of everything that is installed.
        lock: as `locked` gives it.
    """
    kept = [each for each in environment["components"] if canonicalize_name(each["name"]) in lock]
    names = {each["bom-ref"]: canonicalize_name(each["name"]) for each in kept}
    needs = {each["ref"]: each.get("dependsOn", ()) for each in environment["dependencies"]}
    components = []
    for each in kept:
        name = canonicalize_name(each["name"])
        version, _ = lock[name]
        components.append(
            {
                **{key: each[key] for key in ("type", "licenses") if key in each},
                "name": each["name"],
                "version": version,
                "bom-ref": name,
                "purl": f"pkg:pypi/{name}@{version}",
            }
        )
    direct = sorted(canonicalize_name(name) for name in pinned((ROOT / "requirements.txt").read_text(encoding="utf-8")))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "policy-assistant", "bom-ref": "policy-assistant"},
            "licenses": [{"license": {"id": "Apache-2.0"}}],
        },
        "components": [_encoder(), *sorted(components, key=lambda each: str(each["bom-ref"]))],
        "dependencies": [
            {"ref": "policy-assistant", "dependsOn": ["encoder", *direct]},
            *sorted(
                (
                    {"ref": name, "dependsOn": sorted({names[need] for need in needs.get(ref, ()) if need in names})}
                    for ref, name in names.items()
                ),
                key=lambda each: str(each["ref"]),
            ),
        ],
    }


def _encoder() -> dict[str, Any]:
    """The model that lies in the repository."""
    with ENCODER.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "type": "machine-learning-model",
        "bom-ref": "encoder",
        "name": "multilingual-e5-small, tuned",
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": [{"license": {"id": "MIT"}}],
    }


def faults() -> Iterator[str]:
    """What is wrong with the lock and the bill, one sentence each."""
    lock = locked(LOCK.read_text(encoding="utf-8"))
    pins = pinned((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    constraints = pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    for name, version in pins.items():
        if lock.get(name, ("none",))[0] != version:
            yield f"requirements.lock has {name} {lock.get(name, ('none',))[0]}, and requirements.txt pins {version}."
    for name, (version, _) in lock.items():
        if constraints.get(name, version) != version:
            yield f"requirements.lock has {name} {version}, and constraints.txt {constraints[name]}."
        yield from _installed(name, version, lock)
    encoder, *packages = json.loads(SBOM.read_text(encoding="utf-8"))["components"]
    if encoder != _encoder():
        yield "sbom.json has another encoder than the one that lies here."
    listed = {each["bom-ref"]: each["version"] for each in packages}
    for name in sorted({*listed, *lock}):
        if listed.get(name, "none") != lock.get(name, ("none",))[0]:
            yield f"sbom.json has {name} {listed.get(name, 'none')}, and requirements.lock another version of it."


def _installed(name: str, version: str, lock: Mapping[str, object]) -> Iterator[str]:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        yield f"{name} is not installed, and requirements.lock has it."
        return
    if Version(found.version).public != Version(version).public:
        yield f"{name} {found.version} is installed, and requirements.lock has {version}."
    for text in found.requires or ():
        need = Requirement(text)
        needed = need.marker is None or need.marker.evaluate({"extra": ""})
        if needed and canonicalize_name(need.name) not in lock:
            yield f"{name} needs {need.name}, which requirements.lock has not."


def main(arguments: list[str]) -> int:
    """Runs `write` or `check`; 1 where a check finds a fault."""
    if arguments == ["write"]:
        write()
        return 0
    if arguments == ["check"]:
        found = list(faults())
        sys.stderr.writelines(f"{fault}\n" for fault in found)
        if found:
            sys.stderr.write("`make lock` writes both anew.\n")
        return bool(found)
    sys.stderr.write("usage: python tools/supply.py write | check\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
