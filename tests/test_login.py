"""The desk behind a login: nobody else gets in, and the public doors stay open."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from limits import parse

from assistant import cli
from assistant.errors import SettingsError
from assistant.web import login
from assistant.web.login import Login
from tests.web_fixtures import serving

NAME, PASSWORD = "агент", "correct horse: battery"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    def build() -> FastAPI:
        app = FastAPI()
        for path in ("/agents", "/agents/handout.pdf", "/policies", "/agentsy"):
            app.get(path)(lambda: "in")
        app.add_middleware(Login, login=f"{NAME}:{PasswordHasher().hash(PASSWORD)}")
        return app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(login, "_WRONG", parse("1000/minute"))
        with serving(build) as url:
            patch.undo()
            yield url


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize("path", ["/agents", "/agents/handout.pdf"])
def test_the_right_name_and_password_open_it(url: str, path: str) -> None:
    for _ in range(2):
        assert httpx.get(url + path, headers={"authorization": basic(NAME, PASSWORD)}).status_code == 200


WRONG = {
    "nothing": {},
    "another password": {"authorization": basic(NAME, "wrong")},
    "another name": {"authorization": basic("other", PASSWORD)},
    "no password": {"authorization": basic(NAME, "")},
    "the hash": {"authorization": basic(NAME, "$argon2id$v=19$m=65536,t=3,p=4$x$y")},
    "no base64": {"authorization": "Basic !!!"},
    "no text": {"authorization": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()},
    "another scheme": {"authorization": "Bearer " + base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()},
    "a scheme alone": {"authorization": "Basic"},
    "very long": {"authorization": basic(NAME, "x" * 10_000)},
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("path", ["/agents", "/agents/", "/agents/handout.pdf", "//agents", "/%61gents"])
def test_whatever_else_is_refused(url: str, path: str, headers: dict[str, str]) -> None:
    refused = httpx.get(url + path, headers=headers)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic realm=")
    assert refused.text != "in"


def test_public_doors_stay_open(url: str) -> None:
    for path in ("/policies", "/agentsy"):
        assert httpx.get(url + path).status_code == 200


@pytest.mark.parametrize("login", ["agent", "agent:", "agent:secret", ":hash", "agent:$argon2id$v=19$"])
def test_a_setting_that_holds_no_hash_is_refused(login: str) -> None:
    with pytest.raises(SettingsError, match="`python -m assistant password` makes one"):
        Login(FastAPI(), login)


def test_the_command_makes_what_the_setting_wants(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _: PASSWORD)
    assert cli.main(["password", NAME]) == 0
    printed = capsys.readouterr().out.strip()
    assert printed.startswith(f"{NAME}:$argon2id$")
    Login(FastAPI(), printed)
    assert cli.main(["password", "with:colon"]) == 1
    monkeypatch.setattr("getpass.getpass", lambda _: "short")
    assert cli.main(["password", NAME]) == 1
    assert "12 characters" in capsys.readouterr().err


def test_passwords_are_not_tried_for_long() -> None:
    def build() -> FastAPI:
        app = FastAPI()
        app.get("/agents")(lambda: "in")
        app.add_middleware(Login, login=f"{NAME}:{PasswordHasher().hash(PASSWORD)}")
        return app

    def tried(address: str, password: str | None) -> httpx.Response:
        headers = {"authorization": basic(NAME, password)} if password else {}
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address), timeout=60) as client:
            return client.get(f"{url}/agents", headers=headers)

    with serving(build) as url:
        assert [tried("127.0.0.2", f"wrong {at}").status_code for at in range(11)] == [401] * 10 + [429]
        assert tried("127.0.0.2", None).status_code == 401
        refused = tried("127.0.0.2", PASSWORD)
        assert (refused.status_code, int(refused.headers["retry-after"]) <= 60) == (429, True)
        # Whoever has another address comes in, and what is known to be right then holds from everywhere.
        assert tried("127.0.0.3", PASSWORD).status_code == 200
        assert tried("127.0.0.2", PASSWORD).status_code == 200
