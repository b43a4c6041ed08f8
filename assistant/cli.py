"""The command line: reads arguments, calls the assistant, prints what comes back.

Exit codes: 0 done, 1 an error that the user can mend (one sentence on stderr), 2 wrong usage. Heavy libraries are
imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError, IndexDamagedError, IndexStaleError
from assistant.settings import PREFIX, Settings

if TYPE_CHECKING:
    from assistant.ask import Assistant

# Beside the file of votes in its usual place, and like it not in git.
_REVIEW = Path("feedback.review.jsonl")
_DESCRIPTION = "Answers questions about privacy policies with cited clauses, word for word."


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


def parser() -> argparse.ArgumentParser:
    """Every command with its arguments; `args.run` is the command's function."""
    folders = argparse.ArgumentParser(add_help=False)
    # Not None: the folders may stand before or after the command, and an absent one must not undo a present one.
    folders.add_argument("--corpus", type=Path, metavar="DIR", default=argparse.SUPPRESS, help=_help("corpus"))
    folders.add_argument("--index", type=Path, metavar="DIR", default=argparse.SUPPRESS, help=_help("index"))
    top = argparse.ArgumentParser(
        prog="python -m assistant",
        description=_DESCRIPTION,
        parents=[folders],
        formatter_class=_Help,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND", title="commands")

    def command(name: str, run: object, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, parents=[folders], help=help, description=help, formatter_class=_Help, allow_abbrev=False
        )
        sub.set_defaults(run=run)
        return sub

    sub = command("ingest", _ingest, "Read the policies and build the index.")
    how = sub.add_mutually_exclusive_group()
    how.add_argument("--if-stale", action="store_true", help="build only where the index is missing or out of date")
    how.add_argument(
        "--check", action="store_true", help="say what is out of date, and build nothing; 1 where there is any"
    )
    how.add_argument("--watch", action="store_true", help="build now, and again after each change of the folder")
    sub = command("ask", _ask, "Answer one question with cited clauses.")
    sub.add_argument("question", metavar="QUESTION", help="the question, in quotation marks")
    sub.add_argument("--policy", action="append", metavar="ID", help="search this policy only; may be repeated")
    sub.add_argument(
        "--history", action="append", default=[], metavar="Q", help="an earlier question, oldest first; may be repeated"
    )
    sub.add_argument("--top-k", type=_count, default=5, metavar="N", help="most citations (default 5)")
    sub.add_argument("--json", action="store_true", help="print the answer as one JSON object")
    sub = command("clause", _clause, "Print a clause and the clauses under it.")
    sub.add_argument("policy", metavar="POLICY", help="policy id, as `policies` lists it")
    sub.add_argument("number", metavar="NUMBER", help='clause number, such as "5.8.3"')
    command("policies", _policies, "List the policies that can be asked about.")
    sub = command("password", _password, "Ask for a password, and print what ASSISTANT_AGENTS_LOGIN must be.")
    sub.add_argument("name", metavar="NAME", help="name to log in with")
    sub = command("evaluate", _evaluate, "Ask judged questions and print how good the answers are.")
    asked = sub.add_mutually_exclusive_group(required=True)
    asked.add_argument(
        "questions", type=Path, nargs="?", metavar="QUESTIONS.jsonl", help="judged questions, one JSON object a line"
    )
    asked.add_argument(
        "--from-feedback",
        type=Path,
        nargs="?",
        const=_REVIEW,
        metavar="FILE.jsonl",
        help=f"the reviewed ones of what `report --review` wrote (default {_REVIEW})",
    )
    sub.add_argument(
        "--details", type=Path, metavar="OUT.jsonl", help="write every answer here, one JSON object a line"
    )
    sub.add_argument("--top-k", type=_count, default=10, metavar="N", help="most citations (default 10)")
    sub = command("report", _report, "Print what was not covered and how useful the answers were.")
    sub.add_argument("--days", type=_count, metavar="N", help="of the newest N days (default all that is kept)")
    what = sub.add_mutually_exclusive_group()
    what.add_argument("--json", action="store_true", help="print one JSON object")
    what.add_argument(
        "--review",
        type=Path,
        nargs="?",
        const=_REVIEW,
        metavar="FILE.jsonl",
        help=f"add stored questions to a file for review instead (default {_REVIEW})",
    )
    return top


def _ingest(args: argparse.Namespace) -> int:
    corpus, index = _folders(args)
    from assistant.freshness import is_stale
    from assistant.upkeep import build, check, watch

    if args.check or (args.if_stale and not is_stale(index, corpus)):
        return 1 if check(corpus, index, sys.stdout) else 0
    if args.watch:
        watch(corpus, index, sys.stdout)
        return 0
    return 1 if build(corpus, index, sys.stdout) else 0


def _ask(args: argparse.Namespace) -> int:
    answer = _open(args).ask(
        _clean(args.question),
        policies=args.policy,
        history=tuple(_clean(earlier) for earlier in args.history),
        top_k=args.top_k,
    )
    if args.json:
        from assistant.json_form import answer_form

        _print_json(answer_form(answer))
    else:
        from assistant.terminal import answer_text

        print(answer_text(answer, **_style()))
    return 0


def _clause(args: argparse.Namespace) -> int:
    from assistant.terminal import citations_text

    print(citations_text(_open(args).clause(args.policy, args.number), **_style()))
    return 0


def _policies(args: argparse.Namespace) -> int:
    from assistant.terminal import policies_text

    print(policies_text(_open(args).policies()))
    return 0


def _password(args: argparse.Namespace) -> int:
    from assistant.password import login_line

    print(login_line(args.name))
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    from assistant.evaluation.details import details_line
    from assistant.evaluation.evaluate import evaluate
    from assistant.evaluation.questions import read_questions
    from assistant.evaluation.report import report, rows
    from assistant.terminal import progress

    questions = read_questions(args.from_feedback or args.questions, reviewed_only=args.from_feedback is not None)
    assistant = _open(args)
    outcomes = []
    with contextlib.ExitStack() as stack:
        # Opened before the first question: a path that cannot be written is told at once.
        details = stack.enter_context(args.details.open("w", encoding="utf-8")) if args.details else None
        advance = stack.enter_context(progress("questions", len(questions)))
        for outcome in evaluate(assistant, questions, top_k=args.top_k):
            outcomes.append(outcome)
            if details:
                details.write(details_line(outcome) + "\n")
            advance(1)
    print(report(rows(outcomes)))
    return 0


def _report(args: argparse.Namespace) -> int:
    from assistant.feedback.gaps import gaps
    from assistant.feedback.report import report_form, report_text
    from assistant.feedback.store import FeedbackStore

    settings = Settings.from_environment()
    store = FeedbackStore(settings.feedback, retention_days=settings.retention_days)
    if args.review:
        from assistant.feedback.review import add_candidates, candidates

        rows = candidates(_open(args), store, args.days)
        print(f"{add_candidates(args.review, rows)} of {len(rows)} questions are new in {args.review}.")
        return 0
    found = gaps(store, args.days)
    if args.json:
        _print_json(report_form(found))
    else:
        print(report_text(found))
    return 0


def _folders(args: argparse.Namespace) -> tuple[Path, Path]:
    """Corpus and index: as given, else as set in the environment, else the defaults."""
    settings = Settings.from_environment()
    return getattr(args, "corpus", settings.corpus), getattr(args, "index", settings.index)


def _open(args: argparse.Namespace) -> Assistant:
    """The assistant over the index, which is built first where it is missing or of another corpus.

    An index that is named without its corpus is used as it stands: the default corpus must not replace it. So is one
    whose corpus is not there.
    """
    corpus, index = _folders(args)
    longest = Settings.from_environment().max_question_chars
    from assistant.ask import Assistant
    from assistant.freshness import is_stale

    named_alone = hasattr(args, "index") and not hasattr(args, "corpus")
    may_build = not named_alone and (corpus.is_dir() or hasattr(args, "corpus"))
    if may_build and is_stale(index, corpus):
        _build_first(corpus, index)
    try:
        return Assistant.open(index, longest)
    except (IndexStaleError, IndexDamagedError):
        if not may_build:
            raise
    _build_first(corpus, index)
    return Assistant.open(index, longest)


def _build_first(corpus: Path, index: Path) -> None:
    from assistant.upkeep import build

    print(f"Building the index of {corpus}/ …", file=sys.stderr)
    build(corpus, index, sys.stderr)


def _style() -> dict[str, Any]:
    """How citations are printed: wrapped and with marks set bold on a terminal, plain elsewhere."""
    if not sys.stdout.isatty():
        return {}
    return {"width": min(100, shutil.get_terminal_size().columns), "bold": not os.environ.get("NO_COLOR")}


def _print_json(form: dict[str, object]) -> None:
    # Escapes are ugly, but right on every terminal and in every locale.
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(form, ensure_ascii=ascii_only, indent=2))


def _clean(argument: str) -> str:
    """An argument with bytes that are no UTF-8 replaced, so that it can be printed again."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return int(text)


def _help(setting: str) -> str:
    """A setting's own documentation, with its default and its environment variable."""
    for each in fields(Settings):
        if each.name == setting:
            doc = each.metadata["doc"].rstrip(".")
            return f"{doc[0].lower()}{doc[1:]} (default {each.default}, or ${PREFIX}{setting.upper()})"
    raise KeyError(setting)


class _Help(argparse.HelpFormatter):
    """Help as wide on every terminal, so that the README can show it as it is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100, max_help_position=28)
