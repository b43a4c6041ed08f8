"""The widget's files as they are sent, their size, and the document that describes them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.settings import Settings
from assistant.web.pages import STATIC
from assistant.web.widget import files
from tests.widget_pages import Api, strict

FOLDER = STATIC / "widget"
LOADER = (FOLDER / "widget.js").read_text("utf-8")
SCRIPTS = "\n".join(path.read_text("utf-8") for path in sorted(FOLDER.glob("*.js")))
STYLE = (FOLDER / "panel.css").read_text("utf-8")
DOCUMENT = (Path(__file__).parent.parent / "docs" / "widget.md").read_text("utf-8")
BOUND = 30 * 1024


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(Api().app(Settings(contact="team@shop.example", max_question_chars=321))) as client:
        yield client


def documented(heading: str) -> list[str]:
    """First cells of the table whose first heading this is."""
    (rows,) = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", DOCUMENT, re.MULTILINE)
    return [re.findall(r"`(.*?)`", line)[0] for line in rows.splitlines()]


# Files


def test_it_is_small() -> None:
    names = ["widget.js", *files.names()]
    sizes = {name: len(gzip.compress((FOLDER / name).read_bytes(), 9)) for name in names}
    print(f"\nwidget.js {sizes['widget.js']} bytes gzipped, with the panel {sum(sizes.values())}: {sizes}")
    assert len(sizes) == len(list(FOLDER.glob("*.js"))) + 1
    assert sum(sizes.values()) <= BOUND


def test_what_is_loaded_later_stays_away_until_then() -> None:
    assert len(gzip.compress(LOADER.encode(), 9)) < BOUND / 6


def test_the_loader_is_told_what_it_must_know(client: TestClient) -> None:
    text = client.get("/widget.js").text
    (served,) = re.findall(r"const served = (\{.*\});", text)
    assert json.loads(served) == {
        "version": files.version(),
        "files": sorted(path.name for path in FOLDER.glob("*.js") if path.name != "widget.js"),
        "contact": "team@shop.example",
        "longest": 321,
    }
    assert "SERVED" not in text


def test_a_contact_cannot_break_out_of_the_loader() -> None:
    text = files.loader('"; alert(1); "', 5).body.decode()
    assert json.dumps('"; alert(1); "') in text


def test_other_sites_may_load_the_files(client: TestClient) -> None:
    for path in ("/widget.js", f"/ui/widget/{files.version()}/panel.js", f"/ui/widget/{files.version()}/panel.css"):
        response = client.get(path, headers={"origin": "https://shop.example"})
        assert response.status_code == 200
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("name", "kind"), [("panel.js", "text/javascript"), ("panel.css", "text/css")])
def test_files_are_kept_as_long_as_they_are_the_same(client: TestClient, name: str, kind: str) -> None:
    now = client.get(f"/ui/widget/{files.version()}/{name}")
    assert "immutable" in now.headers["cache-control"]
    assert now.headers["content-type"].startswith(kind)
    assert now.content == (FOLDER / name).read_bytes()
    assert client.get(f"/ui/widget/before/{name}").headers["cache-control"] == "no-cache"


def test_the_loader_is_asked_for_again_and_sent_once(client: TestClient) -> None:
    first = client.get("/widget.js")
    assert first.headers["cache-control"] == "public, max-age=600"
    again = client.get("/widget.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_files_are_sent_compressed_to_those_who_take_it(client: TestClient) -> None:
    assert client.get("/widget.js").headers["content-encoding"] == "gzip"
    plain = client.get("/widget.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == client.get("/widget.js").text


@pytest.mark.parametrize("name", ["widget.js", "help.css", "nothing.js"])
def test_there_are_no_other_files(client: TestClient, name: str) -> None:
    assert client.get(f"/ui/widget/{files.version()}/{name}").status_code == 404


# What they must not hold


def test_no_markup_is_made_of_text_and_nothing_is_stored() -> None:
    forbidden = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(|"
        r"localStorage|sessionStorage|indexedDB|document\.cookie|sendBeacon|\brem\b",
        SCRIPTS,
    )
    assert forbidden == []
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)[^\s\"'`]*", SCRIPTS + STYLE) == []
    assert re.findall(r"\drem|@import|url\(|(?:margin|padding)-(?:left|right)", STYLE) == []


def test_every_language_says_everything() -> None:
    words = {
        language: re.findall(r"^  (\w+): ", text, re.MULTILINE)
        for language, text in re.findall(
            r"^const (\w\w) = \{\n(.*?)^\};", (FOLDER / "words.js").read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
    }
    english = words.pop("en")
    lines = {"answered", "not_covered", "off_topic"}
    assert set(words) == {"ru", "es", "zh", "de", "fr"}
    for language, known in words.items():
        assert len(known) == len(set(known)), language
        assert set(known) == set(english) | lines, language


# The document


def test_every_attribute_is_documented() -> None:
    read = {
        re.sub(r"[A-Z]", lambda letter: "-" + letter[0].lower(), name) for name in re.findall(r"\bdata\.(\w+)", LOADER)
    }
    assert {f"data-{name}" for name in read} == set(documented("attribute"))


def test_every_custom_property_is_documented() -> None:
    used = set(re.findall(r"var\((--policy-widget-[\w-]+)", STYLE + LOADER))
    assert used == set(documented("property"))


def test_every_call_and_event_is_documented() -> None:
    (calls,) = re.findall(r"Object\.freeze\(\{(.*?)\}\);", LOADER, re.DOTALL)
    assert [re.split(r"[.(]", call)[1] for call in documented("call")] == re.findall(
        r"^ {4}(\w+)[:,]", calls, re.MULTILINE
    )
    assert set(documented("event")) == set(re.findall(r"emit\(\"(\w+)\"", SCRIPTS))


def test_the_content_security_policy_that_is_documented_is_the_one_that_is_tested() -> None:
    needed = [part for part in strict("https://HOST").split("; ") if "HOST" in part]
    assert "; ".join(needed) in DOCUMENT


def test_languages_are_documented() -> None:
    (row,) = re.findall(r"^\| `data-lang` \| (.*?) \|", DOCUMENT, re.MULTILINE)
    assert re.findall(r"`(\w\w)`", row) == re.findall(r"^    (\w\w): \[", LOADER, re.MULTILINE)


def test_the_size_that_is_documented_is_the_bound() -> None:
    assert f"less than {BOUND // 1024} KB" in DOCUMENT
