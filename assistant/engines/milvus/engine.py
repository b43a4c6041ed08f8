"""An engine over a Milvus server: it proposes passages, and the order among them is made here, as on one machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property, partial
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from assistant.engines.milvus.counts import Counts
from assistant.engines.milvus.entries import Entry
from assistant.engines.milvus.kept import Kept
from assistant.engines.milvus.packing import Kind, Pieces, Place, read_document_of, read_passage_of, read_pieces
from assistant.engines.milvus.store import Found, Scope, Store
from assistant.engines.milvus.terms import counted, score, terms
from assistant.errors import BusyError, EngineError
from assistant.retrieval.encoder import EncodedQuery
from assistant.retrieval.engine import CANDIDATES
from assistant.retrieval.fusion import fuse
from assistant.retrieval.late import TokenVectors, gather
from assistant.retrieval.phrases import longest_word
from assistant.retrieval.search import LEXICAL_WEIGHT
from assistant.retrieval.tokens import tokens
from assistant.types import Document, Hit, Passage, Policy, Ranking

# Passages whose word pieces or texts are kept in memory, some 8 kB each; and policies with their documents or passages.
_KEPT_PIECES = 2048
_KEPT_POLICIES = 256
# The server's BM25 counts over the passages of all tenants, or of one segment: of so many times as many as are wanted
# the best by this tenant's counts are taken.
_MORE = 2
# Searches by vectors that run at the same time.
_CALLS = 8
# Said where rows are gone that a reader of long ago counts on, and seconds after which it is worth asking again.
_REPLACED = "The policies on the search server have been replaced meanwhile; ask again in a moment."
_WAIT = 5
# Searches at most until none finds a passage that is only on its way in or out.
_TRIES = 5


class Milvus:
    """The policies of one tenant as they were when this object was made: an `Engine`, used by any number of threads.

    A passage's id is its row among all passages of the policies in order, as in the index on one machine.
    """

    def __init__(self, store: Store, entries: Sequence[Entry], last: Milvus | None = None) -> None:
        """Takes which generations count.

        Args:
            store: the rows of the tenant.
            entries: `store.entries()`.
            last: an engine over earlier entries, of which what still holds is kept.
        """
        self._store = store
        self._entries = {entry.generation: entry for entry in entries if entry.generation and entry.about}
        self._generations = {entry.policy: entry.generation for entry in self._entries.values()}
        # What is on its way in or out: no search needs to find it.
        self._without = tuple(name for each in entries for name in (each.pending, *dict(each.retired)) if name)
        rows = accumulate((entry.passages for entry in self._entries.values()), initial=0)
        self._first = dict(zip(self._entries, rows, strict=False))
        # What an engine counted over other generations, and over which.
        self._last_counts = (last._entries.keys(), last._counts) if last and "_counts" in last.__dict__ else None
        self._pool = ThreadPoolExecutor(_CALLS, thread_name_prefix="milvus")
        self._pieces: Kept[Place, Pieces] = last._pieces if last else Kept(partial(_fetch_pieces, store), _KEPT_PIECES)
        self._texts: Kept[Place, bytes] = last._texts if last else Kept(store.payloads, _KEPT_PIECES)
        self._documents: Kept[str, Document] = (
            last._documents if last else Kept(partial(_fetch_documents, store), _KEPT_POLICIES)
        )
        self._passages: Kept[str, list[Passage]] = Kept(self._fetch_passages, _KEPT_POLICIES)

    def policies(self) -> tuple[Policy, ...]:
        """Every policy, in order."""
        return tuple(entry.about for entry in self._entries.values() if entry.about)

    def document(self, policy: str) -> Document:
        """The document of one of the policies.

        Raises:
            KeyError: no policy has this id.
            EngineError, BusyError: the server cannot be used, or does not answer.
        """
        return self._documents([self._generations[policy]])[0]

    def passages(self, policy: str) -> Sequence[Passage]:
        """All passages of one of the policies, citable or not, in reading order.

        Raises:
            KeyError: no policy has this id.
            EngineError, BusyError: the server cannot be used, or does not answer.
        """
        return self._passages([self._generations[policy]])[0]

    def passage_count(self) -> int:
        """How many citable passages all policies have."""
        return sum(entry.citable for entry in self._entries.values())

    def degraded(self) -> bool:
        """Whether the server needed further tries in the last minute."""
        return self._store.degraded

    def holding(self, phrase: str) -> Collection[str]:
        """As `Library.holding`: where the phrase's longest word stands.

        Raises:
            EngineError, BusyError: the server cannot be used, or does not answer.
        """
        word = longest_word(phrase)
        return self._having("runs", word) if word else self._generations.keys()

    def numbering(self, number: str) -> Collection[str]:
        """As `Library.numbering`.

        Raises:
            EngineError, BusyError: the server cannot be used, or does not answer.
        """
        return self._having("numbers", number.casefold())

    def rank(
        self,
        text: str,
        query: EncodedQuery,
        k: int,
        policies: Collection[str] | None = None,
        passages: Collection[Passage] | None = None,
        candidates: int = CANDIDATES,
    ) -> Ranking:
        """As `Engine.rank`: nearest vectors and best BM25 from the server, fused by rank and reordered here.

        Raises:
            EngineError, BusyError: the server cannot be used, or does not answer.
        """
        depth = max(k, candidates)
        scope = self._scope(policies, passages)
        nearest = self._pool.submit(self._living, partial(self._store.near, query.vector), depth, scope)
        lexical = self._lexical(text, depth, scope)
        found = {self._row(each): Place(each.generation, Kind.PIECES, each.ordinal) for each in nearest.result()}
        if not found and self._citable(scope):
            raise BusyError(_REPLACED, _WAIT)
        near = list(found)
        found |= {row: place for row, place, _ in lexical}
        fused = [row for row, _ in fuse((near, [row for row, _, _ in lexical]), (1.0, 1.0))[:depth]]
        if not fused:
            return ()
        scores = {row: each for row, _, each in lexical}
        best = max(scores.values(), default=0.0) or 1.0
        share = np.array([scores.get(row, 0.0) / best for row in fused], dtype=np.float32)
        held = self._gathered([found[row] for row in fused])
        total = held.max_sim(query.tokens, np.arange(len(fused)), self.weights(query.pieces)) + LEXICAL_WEIGHT * share
        order = np.lexsort((np.array(fused), -total))[:k]
        cited = self._records([(fused[at], found[fused[at]]) for at in order])
        return tuple(Hit(passage, float(total[at])) for at, passage in zip(order, cited, strict=True))

    def pieces(self, passages: Sequence[Passage]) -> TokenVectors:
        """The word pieces of these passages; row `i` is that of `passages[i]`.

        Raises:
            EngineError, BusyError: the server cannot be used, or does not answer.
        """
        return self._gathered([self._place(passage, Kind.PIECES) for passage in passages])

    def weights(self, pieces: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each word piece of a question counts for, summing to 1: float32[q]."""
        return self._weigher.weights(pieces)

    def matched(self, text: str) -> bool:
        """Whether any passage shares a token with `text`."""
        return any(token in self._counts.tokens for token in tokens(text))

    def words(self) -> Iterable[tuple[str, int]]:
        """Every word of the passages, with how often it stands."""
        return self._counts.words.items()

    # --- searching

    def _having(self, field: str, word: str) -> list[str]:
        found = self._store.having(field, word)
        return [policy for policy, generation in self._generations.items() if generation in found]

    def _scope(self, policies: Collection[str] | None, passages: Collection[Passage] | None) -> Scope:
        if passages is not None:
            return Scope(places=tuple(self._place(passage, Kind.RECORD) for passage in passages))
        wanted = self._generations.keys() if policies is None else self._generations.keys() & set(policies)
        if len(wanted) == len(self._generations):
            return Scope(without=self._without)
        return Scope(generations=tuple(sorted(self._generations[policy] for policy in wanted)))

    def _citable(self, scope: Scope) -> bool:
        """Whether there is anything to find; of passages that were named nobody knows."""
        searched = self._entries if scope.generations is None else scope.generations
        return scope.places is None and any(self._entries[generation].citable for generation in searched)

    def _lexical(self, text: str, depth: int, scope: Scope) -> list[tuple[int, Place, float]]:
        """Row, place and score of the best matching passages, best first; only of those that share a token."""
        question = Counter(tokens(text))
        idf = self._counts.idf(question)
        if not idf:
            return []
        found = self._living(partial(self._store.matching, terms(text)), _MORE * depth, scope)
        scored = [
            (
                self._row(each),
                Place(each.generation, Kind.PIECES, each.ordinal),
                score(question, counted(each.terms), idf, self._counts.average),
            )
            for each in found
        ]
        matching = (each for each in scored if each[2] > 0)
        return sorted(matching, key=lambda each: (-each[2], each[0]))[:depth]

    def _living(self, search: Callable[[int, Scope], list[Found]], k: int, scope: Scope) -> list[Found]:
        """What a search finds among the generations that count."""
        if scope.generations == () or scope.places == ():
            return []
        for _ in range(_TRIES):
            found = search(k, scope)
            others = sorted({each.generation for each in found} - self._entries.keys())
            if not others:
                return found
            scope = scope._replace(without=(*scope.without, *others))
        return [each for each in found if each.generation in self._entries]

    def _row(self, found: Found) -> int:
        return self._first[found.generation] + found.ordinal

    def _place(self, passage: Passage, kind: str) -> Place:
        generation = self._generations[passage.policy]
        return Place(generation, kind, passage.id - self._first[generation])

    # --- fetching

    @cached_property
    def _counts(self) -> Counts:
        """What is counted over all generations, of which only those are read that the last engine did not have."""
        total, came = Counts(), set(self._entries)
        if self._last_counts:
            before, counts = self._last_counts
            went = before - came
            with suppress(EngineError):
                # They may be deleted by now.
                gone = self._read_counts(went)
                total.add(counts)
                for each in gone:
                    total.take_away(each)
                came -= before
            self._last_counts = None
        for each in self._read_counts(came):
            total.add(each)
        return total

    @cached_property
    def _weigher(self) -> TokenVectors:
        return self._counts.weigher()

    def _read_counts(self, generations: Collection[str]) -> list[Counts]:
        places = [Place(generation, Kind.COUNTS) for generation in sorted(generations)]
        return list(map(Counts.from_bytes, self._store.payloads(places)))

    def _gathered(self, places: Sequence[Place]) -> TokenVectors:
        pieces = self._pieces(places)
        dim = pieces[0][0].shape[1] if pieces else 1
        return gather(pieces, self._weigher.frequencies, dim)

    def _fetch_passages(self, generations: list[str]) -> list[list[Passage]]:
        return [
            self._records([(self._first[name] + at, Place(name, "", at)) for at in range(self._entries[name].passages)])
            for name in generations
        ]

    def _records(self, rows: Sequence[tuple[int, Place]]) -> list[Passage]:
        """The passages at these rows and places."""
        data = self._texts([place._replace(kind=Kind.RECORD) for _, place in rows])
        return [read_passage_of(each, row) for each, (row, _) in zip(data, rows, strict=True)]


def _fetch_pieces(store: Store, places: list[Place]) -> list[Pieces]:
    return list(map(read_pieces, store.payloads(places)))


def _fetch_documents(store: Store, generations: list[str]) -> list[Document]:
    places = [Place(generation, Kind.DOCUMENT) for generation in generations]
    return list(map(read_document_of, store.payloads(places)))
