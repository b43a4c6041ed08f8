"""What the feedback comes to, as text and JSON, and how it becomes judged questions."""

from __future__ import annotations

import json
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant import cli
from assistant.cli import commands
from assistant.errors import EvaluationError, FeedbackError, QuestionError
from assistant.evaluation.questions import Quote, read_questions
from assistant.feedback.gaps import Asked, Group, VotedDown, gaps, same_question
from assistant.feedback.report import report_form, report_text
from assistant.feedback.review import add_candidates, candidates
from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Vote
from assistant.links import permalink
from assistant.types import Clause, Document, Span
from tests.fake_assistant import SHOP, TEXTS, FakeAssistant, answered, cite, span_of


class Shelf:
    """The policies alone; what is none of them is told as the assistant tells it."""

    def document(self, policy: str) -> Document:
        if policy not in TEXTS:
            raise QuestionError("There is no such policy.")
        return FakeAssistant().document(policy)


START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.sqlite"


@pytest.fixture
def store(path: Path, clock: Clock) -> FeedbackStore:
    return FeedbackStore(path, store_questions=True, retention_days=400, now=clock)


def link(policy: str, *words: str, anchor: str = "") -> str:
    return permalink(policy, anchor, [(span_of(policy, text), text) for text in words])


# The report


def test_gaps_are_counted_by_policy_language_and_week(store: FeedbackStore, clock: Clock) -> None:
    for _ in range(3):
        store.count("not_covered", "en", ("shop",), "Is there a minimum age?")
    store.count("not_covered", "ru", ("shop",), "Есть ли возраст?")
    store.count("answered", "en", ("shop",), "?")
    store.count("off_topic", "en", (), "pizza")
    clock.now += timedelta(days=20)
    store.count("not_covered", "en", (), "is there  a MINIMUM age")
    store.count("not_covered", "en", ("school", "shop"), "Why?")
    found = gaps(store)
    assert (found.first, found.last, found.period) == ("2026-03-02", "2026-03-22", "week")
    assert found.periods == ("2026-03-02", "2026-03-09", "2026-03-16")
    assert found.all == Group("", 8, 6, 1, (4, 0, 2))
    assert found.by_policy == (
        Group("shop", 5, 4, 0, (4, 0, 0)),
        Group("", 2, 1, 1, (0, 0, 1)),
        Group("school + shop", 1, 1, 0, (0, 0, 1)),
    )
    assert found.by_language == (Group("en", 7, 5, 1, (3, 0, 2)), Group("ru", 1, 1, 0, (1, 0, 0)))
    assert found.questions[0] == Asked("Is there a minimum age?", "shop", 3)
    assert Asked("is there a MINIMUM age", "", 1) in found.questions


def test_few_days_are_shown_one_by_one(store: FeedbackStore, clock: Clock) -> None:
    store.count("not_covered", "en", (), "?")
    clock.now += timedelta(days=2)
    store.count("not_covered", "en", (), "?")
    found = gaps(store)
    assert (found.period, found.periods) == ("day", ("2026-03-02", "2026-03-03", "2026-03-04"))
    assert found.all.by_period == (1, 0, 1)
    assert gaps(store, days=1).periods == ("2026-03-04",)


def test_votes_are_counted_by_reason_with_the_clauses_voted_down(store: FeedbackStore) -> None:
    first, second = link("shop", "We never sell data.", anchor="2"), link("shop", anchor="1")
    store.vote(Vote(True, clauses=(first,), status="answered"))
    store.vote(Vote(False, "not_the_clause", "It is in 2.", clauses=(first, second), status="answered"))
    store.vote(Vote(False, "out_of_date", clauses=(link("shop", "sell", anchor="2"),), status="answered"))
    store.vote(Vote(False, status="not_covered"))
    found = gaps(store)
    assert (found.votes, found.useful) == (4, 1)
    assert found.reasons == {"not_the_clause": 1, "out_of_date": 1, "": 1}
    assert found.clauses == (
        VotedDown("policies/shop#2", 2, {"not_the_clause": 1, "out_of_date": 1}),
        VotedDown("policies/shop#1", 1, {"not_the_clause": 1}),
    )
    assert found.notes == ("It is in 2.",)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Is there a minimum age?", "is there  a “minimum” AGE", True),
        ("¿Cuál es la edad mínima?", "cual es la edad minima", True),
        ("最低年龄是多少？", "最低年龄是多少", True),
        ("Is my data sold?", "Is my data kept?", False),
    ],
)
def test_questions_are_one_where_only_their_writing_differs(one: str, other: str, same: bool) -> None:
    assert (same_question(one) == same_question(other)) is same


def test_the_report_for_people(store: FeedbackStore, clock: Clock) -> None:
    for question in ("Is there a minimum age?", "is there a minimum age", "Why?"):
        store.count("not_covered", "en", ("shop",), question)
    store.count("answered", "en", (), "?")
    store.vote(Vote(True))
    store.vote(Vote(False, "not_the_clause", "Two\nlines", clauses=("policies/shop#2",)))
    store.vote(Vote(False))
    assert report_text(gaps(store)) == (
        "Feedback of 2 March 2026\n"
        "\n"
        "Not covered, by policy and day\n"
        "  policy        asked  not covered  share  2 Mar\n"
        "  shop              3            3   100%      3\n"
        "  all policies      1            0     0%      ·\n"
        "  all together      4            3    75%      3\n"
        "\n"
        "Not covered, by language\n"
        "  language  asked  not covered  share  2 Mar\n"
        "  en            4            3    75%      3\n"
        "\n"
        "Most frequent questions that were not covered\n"
        "  2  shop  is there a minimum age\n"
        "  1  shop  Why?\n"
        "\n"
        "Votes\n"
        "  useful                 1  33%\n"
        "  not the right clause   1  33%\n"
        "  not useful, no reason  1  33%\n"
        "  all together           3\n"
        "\n"
        "Clauses of answers that were of no use\n"
        "  1  policies/shop#2  not the right clause\n"
        "\n"
        "Notes on them, newest first\n"
        "  Two\n"
        "  lines"
    )


def test_the_report_is_documented_field_by_field(store: FeedbackStore, root: Path) -> None:
    store.count("not_covered", "en", (), "Why?")
    store.vote(Vote(False, "other", "note", clauses=("policies/shop#2",)))
    form = json.loads(json.dumps(report_form(gaps(store))))
    text = (root / "docs" / "feedback.md").read_text("utf-8").split("## The report as JSON")[1]
    documented = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    (group,), (asked,), (clause,) = form["by_policy"], form["questions"], form["clauses"]
    assert documented == [*form, *group, *asked, *clause]


# The command


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, path: Path) -> FakeAssistant:
    made = FakeAssistant({"Do you sell my data?": answered("", cite(SHOP, "We never sell data."))})
    monkeypatch.setattr(commands, "opened", lambda _: made)
    monkeypatch.setenv("ASSISTANT_FEEDBACK", str(path))
    monkeypatch.chdir(path.parent)
    return made


def test_report_prints_text_or_json(fake: FakeAssistant, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report"]) == 0
    assert capsys.readouterr().out == "There is no feedback yet.\n"
    assert not path.exists()
    FeedbackStore(path).count("not_covered", "en", ("shop",), "?")
    assert cli.main(["report", "--days", "7"]) == 0
    assert "  shop        1            1   100%" in capsys.readouterr().out
    assert cli.main(["report", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["all"]["not_covered"] == 1


def test_report_deletes_what_is_too_old(
    fake: FakeAssistant, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    FeedbackStore(path, retention_days=90, now=lambda: long_ago).vote(Vote(True))
    monkeypatch.setenv("ASSISTANT_RETENTION_DAYS", "7")
    assert cli.main(["report"]) == 0
    assert capsys.readouterr().out == "There is no feedback yet.\n"


def test_report_over_a_foreign_file_is_one_sentence(
    fake: FakeAssistant, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text("Dear diary, " * 500)
    assert cli.main(["report"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "argv",
    [
        ["report", "x"],
        ["report", "--days", "0"],
        ["report", "--json", "--review"],
        ["evaluate", "a", "--from-feedback"],
    ],
)
def test_wrong_usage_is_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        cli.main(argv)
    assert exit.value.code == 2


# From feedback to judged questions


def test_candidates_have_the_form_of_judged_questions(store: FeedbackStore, clock: Clock, root: Path) -> None:
    sold = link("shop", "never sell data", anchor="2")
    store.vote(Vote(True, question="Do you sell my data?", status="answered", clauses=(sold,), policies=("shop",)))
    clock.now += timedelta(minutes=1)
    store.vote(
        Vote(
            False,
            "not_the_clause",
            question="do you sell my data",
            status="answered",
            clauses=(sold,),
            policies=("shop",),
        )
    )
    store.vote(Vote(True, question="Вы храните моё имя?", status="answered", clauses=("policies/school#данные",)))
    store.count("not_covered", "en", (), "Is there a minimum age?")
    first, second, third = candidates(Shelf(), store)
    judged = json.loads((root / "benchmarks" / "questions.dev.jsonl").read_text("utf-8").split("\n")[0])
    assert list(first) == [*judged, "reviewed"]
    assert (first["question"], first["lang"], first["scope"]) == ("do you sell my data", "en", "shop")
    assert first["answers"] == [{"doc": "shop", "quote": "never sell data"}]
    assert first["note"] == "useful: 1, not the clause: 1"
    assert first["reviewed"] is False
    assert (second["lang"], second["scope"], second["answers"]) == ("ru", None, [])
    assert (third["answers"], third["note"]) == ([], "not covered: 1")


def test_a_quote_follows_its_text_and_goes_with_it(store: FeedbackStore) -> None:
    gone = permalink("shop", "2", [(span_of("shop", "never"), "other")])
    text = "We never sell data."
    start = span_of("shop", text).start + 40
    moved = permalink("shop", "2", [(Span(start, start + len(text)), text)])
    for number, url in enumerate((gone, moved, "policies/none#2", "policies/shop#99", "policies/shop")):
        store.vote(Vote(True, question=f"Question {number}?", status="answered", clauses=(url,)))
    quotes = [[answer["quote"] for answer in row["answers"]] for row in candidates(Shelf(), store)]
    assert quotes == [[], ["We never sell data."], [], [], []]


def test_clauses_that_were_shown_beside_the_answer_are_no_answers(store: FeedbackStore) -> None:
    shown = (link("shop", "We never sell data."), "policies/shop#1", "policies/school")
    store.vote(Vote(True, question="Do you sell?", status="answered", clauses=shown))
    (row,) = candidates(Shelf(), store)
    assert row["answers"] == [{"doc": "shop", "quote": "We never sell data."}]


def test_a_clause_that_marks_nothing_gives_its_own_words(store: FeedbackStore) -> None:
    text = "5 Sharing\nWe share.\n5.1 Whom\nNobody."
    clauses = (
        Clause(0, "", "", None, Span(0, len(text)), 0),
        Clause(1, "5", "Sharing", 0, Span(0, len(text)), 1),
        Clause(2, "5.1", "Whom", 1, Span(text.index("5.1"), len(text)), 2),
    )

    class OneClause(Shelf):
        def document(self, policy: str) -> Document:
            return Document(SHOP, text, (), clauses, ())

    store.vote(Vote(True, question="What is 5?", status="answered", clauses=("policies/shop#5",)))
    (row,) = candidates(OneClause(), store)
    assert row["answers"] == [{"doc": "shop", "quote": "5 Sharing\nWe share."}]


def test_what_is_of_no_policy_any_more_or_has_no_question_is_no_candidate(store: FeedbackStore) -> None:
    store.count("not_covered", "en", ("gone",), "Why?")
    store.vote(Vote(True, status="answered", clauses=("policies/shop#2",)))
    assert candidates(Shelf(), store) == ()
    store.count("not_covered", "en", ("shop",), "Why?")
    assert len(candidates(Shelf(), store)) == 1


def test_a_review_is_added_to_and_never_overwritten(store: FeedbackStore, tmp_path: Path) -> None:
    file = tmp_path / "review.jsonl"
    store.count("not_covered", "en", (), "Why?")
    assert add_candidates(file, candidates(Shelf(), store)) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    edited = file.read_text("utf-8").replace('"reviewed": false', '"reviewed": true').rstrip("\n")
    file.write_text(edited, "utf-8")
    store.count("not_covered", "en", (), "why")
    store.count("not_covered", "en", (), "Who?")
    assert add_candidates(file, candidates(Shelf(), store)) == 1
    assert file.read_text("utf-8").startswith(edited + "\n")
    assert [question.reviewed for question in read_questions(file)] == [True, False]
    assert add_candidates(file, candidates(Shelf(), store)) == 0
    file.write_text("{}\n")
    with pytest.raises(FeedbackError, match="line 1: this is no question with an id"):
        add_candidates(file, ())


def test_only_reviewed_questions_are_evaluated(tmp_path: Path) -> None:
    file = tmp_path / "review.jsonl"
    rows = [
        {"id": "a", "question": "A?", "answers": [], "reviewed": False},
        {"id": "b", "question": "B?", "answers": [{"doc": "shop", "quote": "We never"}], "reviewed": True},
        {"id": "c", "question": "C?", "answers": [], "reviewed": "true"},
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    (only,) = read_questions(file, reviewed_only=True)
    assert (only.id, only.quotes) == ("b", (Quote("shop", "We never"),))
    assert len(read_questions(file)) == 3
    file.write_text(json.dumps(rows[0]))
    with pytest.raises(EvaluationError, match="no question is reviewed; read them"):
        read_questions(file, reviewed_only=True)


def test_from_a_vote_to_figures(
    fake: FakeAssistant, path: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = "Do you sell my data?"
    kept = FeedbackStore(path, store_questions=True)
    kept.vote(Vote(True, question=asked, status="answered", clauses=(link("shop", "We never sell data."),)))
    assert cli.main(["report", "--review"]) == 0
    assert capsys.readouterr().out == "1 of 1 questions are new in feedback.review.jsonl.\n"
    assert cli.main(["evaluate", "--from-feedback"]) == 1
    assert capsys.readouterr().err == (
        'feedback.review.jsonl: no question is reviewed; read them, mend them and set "reviewed" to true.\n'
    )
    review = tmp_path / "feedback.review.jsonl"
    review.write_text(review.read_text("utf-8").replace("false", "true"), "utf-8")
    assert cli.main(["evaluate", "--from-feedback", str(review)]) == 0
    assert re.search(r"^feedback +1 +1\.000 +1\.000", capsys.readouterr().out, re.MULTILINE)
