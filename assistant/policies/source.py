"""Files of a corpus folder → bytes → text; every fault of a file is one sentence about that file."""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from assistant.errors import CorpusError, PolicyFileError
from assistant.policies.parsed import Unreadable

SUFFIXES = frozenset({".txt", ".md", ".markdown", ".html", ".htm", ".pdf"})
_MEBIBYTE = 1 << 20
_ABOUT_THE_FOLDER = frozenset({"readme", "license", "licence", "notice", "changelog"})
# Control characters that stand in no text, and the sign of a byte that could not be decoded.
_RUBBISH = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
# Control characters, ends of lines, and what turns the direction of the rest.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Longest prefixes first: the mark of UTF-32 starts with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What charset detection reads at most; a policy says what it is in far less.
_DETECTED_BYTES = 200_000
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
_DECLARED_BYTES = 4096
_ISO_8859 = tuple(f"iso8859_{part}" for part in range(1, 17) if part != 12)
# What pages are published in, the usual ones first: where two fit equally well, the first is meant.
_CHARSETS = tuple(
    "cp1251 cp1252 koi8_r gb18030 big5 shift_jis euc_jp euc_kr cp1250 cp1253 cp1254 cp1255 cp1256 cp1257 koi8_u".split()
)
# What a page may declare besides: Python knows more names, but not all of them are charsets ("hex", "rot13").
_DECLARABLE = frozenset(
    codecs.lookup(name).name
    for name in (*_CHARSETS, *"utf-8 utf-16 ascii gbk gb2312 iso2022_jp cp866 mac_cyrillic".split(), *_ISO_8859)
)
_MOST_RUBBISH = 0.001


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One policy file as it was published."""

    path: Path
    # The file's stem: the policy id.
    id: str
    # Lower case, with its dot.
    suffix: str
    data: bytes
    # Of `data`, in hexadecimal.
    sha256: str


def list_sources(corpus: Path) -> tuple[tuple[Path, ...], tuple[PolicyFileError, ...]]:
    """The policy files of a folder by name, and an error for each whose id is taken or whose name cannot be told.

    Raises:
        CorpusError: the folder does not exist or cannot be read.
    """
    if not corpus.is_dir():
        raise CorpusError(f"{corpus} is no folder; name the folder that holds the policies.")
    try:
        entries = sorted(corpus.iterdir(), key=lambda path: path.name)
    except OSError as error:
        raise CorpusError(f"{corpus} cannot be read ({_reason(error)}); give yourself permission to read it.") from None
    paths: list[Path] = []
    errors: list[PolicyFileError] = []
    taken: dict[str, str] = {}
    for path in entries:
        if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES or path.stem.lower() in _ABOUT_THE_FOLDER:
            continue
        # File systems that ignore case would take "A.txt" and "a.md" for one permalink too.
        first = taken.setdefault(path.stem.casefold(), path.name)
        if wrong := _fault_of(path.name):
            errors.append(PolicyFileError(ascii(path.name)[1:-1], wrong, "rename it"))
        elif first == path.name:
            paths.append(path)
        else:
            wrong = f"its name without the ending is already the id of {first}"
            errors.append(PolicyFileError(path.name, wrong, "rename one of the two files"))
    return tuple(paths), tuple(errors)


def _fault_of(name: str) -> str:
    """What is wrong with a file name, "" where nothing is; bytes that are no UTF-8 read as lone surrogates."""
    if any("\ud800" <= char <= "\udfff" for char in name):
        return "its name is not UTF-8"
    return "its name holds characters that no line shows" if _UNSEEN.search(name) else ""


def read_source(path: Path, max_bytes: int = 50 * _MEBIBYTE) -> SourceFile:
    """The bytes of one policy file.

    Raises:
        PolicyFileError: the file is unreadable, empty or larger than `max_bytes`.
    """
    try:
        if path.is_dir():
            raise PolicyFileError(path.name, "it is a folder", "move the policies in it one level up, or rename it")
        if path.exists() and not path.is_file():
            raise PolicyFileError(path.name, "it is no regular file", "put the policy's text into a file, or remove it")
        size = path.stat().st_size
        if size > max_bytes:
            limit = f"{size / _MEBIBYTE:.1f} MiB, and the limit is {max_bytes / _MEBIBYTE:g} MiB"
            remedy = "split it, or raise ASSISTANT_MAX_FILE_MB"
            raise PolicyFileError(path.name, f"it is too big ({limit})", remedy)
        data = path.read_bytes()
    except OSError as error:
        remedy = "check that it is there and that you may read it"
        raise PolicyFileError(path.name, f"it cannot be opened ({_reason(error)})", remedy) from None
    if not data.strip():
        wrong = "it is empty" if not data else "it holds nothing but white space"
        raise PolicyFileError(path.name, wrong, "put the policy's text into it, or remove it")
    return SourceFile(path, path.stem, path.suffix.lower(), data, hashlib.sha256(data).hexdigest())


def decode(data: bytes) -> str:
    """The text that `data` encodes, line ends as newlines, byte order mark removed.

    Byte order marks decide first, then UTF-8, UTF-16 without a mark, the charset that a page declares, and detection.

    Raises:
        Unreadable: the bytes are no text.
    """
    text = _decode(data)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    rubbish = sum(1 for _ in _RUBBISH.finditer(text))
    if "\0" in text or rubbish > _MOST_RUBBISH * len(text):
        raise _no_text()
    if not text.strip():
        raise Unreadable("it holds nothing but white space", "put the policy's text into it, or remove it")
    return text


def _no_text() -> Unreadable:
    return Unreadable("its bytes are no text", "save it again as plain text in UTF-8, or remove it")


def _decode(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding)
    if b"\0" not in data:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        declared = _DECLARED.search(data[:_DECLARED_BYTES])
        if declared and (known := _codec(declared.group(1))):
            return _strict(data, known)
        found = from_bytes(data[:_DETECTED_BYTES], cp_isolation=list(_CHARSETS))
        if not found:
            raise _no_text()
        best = min(found, key=lambda match: (match.chaos, -match.coherence, _CHARSETS.index(match.encoding)))
        return _strict(data, best.encoding)
    # NUL bytes: UTF-16 that lost its mark, or no text. The right order of bytes gives more spaces.
    texts = [text for encoding in ("utf-16-le", "utf-16-be") if (text := _plausible(data, encoding))]
    if not texts:
        raise _no_text()
    return max(texts, key=lambda text: text.count(" "))


def _plausible(data: bytes, encoding: str) -> str:
    """`data` in `encoding`, "" where that gives characters that stand in no text."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return ""
    strange = any(unicodedata.category(char) in ("Cc", "Cn", "Co") and char not in "\t\n\r\f" for char in text)
    return "" if strange or " " not in text else text


def _codec(name: bytes) -> str:
    """Python's name of the charset that a page declares, "" for one that is unknown."""
    try:
        known = codecs.lookup(name.decode("ascii")).name
    except (LookupError, UnicodeDecodeError):
        return ""
    return known if known in _DECLARABLE else ""


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise _no_text() from None


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
