"""What answers are searched in: `Embedded` is the index on this machine."""

from __future__ import annotations

from assistant.engines.embedded import Embedded
from assistant.engines.shelf import Shelf

__all__ = ["Embedded", "Shelf"]
