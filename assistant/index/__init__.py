"""Saves and loads the built index; the only package that knows its file names.

    index/README.md           stays
    index/manifest.json       names the build that counts; replaced in one step when a new one is complete
    index/build-<digest>/     what files.py names

A build is written beside the old one, brought to disk, and only then named by the manifest, so that a process killed at
any moment leaves the old index or the new one. What it leaves unfinished goes with the next save,
except what was encoded: index/.encoded/ keeps that until an index holds it.
"""

from __future__ import annotations

from assistant.index.building import Build
from assistant.index.data import IndexData, digest
from assistant.index.journal import Journal, Known
from assistant.index.manifest import MANIFEST, Manifest, read_manifest
from assistant.index.reading import load
from assistant.index.stored import Stored
from assistant.index.writing import alone, building, publish, save

__all__ = [
    "MANIFEST",
    "Build",
    "IndexData",
    "Journal",
    "Known",
    "Manifest",
    "Stored",
    "alone",
    "building",
    "digest",
    "load",
    "publish",
    "read_manifest",
    "save",
]
