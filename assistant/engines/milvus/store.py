"""The rows of one tenant: every filter here names it, and nothing outside this module writes a filter."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.engines.milvus import literal
from assistant.engines.milvus.client import Client
from assistant.engines.milvus.entries import Entry
from assistant.engines.milvus.packing import Kind, Place, batches, cut, damaged, joined, key
from assistant.engines.milvus.schema import LONGEST_WORD, MOST_WORDS, STUB, Names

# Rows that are sent or fetched in one call: of payloads a few megabytes.
_BATCH = 200
# Characters of payload that are sent in one call.
_SENT = 4_000_000
# Stands for more words than the server takes: what has it may have any.
_MANY = "*"
_NO_WORDS: dict[str, list[str]] = {"runs": [], "numbers": []}
# Seconds after which what was written before is seen by searches that do not wait for it.
_SETTLED = 10.0


class Found(NamedTuple):
    """A passage that was found."""

    generation: str
    ordinal: int
    # Its stems, as `terms.terms` made them; "" where they were not asked for.
    terms: str = ""


class Scope(NamedTuple):
    """What is searched; of one tenant and citable it always is."""

    # Among the passages of these generations; None for all.
    generations: tuple[str, ...] | None = None
    # These alone, whatever the generations are; None for all.
    places: tuple[Place, ...] | None = None
    # None of these generations.
    without: tuple[str, ...] = ()


class Row(NamedTuple):
    """A passage as it is searched."""

    place: Place
    citable: bool
    # Names what was encoded.
    content: str
    terms: str
    # float32[dim]
    vector: NDArray[np.float32]


class Store:
    """Reads and writes the rows of one tenant; used by any number of threads."""

    def __init__(self, client: Client, names: Names, tenant: str) -> None:
        self._client = client
        self._names = names
        self._tenant = tenant
        # Until when searches wait for what was written before.
        self._fresh = 0.0

    @property
    def degraded(self) -> bool:
        """Whether a call of the last minute needed more than one try, or failed."""
        return self._client.degraded

    # --- entries

    def entries(self) -> tuple[Entry, ...]:
        """What is known of each policy, by name of its file; what is searched or fetched from now on has its rows."""
        rows = self._every(self._names.policies, (), ["policy", "file", "generation", "about"], level="Strong")
        self.refresh()
        found = (Entry.of(row) for row in rows if row["policy"])
        return tuple(sorted(found, key=lambda entry: (entry.file, entry.policy)))

    def refresh(self) -> None:
        """Lets what is searched or fetched from now on have all rows of entries that were read by now."""
        self._fresh = time.monotonic() + _SETTLED

    def put_entry(self, entry: Entry) -> None:
        """Writes what is known of a policy: readers see all of it or nothing."""
        row = {"id": key(self._tenant, "policy", entry.policy), **entry.row()}
        self._upsert(self._names.policies, [{**row, "tenant": self._tenant, "stub": STUB}])

    def drop_entry(self, policy: str) -> None:
        """Forgets a policy."""
        self._delete(self._names.policies, f"id in {literal.texts([key(self._tenant, 'policy', policy)])}")

    def mark(self) -> str:
        """What changes with each `set_mark`."""
        rows = self._every(self._names.policies, ('policy == ""',), ["file", "generation"], level="Strong")
        return " ".join(sorted(f"{row['file']}={row['generation']}" for row in rows))

    def set_mark(self, shard: str) -> None:
        """Tells readers that it is worth looking at the entries; each shard has a mark of its own."""
        row = {"id": key(self._tenant, "mark", shard), "policy": "", "file": shard, "about": "{}"}
        row |= {"tenant": self._tenant, "generation": f"{time.time_ns():x}"}
        self._upsert(self._names.policies, [{**row, "stub": STUB}])

    # --- passages

    def near(self, vector: NDArray[np.float32], k: int, scope: Scope) -> list[Found]:
        """The passages with the nearest vectors, best first."""
        return self._search([vector.tolist()], "dense", "IP", k, scope, ["generation", "ordinal"])

    def matching(self, terms: str, k: int, scope: Scope) -> list[Found]:
        """The passages that the server's BM25 finds best, with their terms, best first."""
        return self._search([terms], "sparse", "BM25", k, scope, ["generation", "ordinal", "terms"])

    def held(self, generation: str) -> dict[int, str]:
        """Ordinals of the passages that are written, with what names their content."""
        rows = self._every(self._names.passages, self._of(generation), ["ordinal", "content"], level="Strong")
        return {int(row["ordinal"]): row["content"] for row in rows}

    def vectors(self, generation: str) -> Iterator[tuple[int, str, NDArray[np.float32]]]:
        """Ordinal, content and vector of each passage."""
        fields = ["ordinal", "content", "dense"]
        for row in self._every(self._names.passages, self._of(generation), fields, level="Strong"):
            yield int(row["ordinal"]), row["content"], np.asarray(row["dense"], dtype=np.float32)

    def put_passages(self, rows: Sequence[Row]) -> None:
        """Writes passages; those that are there already stay as they are."""
        for batch in batches(rows, _BATCH):
            self._upsert(self._names.passages, [self._row(row) for row in batch])

    # --- payloads

    def payloads(self, places: Sequence[Place]) -> list[bytes]:
        """What lies at each place.

        Raises:
            EngineError: something does not.
        """
        parts: dict[str, list[str]] = {}
        wanted = {self._key(place, 0): place for place in places}
        for batch in batches(wanted, _BATCH):
            for row in self._get(batch, ["id", "data", "parts"]):
                parts[row["id"]] = [row["data"]] + [""] * (int(row["parts"]) - 1)
        more = {self._key(wanted[first], at): (first, at) for first in parts for at in range(1, len(parts[first]))}
        for batch in batches(more, _BATCH):
            for row in self._get(batch, ["id", "data"]):
                first, at = more[row["id"]]
                parts[first][at] = row["data"]
        if lost := wanted.keys() - parts.keys():
            raise damaged(f"{wanted[min(lost)].kind} {wanted[min(lost)].ordinal} of a policy is missing")
        return [joined(parts[self._key(place, 0)]) for place in places]

    def having(self, field: str, word: str) -> frozenset[str]:
        """Generations of the policies that have a word among those of a field, "runs" or "numbers"."""
        wanted = literal.texts((*listed((word,)), _MANY))
        where = (f'kind == "{Kind.DOCUMENT}"', f"array_contains_any({field}, {wanted})")
        found = self._every(self._names.payloads, where, ["generation"], level=self._level())
        return frozenset(row["generation"] for row in found)

    def put_document(self, generation: str, data: bytes, runs: Collection[str], numbers: Collection[str]) -> None:
        """Writes a document, with the words by which it is found."""
        words = {"runs": listed(runs), "numbers": listed(numbers)}
        self.put_payloads([(Place(generation, Kind.DOCUMENT), data)], words)

    def put_payloads(
        self, payloads: Iterable[tuple[Place, bytes]], words: Mapping[str, list[str]] = MappingProxyType(_NO_WORDS)
    ) -> None:
        """Writes what belongs at each place, with the words by which all of it is found."""
        sent: list[dict[str, Any]] = []
        size = 0
        for place, data in payloads:
            texts = cut(data)
            for at, text in enumerate(texts):
                about = {"id": self._key(place, at), "tenant": self._tenant, **place._asdict()}
                sent.append({**about, "part": at, "parts": len(texts), "data": text, "stub": STUB, **words})
                size += len(text)
            if size > _SENT:
                self._upsert(self._names.payloads, sent)
                sent, size = [], 0
        self._upsert(self._names.payloads, sent)

    def delete(self, generation: str) -> None:
        """Deletes the rows of a generation."""
        for name in (self._names.passages, self._names.payloads):
            self._delete(name, *self._of(generation))

    # --- calls

    def _search(self, data: list[Any], field: str, metric: str, k: int, scope: Scope, out: list[str]) -> list[Found]:
        (hits,) = self._client.call(
            "search",
            self._names.passages,
            data=data,
            anns_field=field,
            search_params={"metric_type": metric},
            limit=k,
            filter=self._filter(self._scoped(scope)),
            output_fields=out,
            consistency_level=self._level(),
        )
        return [Found(**{name: hit["entity"][name] for name in out}) for hit in hits]

    def _scoped(self, scope: Scope) -> list[str]:
        terms = ["citable == true"]
        if scope.places is not None:
            terms.append(f"id in {literal.texts(self._passage_key(place) for place in scope.places)}")
        elif scope.generations is not None:
            terms.append(f"generation in {literal.texts(scope.generations)}")
        if scope.without:
            terms.append(f"generation not in {literal.texts(scope.without)}")
        return terms

    def _of(self, generation: str) -> tuple[str, ...]:
        return (f"generation == {literal.text(generation)}",)

    def _filter(self, terms: Iterable[str]) -> str:
        return " and ".join((f"tenant == {literal.text(self._tenant)}", *terms))

    def _every(self, name: str, terms: Iterable[str], fields: list[str], level: str) -> list[dict[str, Any]]:
        """All rows of the tenant that the terms find, however many."""
        return list(self._client.every(name, self._filter(terms), fields, level))

    def _get(self, keys: list[str], fields: list[str]) -> list[dict[str, Any]]:
        where = self._filter((f"id in {literal.texts(keys)}",))
        found: list[dict[str, Any]] = self._client.call(
            "query", self._names.payloads, filter=where, output_fields=fields, consistency_level=self._level()
        )
        return found

    def _upsert(self, name: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._client.call("upsert", name, rows)

    def _delete(self, name: str, *terms: str) -> None:
        self._client.call("delete", name, filter=self._filter(terms))

    def _level(self) -> str:
        return "Strong" if time.monotonic() < self._fresh else "Bounded"

    def _row(self, row: Row) -> dict[str, Any]:
        return {
            "id": self._passage_key(row.place),
            "tenant": self._tenant,
            "generation": row.place.generation,
            "ordinal": row.place.ordinal,
            "citable": row.citable,
            "content": row.content,
            "terms": row.terms,
            "dense": row.vector.tolist(),
        }

    def _key(self, place: Place, part: int) -> str:
        return key(self._tenant, *place, part)

    def _passage_key(self, place: Place) -> str:
        return key(self._tenant, "passage", place.generation, place.ordinal)


def listed(words: Collection[str]) -> list[str]:
    """The words as the server takes them: their beginnings, each once."""
    found = {word.encode()[:LONGEST_WORD].decode(errors="ignore") for word in words}
    return sorted(found) if len(found) <= MOST_WORDS else [_MANY]
