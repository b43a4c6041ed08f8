"""How well clauses are sorted by topic, on labelled passages of policies other than those of corpus/.

    PYTHONPATH=. python benchmarks/topics.py [--write]

prints precision and recall per topic, each policy sorted by a model of the other policies; --write also fits the
shipped model, to all of them.

benchmarks/topics.jsonl holds every passage of ten invented policies (`DOCS`) in English, Spanish, Russian and Chinese,
named by the words that it begins with, and the topics that it states a rule or a fact of, as one person read it; [] for
none. The threshold is the one that serves all topics best together (`LEAST`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.answering.sorting import MODEL_FILE, Sorter
from assistant.answering.topics import TOPICS
from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import read_source
from assistant.retrieval.encoder import Encoder
from assistant.retrieval.late import TokenVectors
from assistant.types import Passage
from training.rows import HELD_OUT

ROOT = Path(__file__).resolve().parent.parent
LABELS = ROOT / "benchmarks" / "topics.jsonl"
DOCS = (ROOT / "training" / "rows" / "docs", ROOT / "benchmarks" / "texts")
# Probability from which a passage is about a topic.
LEAST = 0.4
# Inverse strength of regularisation.
_C = 3.0


def text_of(policy: str) -> Path:
    """The file of a labelled policy."""
    return next(path for path in (folder / f"{policy}.txt" for folder in DOCS) if path.exists())


def labelled() -> tuple[list[Passage], np.ndarray]:
    """The labelled passages, with ids counted through, and bool[n, topics] what they are about."""
    rows = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    passages: list[Passage] = []
    about: list[list[bool]] = []
    for policy in dict.fromkeys(row["policy"] for row in rows):
        here = [row for row in rows if row["policy"] == policy]
        for passage in split(parse(read_source(text_of(policy), 1 << 24))):
            found = [row for row in here if passage.citable and passage.text.startswith(row["quote"])]
            for row in found:
                passages.append(replace(passage, id=len(passages)))
                about.append([topic.id in row["topics"] for topic in TOPICS])
    return passages, np.array(about)


@dataclass(frozen=True)
class Held:
    """The part of an engine that sorting needs, over the passages of `evidence`."""

    tokens: TokenVectors

    def pieces(self, _: Sequence[Passage]) -> TokenVectors:
        return self.tokens


def evidence(encoder: Encoder, passages: Sequence[Passage]) -> np.ndarray:
    """As `Sorter.evidence`, over passages that are in no index."""
    texts = [passage.indexed for passage in passages]
    encoded = encoder.encode_passages(texts, skips=[len(p.indexed) - len(p.text) for p in passages])
    return Sorter(encoder.encode_query, Held(encoded.tokens)).evidence(passages)


def fit(found: np.ndarray, about: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases of one logistic model for all topics.

    Args:
        found: float32[n, topics, EVIDENCE].
        about: bool[n, topics].
    """
    from sklearn.linear_model import LogisticRegression

    n, topics, width = found.shape
    flat = found.reshape(-1, width)
    mean, scale = flat.mean(axis=0), flat.std(axis=0)
    rows = np.hstack([(flat - mean) / scale, np.tile(np.eye(topics), (n, 1))])
    fitted = LogisticRegression(C=_C, max_iter=5000).fit(rows, about.ravel())
    weights = fitted.coef_[0, :width] / scale
    return weights, fitted.coef_[0, width:] + fitted.intercept_[0] - weights @ mean


def sorted_by_others(found: np.ndarray, about: np.ndarray, policies: np.ndarray) -> np.ndarray:
    """bool[n, topics]: what each passage is about by a model that was fitted without its policy."""
    out = np.zeros_like(about)
    for policy in np.unique(policies):
        here = policies == policy
        weights, biases = fit(found[~here], about[~here])
        out[here] = found[here] @ weights + biases >= np.log(LEAST / (1 - LEAST))
    return out


def report(told: np.ndarray, about: np.ndarray, policies: np.ndarray) -> str:
    """A table of precision and recall per topic, over all, and over policies that the encoder was not trained on."""
    lines = ["| topic | passages | precision | recall |", "|---|---|---|---|"]
    held = np.isin(policies, list(HELD_OUT))
    columns = [(topic.title, told[:, at], about[:, at]) for at, topic in enumerate(TOPICS)]
    columns += [("all", told, about), ("all, unknown to the encoder", told[held], about[held])]
    for name, said, true in columns:
        right = (said & true).sum()
        lines.append(f"| {name} | {true.sum()} | {right / max(1, said.sum()):.2f} | {right / true.sum():.2f} |")
    return "\n".join(lines)


def main(args: Sequence[str] | None = None) -> None:
    """Prints the table; with --write also fits the shipped model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"fit {MODEL_FILE.name} to all labelled passages")
    options = parser.parse_args(args)
    passages, about = labelled()
    encoder = Encoder()
    found = evidence(encoder, passages)
    policies = np.array([passage.policy for passage in passages])
    print(f"{len(passages)} passages of {len(set(policies))} policies, each sorted by a model of the other policies\n")
    print(report(sorted_by_others(found, about, policies), about, policies))
    if options.write:
        weights, biases = fit(found, about)
        model = {
            "encoder": encoder.sha256,
            "weights": [round(float(weight), 4) for weight in weights],
            "biases": {topic.id: round(float(bias), 4) for topic, bias in zip(TOPICS, biases, strict=True)},
            "least": LEAST,
        }
        MODEL_FILE.write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
