"""What is known of a policy: read from its own text, overruled by the rows of policies.csv."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import fields, replace
from pathlib import Path

from assistant.errors import CorpusError
from assistant.policies.company import company_of
from assistant.policies.dates import effective_date, has_date
from assistant.policies.source import list_sources
from assistant.types import Policy, fold

CATALOGUE = "policies.csv"
COLUMNS = tuple(field.name for field in fields(Policy))
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_LANGUAGE = re.compile(r"[a-z]{2}")
_VERSION = re.compile(
    r"\b(?:version|versión|версия|fassung)\s*:?\s*v?(?P<number>\d+(?:\.\d+)*(?:[a-z](?![a-z]))?)", re.IGNORECASE
)
_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_TITLE_MAX = 150
_LANGUAGE_CHARS = 6000
_HEAD = 1500


def describe(id_: str, text: str, title: str) -> Policy:
    """What the text says about itself.

    Args:
        id_: policy id, of which the company may be read where the text names none.
        text: canonical text.
        title: the document's own title as its reader found it, "" for none.
    """
    named = _clean(title) or _clean(_first_line(text)) or fold(re.sub(r"[-_]+", " ", id_)).capitalize()
    version = _VERSION.search(text[:_HEAD])
    return Policy(
        id=id_,
        company=company_of(id_, named, text),
        title=named,
        version=version["number"] if version else "",
        effective_date=effective_date(text),
        language=language_of(text),
    )


def overruled(policy: Policy, row: Policy | None) -> Policy:
    """`policy` with every field that `row` gives."""
    if row is None:
        return policy
    given = {name: value for name in COLUMNS if (value := getattr(row, name))}
    return replace(policy, **given)


def language_of(text: str) -> str:
    """ISO 639-1 code of the language that most of `text` is in, "" where it holds no words."""
    sample = fold(text[:_LANGUAGE_CHARS])
    if sum(char.isalpha() for char in sample) < 3:
        return ""
    from py3langid.langid import classify

    return str(classify(sample)[0])


def read_catalogue(corpus: Path, ids: Collection[str] | None = None) -> dict[str, Policy]:
    """The rows of policies.csv by policy id, empty where the folder has none.

    Args:
        corpus: the folder with the policies.
        ids: the policies that there are; None takes the files of the folder.

    Raises:
        CorpusError: the file is no such table, or it speaks of a policy that is not there.
    """
    path = corpus / CATALOGUE
    if not path.exists():
        return {}
    if ids is None:
        ids = {source.stem for source in list_sources(corpus)[0]}
    out: dict[str, Policy] = {}
    for line, policy in _rows(path):
        if fault := _fault(policy, ids, out):
            raise CorpusError(f"{CATALOGUE}, line {line}: {fault}.")
        out[policy.id] = policy
    return out


def _fault(policy: Policy, ids: Collection[str], known: Collection[str]) -> str:
    """What is wrong with a row and what to do, "" where nothing is."""
    if not policy.id:
        return "the id is empty; give the name of the file without its ending"
    if policy.id in known:
        return f"the policy {policy.id!r} has a row already; remove one of the two"
    for id_ in (policy.id, policy.supersedes):
        if id_ and id_ not in ids:
            return f"there is no policy {id_!r} beside it; correct the id or remove the row"
    if policy.effective_date and not _DATE.fullmatch(policy.effective_date):
        return f"{policy.effective_date!r} is no date; write it as 2018-05-07, 2018-05 or 2018"
    if policy.language and not _LANGUAGE.fullmatch(policy.language):
        return f"{policy.language!r} is no language code; write it in two letters, such as en"
    return ""


def _rows(path: Path) -> Iterator[tuple[int, Policy]]:
    """The rows of policies.csv, each with its line."""
    try:
        reader = csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise CorpusError(f"{CATALOGUE} cannot be opened ({reason}); check that you may read it.") from None
    except UnicodeDecodeError:
        raise CorpusError(f"{CATALOGUE} cannot be read; save it as a table with commas in UTF-8.") from None
    try:
        header = [name.strip() for name in next(reader, [])]
        wrong = sorted(set(header) ^ set(COLUMNS)) or sorted({name for name in header if header.count(name) > 1})
        if wrong:
            must = f"must have the columns {', '.join(COLUMNS)}, each once"
            raise CorpusError(f"{CATALOGUE} {must}; look at {', '.join(map(repr, wrong))}.")
        for row in reader:
            if row and len(row) != len(header):
                wrong_row = f"{len(row)} cells in {len(header)} columns; put quotes around cells with commas"
                raise CorpusError(f"{CATALOGUE}, line {reader.line_num}: {wrong_row}.")
            if row:
                yield reader.line_num, Policy(**dict(zip(header, (cell.strip() for cell in row), strict=True)))
    except csv.Error:
        raise CorpusError(f"{CATALOGUE}, line {reader.line_num}: it is no row of a table; check its quotes.") from None


def _first_line(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _TITLE_MAX else ""


def _clean(title: str) -> str:
    """A title without its date, its site's name and white space."""
    undated = _BRACKETS.sub(lambda found: "" if has_date(found.group()) else found.group(), fold(title))
    return fold(undated).strip(" |–—-:")[:_TITLE_MAX]
