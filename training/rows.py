"""Training data: policies with questions that they answer or do not, and messages that are no privacy questions.

A folder of data holds `docs/*.txt`, policies in plain text, and `*.jsonl` with one object a line:

    {"doc": "stem of its policy", "question": "…", "lang": "en", "kind": "paraphrase",
     "positives": ["words of the policy that answer"], "hard_negatives": ["words that seem to"]}

No positives: the policy does not answer. Lines without `doc` are messages: {"question", "lang", "kind"}, where the kind
"privacy" marks those that a privacy policy could answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import read_source
from assistant.types import Document, Passage

# Share of a quote that a passage must hold to be its answer, as in docs/evaluation.md.
LEAST_HELD = 0.5
# Policies that nothing is fitted to but thresholds: figures and calibration come from their questions.
HELD_OUT = frozenset(
    "gov-ico gov-hmrc gov-ssa mozilla-common-voice-privacy-notice mozilla-thunderbird-privacy-policy "
    "mozilla-mdn-plus-privacy 37signals-recruitment-privacy github-subprocessors own-quillstack-legal "
    "own-parlonia-lessons own-lampada-kursy own-opalbay-cookies own-lindenhall-museum".split()
)


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """One policy of the data."""

    document: Document
    # Those that may be cited.
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One question over one policy."""

    policy: str
    question: str
    language: str
    kind: str
    # Numbers of the passages that answer; none where the policy does not.
    positives: tuple[int, ...]
    # Numbers of passages that seem to.
    negatives: tuple[int, ...]
    # Joins an answerable question with its twin that is not; "" for none.
    pair: str

    @property
    def answerable(self) -> bool:
        """Whether the policy answers."""
        return bool(self.positives)


@dataclass(frozen=True, slots=True)
class Message:
    """One message without a policy."""

    question: str
    language: str
    kind: str

    @property
    def on_topic(self) -> bool:
        """Whether a privacy policy could answer it."""
        return self.kind == "privacy"


def read_texts(folders: Sequence[Path]) -> dict[str, Text]:
    """The policies of all folders, by id."""
    texts = {}
    for file in sorted(file for folder in folders for file in (folder / "docs").glob("*.txt")):
        document = parse(read_source(file, 1 << 24))
        texts[document.policy.id] = Text(document, tuple(p for p in split(document) if p.citable))
    return texts


def read_rows(folders: Sequence[Path], texts: dict[str, Text]) -> tuple[list[Row], list[Message]]:
    """All questions and messages; a question none of whose quotes stands in a passage is left out."""
    rows: list[Row] = []
    messages: list[Message] = []
    folded = {policy: _letters(text.document.text) for policy, text in texts.items()}
    for file in sorted(file for folder in folders for file in folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            found = json.loads(line)
            if "doc" not in found:
                messages.append(Message(found["question"], found["lang"], found["kind"]))
                continue
            policy = found["doc"]
            held = [_held(quote, folded[policy], texts[policy].passages) for quote in found["positives"]]
            positives = dict.fromkeys(at for passages in held for at in passages)
            seeming = [_held(quote, folded[policy], texts[policy].passages) for quote in found["hard_negatives"]]
            negatives = dict.fromkeys(at for passages in seeming for at in passages if at not in positives)
            if bool(positives) == bool(found["positives"]):
                pair = f"{file.stem} {found['pair']}" if "pair" in found else ""
                rows.append(
                    Row(policy, found["question"], found["lang"], found["kind"], (*positives,), (*negatives,), pair)
                )
    return rows, messages


def _letters(text: str) -> tuple[str, list[int]]:
    """Letters and digits of a text, and where each stands."""
    places = [at for at, character in enumerate(text) if character.isalnum()]
    return "".join(text[at] for at in places), places


def _held(quote: str, folded: tuple[str, list[int]], passages: Sequence[Passage]) -> list[int]:
    """Numbers of the passages that hold at least `LEAST_HELD` of a quote, wherever it stands."""
    letters, places = folded
    wanted = "".join(filter(str.isalnum, quote))
    found: list[int] = []
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        start, end = places[at], places[at + len(wanted) - 1] + 1
        for number, passage in enumerate(passages):
            shared = min(end, passage.span.end) - max(start, passage.span.start)
            if shared >= LEAST_HELD * (end - start) and number not in found:
                found.append(number)
        at = letters.find(wanted, at + 1)
    return found
