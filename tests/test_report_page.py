"""The report as a page: behind a login alone, and the same figures as the command's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from assistant.errors import FeedbackError
from assistant.feedback.gaps import gaps
from assistant.feedback.report import report_tables
from assistant.feedback.store import FeedbackStore
from assistant.settings import Settings
from tests import doors
from tests.doors import Servers
from tests.fake_assistant import FakeAssistant
from tests.web_fixtures import serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("doors")


@pytest.fixture(scope="module")
def servers(folder: Path) -> Iterator[Servers]:
    with doors.open_doors(folder) as servers:
        yield servers


def cells(html: str) -> list[str]:
    """Cells of all tables, as a browser shows them."""
    found = re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", html, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in found]


def test_without_a_login_it_says_what_to_do(servers: Servers) -> None:
    said = httpx.get(f"{servers.own}/agents/report")
    assert said.status_code == 403
    assert "<h1>Set a login first</h1>" in said.text
    assert "ASSISTANT_AGENTS_LOGIN" in said.text


@pytest.mark.parametrize("login", [None, ("agent", "wrong"), ("other", doors.AGENT[1])])
def test_nobody_else_reads_it(servers: Servers, login: tuple[str, str] | None) -> None:
    said = httpx.get(f"{servers.locked}/agents/report", auth=login)
    assert said.status_code == 401
    assert "minimum age" not in said.text


def test_it_shows_what_the_command_prints(servers: Servers, folder: Path) -> None:
    said = httpx.get(f"{servers.locked}/agents/report", auth=doors.AGENT)
    assert (said.status_code, said.headers["cache-control"]) == (200, "no-store")
    tables = report_tables(gaps(FeedbackStore(folder / "report.sqlite")))
    assert len(tables) == 5
    expected = [cell.removeprefix("policies/") for table in tables for row in table.rows for cell in row]
    heads = {name[0].upper() + name[1:] for table in tables for name in table.columns}
    shown = [cell for cell in cells(said.text) if cell not in heads]
    assert shown == [cell for cell in expected if cell not in heads]
    assert f'href="/policies/{doors.UNISTUDY}#5.8.3"' in said.text
    # What people wrote is text.
    assert "&lt;img src=x onerror=alert(1)&gt;" in said.text
    assert not re.search(r"<img|<b>|<script", said.text)


def test_days_can_be_chosen(servers: Servers) -> None:
    def asked(days: str) -> int:
        said = httpx.get(f"{servers.locked}/agents/report", params={"days": days}, auth=doors.AGENT)
        assert said.status_code == 200
        assert said.text.count('aria-current="page"') == 1
        return int(re.findall(r"<dt>Asked</dt><dd>([\d,]+)</dd>", said.text)[0].replace(",", ""))

    everything = asked("")
    assert 0 < asked("7") < asked("30") <= everything
    for odd in ("-1", "0", "1e9", "7 days", "<script>", "9" * 100):
        assert asked(odd) == everything


def test_the_desk_leads_there(servers: Servers) -> None:
    assert 'href="/agents/report"' in httpx.get(f"{servers.own}/agents").text


def page_over(file: Path) -> httpx.Response:
    """The report over another file."""
    from assistant.web.app import create_app

    login = f"agent:{PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash('a')}"
    settings = Settings(feedback=file, agents_login=login)
    with serving(lambda: create_app(FakeAssistant(), settings)) as url:  # type: ignore[arg-type]
        return httpx.get(f"{url}/agents/report", auth=("agent", "a"))


def test_that_nothing_is_kept_is_said_plainly(tmp_path: Path) -> None:
    said = page_over(tmp_path / "feedback.sqlite")
    assert said.status_code == 200
    assert "There is no feedback yet." in said.text
    assert "<table" not in said.text


def test_that_questions_are_not_kept_is_said(tmp_path: Path) -> None:
    FeedbackStore(tmp_path / "feedback.sqlite").count("not_covered", "en", (), "Why?")
    said = page_over(tmp_path / "feedback.sqlite")
    assert "ASSISTANT_STORE_QUESTIONS" in said.text
    assert "Why?" not in said.text


def test_a_file_that_cannot_be_used_is_told_without_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise FeedbackError(f"{tmp_path} is damaged.")

    monkeypatch.setattr("assistant.web.desk.report.gaps", broken)
    said = page_over(tmp_path / "feedback.sqlite")
    assert said.status_code == 500
    assert "the log of the server says why" in said.text
    assert str(tmp_path) not in said.text
