"""Text in filters of Milvus: what is sent is what is meant, whatever it holds."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.engines.milvus.entries import Entry
from assistant.engines.milvus.literal import text, texts
from assistant.errors import EngineError
from assistant.types import Policy
from tests.milvus_server import World

HOSTILE = (
    'a" or tenant != "',
    'a"] or tenant in ["b',
    "a' or '1'=='1",
    "a\\",
    'a\\" or true or "',
    "a\\\\",
    "a\nb",
    "a\r\nb",
    "a\tb",
    " a ",
    "a%",
    "a_",
    "*",
    "tenant",
    "true",
    "null",
    "{tenant}",
    "$meta",
    "été",
    "e\u0301te\u0301",
    "é\u200btés",
    "\u2028",
    "\u202eabc",
    "𝔄 😀",
    "租户",
    "\x01",
    "\x7f",
    "\\u0041",
    "\\x41",
    "\\101",
    "-- a",
    "/* a */",
    "a) or (b",
    "a && b || !c",
    "x" * 256,
)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=60)
PIECES = st.lists(st.sampled_from(['"', "'", "\\", "\n", "a", " or ", "==", "]", ")", "\\u0022", "é"]), min_size=1)
ANY = TEXT | PIECES.map("".join)
# Few enough for a server on a busy machine.
SOME = settings(max_examples=60)


def test_every_special_character_is_escaped() -> None:
    assert text('a"b\\c\nd\re\tf') == r'"a\"b\\c\nd\re\tf"'
    assert texts(["a", '"']) == r'["a", "\""]'
    assert texts([]) == "[]"


@pytest.mark.parametrize("value", ["a\0", "\ud800"])
def test_what_no_server_takes_is_refused(value: str) -> None:
    with pytest.raises(EngineError, match="characters that Milvus does not take"):
        text(value)


@given(ANY)
def test_a_literal_ends_at_its_end_only(value: str) -> None:
    """Read as the grammar reads it: no quotation mark and no line end stands unescaped inside."""
    literal = text(value)
    assert literal[0] == literal[-1] == '"'
    found, at = "", 1
    while at < len(literal) - 1:
        assert literal[at] not in '"\n\r'
        if literal[at] == "\\":
            found += {"\\": "\\", '"': '"', "n": "\n", "r": "\r", "t": "\t"}[literal[at + 1]]
            at += 1
        else:
            found += literal[at]
        at += 1
    assert (at, found) == (len(literal) - 1, value)


def entry(name: str) -> Entry:
    return Entry("policy", name, "0" * 32, Policy("policy", "", name))


@SOME
@given(tenant=ANY, other=ANY)
@example(tenant="a", other='a" or tenant != "')
@example(tenant="a", other='a\\" or true or "')
@example(tenant="a\\", other="a")
@example(tenant="é", other="e\u0301")
def test_no_tenant_is_another_one(milvus: World, tenant: str, other: str) -> None:
    """The server itself parses each filter: it finds the tenant's own row, and no other tenant's."""
    mine, theirs = milvus.store(tenant), milvus.store(other)
    mine.put_entry(entry("mine"))
    assert [each.file for each in mine.entries()] == ["mine"]
    theirs.put_entry(entry("theirs"))
    assert [each.file for each in mine.entries()] == ["mine" if tenant != other else "theirs"]
    theirs.drop_entry("policy")
    assert [each.file for each in mine.entries()] == (["mine"] if tenant != other else [])
    assert not theirs.entries()
    mine.drop_entry("policy")
    assert not mine.entries()


@pytest.mark.parametrize("tenant", HOSTILE, ids=ascii)
def test_hostile_tenants_see_their_own_and_nothing_else(milvus: World, tenant: str) -> None:
    milvus.store("plain").put_entry(entry("plain"))
    store = milvus.store(tenant)
    assert not store.entries()
    store.put_entry(entry("own"))
    store.set_mark("1/1")
    assert [each.file for each in store.entries()] == ["own"]
    assert store.mark().startswith("1/1=")
    assert not milvus.store("plain").mark()
    store.delete("0" * 32)
    store.drop_entry("policy")
    assert not store.entries()
    assert [each.file for each in milvus.store("plain").entries()] == ["plain"]
