"""Ingest into a Milvus server: in shards, again, and after it was cut short anywhere."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymilvus import MilvusClient

from assistant.bulk import Bulk
from assistant.engines.milvus.client import Client
from assistant.engines.milvus.engine import Milvus
from assistant.engines.milvus.packing import Place, joined
from assistant.engines.milvus.schema import Names, make
from assistant.engines.milvus.store import Store
from assistant.errors import CorpusError, EngineError, SettingsError
from assistant.policies.describe import COLUMNS
from assistant.retrieval.encoder import Encoder
from assistant.shards import Shard
from tests.milvus_server import World


def corpus_of(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(f"Policy {name}\n\n1. Data\n{text}\n\n2. More\nMore of {name}.\n", "utf-8")
    return folder


def state(engine: Milvus) -> object:
    """All that readers see, but the order of counters."""
    policies = engine.policies()
    passages = [list(engine.passages(policy.id)) for policy in policies]
    pieces = [engine.pieces(each) for each in passages]
    return (
        policies,
        [engine.document(policy.id) for policy in policies],
        passages,
        [(each.values.tobytes(), each.starts.tobytes(), each.ends.tobytes()) for each in pieces],
        dict(engine.words()),
        engine.passage_count(),
    )


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "1/2/3", "a/b", "-1/2", "½/2", "1 /2"])
def test_what_names_no_shard_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="A shard is named such as 1/4"):
        Shard.parse(text)


def test_shards_are_told_alike_everywhere() -> None:
    names = [f"policy-{number}" for number in range(100)]
    shards = [[name for name in names if Shard(at, 4).holds(name)] for at in range(1, 5)]
    assert sorted(name for shard in shards for name in shard) == sorted(names)
    assert all(len(shard) > 10 for shard in shards)
    assert shards[0][:3] == ["policy-4", "policy-13", "policy-18"]
    assert str(Shard.parse("2/8")) == "2/8"


def test_all_shards_together_are_the_whole(milvus: World, tmp_path: Path) -> None:
    folder = corpus_of(tmp_path, **{f"p{at}": f"We keep thing {at}." for at in range(7)})
    whole = milvus.ingest("whole", folder)
    parts = [milvus.ingest("shards", folder, Shard(at, 3)) for at in (2, 3, 1)]
    assert sum(part.documents for part in parts) == whole.documents == 7
    assert sum(part.encoded for part in parts) == whole.encoded > 0
    assert state(milvus.engine("shards")) == state(milvus.engine("whole"))
    # Each has a mark, and none removes what is of another.
    assert milvus.store("shards").mark().count("/3=") == 3
    (folder / "p1.txt").unlink()
    for at in (1, 2, 3):
        milvus.ingest("shards", folder, Shard(at, 3))
    assert [policy.id for policy in milvus.engine("shards").policies()] == ["p0", "p2", "p3", "p4", "p5", "p6"]


def test_collections_are_made_by_several_at_once(milvus: World) -> None:
    """Also where another was killed between two steps."""
    clients = [Client(milvus.server) for _ in range(3)]
    names = Names(f"test_{uuid.uuid4().hex[:12]}", milvus.encoder.sha256)
    start = threading.Barrier(len(clients))

    def begin(client: Client) -> None:
        start.wait()
        make(client, names, 8)

    try:
        with ThreadPoolExecutor(len(clients)) as pool:
            list(pool.map(begin, clients))
        made = [set(clients[0].call("list_indexes", name)) for name in names.all()]
        assert made == [{"stub"}, {"stub", "generation"}, {"dense", "sparse", "generation"}]
        assert all(clients[0].loaded(name) for name in names.all())
        clients[0].call("release_collection", names.passages)
        clients[0].call("drop_index", names.passages, "dense")
        clients[0].call("drop_collection", names.payloads)
        make(clients[1], names, 8)
        assert [set(clients[0].call("list_indexes", name)) for name in names.all()] == made
        assert all(clients[0].loaded(name) for name in names.all())
    finally:
        for name in names.all():
            clients[0].call("drop_collection", name)


def test_what_is_in_memory_is_loaded_again_only_where_copies_are_wanted(
    milvus: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[object] = []
    monkeypatch.setattr(
        MilvusClient, "load_collection", lambda self, name, **more: loaded.append((name, more["replica_number"]))
    )
    make(milvus.client, milvus.names, milvus.encoder.dim)
    assert loaded == []
    make(Client(replace(milvus.server, replicas=2)), milvus.names, milvus.encoder.dim)
    assert loaded == [(name, 2) for name in milvus.names.all()]


def test_a_second_ingest_encodes_nothing_and_loads_no_encoder(milvus: World, tmp_path: Path) -> None:
    folder = corpus_of(tmp_path, a="We keep names.", b="We keep dates.")
    milvus.ingest("again", folder)

    def never() -> Encoder:
        raise AssertionError("the encoder is loaded")

    bulk = Bulk(milvus.store("again"), never, Shard())
    report = bulk.ingest(folder)
    assert (report.documents, report.encoded) == (2, 0)
    assert bulk.stale(folder) == ()


def test_only_what_changed_is_encoded(milvus: World, tmp_path: Path) -> None:
    folder = corpus_of(tmp_path, a="We keep names.", b="We keep dates.")
    first = milvus.ingest("changes", folder)
    corpus_of(folder, a="We keep names and addresses.", c="New.")
    (folder / "b.txt").unlink()
    bulk = Bulk(milvus.store("changes"), lambda: milvus.encoder, Shard())
    assert bulk.stale(folder) == ("changed: a.txt", "added: c.txt", "removed: b.txt")
    report = bulk.ingest(folder)
    # One passage of a, and all of c.
    assert first.encoded > report.encoded
    new = milvus.ingest("changes anew", folder)
    assert report.encoded < new.encoded
    (here, there) = (milvus.engine(tenant) for tenant in ("changes", "changes anew"))
    assert [*map(here.document, "ac")] == [*map(there.document, "ac")]
    assert dict(here.words()) == dict(there.words())
    # The catalogue is part of what a policy is made of.
    row = dict.fromkeys(COLUMNS, "") | {"id": "a", "company": "Acme"}
    (folder / "policies.csv").write_text(f"{','.join(row)}\n{','.join(row.values())}\n", "utf-8")
    assert bulk.stale(folder) == ("changed: a.txt",)
    assert bulk.ingest(folder).encoded > 0
    assert milvus.engine("changes").policies()[0].company == "Acme"


class Cut(Exception):
    """The process ends here."""


def cut_after(store: Store, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets so many writes through, and none after them."""
    client: Any = store._client
    left = [calls]
    real: Callable[..., Any] = Client.call

    def call(self: Client, method: str, *args: Any, **kwargs: Any) -> Any:
        if self is client and method in ("upsert", "delete"):
            if not left[0]:
                raise Cut
            left[0] -= 1
        return real(self, method, *args, **kwargs)

    monkeypatch.setattr(Client, "call", call)


def test_an_ingest_that_is_cut_short_anywhere_goes_on(milvus: World, tmp_path: Path) -> None:
    """After one write or more: readers see the old or the new version of each policy, and in the end all is there."""
    folders = tmp_path / "old", tmp_path / "new"
    for folder in folders:
        folder.mkdir()
    old, new = corpus_of(folders[0], a="Old a.", b="Old b."), corpus_of(folders[1], a="New a.", c="New c.")
    milvus.ingest("uncut", new)
    wanted = state(milvus.engine("uncut"))
    writes = 0
    while True:
        tenant = f"cut {writes}"
        milvus.ingest(tenant, old)
        with pytest.MonkeyPatch.context() as patch:
            store = milvus.store(tenant)
            cut_after(store, writes, patch)
            try:
                Bulk(store, lambda: milvus.encoder, Shard(), grace=0.0).ingest(new)
                break
            except Cut:
                pass
        engine = milvus.engine(tenant)
        for policy in engine.policies():
            text = engine.document(policy.id).text
            folder = old if "Old" in text else new
            assert text == (folder / f"{policy.id}.txt").read_text("utf-8")
            assert all(passage.text in text for passage in engine.passages(policy.id))
            assert len(engine.pieces(engine.passages(policy.id))) == len(engine.passages(policy.id)) > 0
        milvus.ingest(tenant, new, grace=0.0)
        assert state(milvus.engine(tenant)) == wanted
        # Nothing is left of what was begun or replaced.
        entries = milvus.store(tenant).entries()
        assert [(entry.pending, entry.retired) for entry in entries] == [("", ()), ("", ())]
        assert rows(milvus, tenant) == rows(milvus, "uncut")
        # Not after each one: the next of the same kind would tell nothing new.
        writes += 3
    assert writes > 8


def rows(milvus: World, tenant: str) -> int:
    """Rows of a tenant that are searched or fetched."""
    store = milvus.store(tenant)
    return sum(len(store._every(name, (), ["ordinal"], level="Strong")) for name in milvus.names.all()[1:])


def test_a_file_that_cannot_be_read_is_told_and_left_out(milvus: World, tmp_path: Path) -> None:
    folder = corpus_of(tmp_path, a="We keep names.")
    (folder / "b.pdf").write_bytes(b"%PDF-1.4 no")
    report = milvus.ingest("faulty", folder)
    assert [error.file for error in report.errors] == ["b.pdf"]
    assert [policy.id for policy in milvus.engine("faulty").policies()] == ["a"]


def test_a_folder_of_which_nothing_can_be_read_removes_nothing(milvus: World, tmp_path: Path) -> None:
    folder = corpus_of(tmp_path, a="We keep names.")
    milvus.ingest("unreadable", folder)
    (folder / "a.txt").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"No policy of shard 1/1 .* could be read, so none is removed\. a\.txt: "):
        milvus.ingest("unreadable", folder)
    assert milvus.engine("unreadable").policies()


def test_a_folder_without_policies_removes_nothing(milvus: World, tmp_path: Path) -> None:
    """It is more likely the wrong folder than the end of all policies."""
    folder = corpus_of(tmp_path, a="We keep names.")
    milvus.ingest("emptied", folder)
    (folder / "a.txt").unlink()
    with pytest.raises(CorpusError, match="There is no policy in"):
        milvus.ingest("emptied", folder)
    assert milvus.engine("emptied").policies()


def test_a_file_with_another_ending_stays_the_same_policy(milvus: World, tmp_path: Path) -> None:
    folder = corpus_of(tmp_path, a="We keep names.")
    milvus.ingest("renamed", folder)
    (folder / "a.txt").rename(folder / "a.md")
    milvus.ingest("renamed", folder)
    (entry,) = milvus.store("renamed").entries()
    assert (entry.policy, entry.file) == ("a", "a.md")


def test_a_payload_longer_than_a_row_comes_back_whole(milvus: World) -> None:
    """It is cut into parts where the server takes no more."""
    store = milvus.store("long")
    random = np.random.default_rng(0)
    data = {Place("0" * 32, "pieces", at): random.bytes(size) for at, size in enumerate((0, 1, 49_000, 200_000))}
    store.put_payloads(data.items())
    assert store.payloads(list(data)) == list(data.values())
    with pytest.raises(EngineError, match="pieces 9 of a policy is missing"):
        store.payloads([Place("0" * 32, "pieces", 9)])


@pytest.mark.parametrize("parts", [[""], ["!"], ["eJw="], ["A" * 40]])
def test_a_payload_that_was_changed_is_named(parts: list[str]) -> None:
    with pytest.raises(EngineError, match="cannot be used: a payload cannot be unpacked"):
        joined(parts)
