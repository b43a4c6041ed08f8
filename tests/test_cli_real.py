"""The command line over real policies with the real encoder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import cli, freshness
from assistant.ask import Assistant
from assistant.evaluation.evaluate import evaluate
from assistant.evaluation.metrics import Metrics
from assistant.evaluation.questions import read_questions
from assistant.evaluation.report import rows
from assistant.types import fold, text_sha256

PARKING = (
    "Parking Privacy Policy\n\n1. Data\nWe keep your number plate for 30 days.\n\n"
    "2. Sharing\nWe never sell your data.\n"
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A corpus of one policy, with room for an index beside it."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "parking.txt").write_text(PARKING, encoding="utf-8")
    return folder


def run(*argv: object) -> int:
    return cli.main([str(argument) for argument in argv])


def test_ask_quotes_word_for_word(
    corpus: Path, index_dir: Path, assistant: Assistant, capsys: pytest.CaptureFixture[str]
) -> None:
    question = "Does i2istudy sell my personal data?"
    assert run("ask", question, "--json", "--corpus", corpus, "--index", index_dir) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "answered"
    for citation in answer["citations"] + answer["related"]:
        document = assistant.document(citation["policy"])
        start, end = citation["span"]
        assert citation["quote"] == document.text[start:end]
        assert citation["document_sha256"] == text_sha256(document.text)
        assert all(start <= first < last <= end for first, last in citation["marks"])
    assert {citation["policy"] for citation in answer["citations"]} == {"i2istudy-privacy-policy"}
    assert [policy["id"] for policy in answer["policies"]] == ["i2istudy-privacy-policy"]


def test_clause_prints_the_clause_and_those_below(index_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clause", "unistudy-privacy-policy", "5.8.3", "--index", index_dir) == 0
    assert "The transfer (distribution, provision, access) of personal data" in capsys.readouterr().out
    assert run("clause", "unistudy-privacy-policy", "5.8", "--index", index_dir) == 0
    whole = fold(capsys.readouterr().out)
    for words in ("is formalized separately from other consents", "Within three working days", "ceases to be valid"):
        assert words in whole


@pytest.mark.parametrize(
    "argv",
    [
        ["clause", "unistudy-privacy-policy", "99.9"],
        ["clause", "no-such-policy", "1"],
        ["ask", "Do you sell data?", "--policy", "no-such-policy"],
        ["ask", " "],
        ["ask", "data? " * 10_000],
    ],
)
def test_errors_that_can_be_mended(argv: list[str], index_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*argv, "--index", index_dir) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert len(printed.err) < 300


def test_policies_lists_the_corpus(corpus: Path, index_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("policies", "--index", index_dir) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(path.stem for path in corpus.glob("*.txt"))


def test_a_missing_index_is_built_and_a_stale_one_too(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = small.parent / "index"
    argv = ("ask", "How long do you keep my number plate?", "--corpus", small, "--index", index)
    assert run(*argv) == 0
    printed = capsys.readouterr()
    assert "30 days" in printed.out
    assert printed.err.startswith(f"Building the index of {small}/ …\n1 documents, ")
    assert run(*argv) == 0
    assert capsys.readouterr() == (printed.out, ""), "an index that is up to date is left alone"
    (small / "parking.txt").write_text(PARKING.replace("30", "45"), encoding="utf-8")
    assert run(*argv) == 0
    printed = capsys.readouterr()
    assert "45 days" in printed.out
    assert printed.err.startswith("Building the index")


def test_an_index_named_alone_is_used_as_it_stands(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index = small.parent / "index"
    assert run("ingest", "--corpus", small, "--index", index) == 0
    other = small.parent / "elsewhere" / "corpus"
    other.mkdir(parents=True)
    (other / "other.txt").write_text("Other Privacy Policy\n\nWe keep nothing.\n", encoding="utf-8")
    monkeypatch.chdir(other.parent)
    capsys.readouterr()
    assert run("policies", "--index", index) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("parking ")
    assert printed.err == ""


def test_an_index_that_other_readers_made_is_stale(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = small.parent / "index"
    assert run("ingest", "--corpus", small, "--index", index) == 0
    assert not freshness.is_stale(index, small)
    monkeypatch.setattr(freshness, "reader_sha256", lambda: "0" * 64)
    assert freshness.is_stale(index, small)


def test_nothing_to_build_from_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (
        ["ask", "Why?", "--corpus", tmp_path / "none", "--index", tmp_path / "index"],
        ["policies", "--index", tmp_path / "index"],
        ["ingest", "--corpus", tmp_path / "none", "--index", tmp_path / "index"],
    ):
        assert run(*argv) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.count("\n") == 1
        assert str(tmp_path) in printed.err


def test_bad_files_are_told_and_the_others_indexed(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = small.parent / "index"
    (small / "empty.txt").write_bytes(b"")
    (small / "broken.pdf").write_bytes(b"%PDF-1.4 nothing more")
    where = ("--corpus", small, "--index", index)
    assert run("ingest", *where) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("1 documents, 2 left out, ")
    told = printed.err.splitlines()
    assert len(told) == 2
    assert {line.split(":")[0] for line in told} == {"empty.txt", "broken.pdf"}
    assert run("policies", *where) == 0
    printed = capsys.readouterr()
    assert printed.out.split()[0] == "parking"
    assert printed.err == "", "bad files do not make the index stale for ever"
    assert run("ingest", "--if-stale", *where) == 0
    assert capsys.readouterr().out == f"The index of {small}/ is up to date.\n"


def test_evaluate_over_the_real_questions(
    root: Path, index_dir: Path, assistant: Assistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "benchmarks" / "questions.dev.jsonl"
    details = tmp_path / "details.jsonl"
    assert run("evaluate", path, "--details", details, "--top-k", "10", "--index", index_dir) == 0
    assert "\nlookup " in capsys.readouterr().out
    answers = [json.loads(line) for line in details.read_text(encoding="utf-8").splitlines()]
    assert [answer["id"] for answer in answers] == [question.id for question in read_questions(path)]
    for answer in answers:
        assert (answer["status"] == "answered") == bool(answer["citations"])
        assert len(answer["citations"]) <= 10
        for citation in answer["citations"] + answer["related"]:
            text = assistant.document(citation["doc"]).text
            assert citation["quote"] == text[citation["start"] : citation["end"]]


@pytest.fixture(scope="module")
def judged(root: Path, assistant: Assistant) -> dict[str, Metrics]:
    """Figures of the judged questions: of all, and of each kind and language."""
    outcomes = list(evaluate(assistant, read_questions(root / "benchmarks" / "questions.dev.jsonl")))
    return {row.label: row.metrics for row in rows(outcomes)}


def test_the_judged_questions_reach_their_bounds(judged: dict[str, Metrics]) -> None:
    """Bounds a little below what was measured: they tell when something broke."""
    every = judged["all"]
    assert (every.hit_1 or 0) >= 0.79
    assert (every.hit_3 or 0) >= 0.91
    assert (every.hit_5 or 0) >= 0.95
    assert (every.mark_hit or 0) >= 0.85
    assert (every.abstained_wrongly or 0) <= 0.02
    assert (every.abstention_recall or 0) >= 0.88
    assert (every.abstention_precision or 0) >= 0.93
    assert judged["lookup"].hit_1 == 1
    assert every.wrong_policy_any == 0


def test_the_readme_tells_the_figures_as_they_are(root: Path, judged: dict[str, Metrics]) -> None:
    """To the third decimal on one machine; another may round a near tie differently."""
    (table,) = re.findall(r"^\| questions \|.*\n\|[-|]+\n((?:\|.*\n)+)", (root / "README.md").read_text("utf-8"), re.M)
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert {row[0] for row in told} >= {"all", "lookup", "paraphrase"}
    for label, *figures in told:
        found = judged[label]
        measured = (found.hit_1, found.hit_3, found.hit_5, found.mrr_10, found.mark_hit)
        assert [float(figure) for figure in figures] == pytest.approx(measured, abs=0.15 if label != "all" else 0.02)


def test_the_program_itself(root: Path, index_dir: Path) -> None:
    """One process from the outside: what it prints, its code, and no word on stderr."""
    argv = [sys.executable, "-m", "assistant", "ask", "Does italki sell my data?", "--index", str(index_dir)]
    done = subprocess.run(
        argv, cwd=root, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "[1] italki " in done.stdout


def test_a_damaged_index_is_told_or_built_anew(
    small: Path, index_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = small.parent / "index"
    assert run("ingest", "--corpus", small, "--index", index) == 0
    copy = small.parent / "copy"
    shutil.copytree(index, copy)
    (copy / "manifest.json").write_text("{", encoding="utf-8")
    capsys.readouterr()
    assert run("policies", "--index", copy) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert run("policies", "--index", copy, "--corpus", small) == 0
    assert capsys.readouterr().err.startswith("Building the index")
