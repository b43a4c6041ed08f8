"""The manifest: what an index was built from, and which build counts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from assistant.errors import IndexDamagedError, IndexMissingError
from assistant.index.files import BUILD, NAMES, NEAR

# Raise it with every change of the files or of what they mean.
FORMAT = 4

MANIFEST = "manifest.json"
_REMEDY = "run python -m assistant ingest to build it"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was built from."""

    # The encoder's name, and the digest that names its weights exactly.
    encoder: str
    encoder_sha256: str
    # Names the code that read the policies.
    reader_sha256: str
    # SHA-256 of every file of the corpus, by file name.
    corpus: Mapping[str, str]


def read_manifest(index_dir: Path) -> Manifest:
    """What the index in `index_dir` was built from, without opening it.

    Raises:
        IndexMissingError: there is none.
        IndexDamagedError: the manifest cannot be read or is of another format.
    """
    return manifest_of(read_record(index_dir))


def read_record(index_dir: Path) -> dict[str, Any]:
    """The manifest as it is stored, less its own digest.

    Raises:
        IndexMissingError, IndexDamagedError: as for `read_manifest`.
    """
    try:
        record = orjson.loads((index_dir / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissingError(f"There is no index in {index_dir}; {_REMEDY}.") from None
    except OSError as error:
        raise unreadable(index_dir, MANIFEST, error) from error
    except ValueError:
        raise damaged(index_dir, f"{MANIFEST} is no JSON") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise damaged(index_dir, "it has another format than this version of the assistant reads")
    try:
        manifest_of(record)
        sizes = {name: (int(file["bytes"]), str(file["sha256"])) for name, file in record["files"].items()}
        whole = (
            sizes.keys() >= NAMES
            and all(map(NEAR.fullmatch, sizes.keys() - NAMES))
            and BUILD.fullmatch(record["build"])
            and record["counts"]
        )
        whole = whole and record.pop("sha256") == record_sha256(record)
    except (KeyError, TypeError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise damaged(index_dir, f"{MANIFEST} is incomplete or changed")
    return record


def manifest_of(record: dict[str, Any]) -> Manifest:
    """What a record says of how the index was built."""
    encoder, reader = record["encoder"], record["reader"]
    return Manifest(encoder["name"], encoder["sha256"], reader["sha256"], dict(record["corpus"]))


def record_sha256(record: dict[str, Any]) -> str:
    """Of all that the manifest says but this digest itself."""
    return hashlib.sha256(orjson.dumps(record, option=orjson.OPT_SORT_KEYS)).hexdigest()


def damaged(index_dir: Path, wrong: str) -> IndexDamagedError:
    """Says what is wrong with an index, and what to do."""
    return IndexDamagedError(f"The index in {index_dir} cannot be used: {wrong}; {_REMEDY} anew.")


def unreadable(index_dir: Path, name: str, error: OSError) -> IndexDamagedError:
    """Says that the system does not let a file of an index be read."""
    reason = (error.strerror or type(error).__name__).lower()
    wrong = f"{name} cannot be read ({reason})"
    return IndexDamagedError(f"The index in {index_dir} cannot be used: {wrong}; mend that, or {_REMEDY} anew.")
