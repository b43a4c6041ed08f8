"""Writes what the documents repeat of the program: help texts, settings and Makefile targets. Run it by `make docs`."""

from __future__ import annotations

import re
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from assistant.cli import parser
from assistant.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent


def documents() -> dict[Path, str]:
    """Every document with generated parts, as it should be."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = _table(readme, "| variable | default | meaning |", settings())
    readme = _table(readme, "| command | what it does |", ([f"`make {name}`", does] for name, does in targets()))
    readme = re.sub(
        r"(?ms)^(\$ python -m assistant --help\n).*?(?=^```$)", lambda found: found[1] + parser().format_help(), readme
    )
    return {
        ROOT / "README.md": readme,
        ROOT / "docs" / "command-line.md": command_line(),
        ROOT / "docs" / "pictures.md": pictures(),
    }


def command_line() -> str:
    """The page with the help of every command."""
    parts = ["# The command line\n\n`--corpus` and `--index` may stand before the command too.\n"]
    for name, command in commands().items():
        parts.append(f"## {name}\n\n```\n$ python -m assistant {name} --help\n{command.format_help()}```\n")
    return "\n".join(parts)


def pictures() -> str:
    """The page with all pictures, a row for each scene."""
    scenes: dict[str, dict[str, str]] = {}
    for path in sorted((ROOT / "docs" / "screenshots").glob("*.png")):
        scene, screen, scheme = path.stem.rsplit("-", 2)
        scenes.setdefault(scene, {})[f"{screen}, {scheme}"] = path.name
    screens = ("desktop, light", "desktop, dark", "phone, light", "phone, dark")
    parts = ["# Pictures\n\n`make screenshots` takes them, over the policies in `corpus/`.\n"]
    for scene, files in scenes.items():
        cells = " | ".join(f"![{scene}, {screen}](screenshots/{files[screen]})" for screen in screens)
        head = f"| {' | '.join(screens)} |\n|{'---|' * len(screens)}"
        parts.append(f"## {scene.replace('-', ' ').capitalize()}\n\n{head}\n| {cells} |\n")
    return "\n".join(parts)


def commands() -> dict[str, ArgumentParser]:
    """Every command's parser, by name."""
    (action,) = (action for action in parser()._actions if isinstance(action, _SubParsersAction))
    return dict(action.choices)


def settings() -> list[list[str]]:
    """Variable, default and meaning of every setting."""
    return [[f"`{PREFIX}{f.name.upper()}`", f"`{f.default}`", f.metadata["doc"]] for f in fields(Settings)]


def targets() -> list[tuple[str, str]]:
    """Name and meaning of every Makefile target."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.findall(r"^([a-z]+):.*?## (.*)$", makefile, re.MULTILINE)


def _table(text: str, heading: str, rows: Iterable[Iterable[str]]) -> str:
    """`text` with these rows in the table under `heading`."""
    lines = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return re.sub(rf"({re.escape(heading)}\n\|[-|]+\|\n)(?:\|.*\n)*", lambda found: found[1] + lines, text)


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
