"""The comparison with other systems is fair where no other system is needed to tell: judged, located and kept alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.ask import Assistant
from assistant.evaluation.evaluate import evaluate
from assistant.evaluation.metrics import metrics, rank_measures
from assistant.retrieval.encoder import Encoder
from benchmarks import peers
from benchmarks import peers_page as page
from benchmarks.peer_material import Chunk, Material, Place, Question
from benchmarks.peer_systems import SYSTEMS, Ours, OursSearch

TEXT = "1. Cookies\n\nWe use cookies. See our site.\n\n2. Contact\n\nWe use cookies. Write to us."


@pytest.fixture(scope="module")
def read() -> tuple:
    return peers.read()


def test_every_system_has_a_name_in_the_table() -> None:
    assert list(page.NAMES) == list(SYSTEMS)


def test_what_is_given_is_what_the_product_searches(assistant: Assistant, read: tuple, tmp_path: Path) -> None:
    _, material, questions = read
    assert len(material.chunks) == assistant.passage_count()
    for chunk in material.chunks:
        assert material.texts[chunk.policy][chunk.start : chunk.end] == chunk.text
    assert len(material.questions) == len(questions)
    material.write(tmp_path / "material.json")
    assert Material.read(tmp_path / "material.json") == material


def test_found_places_are_judged_as_answers_are(
    assistant: Assistant, index_dir: Path, encoder: Encoder, read: tuple
) -> None:
    documents, material, questions = read
    some = questions[::4]
    found = replay(Ours(), index_dir, encoder, material.questions[::4])
    replayed = list(evaluate(peers.Replayed(documents, some, found), some))
    asked = list(evaluate(assistant, some))
    for one, other in zip(replayed, asked, strict=True):
        assert one.hits == other.hits
    figures = [metrics(each, rank_measures(each)) for each in (replayed, asked)]
    assert figures[0].mrr_10 == figures[1].mrr_10 > 0.5
    assert figures[0].abstention_recall == figures[1].abstention_recall


def test_search_never_abstains_and_stays_in_the_picked_policy(index_dir: Path, encoder: Encoder) -> None:
    questions = (
        Question("What is the capital of France?", None, ()),
        Question("Which cookies are used?", "italki-cookie-notice-2024", ()),
    )
    anywhere, picked = replay(OursSearch(), index_dir, encoder, questions)
    assert anywhere
    assert {policy for policy, _, _ in picked} == {"italki-cookie-notice-2024"}


def replay(system: Ours, index_dir: Path, encoder: Encoder, questions: tuple[Question, ...]) -> list[list[Place]]:
    """What a system finds in the index that is built already."""
    search = system.open(index_dir, [], encoder)
    return [search(question) for question in questions]


def test_an_earlier_question_goes_before_a_follow_up() -> None:
    assert Question("And for children?", None, ("Do you share data?",)).standalone == (
        "Do you share data? And for children?"
    )


def test_pieces_of_another_chunker_are_found_in_reading_order() -> None:
    cut = ["1. Cookies", "We use cookies.  See\nour site", "We use cookies. Write to [us](mailto:us)."]
    found = peers.located([Chunk("a", 0, 0, "", piece) for piece in cut], {"a": TEXT})
    assert [TEXT[chunk.start : chunk.end] for chunk in found[:2]] == ["1. Cookies", "We use cookies. See our site"]
    assert found[2].start >= TEXT.index("2. Contact")
    assert "Write to us" in TEXT[found[2].start : found[2].end]


def test_pieces_with_a_place_keep_it() -> None:
    chunk = Chunk("a", 12, 27, "", "We use cookies.")
    assert peers.located([chunk], {"a": TEXT}) == [chunk]


def test_a_process_of_its_own_measures_and_reaches_nobody(read: tuple, tmp_path: Path) -> None:
    _, material, _ = read
    few = Material(material.corpus, material.texts, material.chunks[:3], material.questions[:2])
    few.write(tmp_path / "material.json")
    built = peers.run("bare", "index", Path(sys.executable), tmp_path)
    asked = peers.run("bare", "ask", Path(sys.executable), tmp_path)
    assert built["passages"] == 3
    assert asked["found"] == [[], []]
    assert len(asked["seconds"]) == len(asked["encoding"]) > 2
    assert all(0 < part <= whole for part, whole in zip(asked["encoding"], asked["seconds"], strict=True))
    assert asked["memory"] > 10e6


def test_other_hosts_are_refused_and_named() -> None:
    script = """
import json, socket
from benchmarks.peer import refused
with refused() as tried:
    for call in (
        lambda: socket.create_connection(("192.0.2.1", 9), timeout=1),
        lambda: socket.getaddrinfo("hub.invalid", 443),
        lambda: socket.create_connection(("127.0.0.1", 1), timeout=1),
    ):
        try:
            call()
        except OSError as error:
            pass
print(json.dumps(tried))
"""
    environment = {**os.environ, "PYTHONPATH": str(peers.ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(done.stdout) == ["192.0.2.1:9", "hub.invalid:443"]


def test_the_page_holds_the_tables_and_says_how_they_are_made() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    begin = page.BEGIN.format(1)
    assert text.count(begin) == 1
    figures = text[text.index(begin) : text.index(page.END)]
    for name in ("ours", "by-hand", "txtai", "haiku"):
        assert figures.count(f"| {page.NAMES[name]} |") == 2
    assert "    make peers\n" in text
    assert page.PLOT.exists()
