"""The command line: reads arguments, calls the assistant, prints what comes back.

Exit codes: 0 done, 1 an error that the user can mend (one sentence on stderr), 2 wrong usage. Heavy libraries are
imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from assistant.cli.arguments import parser
from assistant.errors import AssistantError

__all__ = ["main", "parser"]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; usage errors and `--help` leave by SystemExit, as argparse does."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows its escape, and no traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    args = parser().parse_args(argv)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except AssistantError as error:
        return _fail(str(error))
    except BrokenPipeError:
        # The reader of our output has gone: nobody is left to tell, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        return _fail(f"{error.filename or 'A file'}: {error.strerror or error}.")
    except KeyboardInterrupt:
        return 130
    return code


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1
