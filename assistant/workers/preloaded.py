"""What all processes that answer need, loaded when this module is imported.

Where they are forked from one process that has imported it, it lies in memory once for all of them.
"""

from __future__ import annotations

import contextlib
import gc
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.retrieval.encoder import Encoder


def _loaded() -> Encoder | None:
    """The encoder, and beside it all that a question needs; None where it cannot be loaded.

    Whoever needs it first tells why.
    """
    import assistant.ask  # noqa: F401 -- and all that it imports
    from assistant.answering.language import language_of
    from assistant.answering.lexicon import is_known
    from assistant.errors import EncoderError
    from assistant.retrieval.encoder import Encoder

    # What is loaded when it is first needed: how languages are told, and the dictionary that is always asked.
    for question in ("wie lange bleibt das", "как долго это хранится"):
        language_of(question)
    is_known("word", "en")
    with contextlib.suppress(EncoderError):
        return Encoder()
    return None


# A signal may go to all processes of a group; they end with the one in front.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
# Nothing of what is loaded goes away again: looking for that takes a fifth of the time.
gc.disable()
encoder = _loaded()
# A page of memory is shared until it is written to, and the collector writes to what it looks at.
gc.collect()
gc.freeze()
gc.enable()
