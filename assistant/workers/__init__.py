"""Several processes that answer, behind one that serves.

The one in front never loads the encoder. It looks up what needs none (`served`) and has the rest answered by a pool of
workers (`pool`), each a process that it talks to by a pipe (`process`, and `worker` on the other side). They are forked
from one that has loaded what they need (`preloaded`), and map the files of the index into memory, so that both are in
memory once.
"""

from __future__ import annotations

from assistant.workers.pool import Workers
from assistant.workers.process import CALLS, shared_out

__all__ = ["CALLS", "Workers", "shared_out"]
