"""haiku.rag as one of the systems that benchmarks/peers.py compares; it runs in an environment of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.retrieval.encoder import Encoder
from benchmarks.peer_material import MOST, Chunk, Material, Place, Question, Search

if TYPE_CHECKING:
    from haiku.rag.client import HaikuRAG
    from haiku.rag.config import AppConfig


class Haiku:
    """haiku.rag over LanceDB: its hybrid search is dense + full text, fused by reciprocal rank, without a reranker."""

    def __init__(self) -> None:
        self._run = asyncio.new_event_loop().run_until_complete

    def imports(self) -> None:
        import haiku.rag.client  # noqa: F401

    def index(self, material: Material, store: Path, encoder: Callable[[], Encoder]) -> list[Chunk]:
        return self._run(self._index(material, store, encoder()))

    def open(self, store: Path, chunks: list[list[object]], encoder: Encoder) -> Search:
        held: dict[str, list[Chunk]] = {}
        for chunk in map(Chunk._make, chunks):
            held.setdefault(chunk.policy, []).append(chunk)
        client = self._client(store, encoder)
        self._run(client.__aenter__())

        def search(question: Question) -> list[Place]:
            only = f"uri = '{question.scope}'" if question.scope else None
            found = self._run(client.search(question.standalone, limit=MOST, filter=only))
            return [held[hit.document_uri][hit.order][:3] for hit in found]

        return search

    async def _index(self, material: Material, store: Path, encoder: Encoder) -> list[Chunk]:
        async with self._client(store, encoder, create=True) as client:
            await self._add(client, material)
            return await self._held(client, material)

    async def _add(self, client: HaikuRAG, material: Material) -> None:
        from docling_core.types.doc.document import DoclingDocument
        from docling_core.types.doc.labels import DocItemLabel
        from haiku.rag.client.documents import DocumentImport
        from haiku.rag.store.models.chunk import Chunk as Piece

        held: dict[str, list[Chunk]] = {policy: [] for policy in material.texts}
        for chunk in material.chunks:
            held[chunk.policy].append(chunk)
        imports = []
        for policy, chunks in held.items():
            document = DoclingDocument(name=policy)
            for chunk in chunks:
                document.add_text(label=DocItemLabel.TEXT, text=chunk.text)
            # What stands under `headings` is put before the text, for the vector and for the full text alike.
            pieces = [
                Piece(content=chunk.text, metadata={"headings": [chunk.context]} if chunk.context else {}, order=order)
                for order, chunk in enumerate(chunks)
            ]
            imports.append(DocumentImport(document, pieces, uri=policy, title=policy))
        await client.import_documents(imports)

    async def _held(self, client: HaikuRAG, material: Material) -> list[Chunk]:
        return list(material.chunks)

    def _client(self, store: Path, encoder: Encoder, create: bool = False) -> HaikuRAG:
        from haiku.rag.client import HaikuRAG
        from haiku.rag.config import AppConfig
        from haiku.rag.embeddings import EmbedderWrapper
        from haiku.rag.store import engine

        class Ours(EmbedderWrapper):
            """Its own class for what encodes, filled by the assistant's encoder."""

            async def _embed_query(self, text: str) -> list[float]:
                return encoder.encode_query(text).vector.tolist()

            async def _embed_documents(self, texts: list[str]) -> list[list[float]]:
                return encoder.encode_passages(texts).vectors.tolist()

        # No provider of its settings takes a function; a local HTTP server would, and would cost time.
        engine.get_embedder = lambda config: Ours(None, encoder.dim)
        config = AppConfig()
        config.embeddings.model.name, config.embeddings.model.vector_dim = encoder.name, encoder.dim
        self._configure(config)
        store.mkdir(exist_ok=True)
        return HaikuRAG(store / "haiku.lancedb", config=config, create=create)

    def _configure(self, config: AppConfig) -> None:
        """What differs from its defaults besides the encoder: nothing."""


class HaikuOwn(Haiku):
    """The same over the chunks that its own converter and chunker make of the published files."""

    async def _add(self, client: HaikuRAG, material: Material) -> None:
        for policy in material.texts:
            # As Markdown, which is how it reads a .txt file too.
            text = material.file(policy).read_text(encoding="utf-8")
            await client.create_document(text, uri=policy, title=policy)

    async def _held(self, client: HaikuRAG, material: Material) -> list[Chunk]:
        cut: list[Chunk] = []
        for policy in material.texts:
            document = await client.get_document_by_uri(policy)
            pieces = await client.chunk_repository.get_by_document_id(document.id)
            cut += [Chunk(policy, 0, 0, "", piece.content) for piece in sorted(pieces, key=lambda piece: piece.order)]
        return cut

    def _configure(self, config: AppConfig) -> None:
        """Its default tokenizer would be fetched from a hub; that of the encoder lies here."""
        from assistant.retrieval.weights import MODEL_DIR

        config.processing.chunking_tokenizer = str(MODEL_DIR)
