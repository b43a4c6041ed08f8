"""What benchmarks/peers.py gives every system that it compares."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from assistant.retrieval.encoder import Encoder

# Hits that each system is asked for; MRR@10 needs no more.
MOST = 10


class Chunk(NamedTuple):
    """What a system indexes and finds."""

    policy: str
    # In code points of the policy's canonical text; 0 and 0 where the system cut it, and the text is still to be found.
    start: int
    end: int
    # Policy, headings and lead-in; "" for the chunkers that give none.
    context: str
    text: str

    @property
    def indexed(self) -> str:
        return f"{self.context}\n{self.text}" if self.context else self.text


# Policy, start and end of what was found.
Place = tuple[str, int, int]


class Question(NamedTuple):
    text: str
    # Policy that the person has picked, None for all.
    scope: str | None
    # Earlier questions, oldest first.
    history: tuple[str, ...]

    @property
    def standalone(self) -> str:
        """For systems that know no conversation: all that was asked in one text."""
        return " ".join((*self.history, self.text))


@dataclass(frozen=True)
class Material:
    """What every system is given."""

    # Folder of the policies as published.
    corpus: Path
    # Policy id → canonical text.
    texts: dict[str, str]
    # The assistant's passages, citable ones only.
    chunks: tuple[Chunk, ...]
    questions: tuple[Question, ...]

    @classmethod
    def read(cls, path: Path) -> Material:
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            Path(data["corpus"]),
            data["texts"],
            tuple(Chunk(*chunk) for chunk in data["chunks"]),
            tuple(Question(text, scope, tuple(history)) for text, scope, history in data["questions"]),
        )

    def write(self, path: Path) -> None:
        data = {"corpus": str(self.corpus), "texts": self.texts, "chunks": self.chunks, "questions": self.questions}
        path.write_text(json.dumps(data), encoding="utf-8")

    def file(self, policy: str) -> Path:
        """The policy as published."""
        return self.corpus / f"{policy}.txt"


Search = Callable[[Question], list[Place]]


class System(Protocol):
    """One of the compared."""

    def imports(self) -> None:
        """Loads the libraries, so that this is not counted as indexing."""

    def index(self, material: Material, store: Path, encoder: Callable[[], Encoder]) -> list[Chunk]:
        """Builds and saves the index; returns what it holds, empty where what is found says where it stands."""

    def open(self, store: Path, chunks: list[list[object]], encoder: Encoder) -> Search:
        """The search in a saved index."""
