"""The reader's pages as they are sent: every character of a policy, marks, tags, what is not there, two versions."""

from __future__ import annotations

import cProfile
import pstats
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from assistant.errors import PolicyFileError
from assistant.links import anchors, permalink
from assistant.policies.describe import read_catalogue
from assistant.policies.parse import parse
from assistant.policies.source import list_sources, read_source
from assistant.types import Block, BlockKind, Clause, Document, Policy, Span
from assistant.web.reader.citation_text import CitationStyle, citation_text, citation_words
from assistant.web.reader.comparison import Status, compare
from assistant.web.reader.layout import sections
from assistant.web.reader.pieces import Cutter
from assistant.web.reader.view import prepare
from assistant.web.reader.words import changes
from tests.reader_site import MAX_BYTES, build, read

ITALKI = Policy("italki", "italki", "Privacy Policy", "2018.5.7", "2018-05-07", "en")
NEW = """# Privacy Policy

## 1. Data
We keep your name and your address for one year.

## 2. Sharing
We share nothing with anybody, whoever asks us for it.

## 3. Children
No service of ours is meant for children under sixteen years.

## 5. Security
Everything is kept under lock and key in a dry place.
"""
OLD = """# Privacy Policy

## 1. Data
We keep your name and your telephone number for ten years.

## 2. Security
Everything is kept under lock and key in a dry place.

## 4. Sharing
We share nothing with anybody, whoever asks us for it.

## 6. Cookies
There are none of them, as far as we know, and never were.
"""


def folder_documents(folder: Path) -> list[Document]:
    catalogue = read_catalogue(folder) if (folder / "policies.csv").exists() else {}
    out = []
    for path in list_sources(folder)[0]:
        try:
            out.append(parse(read_source(path, MAX_BYTES), catalogue.get(path.stem)))
        except PolicyFileError:
            continue
    return out


@pytest.fixture(scope="module")
def repository() -> list[Document]:
    return folder_documents(Path(__file__).resolve().parent.parent / "corpus")


def get(documents: list[Document], address: str, **headers: str) -> LexborHTMLParser:
    answer = TestClient(build(documents)).get(address, headers=headers)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text)


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def policy_text(page: LexborHTMLParser) -> str:
    """The policy's own text on its page: the title where it is the policy's, then everything in the text."""
    title = page.css_first("h1[data-text]")
    return bare((title.text() if title else "") + page.css_first(".text").text())


# Every character


def assert_whole(documents: list[Document]) -> None:
    client = TestClient(build(documents))
    for document in documents:
        page = LexborHTMLParser(client.get(f"/policies/{document.policy.id}").text)
        assert policy_text(page) == bare(document.text), document.policy.id
        ids = [node.attributes["id"] for node in page.css("[id]")]
        assert len(ids) == len(set(ids))
        assert {anchor for anchor in anchors(document) if anchor} <= set(ids)
        assert {id for id in ids if id.startswith("_")} == set(ids) - set(anchors(document))
        # Every line of the contents leads to a clause, and every link within the page to something.
        targets = {node.attributes["href"] for node in page.css("a[href^='#']")}
        assert {unquote(str(target)[1:]) for target in targets} <= set(ids)
        levels = [int(node.tag[1]) for node in page.css("h1, .text h2, .text h3, .text h4, .text h5, .text h6")]
        assert levels[0] == 1
        assert all(node.text().strip() for node in page.css("h1, .text h2, .text h3, .text h4, .text li, .text p"))
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_character_of_the_policies_here_is_on_their_pages_in_order(repository: list[Document]) -> None:
    assert_whole(repository)


def test_every_character_of_others_policies_too(shared: Path) -> None:
    assert_whole(folder_documents(shared / "corpora"))


def test_a_table_is_a_table_with_its_text(tmp_path: Path) -> None:
    text = "# Cookies\n\n| Name | Purpose |\n|---|---|\n| a | one\\|two |\n| b | |\n"
    page = get([read(tmp_path, "c.md", text)], "/policies/c")
    assert [node.text() for node in page.css("th[scope=col]")] == ["Name", "Purpose"]
    assert [[cell.text() for cell in row.css("td")] for row in page.css("tbody tr")] == [["a", "one|two"], ["b", ""]]


def test_lists_nest(tmp_path: Path) -> None:
    page = get([read(tmp_path, "p.md", "# P\n\nWe keep:\n\n- names\n  - first\n  - last\n- dates\n")], "/policies/p")
    assert [bare(node.text()) for node in page.css(".items .items li")] == ["•first", "•last"]
    assert [node.text() for node in page.css("section > .items > li > p > .bullet")] == ["•", "•"]


def test_contents_and_ornaments_have_their_looks(repository: list[Document]) -> None:
    page = get(repository, "/policies/italki-privacy-policy-2018")
    assert page.css_first(".own-contents").text().startswith("Information We Collect")
    assert all(node.text() == "==========" and node.attributes["aria-hidden"] for node in page.css(".rule"))
    # "2." and its words, which an ornament parts in the file, are one heading.
    heading = next(node for node in page.css("h2") if "How We Use" in node.text())
    assert heading.css_first(".number").text() == "2."
    assert bare(heading.text()) == "2.==========HowWeUseInformation"


def test_pages_are_marked_where_they_start(tmp_path: Path) -> None:
    text = "First page.\nGoes on here.\nThird."
    blocks = (
        Block(Span(0, 11), BlockKind.PARAGRAPH),
        Block(Span(12, 25), BlockKind.PARAGRAPH),
        Block(Span(26, 32), BlockKind.PARAGRAPH),
    )
    clauses = (Clause(0, "", "P", None, Span(0, 32), 0),)
    document = Document(Policy("p", "", "P"), text, blocks, clauses, (0, 0, 0), pages=(0, 17, 25))
    page = get([document], "/policies/p")
    marked = [
        (node.attributes["aria-label"], bare(node.parent.text()), node.parent.html.split("</span>")[0].count("Goes"))
        for node in page.css(".page")
    ]
    assert marked == [("Page 1", "Firstpage.", 0), ("Page 2", "Goesonhere.", 1), ("Page 3", "Third.", 0)]
    assert "3 pages" in page.css_first(".facts").text()


def test_text_stays_text(tmp_path: Path) -> None:
    hostile = "</section><script>window.hit = 1</script> {{7*7}} &lt;b&gt; \" ' clause 1 of this Policy"
    document = read(
        tmp_path,
        "h.txt",
        f"Policy\n\n1. Data {hostile}\n\n2. {hostile}\n{hostile}\n",
        company=hostile,
        title=hostile,
        note=hostile,
    )
    page = get([document], "/policies/h?mark=" + hostile)
    assert page.css("script:not([src])") == []
    assert page.css(".text script, style, [style], [onclick]") == []
    assert "{{7*7}}" in page.css_first(".text").text()


# Marks


def sentence_link(document: Document, words: str, anchor: str = "") -> str:
    start = document.text.index(words)
    return "/" + permalink(document.policy.id, anchor, [(Span(start, start + len(words)), words)])


def test_a_permalink_marks_its_words_across_blocks_and_links(tmp_path: Path) -> None:
    document = read(tmp_path, "p.md", NEW.replace("year.", "year. See section 3.\n\n- a list\n- of two"))
    words = document.text[document.text.index("address") : document.text.index("two")]
    page = get([document], sentence_link(document, words, "1"))
    assert bare("".join(node.text() for node in page.css(".text mark"))) == bare(words)
    assert len(page.css("#_mark")) == 1
    assert page.css_first("a.ref mark").text() == "section 3"
    assert page.css_first("#_notice").text().startswith("One sentence is marked.")
    assert policy_text(page) == bare(document.text)


def test_marks_survive_a_reading_anew(tmp_path: Path) -> None:
    before = read(tmp_path, "p.md", NEW)
    link = sentence_link(before, "We share nothing with anybody", "2")
    after = read(tmp_path, "p.md", NEW.replace("one year.", "one year, or for as long as you are with us."))
    assert get([after], link).css_first("mark").text() == "We share nothing with anybody"


@pytest.mark.parametrize("mark", ["1-9-00000000", "nonsense", "9-1-abcdefab", "99999-100000-abcdefab", "0-0-00000000"])
def test_a_mark_that_is_gone_is_said_calmly(tmp_path: Path, mark: str) -> None:
    page = get([read(tmp_path, "p.md", NEW)], f"/policies/p?mark={mark}")
    assert page.css("mark") == []
    assert "not in this text any more" in page.css_first("#_notice:not([hidden])").text()


# The list, and what is not there


def test_the_list_names_what_is_known_of_each_by_company(repository: list[Document]) -> None:
    page = get(repository, "/policies")
    groups = {group.css_first("h2").text(): group for group in page.css(".group")}
    assert list(groups) == ["i2istudy", "italki", "Unistudy", "No company named", "Compare any two"]
    entries = [bare(node.text()) for node in groups["italki"].css("li")]
    assert entries == ["CookieNoticeDated14October2024English", "PrivacyPolicyDated7May2018Version2018.5.7English"]
    links = {node.attributes["href"] for node in groups["italki"].css("a")}
    assert links == {
        "/policies/italki-cookie-notice-2024",
        "/policies/italki-privacy-policy-2018",
        "/policies/italki-privacy-policy-2018/compare/italki-cookie-notice-2024",
    }


def versions(folder: Path) -> list[Document]:
    old = read(folder, "v1.md", OLD, company="Shop", effective_date="2019-01", version="1")
    new = read(folder, "v2.md", NEW, company="Shop", effective_date="2020-01", version="2", supersedes="v1")
    return [old, new, read(folder, "x.md", "# Cookie Notice\n\nText.\n", company="Other", effective_date="2020")]


def test_a_newer_version_is_named_on_the_list_and_on_both_pages(tmp_path: Path) -> None:
    documents = versions(tmp_path)
    assert [node.attributes["href"] for node in get(documents, "/policies").css(".policies .also a")] == [
        "/policies/v1/compare/v2"
    ]
    assert "newer version" in get(documents, "/policies/v1").css_first(".about").text()
    assert "Replaces" in get(documents, "/policies/v2").css_first(".about").text()


def test_an_unknown_policy_is_a_page_of_our_own(tmp_path: Path) -> None:
    client = TestClient(build([read(tmp_path, "p.md", NEW)]))
    for address in ("/policies/<b>x", "/policies/p/compare/%3Cb%3Ex", "/policies/%3Cb%3Ex/compare/p"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "&lt;b&gt;x" in answer.text
        assert "<h1>No such policy</h1>" in answer.text


def test_two_documents_are_chosen_from_the_list(tmp_path: Path) -> None:
    client = TestClient(build(versions(tmp_path), "/help"))
    answer = client.get("/help/policies?first=v1&second=x", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/help/policies/v1/compare/x")


@pytest.mark.parametrize("address", ["/policies", "/policies/v1", "/policies/v1/compare/v2"])
def test_a_page_is_sent_again_only_where_it_changed(tmp_path: Path, address: str) -> None:
    client = TestClient(build(versions(tmp_path)))
    first = client.get(address)
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(address, headers={"if-none-match": f'W/{first.headers["etag"]}, "x"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert client.get(address, headers={"if-none-match": '"x"'}).status_code == 200
    assert client.head(address).headers["etag"] == first.headers["etag"]
    changed = TestClient(build([*versions(tmp_path)[:2], read(tmp_path, "v1.md", NEW, company="Shop")]))
    assert changed.get(address).headers["etag"] != first.headers["etag"]


def test_addresses_hold_below_a_path(tmp_path: Path) -> None:
    client = TestClient(build(versions(tmp_path), "/help"))
    for address in ("/help/policies", "/help/policies/v2", "/help/policies/v1/compare/v2", "/help/policies/none"):
        page = LexborHTMLParser(client.get(address).text)
        found = [node.attributes.get(name, "#") for name in ("href", "src", "action") for node in page.css(f"[{name}]")]
        assert [url for url in found if not url.startswith(("#", "/help/"))] == []


# Citations


def test_a_citation_says_policy_clause_and_date() -> None:
    assert (
        citation_words(ITALKI, "3.2", "Service providers") == "italki Privacy Policy, 3.2 Service providers, 7 May 2018"
    )
    assert citation_words(ITALKI, "5.8.3") == "italki Privacy Policy, clause 5.8.3, 7 May 2018"
    assert citation_words(ITALKI, "", "Cookies") == "italki Privacy Policy, Cookies, 7 May 2018"
    assert citation_words(Policy("p", "", "Policy", "3")) == "Policy, version 3"


def test_citations_are_written_in_three_styles() -> None:
    url = "https://ask.example/policies/italki#5(a)"
    title = "*Names* & <tags> [1]"
    assert citation_text(ITALKI, "5", title, url) == f"italki Privacy Policy, 5 {title}, 7 May 2018\n{url}"
    assert citation_text(ITALKI, "5", title, url, CitationStyle.MARKDOWN) == (
        r"[italki Privacy Policy, 5 \*Names\* & \<tags\> \[1\], 7 May 2018](https://ask.example/policies/italki#5%28a%29)"
    )
    assert citation_text(ITALKI, "5", title, url, CitationStyle.HTML) == (
        f'<a href="{url}">italki Privacy Policy, 5 *Names* &amp; &lt;tags&gt; [1], 7 May 2018</a>'
    )


# Two versions


def test_clauses_are_unchanged_changed_moved_added_and_removed(tmp_path: Path) -> None:
    old, new, _ = versions(tmp_path)
    compared = compare(old, new)
    rows = [
        (row.status, row.old and row.old.heading.title, row.new and row.new.heading.title)
        for run in compared.runs
        for row in run
    ]
    assert rows == [
        (Status.UNCHANGED, "Privacy Policy", "Privacy Policy"),
        (Status.CHANGED, "Data", "Data"),
        (Status.MOVED_CHANGED, "Sharing", "Sharing"),
        (Status.ADDED, None, "Children"),
        (Status.CHANGED, "Security", "Security"),
        (Status.REMOVED, "Cookies", None),
    ]
    assert compare(old, old).same


def test_a_clause_is_known_again_under_another_number_and_title(tmp_path: Path) -> None:
    text = "# P\n\n## 1. Storage\nWe keep your name and your telephone number for ten years.\n"
    old, new = (
        read(tmp_path, "a.md", text),
        read(tmp_path, "b.md", text.replace("1. Storage", "7. How long").replace("ten", "five")),
    )
    (row,) = [row for run in compare(old, new).runs for row in run if row.new and row.new.heading.anchor]
    assert row.status is Status.CHANGED
    assert row.old is not None
    assert [part.text for part in row.old.parts if part.changed] == ["1. Storage", "ten"]


def test_words_tell_what_changed_and_are_all_there() -> None:
    left, right = changes(
        "We keep it for  ten years, then delete it.", "We keep it for\nfive long years, then delete it."
    )
    assert [part.text for part in left if part.changed] == ["ten"]
    assert [part.text for part in right if part.changed] == ["five long"]
    assert "".join(part.text for part in left) == "We keep it for  ten years, then delete it."
    assert changes("", "") == ((), ())


def test_a_comparison_says_what_it_compares(tmp_path: Path) -> None:
    documents = versions(tmp_path)
    page = get(documents, "/policies/v1/compare/v2")
    assert page.css_first("h1").text() == "What changed"
    assert [bare(node.text()) for node in page.css(".counts li")] == [
        "2changed",
        "1movedandchanged",
        "1added",
        "1removed",
        "1unchanged",
    ]
    assert page.css_first("del:not(.whole)").text() == "telephone number for ten years"
    assert page.css_first("details.same summary").text() == "1 unchanged clause"
    other = get(documents, "/policies/v1/compare/x")
    assert "not known to be versions" in other.css_first(".notice").text()
    assert "No clause differs" in get(documents, "/policies/v1/compare/v1").css_first(".head").text()


def test_ten_times_the_clauses_cost_ten_times_as_much(tmp_path: Path) -> None:
    """Counted in calls, not in time: what is done per clause does not grow with their number."""
    calls = []
    for count in (200, 2000):
        text = "# P\n\n" + "".join(
            f"## {at}. Title {at}\nWe keep item {at}, see section {count + 1 - at}.\n\n" for at in range(1, count + 1)
        )
        document = read(tmp_path, f"p{count}.md", text)
        changed = read(tmp_path, f"q{count}.md", text.replace("item 7", "thing 7"))
        assert len(document.clauses) == count + 1
        profile = cProfile.Profile()
        with profile:
            prepared = prepare(document, ())
            sections(document, prepared.headings, Cutter(document, (), prepared.references))
            compare(document, changed)
        calls.append(pstats.Stats(profile).total_calls / count)  # type: ignore[attr-defined]
    assert calls[1] < 1.5 * calls[0]
