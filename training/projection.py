"""Fits the projection of token vectors that late interaction stores: `python training/projection.py DATA`.

DATA is a folder with `docs/*.txt`, openly licensed policies and none of those that the assistant is measured on. The
projection is the first principal directions, not centred, of all their token vectors.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from assistant.retrieval.encoder import PROJECTION_FILE, TOKEN_DIM, model_folder

CHARACTERS = 600


def passages(folder: Path) -> list[str]:
    """Lines of all texts, long ones cut, short ones joined up to `CHARACTERS`."""
    found: list[str] = []
    for file in sorted(folder.glob("*.txt")):
        open_text = ""
        for line in file.read_text(encoding="utf-8-sig").splitlines():
            if open_text and len(open_text) + len(line) > CHARACTERS:
                found.append(open_text)
                open_text = ""
            open_text = f"{open_text}\n{line}".strip()
        found.append(open_text)
    return [text for text in found if text]


def fit(texts: list[str]) -> np.ndarray:
    """float16[dim, TOKEN_DIM]: orthonormal columns, each with its largest component positive."""
    model = SentenceTransformer(str(model_folder()), device="cpu", local_files_only=True)
    moments = np.zeros((model.get_embedding_dimension(),) * 2)
    for start in range(0, len(texts), 256):
        for vectors in model.encode(texts[start : start + 256], output_value="token_embeddings"):
            # The first and last pieces are special ones, which are not stored.
            tokens = vectors[1:-1].numpy().astype(np.float64)
            tokens /= np.linalg.norm(tokens, axis=1, keepdims=True)
            moments += tokens.T @ tokens
    directions = np.linalg.eigh(moments)[1][:, ::-1][:, :TOKEN_DIM]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[np.newaxis], axis=0)
    return (directions * np.sign(largest)).astype(np.float16)


def main() -> None:
    """Fits, saves, and says the SHA-256 that the encoder checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds docs/*.txt")
    data = parser.parse_args().data
    np.save(PROJECTION_FILE, fit(passages(data / "docs")))
    print(f"PROJECTION_SHA256 = {hashlib.sha256(PROJECTION_FILE.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
