"""The judge is judged: quotes, hits, ranks, abstention, marks and names, by hand-made answers and by laws."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import EvaluationError
from assistant.evaluation.details import details_line
from assistant.evaluation.evaluate import evaluate
from assistant.evaluation.judge import Outcome, policies_meant
from assistant.evaluation.match import Letters
from assistant.evaluation.metrics import Metrics, hit_at, metrics, rank_measures, units
from assistant.evaluation.questions import JudgedQuestion, Quote, read_questions
from assistant.evaluation.report import report, rows
from assistant.types import Answer, Citation, Span
from tests.fake_assistant import POLICIES, SCHOOL, SHOP, SHOP_COOKIES, TEXTS, FakeAssistant, answered, cite, span_of

NAME = Quote("shop", "We keep your name, and")
PHONE = Quote("shop", "your phone number.")
SELL = Quote("shop", "We never sell data.")


def judged(*quotes: Quote, id: str = "q1", need_all: bool = False, **more: object) -> JudgedQuestion:
    given: dict[str, object] = {"question": "?", "lang": "en", "scope": None, "history": (), "kind": "direct"} | more
    return JudgedQuestion(id=id, quotes=quotes, need_all=need_all, **given)  # type: ignore[arg-type]


def outcome(question: JudgedQuestion, *citations: Citation) -> Outcome:
    asker = FakeAssistant({question.question: answered(question.question, *citations)})
    return next(evaluate(asker, [question]))


def figures(*outcomes: Outcome) -> Metrics:
    return metrics(outcomes, rank_measures(outcomes))


# --- reading questions


def line(**fields: object) -> str:
    return json.dumps({"id": "a", "question": "Why?", "answers": [], **fields}, ensure_ascii=False)


def test_real_questions_are_read(root: Path) -> None:
    questions = read_questions(root / "benchmarks" / "questions.dev.jsonl")
    assert len(questions) == 110
    assert sum(not question.answerable for question in questions) == 18
    assert {question.kind for question in questions} >= {"direct", "lookup", "followup", "offtopic"}
    followup = next(question for question in questions if question.id == "d077")
    assert followup.scope == "italki-cookie-notice-2024"
    assert followup.history == ("What are your marketing cookies for?", "Who do you share that data with?")
    assert sum(question.need_all for question in questions) == 11


def test_copy_of_the_questions_is_the_shared_file(root: Path, shared: Path) -> None:
    name = "questions.dev.jsonl"
    assert (root / "benchmarks" / name).read_bytes() == (shared / "eval" / name).read_bytes()


def test_optional_fields_have_defaults(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('\ufeff\n{"question": "A\u2028b?", "answers": [], "note": "unknown fields do no harm"}\r\n')
    assert read_questions(path) == (JudgedQuestion("line 2", "A\u2028b?", "", None, (), "", (), False),)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no question"),
        ("{", "line 1: this is no JSON"),
        (line() + "\n[]", "line 2: a question is a JSON object"),
        (line() + "\n" + line(), "line 2: the id 'a' stands on an earlier line"),
        (line(question=" "), '"question" is a text and not empty'),
        (line(question=None), '"question" is a text and not empty'),
        (line(id=7), '"id" is a text'),
        (line(need="some"), '"need" is "any" or "all"'),
        (line(scope=["shop"]), '"scope" is a policy id or null'),
        (line(history="Why?"), '"history" is a list of texts'),
        (line(history=[1]), '"history" is a list of texts'),
        (line(answers=None), '"answers" is a list'),
        (line(answers=["We"]), "an answer is an object"),
        (line(answers=[{"doc": "shop"}]), '"quote" is a text and not empty'),
        (line(answers=[{"quote": "We"}]), '"doc" is a text and not empty'),
        (line(answers=[{"doc": "shop", "quote": "•"}]), "neither a letter nor a digit"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(text)
    with pytest.raises(EvaluationError, match=re.escape(wrong)) as error:
        read_questions(path)
    assert str(error.value).startswith(str(path))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no such file"):
        read_questions(tmp_path / "none.jsonl")
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_questions(tmp_path)
    (tmp_path / "q.jsonl").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_questions(tmp_path / "q.jsonl")


# --- finding quotes


def test_markers_and_white_space_do_not_matter() -> None:
    text = TEXTS["shop"]
    (found,) = Letters(text).find("We keep your name and your e-mail, your phone number")
    assert found.of(text) == "We keep your name, and\n  • your e-mail;\n  • your phone number"


def test_every_occurrence_is_found() -> None:
    assert len(Letters(TEXTS["shop-cookies"]).find("We use cookies to")) == 2
    assert Letters(TEXTS["shop-cookies"]).find("we use") == ()
    assert Letters("abc").find("—") == ()


def test_a_ligature_is_its_letters() -> None:
    text = "your pro\N{LATIN SMALL LIGATURE FI}le"
    assert Letters(text).find("profile") == (Span(5, 11),)


@given(st.text(max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_what_stands_in_a_text_is_found_there(text: str, one: int, other: int) -> None:
    cut = Span(min(one, other), max(one, other))
    letters = Letters(text)
    found = letters.find(cut.of(text))
    assert bool(found) == bool(letters.count(cut))
    for span in found:
        assert letters.count(span) == letters.count(cut)
        assert letters.covers_half(span, found)


@given(st.text(max_size=60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_letters_of_parts_add_up(text: str, one: int, two: int, three: int) -> None:
    start, middle, end = sorted((one, two, three))
    letters = Letters(text)
    assert letters.count(Span(start, end)) == letters.count(Span(start, middle)) + letters.count(Span(middle, end))
    assert letters.shared(Span(start, end), Span(middle, end)) == letters.count(Span(middle, end))
    assert letters.shared(Span(start, middle), Span(middle, end)) == 0


# --- hits


@pytest.mark.parametrize(
    ("quoted", "hit"),
    [
        ("We keep your name, and", True),
        (TEXTS["shop"], True),
        # 8 of 17 letters, then 9.
        ("keep your ", False),
        ("keep your n", True),
        ("2. Sharing", False),
    ],
)
def test_a_citation_hits_from_half_of_the_letters_on(quoted: str, hit: bool) -> None:
    assert outcome(judged(NAME), cite(SHOP, quoted)).hits == (frozenset({0} if hit else ()),)


def test_exactly_half_is_a_hit() -> None:
    question = judged(Quote("shop", "Data We"))
    assert hit_at(outcome(question, cite(SHOP, "Dat")), 1) == 1
    assert hit_at(outcome(question, cite(SHOP, "Da")), 1) == 0


def test_the_same_words_of_another_policy_are_no_hit() -> None:
    question = judged(Quote("shop", "We keep your name"))
    assert outcome(question, cite(SCHOOL, "We keep your name too.")).hits == (frozenset(),)


def test_any_occurrence_of_a_quote_counts() -> None:
    question = judged(Quote("shop-cookies", "We use cookies to"))
    assert outcome(question, cite(SHOP_COOKIES, "We use cookies to count you.")).hits == (frozenset({0}),)


def test_hit_at_k() -> None:
    first = outcome(judged(NAME, SELL), cite(SHOP, "2. Sharing"), cite(SHOP, "We never sell data."))
    assert [hit_at(first, k) for k in (1, 2, 3)] == [0, 1, 1]
    every = outcome(judged(NAME, PHONE, SELL, need_all=True), cite(SHOP, TEXTS["shop"][:70]), cite(SHOP, "2. Sharing"))
    assert hit_at(every, 1) == pytest.approx(2 / 3)
    assert hit_at(outcome(judged(NAME)), 5) == 0


# --- ranks


def test_units_where_any_quote_is_enough() -> None:
    found = outcome(judged(NAME, SELL), cite(SHOP, "2. Sharing"), cite(SHOP, NAME.text), cite(SHOP, SELL.text))
    assert units(found) == ("miss 0", "answer", "miss 2")


def test_units_where_all_are_wanted() -> None:
    both = cite(SHOP, TEXTS["shop"][:70])
    found = outcome(judged(NAME, PHONE, SELL, need_all=True), both, both, cite(SHOP, SELL.text))
    assert units(found) == ("quote 0", "quote 1", "miss 1", "quote 2")


def test_rank_measures_by_hand() -> None:
    any_second = outcome(judged(NAME, id="a"), cite(SHOP, "2. Sharing"), cite(SHOP, NAME.text))
    all_at_once = outcome(judged(NAME, PHONE, id="b", need_all=True), cite(SHOP, TEXTS["shop"][:70]))
    half = outcome(judged(NAME, SELL, id="c", need_all=True), cite(SHOP, "2. Sharing"), cite(SHOP, SELL.text))
    nothing = outcome(judged(NAME, id="d"))
    found = rank_measures([any_second, all_at_once, half, nothing, outcome(judged(id="e"))])
    assert set(found) == {"a", "b", "c", "d"}
    second = 1 / math.log2(3)
    assert (found["a"].rr_10, found["a"].ndcg_10) == pytest.approx((0.5, second))
    assert (found["b"].rr_10, found["b"].ndcg_10) == pytest.approx((1, 1))
    assert (found["c"].rr_10, found["c"].ndcg_10) == pytest.approx((0.5, second / (1 + second)))
    assert (found["d"].rr_10, found["d"].ndcg_10) == (0, 0)


def test_rank_measures_stop_at_ten() -> None:
    misses = [cite(SHOP, "2. Sharing")] * 10
    found = rank_measures([outcome(judged(NAME), *misses, cite(SHOP, NAME.text))])
    assert (found["q1"].rr_10, found["q1"].ndcg_10) == (0, 0)


PIECES = st.sampled_from([NAME.text, PHONE.text, SELL.text, "2. Sharing", TEXTS["shop"][:70], TEXTS["shop"]])


@given(st.lists(PIECES, max_size=9), st.booleans())
def test_laws_of_the_ranking(quoted: list[str], need_all: bool) -> None:
    found = outcome(judged(NAME, PHONE, SELL, need_all=need_all), *[cite(SHOP, words) for words in quoted])
    at = [hit_at(found, k) for k in range(1, 10)]
    assert at == sorted(at)
    assert all(0 <= value <= 1 for value in at)
    ranked = rank_measures([found])["q1"]
    assert 0 <= ranked.ndcg_10 <= 1 + 1e-9
    first = next((rank for rank, hit in enumerate(found.hits, start=1) if hit), None)
    assert ranked.rr_10 == pytest.approx(1 / first if first else 0)
    assert len(units(found)) == len(set(units(found)))


# --- marks, names, abstention


def test_mark_hits() -> None:
    question = judged(Quote("shop-cookies", "We use cookies to remember you."))
    text = "We use cookies to remember you. We use cookies to count you."
    assert outcome(question, cite(SHOP_COOKIES, text)).mark_hit is None
    assert outcome(question, cite(SHOP_COOKIES, text, marks=["We use cookies to remember you."])).mark_hit is True
    assert outcome(question, cite(SHOP_COOKIES, text, marks=["We use cookies to count you."])).mark_hit is False
    # A mark inside the quote is judged by its own length.
    assert outcome(question, cite(SHOP_COOKIES, text, marks=["remember"])).mark_hit is True
    miss = cite(SHOP, "2. Sharing", marks=["Sharing"])
    hit = cite(SHOP_COOKIES, text, marks=["remember you"])
    assert outcome(question, miss, hit).mark_hit is True
    assert outcome(question, miss).mark_hit is None


@pytest.mark.parametrize(
    ("question", "scope", "meant"),
    [
        ("Do you sell data?", None, None),
        ("Do you sell data?", "school", {"school"}),
        ("Does Shop sell data?", "school", {"school"}),
        ("does SHOP's policy say so?", None, {"shop", "shop-cookies"}),
        ("What does the Shop  cookie notice say?", None, {"shop-cookies"}),
        ("Compare the shop privacy policy with School", None, {"shop", "school"}),
        ("Is there a workshop or shopping?", None, None),
        ("Shop能保证吗?", None, {"shop", "shop-cookies"}),
    ],
)
def test_policies_meant(question: str, scope: str | None, meant: set[str] | None) -> None:
    found = policies_meant(judged(question=question, scope=scope), POLICIES)
    assert found == (None if meant is None else frozenset(meant))


def test_wrong_policy_rates() -> None:
    shop, school = cite(SHOP, SELL.text), cite(SCHOOL, "We keep your name too.")
    outcomes = [
        outcome(judged(id="a", question="Does School sell?"), shop),
        outcome(judged(id="b", question="Does School sell?"), school, shop),
        outcome(judged(id="c", question="Does Shop sell?"), shop),
        outcome(judged(id="d", scope="shop"), shop),
        # Not counted: nothing named, nothing cited.
        outcome(judged(id="e", question="Do you?"), shop),
        outcome(judged(id="f", question="Does School sell?")),
    ]
    found = figures(*outcomes)
    assert (found.wrong_policy_first, found.wrong_policy_any) == (1 / 4, 2 / 4)


def test_abstention_rates() -> None:
    hit = cite(SHOP, NAME.text)
    found = figures(
        outcome(judged(NAME, id="a"), hit),
        outcome(judged(NAME, id="b"), hit),
        outcome(judged(NAME, id="c")),
        outcome(judged(id="d")),
        outcome(judged(id="e")),
        outcome(judged(id="f"), hit),
    )
    assert found.questions == 6
    assert found.abstention_precision == pytest.approx(2 / 3)
    assert found.abstention_recall == pytest.approx(2 / 3)
    assert found.answered_wrongly == pytest.approx(1 / 3)
    assert found.abstained_wrongly == pytest.approx(1 / 3)
    assert found.hit_1 == found.hit_5 == found.mrr_10 == found.ndcg_10 == pytest.approx(2 / 3)
    assert found.chars_median == found.chars_p95 == len(NAME.text)


def test_nothing_to_measure_is_not_zero() -> None:
    found = figures(outcome(judged(id="d")))
    assert found.hit_1 is None
    assert found.wrong_policy_first is None
    assert found.mark_hit is None
    assert found.chars_median is None
    assert found.abstained_wrongly is None
    assert found.answered_wrongly == 0
    assert found.seconds_median is not None


# --- the whole way


def test_scope_history_and_top_k_reach_the_assistant() -> None:
    asker = FakeAssistant()
    questions = [judged(id="a", scope="shop", history=("Why?",), question="And how?"), judged(id="b", question="Why?")]
    list(evaluate(asker, questions, top_k=7))
    assert asker.asked == [
        {"question": "And how?", "policies": ["shop"], "history": ("Why?",), "top_k": 7},
        {"question": "Why?", "policies": None, "history": (), "top_k": 7},
    ]


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        (judged(Quote("shop", "We sell all data.")), "q1 quotes 'We sell all data.', which does not stand in shop"),
        (judged(Quote("bank", "We")), "q1 is about the policy 'bank'"),
        (judged(scope="bank"), "q1 is about the policy 'bank'"),
    ],
)
def test_questions_that_do_not_fit_the_corpus(question: JudgedQuestion, wrong: str) -> None:
    asker = FakeAssistant()
    with pytest.raises(EvaluationError, match=re.escape(wrong)):
        list(evaluate(asker, [judged(id="fine"), question]))
    assert asker.asked == [], "nothing is asked before all questions are found to fit"


def test_a_question_that_cannot_be_asked_is_named() -> None:
    with pytest.raises(EvaluationError, match="q1 cannot be asked: The question is empty"):
        list(evaluate(FakeAssistant(), [judged(question=" ")]))


def test_details_have_their_form() -> None:
    cited = cite(SHOP, SELL.text, marks=["never sell"], clause="2", path=("2 Sharing",), page=3)
    related = cite(SHOP_COOKIES, "Cookies", path=("A", "B"))
    answer: Answer = answered("?", cited, related=[related])
    found = next(evaluate(FakeAssistant({"?": answer}), [judged(SELL)]))
    row = json.loads(details_line(found))
    assert list(row) == ["id", "status", "citations", "related", "seconds"]
    span = span_of("shop", SELL.text)
    mark = span_of("shop", "never sell")
    assert row["citations"] == [
        {
            "doc": "shop",
            "start": span.start,
            "end": span.end,
            "quote": "We never sell data.",
            "clause": "2",
            "heading": "2 Sharing",
            "page": 3,
            "marks": [[mark.start, mark.end]],
        }
    ]
    assert row["related"][0]["heading"] == "A › B"
    assert row["related"][0]["page"] is None
    assert (row["id"], row["status"]) == ("q1", "answered")
    assert row["seconds"] >= 0
    assert "\n" not in details_line(found)


def test_report_is_aligned_and_complete() -> None:
    hit = cite(SHOP, NAME.text, marks=["keep your name"])
    outcomes = [
        outcome(judged(NAME, id="a", kind="direct"), hit),
        outcome(judged(NAME, id="b", kind="a long kind of question", lang="ru"), hit),
        outcome(judged(id="c", kind="", lang="en")),
    ]
    made = rows(outcomes)
    assert [(row.group, row.label) for row in made] == [
        ("kind", "direct"), ("kind", "a long kind of question"), ("kind", "–"),
        ("lang", "en"), ("lang", "ru"), ("all", "all"),
    ]  # fmt: skip
    text = report(made)
    tables = [part.split("\n") for part in text.split("\n\n")]
    assert [len(part) for part in tables][:3] == [4, 2, 1], "a heading and the kinds, the languages, all"
    assert len({len(line) for part in tables[:3] for line in part}) == 1
    assert max(map(len, text.split("\n"))) <= 110
    last = text.split("\n\n")[2].split()
    assert last[:6] == ["all", "3", "1.000", "1.000", "1.000", "1.000"]
