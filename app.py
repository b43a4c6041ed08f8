"""The only start of the server: settings → assistant over the newest index → web application."""

from __future__ import annotations

import signal
import sys

from assistant.errors import AssistantError
from assistant.settings import Settings


def main() -> int:
    """Serves until stopped; 1 and one sentence where the settings, the index or the model cannot be used."""
    # The first process of a container would not hear it else; the server finishes what is in hand before.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = Settings.from_environment()
        from assistant.generations import Generations

        generations = Generations(settings.index, settings.max_question_chars)
        from assistant.web.app import serve

        serve(generations, settings)
    except AssistantError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
