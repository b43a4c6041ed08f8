"""The command line: exact forms, what it prints, how it fails, and what it must not import."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import cli
from assistant.cli import commands, opening
from assistant.json_form import answer_form
from assistant.terminal import _STYLES, _wrap, answer_text, policies_text
from assistant.types import Confidence, Policy, Status
from tests.fake_assistant import POLICIES, SHOP, SHOP_COOKIES, FakeAssistant, answered, cite

QUESTION = "Do you sell my data?"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeAssistant:
    """A scripted assistant behind the command line."""
    sell = cite(SHOP, "We never sell data.", marks=["never sell"], clause="2", path=("2 Sharing",), page=3)
    items = cite(SHOP, "We keep your name, and\n  • your e-mail;", number=2, path=("1 Data",))
    related = cite(SHOP_COOKIES, "We use cookies to count you.")
    made = FakeAssistant({QUESTION: answered(QUESTION, sell, items, related=[related])})
    monkeypatch.setattr(commands, "opened", lambda _: made)
    return made


# --- arguments


def test_folders_stand_before_or_after_the_command() -> None:
    parse = cli.parser().parse_args
    for argv in (
        ["--corpus", "c", "--index", "i", "policies"],
        ["policies", "--corpus", "c", "--index", "i"],
        ["--corpus", "c", "policies", "--index", "i"],
    ):
        assert opening.folders(parse(argv)) == (Path("c"), Path("i"))
    assert opening.folders(parse(["policies"])) == (Path("corpus"), Path("index"))


def test_folders_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS", "c")
    monkeypatch.setenv("ASSISTANT_INDEX", "i")
    assert opening.folders(cli.parser().parse_args(["policies"])) == (Path("c"), Path("i"))
    assert opening.folders(cli.parser().parse_args(["policies", "--index", "j"])) == (Path("c"), Path("j"))


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["serve"],
        ["ask"],
        ["ask", "one", "two"],
        ["ask", QUESTION, "--top-k", "0"],
        ["ask", QUESTION, "--top-k", "many"],
        ["ask", QUESTION, "--pol", "shop"],
        ["clause", "shop"],
        ["evaluate"],
        ["policies", "--json"],
    ],
)
def test_wrong_usage_is_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        cli.main(argv)
    assert exit.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: python -m assistant")


# --- what is printed


def test_ask_for_people(fake: FakeAssistant, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", QUESTION]) == 0
    assert capsys.readouterr().out == (
        "Shop answers this.\n"
        "Clear answer.\n"
        "\n"
        "[1] Shop Privacy Policy · 2 Sharing · 7 May 2018 · page 3\n"
        "    We never sell data.\n"
        "\n"
        "[2] Shop Privacy Policy · 1 Data · 7 May 2018\n"
        "    We keep your name, and\n"
        "      • your e-mail;\n"
    )
    assert fake.asked == [{"question": QUESTION, "policies": None, "history": (), "top_k": 5}]


def test_ask_that_abstains_is_done_too(fake: FakeAssistant, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", "What is the weather?"]) == 0
    assert capsys.readouterr().out == "No clause answers this.\n"


def test_ask_hands_everything_on(fake: FakeAssistant) -> None:
    argv = ["ask", QUESTION, "--policy", "shop", "--policy", "school", "--history", "A?", "--history", "B?"]
    assert cli.main([*argv, "--top-k", "9"]) == 0
    assert fake.asked == [{"question": QUESTION, "policies": ["shop", "school"], "history": ("A?", "B?"), "top_k": 9}]


def test_ask_as_json(fake: FakeAssistant, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", QUESTION, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == answer_form(fake.answers[QUESTION])
    assert printed["confidence"] == "clear"
    assert printed["citations"][0]["quote"] == "We never sell data."
    assert printed["citations"][0]["url"].startswith("policies/shop")
    assert [policy["id"] for policy in printed["policies"]] == [policy.id for policy in POLICIES]


def test_clause_and_policies(fake: FakeAssistant, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["clause", "shop", "2"]) == 0
    assert "    2. Sharing\n    We never sell data.\n" in capsys.readouterr().out
    assert cli.main(["policies"]) == 0
    assert capsys.readouterr().out == (
        "shop          Shop Privacy Policy    7 May 2018     en\n"
        "shop-cookies  Shop Cookie Notice     February 2020  en\n"
        "school        School Privacy Policy  –              ru\n"
    )


def test_evaluate_prints_a_report_and_writes_details(
    fake: FakeAssistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions, details = tmp_path / "q.jsonl", tmp_path / "out.jsonl"
    answers = [{"doc": "shop", "quote": "We never sell data"}]
    questions.write_text(json.dumps({"id": "a", "question": QUESTION, "scope": "shop", "answers": answers}) + "\n")
    assert cli.main(["evaluate", str(questions), "--details", str(details), "--top-k", "3"]) == 0
    printed = capsys.readouterr().out
    assert "hit@1" in printed
    assert printed.count("\nall  1  1.000  1.000  1.000") == 1
    (row,) = map(json.loads, details.read_text().splitlines())
    assert [citation["doc"] for citation in row["citations"]] == ["shop", "shop"]
    assert fake.asked == [{"question": QUESTION, "policies": ["shop"], "history": (), "top_k": 3}]


def test_evaluate_counts_to_ten_by_default() -> None:
    assert cli.parser().parse_args(["evaluate", "q.jsonl"]).top_k == 10


# --- how it fails


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence on stderr; nothing else was printed."""
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize(
    ("argv", "wrong"),
    [
        (["ask", " "], "The question is empty"),
        (["clause", "shop", "99"], "shop has no clause 99"),
        (["evaluate", "none.jsonl"], "none.jsonl: there is no such file"),
    ],
)
@pytest.mark.usefixtures("fake")
def test_errors_that_can_be_mended_are_1(argv: list[str], wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(argv) == 1
    assert sentence(capsys).startswith(wrong)


def test_details_that_cannot_be_written_are_told_before_the_first_question(
    fake: FakeAssistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text(json.dumps({"question": QUESTION, "answers": []}))
    assert cli.main(["evaluate", str(questions), "--details", str(tmp_path / "no" / "out.jsonl")]) == 1
    assert sentence(capsys).endswith("out.jsonl: No such file or directory.\n")
    assert fake.asked == []


def test_an_unknown_setting_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ASSISTANT_INDXE", "i")
    assert cli.main(["policies"]) == 1
    assert sentence(capsys).startswith("ASSISTANT_INDXE is no setting")


def test_interrupt_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "opened", interrupted)
    assert cli.main(["policies"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_has_gone_ends_it_quietly(root: Path) -> None:
    script = (
        "import sys\n"
        "from assistant import cli\n"
        "from assistant.cli import commands\n"
        "from tests.fake_assistant import FakeAssistant\n"
        "commands.opened = lambda _: FakeAssistant()\n"
        "sys.stdin.read()\n"
        "sys.exit(cli.main(['policies']))"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], cwd=root, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdout
        assert process.stdin
        assert process.stderr
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_a_terminal_without_the_characters_gets_their_escapes(root: Path) -> None:
    script = (
        "import sys\n"
        "from assistant import cli\n"
        "from assistant.cli import commands\n"
        "from tests.fake_assistant import FakeAssistant\n"
        "commands.opened = lambda _: FakeAssistant()\n"
        f"cli.main(['ask', '{QUESTION} \\udcff я', '--json']); cli.main(['policies'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        capture_output=True,
        check=True,
    )
    answer, end, policies = done.stdout.decode("ascii").partition("\n}\n")
    assert json.loads(answer + end)["question"] == f"{QUESTION} � я"
    assert "\\u2013" in policies


# --- rendering


def test_marks_are_bold_on_a_terminal_only() -> None:
    answer = answered("?", cite(SHOP, "We never sell data.", marks=["never sell"]))
    assert "We \x1b[1mnever sell\x1b[0m data." in answer_text(answer, bold=True)
    assert "\x1b" not in answer_text(answer)


def test_an_answer_says_how_sure_it_is_below_its_first_line() -> None:
    answer = replace(answered("?", cite(SHOP, "We never sell data.")), confidence=Confidence.LIKELY)
    first, sure, *_ = answer_text(answer).split("\n")
    assert (first, sure) == ("Shop answers this.", "Likely answer: read the clause before you rely on it.")
    assert answer_form(answer)["confidence"] == "likely"
    nothing = answered("?")
    assert answer_text(nothing) == "No clause answers this."
    assert answer_form(nothing)["confidence"] is None


def test_the_nearest_clauses_are_shown_where_none_answers() -> None:
    covered = answered("?", related=[cite(SHOP, "We never sell data.")])
    assert answer_text(covered) == (
        "No clause answers this.\n\nClosest, may not answer:\n\n"
        "[1] Shop Privacy Policy · 7 May 2018\n    We never sell data."
    )
    assert answer_text(replace(covered, status=Status.OFF_TOPIC)) == "No clause answers this."


def test_control_characters_do_not_reach_the_terminal() -> None:
    text = policies_text([Policy("x", "\x1b]0;owned\x07", "Policy\x9b2J")])
    assert text.isprintable()
    assert "�]0;owned�" in text


@given(st.text(alphabet="ab \t•й", max_size=80), st.integers(1, 20))
def test_wrapping_changes_nothing_but_line_ends(line: str, width: int) -> None:
    parts = _wrap(line, width)
    assert " ".join(parts) == line
    assert all(len(part) <= width or " " not in part for part in parts)


def test_styles_have_no_width() -> None:
    parts = _wrap("one \x1b[1mtwo three\x1b[0m four", 13)
    assert [_STYLES.sub("", part) for part in parts] == ["one two three", "four"]


# --- what is imported


def test_the_command_line_starts_light(root: Path) -> None:
    script = (
        "import sys, assistant.cli; assistant.cli.parser();"
        "heavy = {'gradio', 'torch', 'sentence_transformers', 'transformers', 'faiss', 'numpy', 'scipy', 'pypdf'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
