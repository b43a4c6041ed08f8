"""Fixtures that every test may use, and how hypothesis draws."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from assistant.ask import Assistant
    from assistant.retrieval.encoder import Encoder
    from tests.milvus_server import World

ROOT = Path(__file__).resolve().parent.parent
# Before anything of torch or a hub client is imported: a test asks nobody outside, and two cores are shared.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "2")
for _name in [name for name in os.environ if name.startswith("ASSISTANT_")]:
    del os.environ[_name]

# The servers that `milvus` stands for: milvus-lite, and the one that MILVUS_URI names, where it does.
SERVERS = ("lite", *(["MILVUS_URI"] if os.environ.get("MILVUS_URI") else []))
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")

# The same examples every time: a red run can be run again, and no test depends on how fast the machine is.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True, print_blob=False)
hypothesis.settings.load_profile("project")


@pytest.fixture(scope="session", autouse=True)
def _feedback_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test counts its questions in the file of whoever works here."""
    from assistant.feedback.store import FeedbackStore
    from assistant.settings import Settings

    usual, elsewhere = Settings().feedback, tmp_path_factory.mktemp("feedback") / "feedback.sqlite"
    start = FeedbackStore.__init__

    def begin(store: FeedbackStore, path: Path, **more: Any) -> None:
        start(store, elsewhere if path == usual else path, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FeedbackStore, "__init__", begin)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The policies of this repository, to be read only."""
    return ROOT / "corpus"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the repository with others' policies and judged questions; skips where it is not."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder shared/ with others' policies does not lie beside the repository")
    return folder


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The real encoder, loaded once: that takes seconds."""
    from assistant.retrieval.encoder import Encoder

    return Encoder()


@pytest.fixture
def one_encoder(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> Encoder:
    """Whatever is built or opened in a test takes the one that is loaded already."""
    monkeypatch.setattr("assistant.ingest.Encoder", lambda: encoder)
    monkeypatch.setattr("assistant.ask.Encoder", lambda: encoder)
    return encoder


@pytest.fixture(scope="session")
def index_dir(corpus: Path, tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """The real corpus, built with the real encoder once for all tests; not to be written to."""
    from assistant.ingest import ingest

    folder = tmp_path_factory.mktemp("built") / "index"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.ingest.Encoder", lambda: encoder)
        report = ingest(corpus, folder)
    assert report.errors == ()
    return folder


@pytest.fixture(scope="session")
def assistant(index_dir: Path, encoder: Encoder) -> Assistant:
    """The real assistant over the real corpus, opened once."""
    from assistant.ask import Assistant

    return Assistant.open(index_dir, encoder=encoder)


@pytest.fixture(scope="session", params=SERVERS)
def milvus(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, encoder: Encoder
) -> Iterator[World]:
    """A Milvus server with collections of its own; tests take tenants of their own."""
    from tests.milvus_server import running, world

    with running(request.param, tmp_path_factory.mktemp("milvus")) as server, world(server, encoder) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium on this machine; skips where none is found."""
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on PATH: `make browser` says how to get one")
