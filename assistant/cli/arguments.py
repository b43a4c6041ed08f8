"""The form of the command line: every command with its arguments and its help."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from assistant.cli import commands
from assistant.settings import PREFIX, Settings

# Beside the file of votes in its usual place, and like it not in git.
_REVIEW = Path("feedback.review.jsonl")
_DESCRIPTION = "Answers questions about privacy policies with cited clauses, word for word."


# Adds a command: its name, what runs it, its help.
_Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


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
    subs = top.add_subparsers(required=True, metavar="COMMAND", title="commands")

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        sub = subs.add_parser(
            name, parents=[folders], help=help, description=help, formatter_class=_Help, allow_abbrev=False
        )
        sub.set_defaults(run=run)
        return sub

    for add in (_ingest, _ask, _clause, _policies, _password, _evaluate, _report):
        add(command)
    return top


def _ingest(command: _Command) -> None:
    sub = command("ingest", commands.ingest, "Read the policies and build the index.")
    how = sub.add_mutually_exclusive_group()
    how.add_argument("--if-stale", action="store_true", help="build only where the index is missing or out of date")
    how.add_argument(
        "--check", action="store_true", help="say what is out of date, and build nothing; 1 where there is any"
    )
    how.add_argument("--watch", action="store_true", help="build now, and again after each change of the folder")
    sub.add_argument(
        "--shard",
        metavar="I/N",
        help="only the I-th of N shares of the files, for where several machines fill one server",
    )


def _ask(command: _Command) -> None:
    sub = command("ask", commands.ask, "Answer one question with cited clauses.")
    sub.add_argument("question", metavar="QUESTION", help="the question, in quotation marks")
    sub.add_argument("--policy", action="append", metavar="ID", help="search this policy only; may be repeated")
    sub.add_argument(
        "--history", action="append", default=[], metavar="Q", help="an earlier question, oldest first; may be repeated"
    )
    sub.add_argument("--top-k", type=_count, default=5, metavar="N", help="most citations (default 5)")
    sub.add_argument("--json", action="store_true", help="print the answer as one JSON object")


def _clause(command: _Command) -> None:
    sub = command("clause", commands.clause, "Print a clause and the clauses under it.")
    sub.add_argument("policy", metavar="POLICY", help="policy id, as `policies` lists it")
    sub.add_argument("number", metavar="NUMBER", help='clause number, such as "5.8.3"')


def _policies(command: _Command) -> None:
    command("policies", commands.policies, "List the policies that can be asked about.")


def _password(command: _Command) -> None:
    sub = command("password", commands.password, "Ask for a password, and print what ASSISTANT_AGENTS_LOGIN must be.")
    sub.add_argument("name", metavar="NAME", help="name to log in with")


def _evaluate(command: _Command) -> None:
    sub = command("evaluate", commands.evaluate, "Ask judged questions and print how good the answers are.")
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


def _report(command: _Command) -> None:
    sub = command("report", commands.report, "Print what was not covered and how useful the answers were.")
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
