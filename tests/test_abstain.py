"""When a question is answered: the decision on its own, its files, and real questions."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.answering import abstain
from assistant.answering.abstain import Decision, Evidence, Fit, calibration, decide, topic, usual
from assistant.ask import Assistant
from assistant.errors import EncoderError
from assistant.retrieval.encoder import Encoder
from assistant.retrieval.weights import read_page
from assistant.types import Confidence, Status

Floats = NDArray[np.float32]
NOT_COVERED, OFF_TOPIC = Decision(Status.NOT_COVERED), Decision(Status.OFF_TOPIC)
CLEAR, LIKELY = (Decision(Status.ANSWERED, confidence) for confidence in (Confidence.CLEAR, Confidence.LIKELY))


@pytest.fixture
def own_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    """One easy to follow: the log-odds are 10 · match − 10 · elsewhere + usual − 5."""
    easy = replace(
        calibration(),
        least_topic=-1.0,
        match_weight=10.0,
        elsewhere_weight=-10.0,
        usual_weight=1.0,
        fit_bias=-5.0,
        least_answer=0.5,
        clear_answer=0.9,
    )
    monkeypatch.setattr(abstain, "calibration", lambda: easy)


@pytest.mark.usefixtures("own_calibration")
@pytest.mark.parametrize(
    ("evidence", "decision"),
    [
        (Evidence(0.0, Fit(0.8, 0.0), 0.0), CLEAR),
        (Evidence(0.0, Fit(0.6, 0.0), 0.0), LIKELY),
        (Evidence(0.0, Fit(0.5, 0.0), 0.0), LIKELY),
        (Evidence(0.0, Fit(0.49, 0.0), 0.0), NOT_COVERED),
        (Evidence(0.0, Fit(0.8, 0.2), 0.0), LIKELY),
        (Evidence(0.0, Fit(0.8, 0.4), 0.0), NOT_COVERED),
        (Evidence(0.0, Fit(0.49, 0.0), 0.2), LIKELY),
        (Evidence(0.0, Fit(0.6, 0.0), -1.1), NOT_COVERED),
        (Evidence(0.0, None, 9.0), NOT_COVERED),
        (Evidence(-1.1, Fit(0.9, 0.0), 0.0), OFF_TOPIC),
        (Evidence(-1.1, None, 0.0), OFF_TOPIC),
        (Evidence(0.0, Fit(0.8, 0.0), 0.0, words=False), OFF_TOPIC),
        (Evidence(0.6, Fit(0.8, 0.0), 0.0, words=False), CLEAR),
    ],
)
def test_decisions(evidence: Evidence, decision: Decision) -> None:
    assert decide(evidence) == decision


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with copies of all files, which are read instead."""
    for name in ("CALIBRATION_FILE", "TOPIC_FILE", "USUAL_FILE"):
        monkeypatch.setattr(abstain, name, Path(shutil.copy(getattr(abstain, name), tmp_path)))
    caches = (calibration, abstain._support, abstain._usual)
    for each in caches:
        each.cache_clear()
    yield tmp_path
    for each in caches:
        each.cache_clear()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"encoder": ""}'])
def test_a_calibration_without_the_form_is_refused(elsewhere: Path, text: str) -> None:
    (elsewhere / "calibration.json").write_text(text)
    with pytest.raises(EncoderError, match=r"calibration\.json cannot be read .* fetch it again"):
        decide(Evidence(0.0, None, 0.0))


def test_a_calibration_of_another_encoder_is_refused(elsewhere: Path) -> None:
    assert calibration().encoder == read_page().sha256
    calibration.cache_clear()
    text = (elsewhere / "calibration.json").read_text()
    (elsewhere / "calibration.json").write_text(text.replace(read_page().sha256, "0" * 64))
    with pytest.raises(EncoderError, match=r"fitted to another encoder; run make train"):
        decide(Evidence(0.0, None, 0.0))


@pytest.mark.parametrize(("name", "read"), [("topic.npy", topic), ("usual.npy", usual)])
def test_missing_files_are_named(elsewhere: Path, name: str, read: Callable[[Floats], float]) -> None:
    (elsewhere / name).unlink()
    with pytest.raises(EncoderError, match=rf"{re.escape(name)} cannot be read"):
        read(np.zeros(384, np.float32))
    (elsewhere / "calibration.json").unlink()
    calibration.cache_clear()
    with pytest.raises(EncoderError, match=r"calibration\.json cannot be read"):
        decide(Evidence(0.0, None, 0.0))


@pytest.mark.parametrize(("name", "read"), [("topic.npy", topic), ("usual.npy", usual)])
def test_other_weights_are_refused(elsewhere: Path, name: str, read: Callable[[Floats], float]) -> None:
    np.save(elsewhere / name, np.zeros((1, 385), np.float16))
    with pytest.raises(EncoderError, match=rf"{re.escape(name)} is not the file"):
        read(np.zeros(384, np.float32))


def test_usual_is_a_linear_model() -> None:
    """What most policies tell is more usual than what hardly any does."""
    weights = np.load(abstain.USUAL_FILE)
    encoder = Encoder()
    vectors = [
        encoder.encode_query(asked).vector
        for asked in ("What are cookies used for?", "Which algorithm are passwords hashed with?")
    ]
    found = [usual(vector) for vector in vectors]
    assert found == pytest.approx([float(weights[:-1] @ vector + weights[-1]) for vector in vectors], abs=1e-4)
    assert found[0] > 0 > found[1]


def test_topic_is_the_sum_of_gaussian_kernels() -> None:
    machine = np.load(abstain.TOPIC_FILE).astype(np.float64)
    vector = Encoder().encode_query("Who sees my data?").vector.astype(np.float64)
    distances = ((machine[:, :-1] - vector) ** 2).sum(axis=1)
    expected = (np.exp(-calibration().topic_gamma * distances) * machine[:, -1]).sum() + calibration().topic_bias
    assert topic(vector.astype(np.float32)) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("question", "policy", "status"),
    [
        ("Do you use cookies?", "unnamed-privacy-policy", Status.NOT_COVERED),
        ("Do you use cookies?", "i2istudy-privacy-policy", Status.ANSWERED),
        ("Is there a minimum age for signing up?", "unistudy-privacy-policy", Status.NOT_COVERED),
        ("Is there a minimum age for signing up?", "i2istudy-privacy-policy", Status.ANSWERED),
        ("qwpoei zmxnb lkjhgf", None, Status.OFF_TOPIC),
        ("What is the weather like in Lima?", None, Status.OFF_TOPIC),
        ("How do I bake bread without yeast?", None, Status.OFF_TOPIC),
        ("Посоветуй фильм на вечер", None, Status.OFF_TOPIC),
        ("今天天气怎么样？", None, Status.OFF_TOPIC),
        ("Продаёте ли вы мои данные?", "i2istudy-privacy-policy", Status.ANSWERED),
        ("¿Puedo borrar mi cuenta?", None, Status.ANSWERED),
    ],
)
def test_real_questions(assistant: Assistant, question: str, policy: str | None, status: Status) -> None:
    answer = assistant.ask(question, [policy] if policy else None)
    assert answer.status is status
    assert answer.related or status is not Status.NOT_COVERED
    assert (answer.confidence is None) == (status is not Status.ANSWERED)
