"""Whether the policies answer a question at all, and how sure that is: the one place that decides it.

Two logistic models decide, both fitted by training/calibrate.py on questions over policies that the encoder was not
trained on, and both read the texts, never fused ranks: one tells from the question's vector whether a privacy policy
could answer it at all, the other from how the best passage fits whether one does. docs/quality.md shows their curves.
"""

from __future__ import annotations

import json
import math
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.types import Confidence, Status

CALIBRATION_FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the best passage fits a question; each field is a feature of the logistic model."""

    # Weighted mean over the question's word pieces of their best cosine in the passage; about 0 to 1.
    match: float
    # Cosine of the vectors of the question and of the nearest passage; −1 to 1.
    nearest: float
    # How far `match` lies above the mean of the ten best passages; 0 to 1.
    spread: float
    # Mean of the lowest quarter of the pieces' best cosines: what the passage leaves out; −1 to 1.
    weakest: float
    # How much better a passage of a policy that is not searched matches; 0 where none does.
    elsewhere: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the decision is made on."""

    # Log-odds that a privacy policy could answer the question.
    topic: float
    # Of the best passage; None where there is none to search.
    fit: Fit | None


@dataclass(frozen=True, slots=True)
class Decision:
    """How a question comes out."""

    status: Status
    # None where nothing is answered.
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted, for one encoder."""

    # SHA-256 of the encoder that all of it was fitted to.
    encoder: str
    # A weight for each component of a question's vector, and what is added.
    topic_weights: tuple[float, ...]
    topic_bias: float
    # Log-odds below which a message is off topic.
    least_topic: float
    # A weight for each field of `Fit`, and what is added.
    fit_weights: tuple[float, ...]
    fit_bias: float
    # Probabilities of an answer below which nothing is answered, and from which an answer is clear.
    least_answer: float
    clear_answer: float

    def topic(self, vector: NDArray[np.float32]) -> float:
        """Log-odds that a privacy policy could answer a question, by its vector, float32[dim] of unit length."""
        return float(vector @ np.array(self.topic_weights, dtype=np.float32)) + self.topic_bias

    def probability(self, fit: Fit) -> float:
        """How likely it is that the best passage answers."""
        odds = math.fsum(weight * value for weight, value in zip(self.fit_weights, astuple(fit), strict=True))
        return 1 / (1 + math.exp(-(odds + self.fit_bias)))


@cache
def calibration() -> Calibration:
    """The shipped calibration."""
    read = json.loads(CALIBRATION_FILE.read_text(encoding="utf-8"))
    return Calibration(**{field.name: _frozen(read[field.name]) for field in fields(Calibration)})


def decide(evidence: Evidence) -> Decision:
    """Whether to answer, on the evidence of the texts."""
    known = calibration()
    if evidence.topic < known.least_topic:
        return Decision(Status.OFF_TOPIC)
    probability = 0.0 if evidence.fit is None else known.probability(evidence.fit)
    if probability < known.least_answer:
        return Decision(Status.NOT_COVERED)
    return Decision(Status.ANSWERED, Confidence.CLEAR if probability >= known.clear_answer else Confidence.LIKELY)


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
