"""One policy: bytes → document → clause tree → passages."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def reader_sha256() -> str:
    """SHA-256 over the modules of this package: an index that other ones read may hold other clauses and passages."""
    modules = sorted(Path(__file__).parent.glob("*.py"))
    digests = (hashlib.sha256(module.read_bytes()).digest() for module in modules)
    return hashlib.sha256(b"".join(digests)).hexdigest()
