"""The training code: rows are read as they are meant, losses are what their formulas say, and a few steps learn."""

from __future__ import annotations

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertConfig, BertModel

from assistant.retrieval.encoder import Encoder
from assistant.retrieval.late import SCALE, gather
from assistant.retrieval.weights import (
    MODEL_DIR,
    PROJECTION,
    QUESTION_PROJECTION,
    TOKENIZER,
    Page,
    read_page,
    read_stored,
    write,
)
from training import calibrate, questions, train, vocabulary
from training import encoder as training
from training.encoder import (
    PASSAGE_PIECES,
    PASSAGE_PREFIX,
    PASSAGES,
    QUESTION_PIECES,
    QUESTION_PREFIX,
    QUESTIONS,
    TEMPTING,
    Model,
    Trainer,
    Vectors,
    answers,
    info_nce,
    max_sim,
    noisy,
    steps,
)
from training.graph import graph
from training.questions import encoded, projection_of_questions
from training.rows import HELD_OUT, Message, Row, Text, read_rows, read_texts
from training.train import ANNOTATORS, OWN_ROWS, principal

POLICY = """Acme Privacy Policy

1. What we collect

We collect your name, your e-mail address and the pages that you visit.

2. How long we keep it

We keep invoices for ten years. Logs are deleted after 30 days.

3. Who else reads it

Nobody else reads your data, ever. We keep invoices for ten years.
"""
OTHER = """Bakery Cookie Notice

1. Cookies

A cookie remembers your language until you close the browser.

2. Newsletter

Our newsletter goes to customers who have asked for it. Unsubscribe with one click.

3. Children

Nobody under sixteen may open an account at our bakery.
"""
COLLECTED = "We collect your name"
KEPT = "We keep invoices for ten years. Logs"
NOBODY = "Nobody else"


def _line(
    *positives: str, question: str = "why?", negatives: tuple[str, ...] = (), **more: object
) -> dict[str, object]:
    found = {"doc": "acme", "question": question, "lang": "en", "kind": "direct"}
    return {**found, "positives": positives, "hard_negatives": negatives, **more}


def _folder(folder: Path, *lines: dict[str, object], name: str = "acme") -> Path:
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / f"{name}.txt").write_text(POLICY, encoding="utf-8")
    told = [json.dumps(line, ensure_ascii=False) for line in lines]
    (folder / "asked.jsonl").write_text("\n".join(told) + "\n", encoding="utf-8")
    return folder


def _read(folder: Path) -> tuple[dict[str, Text], list[Row], list[Message]]:
    texts = read_texts([folder])
    return texts, *read_rows([folder], texts)


def _begins(text: Text, numbers: tuple[int, ...]) -> list[str]:
    """First words of the passages with these numbers."""
    known = (COLLECTED, KEPT, NOBODY)
    return [next(words for words in known if text.passages[at].text.startswith(words)) for at in numbers]


# ---------------------------------------------------------------------------------------------------------------- rows


@pytest.mark.parametrize(
    "quote",
    [
        "your name, your e-mail address",
        "your name your\n\te mail   address!",
        "“your name”; (your e‑mail address)…",
    ],
)
def test_quotes_are_found_by_letters_and_digits(tmp_path: Path, quote: str) -> None:
    texts, rows, _ = _read(_folder(tmp_path, _line(quote)))
    assert _begins(texts["acme"], rows[0].positives) == [COLLECTED]


def test_headings_are_no_passages_that_may_be_cited(tmp_path: Path) -> None:
    texts, rows, _ = _read(_folder(tmp_path, _line("How long we keep it"), _line("Nobody else reads your data")))
    assert len(texts["acme"].passages) == 3
    assert [_begins(texts["acme"], row.positives) for row in rows] == [[NOBODY]]


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("Logs are deleted after 30 days.", [KEPT]),
        ("We keep invoices for ten years.", [KEPT, NOBODY]),
        # Most of it stands in one passage.
        ("We keep invoices for ten years. Logs are deleted after 30 days. 3. Who else", [KEPT]),
        ("3. Who else reads it. Nobody else reads your data, ever.", [NOBODY]),
        # No passage holds half of it.
        ("deleted after 30 days. 3. Who else reads it. Nobody else reads", None),
        # The right words in another order, words that stand nowhere, and no words.
        ("Logs are kept for ten years.", None),
        ("…", None),
    ],
)
def test_a_passage_answers_that_holds_half_of_a_quote(tmp_path: Path, quote: str, expected: list[str] | None) -> None:
    texts, rows, _ = _read(_folder(tmp_path, _line(quote)))
    assert [_begins(texts["acme"], row.positives) for row in rows] == ([] if expected is None else [expected])


def test_a_row_goes_only_where_no_quote_stands(tmp_path: Path) -> None:
    folder = _folder(
        tmp_path,
        _line("stands nowhere at all", question="none"),
        _line("stands nowhere at all", "Logs are deleted", question="one"),
        _line(question="unanswerable", negatives=("Logs are deleted", "stands nowhere at all")),
    )
    texts, rows, _ = _read(folder)
    assert [(row.question, row.answerable) for row in rows] == [("one", True), ("unanswerable", False)]
    assert _begins(texts["acme"], rows[1].negatives) == [KEPT]


def test_what_answers_is_no_negative_and_counts_once(tmp_path: Path) -> None:
    line = _line("Logs are deleted", "after 30 days", negatives=("for ten years", "Logs", "your name"))
    texts, rows, _ = _read(_folder(tmp_path, line))
    assert _begins(texts["acme"], rows[0].positives) == [KEPT]
    assert _begins(texts["acme"], rows[0].negatives) == [NOBODY, COLLECTED]


def test_rows_keep_what_the_lines_say(tmp_path: Path) -> None:
    first = _folder(tmp_path / "a", _line("Logs", question="wie lange?", lang="de", kind="typo", pair=7))
    second = _folder(tmp_path / "b", _line("Logs", doc="other"), _line("Logs"), name="other")
    texts = read_texts([first, second])
    rows, messages = read_rows([first, second], texts)
    assert set(texts) == {"acme", "other"}
    assert messages == []
    assert rows[0] == Row("acme", "wie lange?", "de", "typo", rows[0].positives, (), "asked 7")
    assert [(row.policy, row.pair) for row in rows] == [("acme", "asked 7"), ("other", ""), ("acme", "")]


def test_lines_without_a_policy_are_messages(tmp_path: Path) -> None:
    told = [{"question": kind, "lang": "en", "kind": kind} for kind in ("privacy", "chitchat")]
    _, rows, messages = _read(_folder(tmp_path, told[0], _line("Logs"), told[1]))
    assert len(rows) == 1
    assert messages == [Message("privacy", "en", "privacy"), Message("chitchat", "en", "chitchat")]
    assert [message.on_topic for message in messages] == [True, False]


# -------------------------------------------------------------------------------------------- the rows that are shipped


SHIPPED = (OWN_ROWS, ANNOTATORS)


@pytest.fixture(scope="module")
def texts() -> dict[str, Text]:
    return read_texts(SHIPPED)


@pytest.fixture(scope="module")
def lines() -> dict[str, list[dict[str, object]]]:
    """What every file of the repository's rows holds."""
    files = sorted(file for folder in SHIPPED for file in folder.glob("*.jsonl"))
    return {file.name: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in files}


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def test_every_quote_stands_in_its_text(lines: dict[str, list[dict[str, object]]]) -> None:
    files = [file for folder in SHIPPED for file in (folder / "docs").iterdir()]
    words = {file.stem: _bare(file.read_text(encoding="utf-8")) for file in files}
    asked = [line for found in lines.values() for line in found if "doc" in line]
    missing = [
        (line["doc"], quote)
        for line in asked
        for quote in (*line["positives"], *line["hard_negatives"])
        if not _bare(quote) or _bare(quote) not in words[line["doc"]]
    ]
    assert missing == []
    assert {line["doc"] for line in asked} == set(words)


def test_every_pair_is_a_question_with_an_answer_and_one_without(lines: dict[str, list[dict[str, object]]]) -> None:
    pairs: dict[tuple[str, object, object], list[bool]] = defaultdict(list)
    for name, found in lines.items():
        for line in found:
            if "pair" in line:
                pairs[name, line["doc"], line["pair"]].append(bool(line["positives"]))
    assert pairs
    assert [pair for pair, answerable in pairs.items() if sorted(answerable) != [False, True]] == []


def test_no_question_stands_twice_in_a_file(lines: dict[str, list[dict[str, object]]]) -> None:
    counts = {name: Counter(line["question"].strip().casefold() for line in found) for name, found in lines.items()}
    assert [(name, asked) for name, found in counts.items() for asked, count in found.items() if count > 1] == []
    assert all(asked for found in counts.values() for asked in found)


def test_held_out_policies_of_our_own_are_there(texts: dict[str, Text]) -> None:
    own = {policy for policy in HELD_OUT if policy.startswith("own-")}
    assert own
    assert own < set(texts)


def test_hardly_a_row_is_dropped(texts: dict[str, Text], lines: dict[str, list[dict[str, object]]]) -> None:
    rows, messages = read_rows(SHIPPED, texts)
    told = [line for found in lines.values() for line in found]
    assert len(messages) == sum("doc" not in line for line in told)
    assert 0.99 * (len(told) - len(messages)) <= len(rows) <= len(told) - len(messages)
    assert {message.on_topic for message in messages} == {True, False}
    assert all(at < len(texts[row.policy].passages) for row in rows for at in (*row.positives, *row.negatives))


# --------------------------------------------------------------------------------------------------------------- steps


def _row(policy: str, positives: tuple[int, ...] = (), negatives: tuple[int, ...] = (), question: str = "?") -> Row:
    return Row(policy, question, "en", "direct", positives, negatives, "")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Text:
    """A short policy of three passages."""
    return read_texts([_folder(tmp_path_factory.mktemp("data"))])["acme"]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 70), st.integers(1, 90)), max_size=8), st.integers(0, 99))
def test_an_epoch_takes_every_row_once(document: Text, sizes: list[tuple[int, int]], seed: int) -> None:
    dice = random.Random(seed)
    rows, texts = [], {}
    for number, (asked, passages) in enumerate(sizes):
        policy = f"policy-{number}"
        texts[policy] = Text(document.document, document.passages[:1] * passages)
        for at in range(asked):
            drawn = dice.sample(range(passages), min(passages, dice.randrange(4)))
            rows.append(_row(policy, tuple(drawn[:1]), tuple(drawn[1:]), f"{number} {at}"))
    found = list(steps(rows, texts, random.Random(seed)))
    assert Counter(row for step in found for row in step.rows) == Counter(rows)
    for step in found:
        assert 0 < len(step.rows) <= QUESTIONS
        policies = [row.policy for row in step.rows]
        # Rows of one policy stand together, as one group.
        assert len(set(policies)) == 1 + sum(a != b for a, b in pairwise(policies))
        assert max(Counter(policies).values()) <= QUESTIONS // 2
        assert len(set(step.passages)) == len(step.passages)
        named = {(row.policy, at) for row in step.rows for at in (*row.positives, *row.negatives)}
        assert named <= set(step.passages)
        assert all(policy in policies and at < len(texts[policy].passages) for policy, at in step.passages)
        # What is not named fills up to so many passages.
        share = PASSAGES // len(set(policies))
        for policy in set(policies):
            own = sum(other == policy for other, _ in step.passages)
            needed = sum(other == policy for other, _ in named)
            assert own == max(needed, min(share, len(texts[policy].passages)))


def test_epochs_differ_and_seeds_do_not(document: Text) -> None:
    texts = {"a": document, "b": document}
    rows = [_row(policy, (at % 3,), (), f"{at}") for policy in texts for at in range(40)]
    dice = random.Random(1)
    first, second = list(steps(rows, texts, dice)), list(steps(rows, texts, dice))
    again = list(steps(rows, texts, random.Random(1)))
    assert [(step.rows, step.passages) for step in first] == [(step.rows, step.passages) for step in again]
    assert [step.rows for step in first] != [step.rows for step in second]


@settings(max_examples=300)
@given(st.one_of(st.text(min_size=1, max_size=90), st.sampled_from(["?", "?!", "…?", "a?", "Do you?", "隐私？"])))
def test_noise_is_the_same_for_a_seed_and_leaves_something(question: str) -> None:
    for seed in range(20):
        typed = noisy(question, random.Random(seed))
        assert typed == noisy(question, random.Random(seed))
        assert typed
        assert len(typed) >= len(question.rstrip("?.! ")) - 1 - len(question) // 40


def test_most_questions_stay_as_they_are() -> None:
    question = "Who gets my address, and why?"
    dice = random.Random(0)
    typed = Counter(noisy(question, dice) for _ in range(1000))
    assert 0.6 < typed[question] / 1000 < 0.85
    assert 0.05 < typed[question.lower().rstrip("?")] / 1000 < 0.2
    assert len(typed) > 50


# -------------------------------------------------------------------------------------------------------------- losses


def _vectors(counts: list[int], seed: int, longest: int = 6, dim: int = 8) -> Vectors:
    """Texts with so many counted pieces, at places of their own; components are multiples of 1/SCALE."""
    dice = np.random.default_rng(seed)
    drawn = dice.standard_normal((len(counts), longest, dim))
    drawn /= np.linalg.norm(drawn, axis=-1, keepdims=True)
    counted = np.zeros((len(counts), longest), dtype=bool)
    for row, count in enumerate(counts):
        counted[row, dice.permutation(longest)[:count]] = True
    tokens = torch.from_numpy(np.rint(drawn * SCALE).astype(np.float32) / SCALE)
    return Vectors(torch.zeros(len(counts), dim), tokens, torch.from_numpy(counted))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_the_trained_score_is_the_one_that_is_searched_with(asked: list[int], held: list[int]) -> None:
    questions, passages = _vectors(asked, seed=1), _vectors(held, seed=2)
    parts = []
    for tokens, counted in zip(passages.tokens, passages.counted, strict=True):
        values = np.rint(tokens[counted].numpy() * SCALE).astype(np.int8)
        places = np.arange(len(values), dtype=np.int32)
        parts.append((values, places, places + 1))
    stored = gather(parts, np.zeros(1, np.int32), 8)
    expected = [
        stored.max_sim(tokens[counted].numpy(), np.arange(len(held)))
        for tokens, counted in zip(questions.tokens, questions.counted, strict=True)
    ]
    np.testing.assert_allclose(max_sim(questions, passages).numpy(), expected, atol=1e-5)


# Per passage the policy of each, per question the policy and which passages answer.
OWNERS = "aaaaabbbbbcc"
ASKED = [("a", (0, 3)), ("a", ()), ("b", (5,)), ("b", (5, 6, 9)), ("c", (10,)), ("c", ()), ("b", ())]


def _marked(asked: list[tuple[str, tuple[int, ...]]]) -> tuple[Tensor, Tensor]:
    own = torch.tensor([[policy == owner for owner in OWNERS] for policy, _ in asked])
    right = torch.tensor([[at in answer for at in range(len(OWNERS))] for _, answer in asked])
    return right, own


def _scores(asked: list[tuple[str, tuple[int, ...]]], seed: int) -> Tensor:
    return torch.rand(len(asked), len(OWNERS), generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("seed", range(8))
def test_info_nce_against_its_formula(seed: int) -> None:
    scores, (right, own), scale = _scores(ASKED, seed), _marked(ASKED), 7.0
    per_question = []
    for row, (policy, answer) in zip(scores.tolist(), ASKED, strict=True):
        if not answer:
            continue
        worst = min(row[at] for at in answer)
        # A passage of another policy that scores above an own answer may answer too.
        wrong = [score for at, score in enumerate(row) if at not in answer and (OWNERS[at] == policy or score <= worst)]
        below = sum(math.exp(scale * score) for score in wrong)
        shares = [math.exp(scale * row[at]) / (math.exp(scale * row[at]) + below) for at in answer]
        per_question.append(-sum(map(math.log, shares)) / len(shares))
    expected = sum(per_question) / len(per_question)
    assert info_nce(scores, torch.tensor(scale), right, own).item() == pytest.approx(expected, rel=1e-4)


def test_info_nce_takes_no_passage_of_another_policy_above_the_answer() -> None:
    asked = [("a", (0,))]
    scores, (right, own) = _scores(asked, 0), _marked(asked)
    scores[0, 0], scores[0, 7] = 0.0, -0.5
    scale = torch.tensor(5.0)
    below = info_nce(scores, scale, right, own)
    scores[0, 7] = 0.9
    above = info_nce(scores, scale, right, own)
    scores[0, 4] = 0.95
    assert above < below < info_nce(scores, scale, right, own)


@pytest.mark.parametrize("seed", range(8))
def test_answers_against_its_formula(seed: int) -> None:
    logits, (right, own) = 5 * _scores(ASKED, seed), _marked(ASKED)
    found, missed, weights = [], 0.0, 0.0
    for row, (policy, answer) in zip(logits.tolist(), ASKED, strict=True):
        if answer:
            found.append(math.log1p(math.exp(-max(row[at] for at in answer))))
        weight = 0.5 if answer else 1.5
        wrong = sorted(
            (row[at] for at, owner in enumerate(OWNERS) if owner == policy and at not in answer), reverse=True
        )
        missed += weight * sum(math.log1p(math.exp(score)) for score in wrong[:TEMPTING])
        # A policy with fewer wrong passages has lost nothing by those that are missing.
        weights += weight * TEMPTING
    expected = sum(found) / len(found) + missed / weights
    assert answers(logits, right, own).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("asked", [[("a", ()), ("b", ())], [("a", (0, 1, 2, 3, 4))]], ids=["no answer", "no wrong one"])
def test_losses_stay_numbers_whatever_a_step_holds(asked: list[tuple[str, tuple[int, ...]]]) -> None:
    scores, (right, own) = _scores(asked, 3).requires_grad_(), _marked(asked)
    loss = info_nce(scores, torch.tensor(20.0), right, own) + answers(scores, right, own)
    loss.backward()
    assert loss.isfinite()
    assert scores.grad.isfinite().all()
    assert scores.grad.any()


# ------------------------------------------------------------------------------------------------------------- trainer

HIDDEN = 32
CONFIG = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 1,
}
ROWS = [
    _row("acme", (0,), (1,), "which pages do you note down?"),
    _row("acme", (1,), (2,), "when are logs erased?"),
    _row("acme", (2,), (), "does anybody else get to see it?"),
    _row("acme", (), (1,), "do you sell cakes?"),
    _row("other", (0,), (), "does it know that I read Polish?"),
    _row("other", (1, 2), (0,), "who gets your mails, and how old must they be?"),
    _row("other", (), (2,), "where are your servers?"),
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(MODEL_DIR / TOKENIZER))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """On busy cores the threads of a small product wait for each other longer than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def trainer(tokenizer: Tokenizer, document: Text, tmp_path: Path, one_thread: None) -> Trainer:
    """A tiny model of random weights, over two short policies."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.txt").write_text(OTHER, encoding="utf-8")
    texts = {"acme": document, **read_texts([tmp_path])}
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **CONFIG
    )
    bert = BertModel(config, add_pooling_layer=False)
    # As drawn, all vectors are all but the same.
    with torch.no_grad():
        bert.embeddings.word_embeddings.weight.mul_(50)
    projection = torch.linalg.qr(torch.randn(HIDDEN, 16))[0].contiguous()
    return Trainer(Model(bert, projection), tokenizer, texts)


def test_batches_change_nothing(trainer: Trainer) -> None:
    texts = ["a", "We keep invoices for ten years, and logs for thirty days.", "…", "Мы храним данные.", "keep it"]
    with torch.no_grad():
        whole = trainer.encode(PASSAGE_PREFIX, texts, PASSAGE_PIECES)
        cut = trainer.encode(PASSAGE_PREFIX, texts, PASSAGE_PIECES, batch=2)
        short = trainer.encode(PASSAGE_PREFIX, texts, 6)
    assert whole.counted.equal(cut.counted)
    # What the transformer computes in bfloat16 has three digits.
    assert (whole.pooled * cut.pooled).sum(1).min() > 0.999
    assert (whole.tokens * cut.tokens).sum(2)[whole.counted].min() > 0.999
    assert whole.pooled.norm(dim=1).cpu().numpy() == pytest.approx(1, abs=1e-5)
    assert whole.counted.sum(1)[2] == 0
    assert short.tokens.shape[:2] == (5, 6)


def test_the_encoder_that_is_written_reads_as_the_trainer_does(trainer: Trainer, tmp_path: Path) -> None:
    asked = [row.question for row in ROWS] + ["¿qué datos?", "“quoted”, (twice)", "隐私政策"]
    held = [passage.indexed for passage in trainer.texts["acme"].passages]
    with torch.no_grad():
        questions = trainer.encode(QUESTION_PREFIX, asked, QUESTION_PIECES)
        passages = trainer.encode(PASSAGE_PREFIX, held, PASSAGE_PIECES)
        scores = max_sim(questions, passages).cpu().numpy()
    tensors = {name: tensor.cpu().numpy() for name, tensor in trainer.model.bert.state_dict().items()}
    tensors[PROJECTION] = tensors[QUESTION_PROJECTION] = trainer.model.projection.detach().cpu().numpy()
    config = {**CONFIG, "vocab_size": trainer.tokenizer.get_vocab_size()}
    page = Page("tiny", QUESTION_PREFIX, PASSAGE_PREFIX, config, {})
    text = (MODEL_DIR / TOKENIZER).read_text(encoding="utf-8")
    write(tmp_path / "model", page, tensors, text, graph(config, tensors[PROJECTION].shape[1]))
    encoder = Encoder(tmp_path / "model")
    stored = encoder.encode_passages(held)
    assert len(stored.tokens.values) == passages.counted.sum()
    # Eight bits of weights, and bfloat16 on the other side.
    assert (stored.vectors * passages.pooled.cpu().numpy()).sum(1).min() > 0.99
    for at, question in enumerate(asked):
        found = encoder.encode_query(question)
        assert len(found.tokens) == questions.counted[at].sum()
        assert found.vector @ questions.pooled[at].cpu().numpy() > 0.99
        np.testing.assert_allclose(stored.tokens.max_sim(found.tokens, np.arange(3)), scores[at], atol=0.03)


def test_a_few_steps_learn_and_leave_the_embeddings(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # That of the real model is too careful for weights that know nothing.
    monkeypatch.setattr(training, "LEARNING_RATE", 3e-3)
    step = next(steps(ROWS, trainer.texts, random.Random(5)))
    before = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}

    def losses() -> list[float]:
        with torch.no_grad():
            return [loss.item() for loss in trainer.loss(step, random.Random(6))]

    first = losses()
    trainer.fit(ROWS, 15, seed=7)
    last = losses()
    assert len(first) == 3
    assert all(after < 0.8 * loss for loss, after in zip(first, last, strict=True)), (first, last)
    changed = {name for name, tensor in trainer.model.state_dict().items() if not tensor.equal(before[name])}
    assert not any("embeddings" in name for name in changed)
    assert {"projection", "scales", "slope", "offset", "bert.encoder.layer.0.attention.self.query.weight"} <= changed
    assert "step 15 of 15, losses " in capsys.readouterr().out


def test_the_projection_of_questions_learns_alone(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(questions, "LEARNING_RATE", 3e-3)
    # Two steps an epoch, so that there is an order.
    monkeypatch.setattr(training, "QUESTIONS", 4)
    before = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}
    step = next(steps(ROWS, trainer.texts, random.Random(5)))
    states = encoded(trainer, ROWS)

    def loss(projection: Tensor) -> float:
        learned = questions.Learned(trainer.model)
        learned.projection.data = projection
        with torch.no_grad():
            return questions.missed(step, states, learned).item()

    found = projection_of_questions(trainer, ROWS, seed=7, epochs=20)
    assert found.shape == trainer.model.projection.shape
    assert loss(found) < 0.8 * loss(trainer.model.projection.detach())
    assert all(tensor.equal(before[name]) for name, tensor in trainer.model.state_dict().items())
    assert "projection of questions: step 40 of 40, loss " in capsys.readouterr().out
    # The mean of runs that differ.
    runs = [projection_of_questions(trainer, ROWS, seed=7 + run, epochs=20, runs=1) for run in range(questions.RUNS)]
    assert not runs[0].allclose(runs[1], atol=1e-4)
    assert found.allclose(torch.stack(runs).mean(dim=0), atol=1e-3)


def test_the_shipped_encoder_stays_where_only_questions_are_tuned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        _line(COLLECTED, question="which details do you take down", negatives=(NOBODY,)),
        _line(KEPT, question="when do bills go away"),
        _line(question="are passwords hashed", negatives=(NOBODY,)),
    ]
    data = _folder(tmp_path / "data", *lines)
    for name in ("OWN_ROWS", "ANNOTATORS"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(train, name, tmp_path / name)
    out = tmp_path / "model"
    monkeypatch.setattr("sys.argv", ["train", str(data), "--only-questions", "--out", str(out)])
    train.main()
    before, after = read_stored(), read_stored(out)
    assert before.keys() == after.keys()
    assert {name for name in before if not np.array_equal(before[name], after[name])} == {QUESTION_PROJECTION}
    assert read_page(out).files.keys() == read_page().files.keys()
    assert read_page(out).sha256 in capsys.readouterr().out
    assert len(Encoder(out).encode_query("who reads my mail").tokens) >= 4


def test_states_are_of_the_pieces_that_count(trainer: Trainer) -> None:
    states = encoded(trainer, ROWS)
    asked = ROWS[0].question
    with torch.no_grad():
        vectors = trainer.encode(QUESTION_PREFIX, [asked], QUESTION_PIECES)
    projected = torch.nn.functional.normalize(states.questions[asked].float() @ trainer.model.projection, dim=-1)
    # Half precision on the way, and bfloat16 in the transformer.
    assert (projected * vectors.tokens[vectors.counted]).sum(1).min() > 0.999
    assert set(states.passages) == {
        (policy, at) for policy in {row.policy for row in ROWS} for at in range(len(trainer.texts[policy].passages))
    }


def test_the_projection_starts_with_the_directions_that_hold_most(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.train.TOKEN_DIM", 8)
    trainer.model.projection = torch.nn.Parameter(torch.eye(HIDDEN, device=trainer.device))
    found = principal(trainer, trainer.texts)
    assert found.shape == (HIDDEN, 8)
    np.testing.assert_allclose((found.T @ found).cpu().numpy(), np.eye(8), atol=1e-5)
    with torch.no_grad():
        words = [trainer.texts["acme"].passages[0].indexed]
        vectors = trainer.encode(PASSAGE_PREFIX, words, PASSAGE_PIECES)
    tokens = vectors.tokens[vectors.counted]
    held = [(tokens @ directions).square().sum().item() for directions in (found, torch.eye(HIDDEN)[:, :8].to(found))]
    assert held[0] > held[1]
    shares = (tokens @ found).square().sum(0)
    assert shares.equal(shares.sort(descending=True).values)


# ---------------------------------------------------------------------------------------------------------- vocabulary

LETTERS = "abcdefghijklmnopqrstuvwxyzTHEPOLйд"
WORDS = "▁the ▁people ▁of ▁world ▁The ▁THE ing ▁peop le ▁wor ld".split()
RARE = "▁zyzzogeton quux ▁syzygial".split()
CHINESE = "隐私政策 ▁数据 の".split()
SENTENCE = "the people of the world"


@pytest.fixture
def unigram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tokenizer.json in the form of the shipped one; rare pieces stand between the others."""
    # Word lists of all languages would take long.
    monkeypatch.setattr(vocabulary, "FREQUENT", {"en": 1e-4})
    shipped = json.loads((MODEL_DIR / TOKENIZER).read_text(encoding="utf-8"))
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁"]
    pieces += [RARE[0], *LETTERS, RARE[1], *WORDS, *CHINESE, RARE[2], "<mask>"]
    shipped["model"]["vocab"] = [
        [piece, 0.0 if piece[0] == "<" else -20.0 / len(piece) - at / 1000] for at, piece in enumerate(pieces)
    ]
    shipped["normalizer"] = None
    for token in shipped["added_tokens"]:
        token["id"] = pieces.index(token["content"])
    for special in shipped["post_processor"]["special_tokens"].values():
        special["ids"] = [pieces.index(content) for content in special["tokens"]]
    file = tmp_path / TOKENIZER
    file.write_text(json.dumps(shipped, ensure_ascii=False), encoding="utf-8")
    return file


def _pieces(file: Path) -> list[str]:
    return [piece for piece, _ in json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"]]


def test_what_frequent_words_are_cut_into_stays_and_rare_pieces_go(unigram: Path) -> None:
    pieces = _pieces(unigram)
    numbers = vocabulary.kept_pieces(Tokenizer.from_file(str(unigram)), pieces, [])
    assert numbers == sorted(set(numbers))
    kept = {pieces[number] for number in numbers}
    assert {"<s>", "<pad>", "</s>", "<unk>", "<mask>", "▁", *LETTERS, *CHINESE} <= kept
    assert {"▁the", "▁people", "▁of", "▁world", "▁The", "▁THE", "ing"} <= kept
    assert not kept & set(RARE)


def test_pieces_of_the_texts_stay(unigram: Path) -> None:
    pieces = _pieces(unigram)
    numbers = vocabulary.kept_pieces(Tokenizer.from_file(str(unigram)), pieces, ["the zyzzogeton"])
    assert RARE[0] in {pieces[number] for number in numbers}
    assert RARE[2] not in {pieces[number] for number in numbers}


def test_the_pruned_tokenizer_cuts_as_the_whole_one(unigram: Path) -> None:
    pieces = _pieces(unigram)
    text, kept = vocabulary.prune(unigram, [])
    whole, pruned = Tokenizer.from_file(str(unigram)), Tokenizer.from_str(text)
    told = json.loads(text)
    assert [piece for piece, _ in told["model"]["vocab"]] == [pieces[old] for old in kept]
    assert pruned.get_vocab_size() == len(kept)
    # Special tokens come first, the last one has another number, and the model knows them by the new ones.
    assert kept[:5] == [0, 1, 2, 3, 4]
    assert [(token["content"], token["id"]) for token in told["added_tokens"]] == [
        *((piece, at) for at, piece in enumerate(("<s>", "<pad>", "</s>", "<unk>"))),
        ("<mask>", len(kept) - 1),
    ]
    assert told["model"]["unk_id"] == 3
    for sentence in (SENTENCE, "The THE", "隐私政策 数据", "Ω the", ""):
        cut, expected = pruned.encode(sentence), whole.encode(sentence)
        assert cut.tokens == expected.tokens
        assert [kept[number] for number in cut.ids] == expected.ids
    assert pruned.encode(SENTENCE).tokens == ["<s>", *"▁the ▁people ▁of ▁the ▁world".split(), "</s>"]
    # A rare word is still spelt.
    spelt = pruned.encode("zyzzogeton").tokens
    assert "".join(spelt[1:-1]) == "▁zyzzogeton"
    assert len(spelt) > len(whole.encode("zyzzogeton").tokens) == 3


def test_numbers_of_special_tokens_follow_what_goes_before_them(unigram: Path) -> None:
    told = json.loads(unigram.read_text(encoding="utf-8"))
    # Rare pieces in front move every number.
    told["model"]["vocab"] = [["▁aaaa", -9.0], ["▁bbbb", -9.0], *told["model"]["vocab"]]
    told["model"]["unk_id"] += 2
    for token in told["added_tokens"]:
        token["id"] += 2
    for special in told["post_processor"]["special_tokens"].values():
        special["ids"] = [number + 2 for number in special["ids"]]
    unigram.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    text, kept = vocabulary.prune(unigram, [])
    assert kept[:4] == [2, 3, 4, 5]
    pruned = json.loads(text)
    assert pruned["model"]["unk_id"] == 3
    assert [token["id"] for token in pruned["added_tokens"]] == [0, 1, 2, 3, len(kept) - 1]
    assert {name: each["ids"] for name, each in pruned["post_processor"]["special_tokens"].items()} == {
        "<s>": [0],
        "</s>": [2],
    }


# ----------------------------------------------------------------------------------------------------------- calibrate


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that curves go to."""
    monkeypatch.setattr(calibrate, "DOCS", tmp_path)
    yield tmp_path
    plt.close("all")


def _judgements(seed: int, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and whether the answers are right as often as they say."""
    dice = np.random.default_rng(seed)
    chances = dice.random(count)
    return chances, dice.random(count) < chances


@pytest.mark.parametrize("seed", range(5))
def test_clear_answers_are_right_as_often_as_promised(seed: int) -> None:
    chances, right = _judgements(seed)
    threshold = calibrate.clear_from(chances, right)
    assert right[chances >= threshold].mean() >= calibrate.CLEAR
    assert all(right[chances >= lower].mean() < calibrate.CLEAR for lower in chances[chances < threshold])


@pytest.mark.parametrize(
    ("right", "expected"), [([1, 1, 1, 1], 0.2), ([0, 1, 1, 1], 0.4), ([1, 0, 1, 1], 0.6), ([1, 1, 1, 0], 1.0)]
)
def test_clear_from_is_the_lowest_such_probability(right: list[int], expected: float) -> None:
    assert calibrate.clear_from(np.array([0.2, 0.4, 0.6, 0.8]), np.array(right, dtype=bool)) == expected


def test_reliability_tells_what_was_said_and_what_was(drawn: Path) -> None:
    chances, right = _judgements(9, count=203)
    points = calibrate.reliability(chances, right, "reliability.svg")
    assert (drawn / "reliability.svg").read_text(encoding="utf-8").startswith("<?xml")
    ordered = sorted(zip(chances.tolist(), right.tolist(), strict=True))
    sizes = [size for _, _, size in points]
    assert (sum(sizes), len(sizes), max(sizes) - min(sizes)) == (203, 10, 1)
    at = 0
    for said, was, size in points:
        tenth = ordered[at : at + size]
        assert said == pytest.approx(sum(chance for chance, _ in tenth) / size)
        assert was == pytest.approx(sum(true for _, true in tenth) / size)
        at += size


def test_curves_are_the_same_bytes_every_time(drawn: Path) -> None:
    scores, good = _judgements(11)
    for name in ("first.svg", "second.svg"):
        calibrate.refusal_curve(scores, good, name, 0.2)
    first = (drawn / "first.svg").read_bytes()
    assert first == (drawn / "second.svg").read_bytes()
    caught, refused = (scores[~good] < 0.2).mean(), (scores[good] < 0.2).mean()
    assert f"in use: {caught:.0%} caught, {refused:.1%} refused".encode() in first
    calibrate.refusal_curve(scores, good, "second.svg", 0.4)
    assert first != (drawn / "second.svg").read_bytes()
    assert sorted(file.name for file in drawn.iterdir()) == ["first.svg", "second.svg"]


def _judged(seed: int) -> calibrate.Judged:
    dice = np.random.default_rng(seed)
    fits = dice.normal(0.6, 0.1, size=(120, 3))
    right = dice.random(120) < 1 / (1 + np.exp(-20 * (fits[:, 0] - fits[:, 1])))
    return calibrate.Judged(fits, right, np.repeat(np.array(["a", "b", "c", "d"]), 30), right)


def test_weights_are_for_features_as_they_are() -> None:
    found = _judged(13)
    weights, chances = calibrate.fit_answer(found)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3)).fit(found.fits, found.right)
    np.testing.assert_allclose(
        1 / (1 + np.exp(-(found.fits @ weights[:3] + weights[3]))), model.predict_proba(found.fits)[:, 1], atol=1e-9
    )
    assert weights[0] > 0 > weights[1]
    assert chances[found.right].mean() > chances[~found.right].mean()


def test_no_policy_is_judged_by_a_model_that_saw_it() -> None:
    found = _judged(14)
    turned = found.right.copy()
    turned[:30] = ~turned[:30]
    _, chances = calibrate.fit_answer(found)
    _, others = calibrate.fit_answer(calibrate.Judged(found.fits, turned, found.policies, turned))
    np.testing.assert_array_equal(chances[:30], others[:30])
    assert (chances[30:] != others[30:]).all()
