"""Saves and loads the built index; the only package that knows its file names.

    index/README.md           stays
    index/manifest.json       names the build that counts; replaced in one step when a new one is complete
    index/build-<digest>/     documents.jsonl passages.jsonl vectors.npy tokens_*.npy

A build is written beside the old one, brought to disk, and only then named by the manifest, so that a process killed at
any moment leaves the old index or the new one. What it leaves unfinished goes with the next save.
"""

from __future__ import annotations

from assistant.index.data import IndexData
from assistant.index.manifest import MANIFEST, Manifest, read_manifest
from assistant.index.reading import load
from assistant.index.writing import alone, save

__all__ = ["MANIFEST", "IndexData", "Manifest", "alone", "load", "read_manifest", "save"]
