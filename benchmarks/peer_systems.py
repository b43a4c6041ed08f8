"""The systems that benchmarks/peers.py compares, each with its own recommended hybrid search.

A system builds its index from the material, saves it, and opens it in another process. Each encodes with the
assistant's encoder, questions as questions and passages as passages, and each restricts a search to the policy that
a person has picked, where one is picked.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.retrieval.encoder import Encoder
from benchmarks.peer_haiku import Haiku, HaikuOwn
from benchmarks.peer_material import MOST, Chunk, Material, Place, Question, Search, System


class Ours:
    """This product as `ask` answers, abstentions included."""

    def imports(self) -> None:
        import assistant.ask
        import assistant.ingest  # noqa: F401

    def index(self, material: Material, store: Path, encoder: Callable[[], Encoder]) -> list[Chunk]:
        from assistant.ingest import ingest

        ingest(material.corpus, store)
        return list(material.chunks)

    def open(self, store: Path, chunks: list[list[object]], encoder: Encoder) -> Search:
        from assistant.ask import Assistant

        assistant = Assistant.open(store, encoder=encoder)

        def search(question: Question) -> list[Place]:
            picked = [question.scope] if question.scope else None
            answer = assistant.ask(question.text, picked, question.history, MOST)
            return [(cited.policy.id, *cited.span) for cited in answer.citations]

        return search


class OursSearch(Ours):
    """This product as `search` finds, which never abstains and knows no conversation either."""

    def open(self, store: Path, chunks: list[list[object]], encoder: Encoder) -> Search:
        from assistant.ask import Assistant

        assistant = Assistant.open(store, encoder=encoder)

        def search(question: Question) -> list[Place]:
            picked = [question.scope] if question.scope else None
            return [(cited.policy.id, *cited.span) for cited in assistant.search(question.standalone, picked, MOST)]

        return search


class ByHand:
    """bm25s as its README uses it, an exact FAISS index, and reciprocal rank fusion of 50 and 50 with k = 60."""

    depth, constant = 50, 60
    hybrid = True

    def imports(self) -> None:
        import bm25s  # noqa: F401
        import faiss  # noqa: F401
        import Stemmer  # noqa: F401

    def index(self, material: Material, store: Path, encoder: Callable[[], Encoder]) -> list[Chunk]:
        import bm25s
        import faiss
        import Stemmer

        store.mkdir()
        texts = [chunk.indexed for chunk in material.chunks]
        vectors = encoder().encode_passages(texts).vectors
        dense = faiss.IndexFlatIP(vectors.shape[1])
        dense.add(vectors)
        faiss.write_index(dense, str(store / "dense.faiss"))
        lexical = bm25s.BM25()
        stemmer = Stemmer.Stemmer("english")
        lexical.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
        lexical.save(str(store / "lexical"))
        return list(material.chunks)

    def open(self, store: Path, chunks: list[list[object]], encoder: Encoder) -> Search:
        import bm25s
        import faiss
        import numpy as np
        import Stemmer

        held = [Chunk(*chunk) for chunk in chunks]
        dense = faiss.read_index(str(store / "dense.faiss"))
        lexical = bm25s.BM25.load(str(store / "lexical"))
        stemmer = Stemmer.Stemmer("english")
        masks = {
            policy: np.array([chunk.policy == policy for chunk in held]) for policy in {chunk.policy for chunk in held}
        }

        def search(question: Question) -> list[Place]:
            depth = min(self.depth, len(held))
            mask = masks[question.scope] if question.scope else np.ones(len(held), dtype=np.bool_)
            only = faiss.SearchParameters(sel=faiss.IDSelectorBatch(np.flatnonzero(mask)))
            vector = encoder.encode_query(question.standalone).vector
            near = dense.search(vector[np.newaxis], depth, params=only)[1][0]
            rankings = [near[near >= 0]]
            if self.hybrid:
                words = bm25s.tokenize(question.standalone, stopwords="en", stemmer=stemmer, show_progress=False)
                weights = mask.astype(np.float32)
                rows, scores = lexical.retrieve(words, k=depth, weight_mask=weights, show_progress=False)
                rankings.append(rows[0][scores[0] > 0])
            fused: dict[int, float] = {}
            for ranking in rankings:
                for rank, row in enumerate(ranking.tolist(), start=1):
                    fused[row] = fused.get(row, 0.0) + 1 / (self.constant + rank)
            best = sorted(fused, key=lambda row: (-fused[row], row))[:MOST]
            return [held[row][:3] for row in best]

        return search


class DenseByHand(ByHand):
    """The same vectors in the same FAISS index, and no words."""

    hybrid = False


class Txtai:
    """txtai's embeddings database with `hybrid=True` and `content=True`, as its documentation recommends."""

    def imports(self) -> None:
        import txtai  # noqa: F401

    def cut(self, material: Material) -> list[Chunk]:
        return list(material.chunks)

    def index(self, material: Material, store: Path, encoder: Callable[[], Encoder]) -> list[Chunk]:
        from txtai import Embeddings

        chunks = self.cut(material)
        embeddings = Embeddings(hybrid=True, content=True, **self._encoded(encoder()))
        embeddings.index(
            (row, {"text": chunk.indexed, "policy": chunk.policy}, None) for row, chunk in enumerate(chunks)
        )
        embeddings.save(str(store))
        return chunks

    def open(self, store: Path, chunks: list[list[object]], encoder: Encoder) -> Search:
        from txtai import Embeddings

        held = [Chunk(*chunk) for chunk in chunks]
        embeddings = Embeddings()
        embeddings.load(str(store), config=self._encoded(encoder))
        picked = "select id, score from txtai where similar(:text) and policy = :policy"

        def search(question: Question) -> list[Place]:
            if question.scope:
                values = {"text": question.standalone, "policy": question.scope}
                found = embeddings.search(picked, MOST, parameters=values)
            else:
                found = embeddings.search(question.standalone, MOST)
            return [held[int(hit["id"])][:3] for hit in found]

        return search

    @staticmethod
    def _encoded(encoder: Encoder) -> dict[str, object]:
        """txtai's own way to encode with a function; the instructions tell it questions from passages."""

        def transform(texts: list[str]):
            import numpy as np

            if texts[0].startswith("query: "):
                texts = [text.removeprefix("query: ") for text in texts]
                return np.stack([encoder.encode_query(text).vector for text in texts])
            return encoder.encode_passages([text.removeprefix("passage: ") for text in texts]).vectors

        instructions = {"query": "query: ", "data": "passage: "}
        return {"method": "external", "transform": transform, "instructions": instructions}


class TxtaiOwn(Txtai):
    """The same over the paragraphs that txtai's `Segmentation` cuts the published files into."""

    def imports(self) -> None:
        import txtai
        import txtai.pipeline  # noqa: F401

    def cut(self, material: Material) -> list[Chunk]:
        from txtai.pipeline import Segmentation

        paragraphs = Segmentation(paragraphs=True)
        texts = {policy: material.file(policy).read_text(encoding="utf-8") for policy in material.texts}
        return [Chunk(policy, 0, 0, "", piece) for policy, text in texts.items() for piece in paragraphs(text)]


class Bare:
    """The encoder alone, which finds nothing: what memory and time it takes by itself."""

    def imports(self) -> None:
        pass

    def index(self, material: Material, store: Path, encoder: Callable[[], Encoder]) -> list[Chunk]:
        store.mkdir()
        encoder().encode_passages([chunk.indexed for chunk in material.chunks])
        return list(material.chunks)

    def open(self, store: Path, chunks: list[list[object]], encoder: Encoder) -> Search:
        def search(question: Question) -> list[Place]:
            encoder.encode_query(question.standalone)
            return []

        return search


SYSTEMS: dict[str, type[System]] = {
    "bare": Bare,
    "ours": Ours,
    "ours-search": OursSearch,
    "by-hand": ByHand,
    "dense": DenseByHand,
    "txtai": Txtai,
    "txtai-own": TxtaiOwn,
    "haiku": Haiku,
    "haiku-own": HaikuOwn,
}
