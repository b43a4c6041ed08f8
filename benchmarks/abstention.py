"""Where the numbers of assistant/answering/abstain.py come from.

    PYTHONPATH=. python benchmarks/abstention.py ../shared/training

Asks the questions of a folder of training rows, each of its own document, and prints for each kind of evidence which
share of the questions that have an answer, that have none, and that are no privacy questions lies below it. English
questions only: the encoder knows no other language.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from assistant.answering.abstain import ELSEWHERE_WEIGHT, LEAST_SUPPORT, LEAST_TOPICALITY, Evidence, decide
from assistant.ask import Assistant
from assistant.ingest import ingest
from assistant.types import Status

# Share of the answerable questions that each threshold may refuse.
REFUSED = (0.01, 0.02, 0.03, 0.04, 0.05)
GROUPS = ("answerable", "unanswerable", "off-topic", "privacy")


def rows(folder: Path) -> list[dict[str, Any]]:
    """The rows in English of every file, with the name of the file."""
    found = []
    for file in sorted(folder.glob("*.jsonl")):
        lines = file.read_text(encoding="utf-8").splitlines()
        found += [{**json.loads(line), "file": file.stem} for line in lines]
    return [row for row in found if row["lang"] == "en"]


def group(row: dict[str, Any]) -> str:
    """What a row should come out as."""
    if "positives" in row:
        return "answerable" if row["positives"] else "unanswerable"
    return "privacy" if row["kind"] == "privacy" else "off-topic"


def main(folder: Path) -> None:
    """Prints one table a kind of evidence."""
    with tempfile.TemporaryDirectory() as index:
        ingest(folder / "docs", Path(index))
        assistant = Assistant.open(Path(index))
        found: dict[str, list[Evidence]] = {name: [] for name in GROUPS}
        for row in rows(folder):
            evidence = assistant.evidence(row["question"], [row["doc"]] if "doc" in row else None)
            if evidence:
                found[group(row)].append(evidence)
    print("questions   ", "  ".join(f"{name} {len(found[name])}" for name in GROUPS))
    print(
        f"\nweight of a better match elsewhere, by logistic regression: {weight(found):.2f}, {ELSEWHERE_WEIGHT} in use"
    )
    for kind, in_use in (("topicality", LEAST_TOPICALITY), ("support", LEAST_SUPPORT)):
        values = {name: np.array([getattr(each, kind) for each in found[name]]) for name in GROUPS}
        thresholds = [float(np.quantile(values["answerable"], share)) for share in REFUSED]
        print(f"\n{kind:12}", "  ".join(f"{name:>12}" for name in GROUPS))
        for threshold in [*thresholds, in_use]:
            below = "  ".join(f"{float((values[name] < threshold).mean()):12.3f}" for name in GROUPS)
            print(f"  < {threshold:7.3f}", below, "  in use" if threshold == in_use else "")
    print("\nnot answered", "  ".join(f"{refused(found[name]):12.3f}" for name in GROUPS))


def weight(found: dict[str, list[Evidence]]) -> float:
    """What a better match elsewhere counts beside a match here, where answerable and unanswerable part best."""
    both = [*found["answerable"], *found["unanswerable"]]
    features = np.array([[each.match, each.match - each.elsewhere] for each in both])
    answerable = np.arange(len(both)) < len(found["answerable"])
    match, elsewhere = LogisticRegression(class_weight="balanced", C=1000).fit(features, answerable).coef_[0]
    return float(elsewhere / match)


def refused(found: list[Evidence]) -> float:
    """Share of the questions that is not answered."""
    return sum(decide(each) is not Status.ANSWERED for each in found) / len(found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
