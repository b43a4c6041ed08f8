"""Fits when the assistant abstains, and draws the curves: the second half of `make train DATA=folder`.

Everything is fitted on questions that the encoder was not trained on. Messages are told from privacy questions by their
vectors; whether the best passage answers, by how it fits (assistant/answering/abstain.py tells the features). Figures
are cross-validated: of the policies of HELD_OUT each is judged by a model fitted to the others.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assistant.answering.abstain import CALIBRATION_FILE, Calibration, Fit
from assistant.ask import Assistant
from assistant.ingest import ingest
from assistant.retrieval.encoder import Encoder
from training.rows import HELD_OUT, Message, Row, read_rows, read_texts
from training.train import OWN_ROWS

mpl.use("svg")
DOCS = Path(__file__).resolve().parent.parent / "docs"
# Share of the questions that have an answer which each of the two decisions may refuse.
REFUSED_AS_OFF_TOPIC = 0.005
REFUSED_AS_NOT_COVERED = 0.025
# What "clear answer" promises: this share has the answer among its first citations.
CLEAR = 0.9
FIRST = 3
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Held-out questions with what the decision is made on."""

    fits: Floats
    answerable: Bools
    # The policy of each, which cross-validation keeps together.
    policies: NDArray[np.str_]
    # Whether one of the first `FIRST` citations answers: what the probability is of.
    right: Bools


def judged(rows: Sequence[Row], folders: Sequence[Path]) -> Judged:
    """Asks every held-out question of its own policy."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for file in (file for data in folders for file in (data / "docs").glob("*.txt")):
            if file.stem in HELD_OUT:
                shutil.copy(file, corpus)
        ingest(corpus, Path(folder) / "index")
        assistant = Assistant.open(Path(folder) / "index")
        texts = read_texts(folders)
        found = [row for row in rows if row.policy in HELD_OUT]
        fits, right = [], []
        for row in found:
            fit = assistant.evidence(row.question, [row.policy]).fit
            fits.append(astuple(fit) if fit else (0.0,) * len(Fit.__slots__))
            first = {cited.span for cited in assistant.search(row.question, [row.policy], top_k=FIRST)}
            right.append(any(texts[row.policy].passages[at].span in first for at in row.positives))
    return Judged(
        np.array(fits),
        np.array([row.answerable for row in found]),
        np.array([row.policy for row in found]),
        np.array(right),
    )


def fit_topic(encoder: Encoder, rows: Sequence[Row], messages: Sequence[Message]) -> tuple[Floats, Floats, Bools]:
    """Weights with the bias last; cross-validated log-odds and what is true of them."""
    questions = [*(message.question for message in messages), *(row.question for row in rows)]
    on_topic = np.array([*(message.on_topic for message in messages), *(True for _ in rows)])
    vectors = np.array([encoder.encode_query(question).vector for question in questions], dtype=np.float64)
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=5000)
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    odds = cross_val_predict(model, vectors, on_topic, cv=folds, method="decision_function")
    model.fit(vectors, on_topic)
    return np.append(model.coef_[0], model.intercept_), odds, on_topic


def fit_answer(found: Judged) -> tuple[Floats, Floats]:
    """Weights with the bias last, for features as they are; cross-validated probabilities."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3))
    folds = GroupKFold(len(set(found.policies)))
    chances = cross_val_predict(
        model, found.fits, found.right, groups=found.policies, cv=folds, method="predict_proba"
    )[:, 1]
    model.fit(found.fits, found.right)
    scaler, logistic = model[0], model[1]
    weights = logistic.coef_[0] / scaler.scale_
    bias = logistic.intercept_[0] - float(weights @ scaler.mean_)
    return np.append(weights, bias), chances


def refusal_curve(scores: Floats, good: Bools, name: str, chosen: float) -> None:
    """Draws what share of the questions without an answer is caught for each share of the others that is refused."""
    from matplotlib import pyplot as plt

    refused = np.linspace(0, 0.3, 301)
    thresholds = np.quantile(scores[good], refused)
    caught = [(scores[~good] < threshold).mean() for threshold in thresholds]
    figure, axes = plt.subplots(figsize=(5, 3.4))
    axes.plot(100 * refused, 100 * np.array(caught))
    at = (scores[good] < chosen).mean(), (scores[~good] < chosen).mean()
    axes.plot(100 * at[0], 100 * at[1], "o", label=f"in use: {at[1]:.0%} caught, {at[0]:.1%} refused")
    axes.set(xlabel="refused of those that have an answer, %", ylabel="caught of those that have none, %", xlim=(0, 30))
    axes.set_ylim(0, 100)
    axes.legend(loc="lower right", frameon=False)
    _save(figure, name)


def reliability(chances: Floats, right: Bools, name: str) -> list[tuple[float, float, int]]:
    """Draws how often the first citations answer, for each tenth of the questions; returns the points and their sizes."""
    from matplotlib import pyplot as plt

    order = np.array_split(np.argsort(chances, kind="stable"), 10)
    points = [(float(chances[at].mean()), float(right[at].mean()), len(at)) for at in order]
    figure, axes = plt.subplots(figsize=(4, 3.6))
    axes.plot([0, 1], [0, 1], linewidth=0.8, color="grey")
    axes.plot([said for said, _, _ in points], [was for _, was, _ in points], "o-")
    axes.set(xlabel="probability, as said", ylabel=f"share answered by the first {FIRST} citations", xlim=(0, 1), ylim=(0, 1.02))
    _save(figure, name)
    return points


def _save(figure: object, name: str) -> None:
    with mpl.rc_context({"svg.hashsalt": "assistant", "svg.fonttype": "none"}):
        figure.savefig(DOCS / name, bbox_inches="tight", metadata={"Date": None})


def main() -> None:
    """Fits, draws, writes assistant/answering/calibration.json, and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of training data")
    folders = [parser.parse_args().data, OWN_ROWS]
    rows, messages = read_rows(folders, read_texts(folders))
    encoder = Encoder()
    topic, odds, on_topic = fit_topic(encoder, rows, messages)
    found = judged(rows, folders)
    answer, chances = fit_answer(found)
    least_topic = float(np.quantile(odds[on_topic], REFUSED_AS_OFF_TOPIC))
    least_answer = float(np.quantile(chances[found.answerable], REFUSED_AS_NOT_COVERED))
    clear = clear_from(chances, found.right)
    fitted = Calibration(
        encoder.sha256,
        tuple(float(f"{weight:.4g}") for weight in topic[:-1]),
        float(topic[-1]),
        least_topic,
        tuple(map(float, answer[:-1])),
        float(answer[-1]),
        least_answer,
        clear,
    )
    CALIBRATION_FILE.write_text(json.dumps(asdict(fitted)) + "\n", encoding="utf-8")
    refusal_curve(odds, on_topic, "off-topic.svg", least_topic)
    refusal_curve(chances, found.answerable, "not-covered.svg", least_answer)
    points = reliability(chances, found.right, "reliability.svg")
    print(f"off topic: AUC {roc_auc_score(on_topic, odds):.4f}, caught {(odds[~on_topic] < least_topic).mean():.3f}")
    print(f"not covered: AUC {roc_auc_score(found.answerable, chances):.3f} of {len(chances)} questions")
    print(f"  caught {(chances[~found.answerable] < least_answer).mean():.3f} at {REFUSED_AS_NOT_COVERED} refused")
    for name, at in (("clear", chances >= clear), ("likely", (chances >= least_answer) & (chances < clear))):
        print(f"  {name}: {at.sum()} questions, {found.right[at].mean():.3f} answered by the first {FIRST} citations")
    print("  said, was, questions:", "; ".join(f"{said:.2f} {was:.2f} {size}" for said, was, size in points))


def clear_from(chances: Floats, right: Bools) -> float:
    """The lowest probability from which at least `CLEAR` of the questions are answered rightly."""
    for threshold in np.sort(chances):
        if right[chances >= threshold].mean() >= CLEAR:
            return float(threshold)
    return 1.0


if __name__ == "__main__":
    main()
