"""Calls to a Milvus server that fails, is too old, refuses, or is not there."""

from __future__ import annotations

import base64
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.db import MilvusLite
from pymilvus.exceptions import MilvusException, ParamError
from pymilvus.grpc_gen import milvus_pb2_grpc

from assistant.engines.milvus import client as module
from assistant.engines.milvus.client import Client, Server
from assistant.errors import BusyError, EngineError
from tests.milvus_server import Lite

SECRET = "root:S3cret-Token"  # noqa: S105
SERVER = Server("http://127.0.0.1:1", SECRET, seconds=0.5)


class FakeMilvus:
    """Stands for `pymilvus.MilvusClient`: answers what the test says, in turn."""

    version = "v2.6.4"

    def __init__(self, **kwargs: Any) -> None:
        self.asked: list[str] = []
        self.loaded: list[tuple[str, int]] = []
        self.answers: list[object] = []
        self.seconds: list[float] = []
        made.append((self, kwargs))

    def get_server_version(self, timeout: float) -> str:
        return self.version

    def load_collection(self, name: str, timeout: float, replica_number: int) -> None:
        self.loaded.append((name, replica_number))

    def query(self, name: str, timeout: float) -> object:
        self.asked.append(name)
        self.seconds.append(timeout)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


made: list[tuple[FakeMilvus, dict[str, Any]]] = []


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[Client, FakeMilvus]]]:
    library = SimpleNamespace(MilvusClient=FakeMilvus, exceptions=SimpleNamespace(ParamError=ParamError))
    monkeypatch.setattr(module, "_library", lambda: library)
    monkeypatch.setattr(module, "_PAUSE", 0.01)
    made.clear()

    def build(*answers: object, server: Server = SERVER) -> tuple[Client, FakeMilvus]:
        client = Client(server)
        made[-1][0].answers = list(answers)
        return client, made[-1][0]

    yield build
    made.clear()


@pytest.mark.parametrize("version", ["2.3.5", "v2.3.5-lite", "v2.4.23", "2.2-testing", "v1.1.1", "milvus_lite-2.5.1"])
def test_a_server_without_bm25_is_refused(fake: Callable[..., Any], monkeypatch: Any, version: str) -> None:
    monkeypatch.setattr(FakeMilvus, "version", version)
    oldest = "3.0" if version.startswith("milvus_lite") else "2.5"
    with pytest.raises(
        EngineError, match=f"is Milvus '{version}', which has no BM25 functions; update it to {oldest} or"
    ):
        fake()


@pytest.mark.parametrize("version", ["", "unknown"])
def test_a_version_that_cannot_be_read_is_refused(fake: Callable[..., Any], monkeypatch: Any, version: str) -> None:
    monkeypatch.setattr(FakeMilvus, "version", version)
    with pytest.raises(EngineError, match=r"update it to 2\.5 or later"):
        fake()


@pytest.mark.parametrize("version", ["v2.5.0", "2.5-20241212-abcdef", "v2.6.4", "3.0.1", "milvus_lite-3.2.2"])
def test_newer_servers_are_taken(fake: Callable[..., Any], monkeypatch: Any, version: str) -> None:
    monkeypatch.setattr(FakeMilvus, "version", version)
    fake()


def test_what_fails_is_tried_again_and_told_once(
    fake: Callable[..., Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    away = MilvusException(code=2, message="node is gone")
    client, server = fake(away, away, ["row"], ["row"])
    assert client.call("query", "rows") == ["row"]
    assert server.asked == ["rows"] * 3
    assert client.degraded
    client.call("query", "rows")
    assert client.degraded
    monkeypatch.setattr("assistant.engines.milvus.client._REMEMBERED", 0.0)
    assert not client.degraded
    assert [record.message for record in caplog.records] == [
        "The search server is degraded, calls are tried again: node is gone.",
        "The search server answers at once again.",
    ]


def test_a_call_ends_at_the_deadline(fake: Callable[..., Any]) -> None:
    client, server = fake(MilvusException(code=1, message="not ready"))
    with pytest.raises(BusyError, match=r"does not answer \(\d+ tries in 0\.5 s\); try again in a moment") as told:
        client.call("query", "rows")
    assert told.value.wait > 0
    assert len(server.asked) > 2
    # No try may take all the time there is.
    assert max(server.seconds) < 0.2
    assert client.degraded


@pytest.mark.parametrize(
    "error",
    [
        MilvusException(code=100, message="collection not found"),
        MilvusException(code=1100, message="invalid filter"),
        MilvusException(code=1400, message="auth check failure"),
        MilvusException(code=1, message="bad", is_input_error=True),
        ParamError(message="bad parameter"),
    ],
    ids=lambda error: str(error.code),
)
def test_what_would_fail_again_is_not_tried_again(fake: Callable[..., Any], error: Exception) -> None:
    client, server = fake(error)
    with pytest.raises(EngineError, match="refuses"):
        client.call("query", "rows")
    assert len(server.asked) == 1


def test_a_collection_that_is_not_in_memory_is_loaded(fake: Callable[..., Any]) -> None:
    client, server = fake(MilvusException(code=101, message="not loaded"), [])
    assert client.call("query", "rows") == []
    assert server.loaded == [("rows", 0)]


def test_a_collection_is_loaded_in_as_many_copies_as_are_wanted(fake: Callable[..., Any]) -> None:
    client, server = fake(MilvusException(code=101, message="not loaded"), [], server=replace(SERVER, replicas=2))
    assert client.call("query", "rows") == []
    client.load("rows")
    assert server.loaded == [("rows", 2), ("rows", 2)]


def test_what_another_process_makes_meanwhile_is_not_made_again(fake: Callable[..., Any]) -> None:
    client, server = fake(MilvusException(code=1, message="it is there"))
    looks = iter([False, False, True])
    client.ensure(lambda *_: next(looks), "query", "rows")
    assert server.asked == ["rows"] * 2
    assert next(looks, None) is None


def test_the_token_is_never_told(fake: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, _ = fake(MilvusException(code=1, message=f"login {SECRET} or S3cret-Token is wrong"))
    with pytest.raises(BusyError) as busy:
        client.call("query", "rows")
    client, _ = fake(MilvusException(code=1400, message=f"login {SECRET} is wrong"))
    with pytest.raises(EngineError) as refused:
        client.call("query", "rows")
    told = f"{busy.value} {refused.value} {SERVER!r} {caplog.text}"
    assert "S3cret" not in told
    assert busy.value.__suppress_context__
    assert refused.value.__suppress_context__


def test_token_and_certificates_reach_the_server(fake: Callable[..., Any], tmp_path: Path) -> None:
    fake([], server=Server("https://127.0.0.1:1", SECRET, tmp_path / "ca.pem"))
    _, given = made[-1]
    assert (given["uri"], given["token"]) == ("https://127.0.0.1:1", SECRET)
    assert given["server_pem_path"] == str(tmp_path / "ca.pem")


def test_a_missing_package_names_its_install_line(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(EngineError) as told:
        Client(SERVER)
    assert str(told.value) == (
        "Milvus as engine needs a package that is not installed; run `pip install -r requirements-milvus.txt`."
    )
    assert "pymilvus==" in (root / "requirements-milvus.txt").read_text("utf-8")


def test_nobody_there_is_told_in_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BusyError, match=r"^The search server at http://127\.0\.0\.1:1 does not answer"):
        Client(SERVER)
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err


def test_a_server_that_is_killed_and_started_again_goes_on_answering(tmp_path: Path) -> None:
    lite = Lite(tmp_path)
    lite.start()
    try:
        client = Client(Server(lite.uri, seconds=30.0))
        kinds = client.library.DataType
        schema = client.library.MilvusClient.create_schema(auto_id=False)
        schema.add_field("id", kinds.INT64, is_primary=True)
        schema.add_field("stub", kinds.FLOAT_VECTOR, dim=2)
        indexes = client.library.MilvusClient.prepare_index_params()
        indexes.add_index("stub", index_type="FLAT", metric_type="IP")
        client.call("create_collection", "rows", schema=schema, index_params=indexes)
        rows = [{"id": number, "stub": [0.0, 1.0]} for number in range(2500)]
        client.call("upsert", "rows", rows)
        lite.kill()
        lite.start()
        # It has not loaded its collections.
        assert client.call("query", "rows", filter="id in [7]", output_fields=["id"]) == [{"id": 7}]
        assert client.degraded
        found = [row["id"] for row in client.every("rows", "id >= 0", ["id"], "Strong")]
        assert sorted(found) == list(range(2500))
    finally:
        lite.kill()


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[int, list[str]]]:
    """The port of a server that speaks TLS, with a certificate of its own, and what it was told to log in with."""
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    for name in ("server", "other"):
        files = ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.pem")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *files, *names],
            check=True,
            capture_output=True,
        )
    given: list[str] = []

    class Ear(grpc.ServerInterceptor):  # type: ignore[misc]
        def intercept_service(self, then: Any, details: Any) -> Any:
            given.extend(str(value) for key, value in details.invocation_metadata if key == "authorization")
            return then(details)

    database = MilvusLite(str(tmp_path / "data"))
    server = grpc.server(ThreadPoolExecutor(2), interceptors=[Ear()])
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(database), server)
    certificate = [((tmp_path / "server.key").read_bytes(), (tmp_path / "server.pem").read_bytes())]
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(certificate))
    server.start()
    try:
        yield port, given
    finally:
        server.stop(None).wait()
        database.close()


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl, which makes the certificates, is not on PATH")
def test_tls_checks_the_server_and_carries_the_token(secured: tuple[int, list[str]], tmp_path: Path) -> None:
    port, given = secured
    client = Client(Server(f"https://localhost:{port}", SECRET, tmp_path / "server.pem", seconds=20.0))
    assert client.call("has_collection", "rows") is False
    assert base64.b64decode(given[-1]).decode() == SECRET
    for uri, ca in ((f"https://localhost:{port}", tmp_path / "other.pem"), (f"http://localhost:{port}", None)):
        with pytest.raises(BusyError, match="does not answer") as told:
            Client(Server(uri, SECRET, ca, seconds=1.0))
        assert "S3cret" not in str(told.value)
