"""The lock and the bill of materials are of what is pinned, and each fault in them is told."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def supply() -> ModuleType:
    spec = importlib.util.spec_from_file_location("supply", ROOT / "tools" / "supply.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lock_and_bill_are_of_what_is_pinned(supply: ModuleType) -> None:
    assert list(supply.faults()) == []


def test_every_package_is_locked_by_hashes(supply: ModuleType) -> None:
    text = supply.LOCK.read_text(encoding="utf-8")
    lock = supply.locked(text)
    # No line that is not of a package with its hashes.
    assert not supply._PIN.sub("", text).removeprefix(supply._HEAD).strip()
    assert len(lock) > 50
    assert all(hashes for _, hashes in lock.values())
    assert lock["torch"][0] == "2.13.0"
    assert len(lock["torch"][1]) == 1


def test_the_bill_is_valid(supply: ModuleType) -> None:
    text = supply.SBOM.read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    form = json.loads(text)
    names = {each["bom-ref"] for each in form["components"]}
    assert "encoder" in names
    assert {each["ref"] for each in form["dependencies"]} == {"policy-assistant", *names} - {"encoder"}
    assert {need for each in form["dependencies"] for need in each.get("dependsOn", ())} <= names


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda text: text.replace("uvicorn==0.54.0", "uvicorn==0.1.0"),
            r"^requirements.lock has uvicorn 0.1.0, and req",
        ),
        (
            lambda text: re.sub(r"uvicorn==.*?(?=\n\w)", "", text, flags=re.DOTALL),
            r"^requirements.lock has uvicorn none",
        ),
        (
            lambda text: re.sub(r"\nh11==.*?(?=\n\w)", "", text, flags=re.DOTALL),
            r"needs h11, which requirements.lock has",
        ),
        (lambda text: re.sub(r"(\nh11==\S+).*?(?=\n\w)", r"\1", text, flags=re.DOTALL), r"needs h11, which"),
        (lambda text: text.replace("\nh11==", "\nh11-not-there=="), r"^h11-not-there is not installed"),
        (lambda text: text.replace("\nh11==0.1", "\nh11==9.1"), r"^h11 \S+ is installed, and requirements.lock has 9"),
    ],
    ids=["other version", "pin missing", "need missing", "no hash", "not installed", "other is installed"],
)
def test_faults_of_the_lock_are_told(
    supply: ModuleType, tmp_path: Path, change: Callable[[str], str], fault: str
) -> None:
    text = supply.LOCK.read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    supply.LOCK = tmp_path / "requirements.lock"
    supply.LOCK.write_text(changed, encoding="utf-8")
    assert any(re.search(fault, each) for each in supply.faults())


def test_faults_of_the_bill_are_told(supply: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    form = json.loads(supply.SBOM.read_text(encoding="utf-8"))
    form["components"][0]["hashes"][0]["content"] = "0" * 64
    (gone,) = (each for each in form["components"] if each["bom-ref"] == "h11")
    form["components"].remove(gone)
    supply.SBOM = tmp_path / "sbom.json"
    supply.SBOM.write_text(json.dumps(form), encoding="utf-8")
    assert supply.main(["check"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "sbom.json has another encoder than the one that lies here."
    assert told[1].startswith("sbom.json has h11 none")
    assert told[-1] == "`make lock` writes both anew."
    assert supply.main(["destroy"]) == 2


def test_the_same_packages_give_the_same_bill(supply: ModuleType) -> None:
    lock = {"b": ("2", ("0",)), "a": ("1", ("0",))}
    components = [
        {"name": "A", "bom-ref": "A==1", "type": "library", "externalReferences": [{"url": "https://a.example"}]},
        {"name": "b", "bom-ref": "b==2+cpu", "type": "library"},
        {"name": "other", "bom-ref": "other==1", "type": "library"},
    ]
    needs = [{"ref": "A==1", "dependsOn": ["other==1", "b==2+cpu"]}, {"ref": "b==2+cpu"}]
    one = supply.bill({"components": components, "dependencies": needs}, lock)
    assert one == supply.bill({"components": components[::-1], "dependencies": needs[::-1]}, lock)
    assert [(each["bom-ref"], each.get("version")) for each in one["components"]][1:] == [("a", "1"), ("b", "2")]
    assert one["dependencies"][1:] == [{"ref": "a", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": []}]
    assert "https" not in json.dumps(one)
