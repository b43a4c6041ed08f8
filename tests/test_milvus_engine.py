"""The contract of engines: over a Milvus server answers are those of the index on this machine."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assistant import index
from assistant.ask import Assistant
from assistant.engines import Embedded
from assistant.engines.milvus.counts import Counts
from assistant.engines.milvus.engine import Milvus
from assistant.engines.milvus.store import Scope
from assistant.engines.milvus.terms import counted, score, terms
from assistant.errors import BusyError, EngineError, UnknownClauseError, UnknownPolicyError
from assistant.evaluation.questions import JudgedQuestion, read_questions
from assistant.retrieval.encoder import Encoder
from assistant.retrieval.fusion import RANK_CONSTANT, fuse
from assistant.retrieval.phrases import exact_spans, longest_word, runs
from assistant.retrieval.tokens import tokens
from assistant.types import Answer
from tests.milvus_server import World

TENANT = "help centre"
# Scores that differ by less may change places where a server compares vectors in another order.
NEAR = 1e-4
ITALKI = "italki-privacy-policy-2018"


@pytest.fixture(scope="module")
def over_milvus(milvus: World, corpus: Path) -> Assistant:
    report = milvus.ingest(TENANT, corpus)
    assert (report.documents, report.errors) == (5, ())
    return Assistant(milvus.engine(TENANT), encoder=milvus.encoder)


@pytest.fixture(scope="module")
def embedded(index_dir: Path) -> Embedded:
    return Embedded(index.load(index_dir))


def judged(root: Path) -> list[JudgedQuestion]:
    return list(read_questions(root / "benchmarks" / "questions.dev.jsonl"))


def form(answer: Answer) -> object:
    return answer.status, answer.confidence, [(each.policy.id, each.span, each.marks) for each in answer.citations]


def test_judged_questions_get_the_same_answers(
    over_milvus: Assistant, assistant: Assistant, embedded: Embedded, root: Path
) -> None:
    # All of them: benchmarks/milvus.py.
    questions = judged(root)[::4]
    assert len(questions) > 25
    different = []
    for each in questions:
        policies = None if each.scope is None else [each.scope]
        here = assistant.ask(each.question, policies, each.history)
        there = over_milvus.ask(each.question, policies, each.history)
        if form(here) != form(there):
            encoded = over_milvus.encoder.encode_query(each.question)
            scores = np.array([hit.score for hit in embedded.rank(each.question, encoded, 6, policies)])
            if np.min(-np.diff(scores), initial=1) > NEAR:
                different.append(each.question)
    assert different == []


def test_every_door_finds_the_same(over_milvus: Assistant, assistant: Assistant) -> None:
    assert over_milvus.policies() == assistant.policies()
    assert over_milvus.passage_count() == assistant.passage_count()
    for policy in assistant.policies():
        assert over_milvus.document(policy.id) == assistant.document(policy.id)
    assert over_milvus.clause(ITALKI, "5") == assistant.clause(ITALKI, "5")
    assert over_milvus.clauses("1") == assistant.clauses("1")
    assert over_milvus.phrase("personal data", top_k=50) == assistant.phrase("personal data", top_k=50)
    assert over_milvus.suggestions() == assistant.suggestions()
    for topic in assistant.topics()[:1]:
        assert over_milvus.topic(topic.id) == assistant.topic(topic.id)
    question = 'Where does it say "third parties"?'
    assert over_milvus.ask(question) == assistant.ask(question)
    assert over_milvus.search("cookies") == assistant.search("cookies")


@pytest.mark.parametrize(
    "question", ["Do you sel my persnal informatoin?", "5.8", "?", "zzz qqq", "'\" or 1==1", "个人"]
)
def test_odd_questions_get_the_same_answers(over_milvus: Assistant, assistant: Assistant, question: str) -> None:
    assert form(over_milvus.ask(question)) == form(assistant.ask(question))


def test_errors_are_the_same(over_milvus: Assistant) -> None:
    with pytest.raises(UnknownPolicyError):
        over_milvus.ask("What?", ['"] or tenant != "'])
    with pytest.raises(UnknownClauseError):
        over_milvus.clause(ITALKI, "99")


def test_ranks_word_pieces_and_counts_are_those_of_the_index(
    over_milvus: Assistant, embedded: Embedded, milvus: World
) -> None:
    engine = milvus.engine(TENANT)
    query = milvus.encoder.encode_query("Who is my data shared with?")
    for policies in (None, [ITALKI], [ITALKI, "unistudy-privacy-policy"], []):
        here, there = (each.rank("shared data", query, 8, policies) for each in (embedded, engine))
        assert [hit.passage for hit in there] == [hit.passage for hit in here]
        np.testing.assert_allclose([hit.score for hit in there], [hit.score for hit in here], atol=1e-3)
    some = embedded.passages(ITALKI)[3:6]
    assert [hit.passage for hit in engine.rank("data", query, 3, passages=some)] == [
        hit.passage for hit in embedded.rank("data", query, 3, passages=[each for each in some if each.citable])
    ]
    assert engine.rank("data", query, 3, passages=[]) == ()
    np.testing.assert_array_equal(engine.weights(query.pieces), embedded.weights(query.pieces))
    here, there = embedded.pieces(some), engine.pieces(some)
    np.testing.assert_array_equal(here.offsets, there.offsets)
    np.testing.assert_array_equal(here.starts, there.starts)
    assert np.abs(here.values.astype(int) - there.values).max() <= 2
    assert dict(engine.words()) == dict(embedded.words())
    assert engine.matched("cookies") is embedded.matched("cookies") is True
    assert engine.matched("zzzz") is embedded.matched("zzzz") is False


def test_words_are_worth_what_they_are_in_the_index(embedded: Embedded, root: Path) -> None:
    """To the last bit, so that near ties fall the same way."""
    texts = [passage.indexed for policy in embedded.policies() for passage in embedded.passages(policy.id)]
    counts = Counts.of(texts, np.zeros(1, dtype=np.int32))
    passages = [counted(terms(text)) for text in texts]
    for each in [*(each.question for each in judged(root)), "data data data of your data, and cookies cookies cookies"]:
        question = Counter(tokens(each))
        idf = counts.idf(question)
        here = [score(question, passage, idf, counts.average) for passage in passages]
        assert here == embedded._search.lexical.scores(each).tolist()


def test_the_server_fuses_by_rank_as_is_done_here(over_milvus: Assistant, milvus: World) -> None:
    """`hybrid_search`, which the product does not call: its words are counted over all tenants, or one segment."""
    store, client = milvus.store(TENANT), milvus.client
    question, depth = "Who is my data shared with?", 20
    vector = milvus.encoder.encode_query(question).vector
    lists = [store.near(vector, depth, Scope()), store.matching(terms(question), depth, Scope())]
    places = [[(each.generation, each.ordinal) for each in found] for found in lists]
    numbers = {place: number for number, place in enumerate(dict.fromkeys(places[0] + places[1]))}
    fused = dict(fuse([[numbers[place] for place in found] for found in places], (1.0, 1.0), RANK_CONSTANT))
    library, where = client.library, store._filter(["citable == true"])
    asked = [
        library.AnnSearchRequest([data], field, {"metric_type": metric}, limit=depth, expr=where)
        for data, field, metric in ((vector.tolist(), "dense", "IP"), (terms(question), "sparse", "BM25"))
    ]
    (hits,) = client.call(
        "hybrid_search",
        milvus.names.passages,
        reqs=asked,
        ranker=library.RRFRanker(RANK_CONSTANT),
        limit=depth,
        output_fields=["generation", "ordinal"],
        consistency_level="Strong",
    )
    found = [numbers[hit["entity"]["generation"], hit["entity"]["ordinal"]] for hit in hits]
    np.testing.assert_allclose([hit["distance"] for hit in hits], [fused[number] for number in found], rtol=1e-5)
    np.testing.assert_allclose([fused[number] for number in found], sorted(fused.values(), reverse=True)[:depth])


@pytest.mark.parametrize(
    "text", ["Clause 5.8.3, e-mail a.b@c.example", "Личные данные", "个人信息 0xAB 0x", "", "x" * 70000]
)
def test_every_analyzer_takes_stems_for_words(text: str) -> None:
    """All that a server does with them is to cut at spaces."""
    words = terms(text)
    assert words.isascii()
    assert all(word.isalnum() and word == word.lower() for word in words.split())
    assert len(words) <= 65_535
    if len(text) < 1000:
        assert sorted(counted(words).elements()) == sorted(tokens(text))


def test_policies_are_narrowed_to_those_that_may_hold_a_phrase(milvus: World, tmp_path: Path) -> None:
    texts = {"a": "We keep e-mail of you.", "b": "We keep MAIL, K\u0131sses and kisses.", "c": "Nothing is kept."}
    for at, (name, text) in enumerate(texts.items(), 1):
        (tmp_path / f"{name}.txt").write_text(f"Policy {name}\n\n{at}. Data\n{text}\n", "utf-8")
    milvus.ingest("narrowed", tmp_path)
    engine = milvus.engine("narrowed")
    assert set(engine.holding("keep mail")) == {"a", "b"}
    assert set(engine.holding("nothing")) == {"c"}
    assert set(engine.holding("unicorn")) == set()
    assert set(engine.holding("42")) == {"a", "b", "c"}
    for policy, text in texts.items():
        whole = engine.document(policy).text
        for start in range(len(text)):
            for stop in range(start + 1, len(text) + 1):
                if exact_spans(whole, text[start:stop]):
                    assert longest_word(text[start:stop]) in {"", *runs(whole)}


def test_policies_are_narrowed_to_those_that_have_a_number(over_milvus: Assistant, milvus: World) -> None:
    engine = milvus.engine(TENANT)
    for number in ("5.8.3", "1", "a", "(A)"):
        found = {
            policy.id
            for policy in engine.policies()
            if any(clause.number.casefold() == number.casefold() for clause in engine.document(policy.id).clauses)
        }
        assert set(engine.numbering(number)) == found
    assert engine.numbering("1")
    assert not engine.numbering('"] or true or ["')


def test_more_words_than_a_row_takes_stand_for_all(milvus: World) -> None:
    store = milvus.store("many words")
    store.put_document("0" * 32, b"{}", {f"word{at}" for at in range(5000)}, {"1", "x" * 100})
    store.put_document("1" * 32, b"{}", {"a"}, set())
    assert store.having("runs", "a") == {"0" * 32, "1" * 32}
    assert store.having("runs", "b") == {"0" * 32}
    assert store.having("numbers", "x" * 100) == {"0" * 32}
    assert not store.having("numbers", "2")


# --- tenants


@pytest.fixture(scope="module")
def two(milvus: World, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Milvus, Milvus]:
    """Two tenants with a policy of one name, which say different things."""
    hostile = ('acme" or tenant != "', "acme")
    for tenant, kept in zip(hostile, ("We keep unicorns.", "We keep dragons."), strict=True):
        folder = tmp_path_factory.mktemp("tenant")
        (folder / "policy.txt").write_text(f"Privacy policy\n\n1. Data\n{kept} We share them with nobody.\n", "utf-8")
        milvus.ingest(tenant, folder)
    return milvus.engine(hostile[0]), milvus.engine(hostile[1])


def test_policies_of_one_tenant_are_never_seen_by_another(two: tuple[Milvus, Milvus], milvus: World) -> None:
    for engine, own, other in zip(two, ("unicorns", "dragons"), ("dragons", "unicorns"), strict=True):
        query = milvus.encoder.encode_query(other)
        hits = engine.rank(other, query, 50)
        assert hits
        assert all(other not in hit.passage.text for hit in hits)
        assert any(own in hit.passage.text for hit in hits)
        assert [policy.id for policy in engine.policies()] == ["policy"]
        assert other not in engine.document("policy").text
        assert all(other not in passage.text for passage in engine.passages("policy"))
        assert other not in dict(engine.words())
        assert not engine.matched(other)


def test_rows_of_another_tenant_are_not_found_by_their_generation(two: tuple[Milvus, Milvus], milvus: World) -> None:
    """The tenant stands in every filter, even where all else of a filter is another one's."""
    theirs = milvus.store("acme")
    (entry,) = theirs.entries()
    mine = milvus.store("somebody else")
    query = milvus.encoder.encode_query("dragons").vector
    scope = Scope(generations=(entry.generation,))
    assert theirs.near(query, 5, scope)
    assert theirs.matching(terms("dragons"), 5, scope)
    assert not mine.near(query, 5, scope)
    assert not mine.matching(terms("dragons"), 5, scope)
    assert not mine.held(entry.generation)
    assert not mine.entries()
    mine.delete(entry.generation)
    mine.drop_entry("policy")
    assert theirs.entries() == (entry,)
    assert theirs.held(entry.generation)


# --- versions


def policy(folder: Path, version: int, clauses: int = 6) -> Path:
    lines = [
        f"{at}. Section {at}\nVersion {version} of clause {at} is about cookies.\n" for at in range(1, clauses + 1)
    ]
    (folder / "policy.txt").write_text("Cookie policy\n\n" + "\n".join(lines), "utf-8")
    return folder


def said(engine: Milvus, encoder: Encoder) -> set[str]:
    """The versions that are found, and read."""
    hits = engine.rank("cookies version", encoder.encode_query("cookies"), 20)
    texts = [hit.passage.text for hit in hits] + [passage.text for passage in engine.passages("policy")]
    texts.append(engine.document("policy").text)
    assert len(hits) >= 6
    return {text.split("Version ")[1].split()[0] for text in texts if "Version " in text}


def test_a_new_version_replaces_the_old_one_at_once(milvus: World, tmp_path: Path) -> None:
    """Whoever reads meanwhile sees one version whole, and one that began to read goes on with what it saw."""
    tenant = "versions"
    milvus.ingest(tenant, policy(tmp_path, 1))
    first = milvus.engine(tenant)
    seen: list[set[str]] = []
    wrong: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        last = None
        try:
            while not done.is_set():
                last = milvus.engine(tenant, last)
                seen.append(said(last, milvus.encoder))
        except BaseException as error:
            wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for version in range(2, 5):
            milvus.ingest(tenant, policy(tmp_path, version))
    finally:
        done.set()
        for reader in readers:
            reader.join(60)
    assert not wrong
    assert all(len(each) == 1 for each in seen)
    assert len({min(each) for each in seen}) > 1
    assert said(first, milvus.encoder) == {"1"}
    assert said(milvus.engine(tenant), milvus.encoder) == {"4"}


def test_rows_of_old_versions_go_after_a_while(milvus: World, tmp_path: Path) -> None:
    tenant = "sweeping"
    milvus.ingest(tenant, policy(tmp_path, 1))
    store = milvus.store(tenant)
    (old,) = store.entries()
    milvus.ingest(tenant, policy(tmp_path, 2))
    assert store.held(old.generation)
    late = Milvus(store, (old,))
    assert late.matched("cookies")
    milvus.ingest(tenant, policy(tmp_path, 2), grace=0.0)
    assert not store.held(old.generation)
    # Whoever reads what is gone hears of it, and is not told that no clause answers.
    with pytest.raises(EngineError, match="is missing"):
        late.document("policy")
    query = milvus.encoder.encode_query("cookies")
    for policies in (["policy"], None):
        with pytest.raises(BusyError, match="have been replaced meanwhile"):
            late.rank("", query, 5, policies)
    assert late.rank("", query, 5, []) == ()
    (entry,) = store.entries()
    assert entry.retired == ()
    # Back to what was there before, and away.
    milvus.ingest(tenant, policy(tmp_path, 1))
    assert said(milvus.engine(tenant), milvus.encoder) == {"1"}
    shutil.move(tmp_path / "policy.txt", tmp_path / "other.txt")
    milvus.ingest(tenant, tmp_path, grace=0.0)
    assert [each.policy for each in store.entries()] == ["other"]
    assert not store.held(old.generation)


def test_counts_are_kept_from_one_generation_to_the_next(milvus: World, tmp_path: Path) -> None:
    tenant = "counting"
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.txt").write_text(f"Policy {name}\n\n1. Data\nWe keep {name * 5} of you.\n", "utf-8")
    milvus.ingest(tenant, tmp_path)
    before = milvus.engine(tenant)
    assert dict(before.words())["aaaaa"] == 1
    (tmp_path / "a.txt").write_text("Policy a\n\n1. Data\nWe keep eeeee of you.\n", "utf-8")
    (tmp_path / "b.txt").unlink()
    milvus.ingest(tenant, tmp_path)
    kept, anew = milvus.engine(tenant, before), milvus.engine(tenant)
    assert dict(kept.words()) == dict(anew.words())
    assert kept._counts == anew._counts
    assert "aaaaa" not in dict(kept.words())
    assert dict(before.words())["aaaaa"] == 1
