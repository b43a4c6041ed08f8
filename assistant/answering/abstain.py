"""Whether the policies answer a question at all, and how sure that is: the one place that decides it.

Two models decide, both fitted by training/calibrate.py and both on the texts, never on fused ranks: a support vector
machine tells from the question's vector whether a privacy policy could answer it at all, a logistic model from how
the best passage fits, and from how usual it is that a policy answers such a question, whether the first citations do.
docs/quality.md shows their curves.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EncoderError
from assistant.retrieval.weights import read_page
from assistant.types import Confidence, Status

# Keys hit at random reach sums of about 0; misspelt questions hold a word that can be mended.
LEAST_TOPIC_OF_NO_WORDS = 0.5
CALIBRATION_FILE = Path(__file__).with_name("calibration.json")
# float16[n, dim + 1]: support vectors, each with its weight last.
TOPIC_FILE = Path(__file__).with_name("topic.npy")
# float32[dim + 1]: weights of a linear model, its bias last.
USUAL_FILE = Path(__file__).with_name("usual.npy")


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the best passage fits a question."""

    # Weighted mean over the question's word pieces of their best cosine in the passage; about 0 to 1.
    match: float
    # How much better a passage of a policy that is not searched matches; 0 where none does.
    elsewhere: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the decision is made on."""

    # Whether a privacy policy could answer the question: `topic` of its vector.
    topic: float
    # Of the best passage; None where there is none to search.
    fit: Fit | None
    # How usual it is that a policy answers such a question: `usual` of its vector.
    usual: float
    # Whether the question holds a word that the policies or a dictionary of its language know.
    words: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """How a question comes out."""

    status: Status
    # None where nothing is answered.
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted, for one encoder."""

    # SHA-256 of the encoder that all of it was fitted to, and of the files beside this one.
    encoder: str
    topic_sha256: str
    usual_sha256: str
    # Width of the machine's kernel, and what is added to its sum.
    topic_gamma: float
    topic_bias: float
    # Sum below which a message is off topic.
    least_topic: float
    # Weights of the fields of `Fit` and of `Evidence.usual`, and what is added.
    match_weight: float
    elsewhere_weight: float
    usual_weight: float
    fit_bias: float
    # Probabilities below which nothing is answered, and from which an answer is clear.
    least_answer: float
    clear_answer: float

    def probability(self, fit: Fit, usual: float) -> float:
        """How likely it is that one of the first three citations answers."""
        odds = self.match_weight * fit.match + self.elsewhere_weight * fit.elsewhere + self.usual_weight * usual
        return 1 / (1 + math.exp(-odds - self.fit_bias))


def decide(evidence: Evidence) -> Decision:
    """Whether to answer, on the evidence of the texts."""
    known = calibration()
    if evidence.topic < (known.least_topic if evidence.words else LEAST_TOPIC_OF_NO_WORDS):
        return Decision(Status.OFF_TOPIC)
    probability = 0.0 if evidence.fit is None else known.probability(evidence.fit, evidence.usual)
    if probability < known.least_answer:
        return Decision(Status.NOT_COVERED)
    return Decision(Status.ANSWERED, Confidence.CLEAR if probability >= known.clear_answer else Confidence.LIKELY)


def topic(vector: NDArray[np.float32]) -> float:
    """How much a question is one that a privacy policy could answer, by its vector: below 0 it rather is not.

    Args:
        vector: float32[dim], unit length.

    Source: Cortes and Vapnik 1995, "Support-vector networks", with a Gaussian kernel.
    """
    known = calibration()
    vectors, weights = _support()
    # einsum stays in this thread; those of a BLAS product spin on while the encoder waits for a core: 120 ms, not 25.
    distances = 2 - 2 * np.einsum("ij,j->i", vectors, vector)
    return float(np.einsum("i,i->", np.exp(-known.topic_gamma * distances), weights)) + known.topic_bias


def usual(vector: NDArray[np.float32]) -> float:
    """How usual it is that the policy that is asked answers such a question, by its vector: log-odds, 0 for even.

    Policies seldom tell how passwords are stored, and nearly always what cookies are for; a question of the first kind
    needs a passage that matches better.

    Args:
        vector: float32[dim], unit length.
    """
    weights = _usual()
    # As in `topic`.
    return float(np.einsum("i,i->", weights[:-1], vector)) + float(weights[-1])


@cache
def calibration() -> Calibration:
    """The shipped calibration.

    Raises:
        EncoderError: it is missing, has not the form, or was fitted to another encoder.
    """
    try:
        found = Calibration(**json.loads(CALIBRATION_FILE.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise EncoderError(
            f"{CALIBRATION_FILE.name} cannot be read ({error}); fetch it again from the repository."
        ) from None
    if found.encoder != read_page().sha256:
        raise EncoderError(f"{CALIBRATION_FILE.name} was fitted to another encoder; run make train to its end.")
    return found


@cache
def _support() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Support vectors float32[n, dim] and their weights float32[n]."""
    machine = _checked(TOPIC_FILE, calibration().topic_sha256)
    return np.ascontiguousarray(machine[:, :-1]), np.ascontiguousarray(machine[:, -1])


@cache
def _usual() -> NDArray[np.float32]:
    """Weights float32[dim + 1], the bias last."""
    return _checked(USUAL_FILE, calibration().usual_sha256)


def _checked(file: Path, sha256: str) -> NDArray[np.float32]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise EncoderError(f"{file.name} cannot be read ({error}); fetch it again from the repository.") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise EncoderError(f"{file.name} is not the file that calibration.json names; fetch both again.")
    found: NDArray[np.float32] = np.load(io.BytesIO(data), allow_pickle=False).astype(np.float32)
    return found
