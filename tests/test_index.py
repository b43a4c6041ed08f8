"""The index comes back as it was saved, and never half: a kill at any step leaves the old one or the new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AssistantError, IndexDamagedError, IndexMissingError
from assistant.index import IndexData, Stored, load, read_manifest, reading, save
from assistant.index.files import NAMES
from assistant.index.manifest import record_sha256
from assistant.index.rows import Rows
from assistant.records import check_passage, document_line, passage_line, read_document, read_passage
from assistant.types import Block, BlockKind, Clause, Document, Passage, Policy, Span
from tests.index_fixtures import document_named, made, passages_of, same


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    data = made()
    save(tmp_path / "new" / "index", data)
    loaded = load(tmp_path / "new" / "index")
    assert same(loaded, data)
    assert read_manifest(tmp_path / "new" / "index") == data.manifest
    assert isinstance(loaded.vectors.base, np.memmap)
    assert isinstance(loaded.tokens.values, Rows)


def test_an_empty_index(tmp_path: Path) -> None:
    data = made(policies=0)
    save(tmp_path, data)
    assert same(load(tmp_path), data)


def test_same_data_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(tmp_path / name, made())
    assert _files(tmp_path / "one") == _files(tmp_path / "two")
    save(tmp_path / "one", made())
    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_the_readme_and_foreign_files_stay_and_old_builds_go(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("kept")
    (tmp_path / "notes").mkdir()
    save(tmp_path, made(1))
    save(tmp_path, made(2))
    assert (tmp_path / "README.md").read_text() == "kept"
    assert (tmp_path / "notes").is_dir()
    assert len(list(tmp_path.glob("build-*"))) == 1
    assert same(load(tmp_path), made(2))


class _Killed(BaseException):
    """Ends the process as far as the code under test can tell."""


def _killing(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Lets the process end at the `at`-th step that touches the disk: neither that one nor any later one is done."""
    steps = 0

    def wrap(real: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object, **kwargs: object) -> object:
            nonlocal steps
            steps += 1
            if steps >= at:
                raise _Killed
            return real(*args, **kwargs)

        return step

    for owner, name in [(os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir"), (shutil, "rmtree")]:
        monkeypatch.setattr(owner, name, wrap(getattr(owner, name)))


@pytest.mark.parametrize("before", [1, 2], ids=["other-content-before", "same-content-before"])
def test_a_kill_at_any_step_leaves_the_old_index_or_the_new_one(tmp_path: Path, before: int) -> None:
    new = made(2)
    outcomes = []
    for at in range(1, 100):
        folder = tmp_path / str(at)
        save(folder, made(before))
        with pytest.MonkeyPatch.context() as patch:
            _killing(patch, at)
            try:
                save(folder, new)
                finished = True
            except _Killed:
                finished = False
        found = load(folder)
        outcomes.append(same(found, new))
        assert outcomes[-1] or same(found, made(before))
        save(folder, new)
        assert sorted(path.name for path in folder.iterdir() if path.name != ".lock") == sorted(
            ["manifest.json", orjson.loads((folder / "manifest.json").read_bytes())["build"]]
        )
        if finished:
            break
    assert finished
    assert at > 10
    assert outcomes[-1]


def test_a_damaged_build_is_replaced_by_the_same_content(tmp_path: Path) -> None:
    save(tmp_path, made())
    next(tmp_path.glob("build-*/passages.jsonl")).write_bytes(b"")
    save(tmp_path, made())
    assert same(load(tmp_path), made())


def test_a_reader_survives_a_new_build_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, made(1))
    real, calls = reading._open, 0

    def replaced_meanwhile(folder: Path, record: dict[str, object]) -> Stored:
        nonlocal calls
        calls += 1
        if calls == 1:
            save(tmp_path, made(2))
        return real(folder, record)

    monkeypatch.setattr(reading, "_open", replaced_meanwhile)
    assert same(load(tmp_path), made(2))
    assert calls == 2


def test_a_loaded_index_outlives_the_next_build(tmp_path: Path) -> None:
    save(tmp_path, made(1))
    loaded = load(tmp_path)
    save(tmp_path, made(2, seed=1))
    assert same(loaded, made(1))


def test_there_is_no_index(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(IndexMissingError, match=r"There is no index in .*; run python -m assistant ingest"):
            load(folder)
    (tmp_path / "README.md").write_text("only this")
    with pytest.raises(IndexMissingError):
        read_manifest(tmp_path)


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("fault", ["missing", "cut", "changed"])
def test_a_faulty_file_is_named(tmp_path: Path, name: str, fault: str) -> None:
    save(tmp_path, made())
    path = next(tmp_path.glob(f"build-*/{name}"))
    content = path.read_bytes()
    path.unlink()
    if fault == "cut":
        path.write_bytes(content[:-1])
    elif fault == "changed":
        path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    with pytest.raises(
        IndexDamagedError, match=rf"{name} is missing, cut short or changed; run python -m assistant ingest"
    ):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[]", "another format"),
        (b'{"format": 0}', "another format"),
        (b'{"format": 4}', "incomplete"),
        (b'{"format": 4, "build": "../elsewhere"}', "incomplete"),
    ],
)
def test_a_faulty_manifest_is_told(tmp_path: Path, content: bytes, wrong: str) -> None:
    save(tmp_path, made())
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(IndexDamagedError, match=rf"{wrong}.*; run python -m assistant ingest"):
        load(tmp_path)


def _damages(content: bytes) -> Iterator[bytes]:
    """The content with each byte flipped in turn, and cut before each byte."""
    for at in range(len(content)):
        yield content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 :]
        yield content[:at]


def test_every_flipped_byte_and_every_cut_is_found_and_told(tmp_path: Path) -> None:
    """White space between the words of the manifest may change; whatever loads is what was saved."""
    data = made()
    save(tmp_path, data)
    tried, loaded, told = 0, 0, set()
    for path in [tmp_path / "manifest.json", *sorted(next(tmp_path.glob("build-*")).iterdir())]:
        whole = path.read_bytes()
        for damaged in _damages(whole):
            path.write_bytes(damaged)
            tried += 1
            try:
                assert same(load(tmp_path), data)
                loaded += 1
            except IndexDamagedError as error:
                told.add((path.name, str(error).partition("cannot be used: ")[2]))
        path.write_bytes(whole)
    assert tried > 9_000
    assert loaded < tried / 100
    assert all(sentence.startswith(name) or "another format" in sentence for name, sentence in told)
    assert same(load(tmp_path), data)


def test_a_build_outside_the_folder_is_not_followed(tmp_path: Path) -> None:
    save(tmp_path, made())
    record = orjson.loads((tmp_path / "manifest.json").read_bytes())
    (tmp_path / "manifest.json").write_bytes(orjson.dumps(record | {"build": "../" + record["build"]}))
    with pytest.raises(IndexDamagedError, match="incomplete"):
        load(tmp_path)


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    save(tmp_path, made())
    record = orjson.loads((tmp_path / "manifest.json").read_bytes())
    record["counts"]["passages"] += 1
    del record["sha256"]
    (tmp_path / "manifest.json").write_bytes(orjson.dumps(record | {"sha256": record_sha256(record)}))
    with pytest.raises(IndexDamagedError, match="do not belong together"):
        load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: replace(data, vectors=data.vectors[1:]),
        lambda data: replace(data, passages=data.passages[::-1]),
        lambda data: replace(data, passages=(replace(data.passages[0], text="other"), *data.passages[1:])),
        lambda data: replace(data, documents=(data.documents[0], *data.documents)),
    ],
)
def test_what_does_not_belong_together_is_not_saved(tmp_path: Path, change: Callable[[IndexData], IndexData]) -> None:
    with pytest.raises(ValueError, match=r"differ|another id|one id"):
        save(tmp_path, change(made()))
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        AssistantError, match=r"cannot be written \(file exists\); a file is in the way: remove it, .*\."
    ):
        save(tmp_path / "file", made())


@given(st.text(), st.booleans(), st.integers(0, 9) | st.none())
def test_records_keep_everything(text: str, citable: bool, page: int | None) -> None:
    whole = Span(0, len(text))
    clause = Clause(0, text, text, None, whole, 0)
    policy = Policy("p", text, text, note=text)
    document = Document(policy, text, (Block(whole, BlockKind.ROW, number=text),), (clause,), (0,), (0, 3))
    passage = Passage(4, "p", 0, whole, text, text, text, (text, text), page, (whole,), citable)
    line, other = document_line(document), passage_line(passage)
    assert len(line.splitlines()) == len(other.splitlines()) == 1
    assert read_document(line) == document
    assert read_passage(other, 4) == passage
    check_passage(passage, document)


@pytest.mark.parametrize(
    ("field", "value"),
    [("span", [0, 99]), ("span", [-1, 3]), ("sentences", [[0, 32]]), ("clause", 2), ("clause", -1), ("text", "Data")],
)
def test_a_passage_outside_its_document_is_refused(field: str, value: object) -> None:
    document = document_named("policy-0")
    record = orjson.loads(passage_line(passages_of(document)[1])) | {field: value}
    with pytest.raises(ValueError, match=r"outside its document|not in its document|not that of its span"):
        check_passage(read_passage(orjson.dumps(record), 1), document)
