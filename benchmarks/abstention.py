"""Where the thresholds of assistant/answering/abstain.py come from.

    python benchmarks/abstention.py ../shared/training

Asks the questions of a folder of training rows, each of its own document, and prints for each kind of evidence which
share of the questions that have an answer, that have none, and that are no privacy questions lies below it. English
questions only: the encoder knows no other language.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from assistant.answering.abstain import LEAST_SIMILARITY, LEAST_TOPICALITY
from assistant.ask import Assistant
from assistant.ingest import ingest

# Share of the answerable questions that each threshold may refuse.
REFUSED = (0.01, 0.02, 0.03, 0.05)


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
        evidence: dict[str, list[dict[str, float]]] = {}
        for row in rows(folder):
            found = assistant.evidence(row["question"], [row["doc"]] if "doc" in row else None)
            if found:
                evidence.setdefault(group(row), []).append(asdict(found))
    groups = ("answerable", "unanswerable", "off-topic", "privacy")
    print("questions   ", "  ".join(f"{name} {len(evidence[name])}" for name in groups))
    for kind in evidence["answerable"][0]:
        values = {name: np.array([each[kind] for each in evidence[name]]) for name in groups}
        chosen = {"topicality": LEAST_TOPICALITY, "similarity": LEAST_SIMILARITY}.get(kind)
        thresholds = [float(np.quantile(values["answerable"], share)) for share in REFUSED]
        print(f"\n{kind:12}", "  ".join(f"{name:>12}" for name in groups))
        for threshold in thresholds + ([chosen] if chosen else []):
            below = "  ".join(f"{float((values[name] < threshold).mean()):12.3f}" for name in groups)
            print(f"  < {threshold:7.3f}", below, "  in use" if threshold == chosen else "")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
