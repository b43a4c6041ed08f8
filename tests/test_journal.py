"""What was encoded before a kill is taken up again, as far as the journal vouches for it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant import ingest, reuse
from assistant.index import Journal, load
from assistant.retrieval.encoder import Encoded
from benchmarks.light import Light
from tests.index_fixtures import same

SHA = "ab" * 32
DIGESTS = np.arange(32, dtype=np.uint8).reshape(2, 16)
FOLDER = Path(".encoded") / SHA[:16]


def encoded(*texts: str) -> Encoded:
    return Light().encode_passages(texts)


def journal(folder: Path, sha256: str = SHA) -> Journal:
    return Journal(folder, sha256, Light.dim, Light.token_dim)


def test_what_was_appended_is_known_again(tmp_path: Path) -> None:
    first, second = encoded("a", "b"), encoded("c")
    written = journal(tmp_path)
    written.append(DIGESTS, first.vectors, first.tokens)
    journal(tmp_path).append(DIGESTS[:1], second.vectors, second.tokens)
    known = journal(tmp_path).known()
    assert known.digests.tolist() == [*DIGESTS.tolist(), DIGESTS[0].tolist()]
    assert np.array_equal(known.vectors, np.concatenate([first.vectors, second.vectors]))
    for row, (source, at) in enumerate([(first, 0), (first, 1), (second, 0)]):
        for one, other in zip(known.tokens.pieces(row), source.tokens.pieces(at), strict=True):
            assert np.array_equal(one, other)
    written.clear()
    assert not len(journal(tmp_path).known().digests)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["digests", "vectors", "lengths", "values", "starts", "ends", "journal.jsonl"])
@pytest.mark.parametrize("fault", ["cut", "changed", "longer", "missing"])
def test_what_is_damaged_is_not_known_and_what_comes_after_is(tmp_path: Path, name: str, fault: str) -> None:
    first, second = encoded("a", "b"), encoded("c")
    written = journal(tmp_path)
    written.append(DIGESTS, first.vectors, first.tokens)
    written.append(DIGESTS[:1], second.vectors, second.tokens)
    path = tmp_path / FOLDER / name
    whole = path.read_bytes()
    path.unlink()
    if fault != "missing":
        changed = whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:]
        path.write_bytes({"cut": whole[:-1], "changed": changed, "longer": whole + b"more"}[fault])
    expected = {"longer": 3, "missing": 0}.get(fault, 2)
    if name == "journal.jsonl" and fault == "cut":
        # Only the end of the line is gone.
        expected = 3
    again = journal(tmp_path)
    assert len(again.known().digests) == expected
    again.append(DIGESTS[1:], second.vectors, second.tokens)
    assert len(journal(tmp_path).known().digests) == expected + 1


@pytest.mark.parametrize("count", ["1" + "0" * 18, "1" + "0" * 30, "2e48", "-1", '"many"'])
def test_a_line_that_tells_of_more_than_there_is_is_not_believed(tmp_path: Path, count: str) -> None:
    first = encoded("a", "b")
    journal(tmp_path).append(DIGESTS, first.vectors, first.tokens)
    path = tmp_path / FOLDER / "journal.jsonl"
    path.write_bytes(path.read_bytes() + b'{"passages":' + count.encode() + b',"pieces":1,"sha256":""}\n')
    assert len(journal(tmp_path).known().digests) == 2


def test_a_journal_that_cannot_be_mended_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = encoded("a", "b")
    journal(tmp_path).append(DIGESTS, first.vectors, first.tokens)
    path = tmp_path / FOLDER / "journal.jsonl"
    path.write_bytes(path.read_bytes() + b"?")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert not len(journal(tmp_path).known().digests)


def test_what_another_encoder_left_goes(tmp_path: Path) -> None:
    found = encoded("a", "b")
    journal(tmp_path).append(DIGESTS, found.vectors, found.tokens)
    assert not len(journal(tmp_path, "cd" * 32).known().digests)
    assert not (tmp_path / FOLDER).exists()


class Dying(Light):
    """Ends the process, as far as can be told, when it is asked to encode for the `last` time."""

    def __init__(self, last: int) -> None:
        self.left, self.texts = last, 0

    def encode_passages(self, *args: object) -> Encoded:  # type: ignore[override]
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        found = super().encode_passages(*args)  # type: ignore[arg-type]
        self.texts += len(found.vectors)
        return found


def write(corpus: Path, files: int) -> None:
    corpus.mkdir(exist_ok=True)
    for file in range(files):
        text = f"Shop {file} Privacy Policy\n\n1. Data\nWe keep your name {file}.\n\n2. Sharing\nWe sell no data.."
        (corpus / f"shop-{file}.txt").write_text(text, encoding="utf-8")


def test_an_ingest_that_is_killed_again_and_again_comes_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, folder = tmp_path / "corpus", tmp_path / "index"
    write(corpus, 9)
    monkeypatch.setattr(reuse, "CHUNK", 5)
    monkeypatch.setattr(ingest, "Encoder", Light)
    whole = ingest.ingest(corpus, tmp_path / "fresh")
    assert whole.encoded == whole.passages
    done = 0
    for _ in range(3):
        encoder = Dying(last=2)
        monkeypatch.setattr(ingest, "Encoder", lambda encoder=encoder: encoder)
        with pytest.raises(KeyboardInterrupt):
            ingest.ingest(corpus, folder)
        assert encoder.texts == 5
        done += encoder.texts
        assert sorted(path.name for path in folder.iterdir() if "lock" not in path.name) == [".encoded", ".ingest"]
    monkeypatch.setattr(ingest, "Encoder", Light)
    report = ingest.ingest(corpus, folder)
    assert report.encoded == whole.passages - done
    assert same(load(folder), load(tmp_path / "fresh"))
    assert not (folder / ".encoded").exists()


def test_passages_that_are_the_same_are_counted_as_often_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Light` counts each passage once: what comes and goes must add up."""
    corpus, folder = tmp_path / "corpus", tmp_path / "index"
    monkeypatch.setattr(ingest, "Encoder", Light)
    twice = "Shop Privacy Policy\n\n1. Data\nWe keep it.\n\n1. Data\nWe keep it.\n\n"
    corpus.mkdir()
    for text in (twice, twice * 2, twice + "2. Sharing\nNone.", twice):
        (corpus / "shop.txt").write_text(text, encoding="utf-8")
        ingest.ingest(corpus, folder)
        found = load(folder)
        assert found.tokens.frequencies.tolist() == [len(found.passages)]


def test_how_much_there_is_to_encode_is_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = tmp_path / "corpus"
    write(corpus, 9)
    monkeypatch.setattr(reuse, "CHUNK", 5)
    monkeypatch.setattr(ingest, "Encoder", Light)
    told: list[tuple[int, int | None]] = []
    report = ingest.ingest(corpus, tmp_path / "index", lambda *each: told.append(each))
    assert sum(done for done, _ in told) == report.passages
    assert all(expected and abs(expected - report.passages) <= 10 for _, expected in told)
    assert told[-1][1] == report.passages
