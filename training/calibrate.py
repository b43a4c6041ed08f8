"""Fits when the assistant abstains, and draws the curves: the second half of `make train DATA=folder`.

Messages are told from privacy questions by their vectors. Whether the first citations answer is told by how the best
passage fits and by how usual it is that such a question is answered, on questions over policies that the encoder was
not trained on; what is usual is learned from the questions over all other policies. All figures are cross-validated: of
the policies of HELD_OUT each is judged by a model fitted to the others.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from assistant.answering.abstain import CALIBRATION_FILE, TOPIC_FILE, USUAL_FILE, Calibration, Fit, calibration
from assistant.ask import Assistant
from assistant.ingest import ingest
from assistant.retrieval.encoder import Encoder
from training.rows import HELD_OUT, Message, Row, read_rows, read_texts
from training.train import ANNOTATORS, OWN_ROWS

mpl.use("svg")
DOCS = Path(__file__).resolve().parent.parent / "docs"
# Share of the privacy questions that may be taken for other messages.
REFUSED_AS_OFF_TOPIC = 0.01
# Probability from which there is an answer. A refusal shows the nearest clauses all the same, so a wrong answer costs a
# little more than a wrong refusal, and answers must be a little more likely right than wrong.
LEAST_ANSWER = 0.55
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
            evidence = assistant.evidence(row.question, [row.policy])
            fit = evidence.fit or Fit(0.0, 0.0)
            fits.append((fit.match, fit.elsewhere, evidence.usual))
            first = {cited.span for cited in assistant.search(row.question, [row.policy], top_k=FIRST)}
            right.append(any(texts[row.policy].passages[at].span in first for at in row.positives))
    return Judged(
        np.array(fits),
        np.array([row.answerable for row in found]),
        np.array([row.policy for row in found]),
        np.array(right),
    )


def fit_topic(encoder: Encoder, rows: Sequence[Row], messages: Sequence[Message]) -> tuple[SVC, Floats, Bools]:
    """The machine that tells messages from privacy questions; its cross-validated sums and what is true of them."""
    asked = [row for row in rows if row.policy in HELD_OUT] + [row for row in rows if row.policy not in HELD_OUT][::4]
    questions = [*(message.question for message in messages), *(row.question for row in asked)]
    on_topic = np.array([*(message.on_topic for message in messages), *(True for _ in asked)])
    vectors = np.array([encoder.encode_query(question).vector for question in questions], dtype=np.float64)
    machine = SVC(C=3, gamma=2, class_weight="balanced")
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    sums = cross_val_predict(machine, vectors, on_topic, cv=folds, method="decision_function")
    return machine.fit(vectors, on_topic), sums, on_topic


def fit_usual(encoder: Encoder, rows: Sequence[Row]) -> NDArray[np.float32]:
    """Weights that tell from a question's vector whether its policy answers, the bias last: float32[dim + 1]."""
    asked = [row for row in rows if row.policy not in HELD_OUT]
    vectors = np.array([encoder.encode_query(row.question).vector for row in asked])
    model = LogisticRegression(class_weight="balanced", max_iter=1000)
    model.fit(vectors, np.array([row.answerable for row in asked]))
    return np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)


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
    """Draws how often the first citations answer, for each tenth of the questions; returns the points."""
    from matplotlib import pyplot as plt

    order = np.array_split(np.argsort(chances, kind="stable"), 10)
    points = [(float(chances[at].mean()), float(right[at].mean()), len(at)) for at in order]
    figure, axes = plt.subplots(figsize=(4, 3.6))
    axes.plot([0, 1], [0, 1], linewidth=0.8, color="grey")
    axes.plot([said for said, _, _ in points], [was for _, was, _ in points], "o-")
    axes.set(
        xlabel="probability, as said",
        ylabel=f"share answered by the first {FIRST} citations",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    _save(figure, name)
    return points


def _save(figure: object, name: str) -> None:
    with mpl.rc_context({"svg.hashsalt": "assistant", "svg.fonttype": "none"}):
        figure.savefig(DOCS / name, bbox_inches="tight", metadata={"Date": None})


def main() -> None:
    """Fits, draws, writes assistant/answering/calibration.json, and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of training data")
    folders = [parser.parse_args().data, OWN_ROWS, ANNOTATORS]
    rows, messages = read_rows(folders, read_texts(folders))
    encoder = Encoder()
    machine, sums, on_topic = fit_topic(encoder, rows, messages)
    np.save(TOPIC_FILE, np.column_stack([machine.support_vectors_, machine.dual_coef_[0]]).astype(np.float16))
    np.save(USUAL_FILE, fit_usual(encoder, rows))
    begun = Calibration(
        encoder=encoder.sha256,
        topic_sha256=hashlib.sha256(TOPIC_FILE.read_bytes()).hexdigest(),
        usual_sha256=hashlib.sha256(USUAL_FILE.read_bytes()).hexdigest(),
        topic_gamma=machine.gamma,
        topic_bias=float(machine.intercept_[0]),
        least_topic=float(np.quantile(sums[on_topic], REFUSED_AS_OFF_TOPIC)),
        match_weight=0.0,
        elsewhere_weight=0.0,
        usual_weight=0.0,
        fit_bias=0.0,
        least_answer=0.0,
        clear_answer=1.0,
    )
    save(begun)
    found = judged(rows, folders)
    weights, chances = fit_answer(found)
    match_weight, elsewhere_weight, usual_weight, fit_bias = map(float, weights)
    fitted = replace(
        begun,
        match_weight=match_weight,
        elsewhere_weight=elsewhere_weight,
        usual_weight=usual_weight,
        fit_bias=fit_bias,
        least_answer=LEAST_ANSWER,
        clear_answer=clear_from(chances, found.right),
    )
    save(fitted)
    refusal_curve(sums, on_topic, "off-topic.svg", fitted.least_topic)
    refusal_curve(chances, found.answerable, "not-covered.svg", fitted.least_answer)
    points = reliability(chances, found.right, "reliability.svg")
    print(
        f"off topic: AUC {roc_auc_score(on_topic, sums):.4f} of {len(sums)} messages and questions, "
        f"caught {(sums[~on_topic] < fitted.least_topic).mean():.3f} at {REFUSED_AS_OFF_TOPIC} refused"
    )
    print(f"not covered: AUC {roc_auc_score(found.answerable, chances):.3f} of {len(chances)} questions")
    answered = chances >= fitted.least_answer
    print(f"  refused: {(~answered)[~found.answerable].mean():.3f} of those without an answer, ", end="")
    print(f"{(~answered)[found.answerable].mean():.3f} of those with one; ", end="")
    print(f"{(~answered)[found.right].mean():.3f} of those that the first {FIRST} citations answer")
    clear = chances >= fitted.clear_answer
    for name, at in (("clear", clear), ("likely", answered & ~clear)):
        print(f"  {name}: {at.sum()} questions, {found.right[at].mean():.3f} answered by the first {FIRST} citations")
    print("  said, was, questions:", "; ".join(f"{said:.2f} {was:.2f} {size}" for said, was, size in points))


def save(fitted: Calibration) -> None:
    """Writes the calibration, which is in use from then on."""
    CALIBRATION_FILE.write_text(json.dumps(asdict(fitted), indent=2) + "\n", encoding="utf-8")
    calibration.cache_clear()


def clear_from(chances: Floats, right: Bools) -> float:
    """The lowest probability from which at least `CLEAR` of the questions are answered rightly."""
    for threshold in np.sort(chances):
        if right[chances >= threshold].mean() >= CLEAR:
            return float(threshold)
    return 1.0


if __name__ == "__main__":
    main()
