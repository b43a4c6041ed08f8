"""The three collections of an installation, and how they are made.

    …_policies   which generation of each policy counts: one row per policy, replaced in one step
    …_passages   what is searched: a vector and stems of each passage
    …_payloads   what is fetched: texts, word pieces and documents, packed and cut into parts

The tenant is the partition key of each, so that the rows of one lie together, and stands in every filter as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from assistant.engines.milvus.client import Client

# Raise it with every change of the fields or of what they mean.
FORMAT = 1
# Bytes that the server takes in one text.
LONGEST = 65_535
# Bytes of a tenant's name, and of a policy's id or file name.
LONGEST_TENANT = 256
_LONGEST_NAME = 1024
_KEY = 32
# Of the words by which a policy is found: bytes of one, and how many there may be.
LONGEST_WORD = 64
MOST_WORDS = 4096
# What rank-bm25 has by default.
_BM25 = {"bm25_k1": 1.5, "bm25_b": 0.75}
# A collection needs a vector, of two dimensions at least; where nothing is searched by vectors it is this one.
STUB = [0.0, 1.0]
# What is fetched by its key, and never looked through, stays on the disk of the query nodes.
_MAPPED = {"mmap.enabled": "true"}


# The index of each field: its type, its metric and its parameters.
_Indexes = Mapping[str, tuple[str, str, Mapping[str, object]]]


class Names:
    """What the collections of one installation are called: those of other formats and encoders lie beside them."""

    def __init__(self, prefix: str, encoder: str) -> None:
        """Args: prefix: letters, digits and underscores; encoder: the SHA-256 of its weights."""
        made = f"{prefix}_{FORMAT}_{encoder[:12]}"
        self.policies = f"{made}_policies"
        self.payloads = f"{made}_payloads"
        self.passages = f"{made}_passages"

    def all(self) -> tuple[str, str, str]:
        """All of them, in the order in which they are made."""
        return self.policies, self.payloads, self.passages


def there(client: Client, names: Names) -> bool:
    """Whether the collections exist."""
    return all(client.call("has_collection", name) for name in names.all())


def make(client: Client, names: Names, dim: int) -> None:
    """Makes the collections that are not there and has them in memory; several processes may do so at once.

    Args:
        client: the server.
        names: of the collections.
        dim: dimensions of a passage's vector.
    """
    for name, build in zip(names.all(), (_policies, _payloads, _passages), strict=True):
        schema, indexes = build(client, dim)
        more: dict[str, Any] = {"consistency_level": "Strong" if name == names.policies else "Bounded"}
        if name == names.payloads:
            more["properties"] = _MAPPED
        # Whoever began before may have been killed after any step.
        client.ensure(partial(_has, name), "create_collection", name, schema=schema, **more)
        for field, (kind, metric, parameters) in indexes.items():
            index = client.library.MilvusClient.prepare_index_params()
            index.add_index(field, index_type=kind, params=parameters, **({"metric_type": metric} if metric else {}))
            client.ensure(partial(_indexed, name, field), "create_index", name, index)
        if client.replicas or not client.loaded(name):
            client.load(name)


def _has(name: str, server: Any, seconds: float) -> bool:
    return bool(server.has_collection(name, timeout=seconds))


def _indexed(name: str, field: str, server: Any, seconds: float) -> bool:
    return field in server.list_indexes(name, timeout=seconds)


def _policies(client: Client, dim: int) -> tuple[Any, _Indexes]:
    schema, kinds = _begun(client)
    schema.add_field("policy", kinds.VARCHAR, max_length=_LONGEST_NAME)
    schema.add_field("file", kinds.VARCHAR, max_length=_LONGEST_NAME)
    schema.add_field("generation", kinds.VARCHAR, max_length=_KEY)
    schema.add_field("about", kinds.VARCHAR, max_length=LONGEST)
    schema.add_field("stub", kinds.FLOAT_VECTOR, dim=len(STUB))
    return schema, {"stub": ("FLAT", "IP", {})}


def _payloads(client: Client, dim: int) -> tuple[Any, _Indexes]:
    schema, kinds = _begun(client)
    schema.add_field("generation", kinds.VARCHAR, max_length=_KEY)
    schema.add_field("kind", kinds.VARCHAR, max_length=_KEY)
    schema.add_field("ordinal", kinds.INT64)
    schema.add_field("part", kinds.INT64)
    schema.add_field("parts", kinds.INT64)
    schema.add_field("data", kinds.VARCHAR, max_length=LONGEST)
    for name in ("runs", "numbers"):
        schema.add_field(
            name, kinds.ARRAY, element_type=kinds.VARCHAR, max_length=LONGEST_WORD, max_capacity=MOST_WORDS
        )
    schema.add_field("stub", kinds.FLOAT_VECTOR, dim=len(STUB))
    return schema, {"stub": ("FLAT", "IP", _MAPPED), "generation": ("INVERTED", "", _MAPPED)}


def _passages(client: Client, dim: int) -> tuple[Any, _Indexes]:
    schema, kinds = _begun(client)
    schema.add_field("generation", kinds.VARCHAR, max_length=_KEY)
    schema.add_field("ordinal", kinds.INT64)
    schema.add_field("citable", kinds.BOOL)
    schema.add_field("content", kinds.VARCHAR, max_length=_KEY)
    schema.add_field(
        "terms",
        kinds.VARCHAR,
        max_length=LONGEST,
        enable_analyzer=True,
        analyzer_params={"type": "standard"},
        mmap_enabled=True,
    )
    schema.add_field("sparse", kinds.SPARSE_FLOAT_VECTOR)
    schema.add_field("dense", kinds.FLOAT_VECTOR, dim=dim)
    library = client.library
    schema.add_function(
        library.Function(
            name="bm25",
            function_type=library.FunctionType.BM25,
            input_field_names=["terms"],
            output_field_names=["sparse"],
        )
    )
    # The server knows best which index its vectors need; it can be replaced there without a word here.
    return schema, {
        "dense": ("AUTOINDEX", "IP", {}),
        "sparse": ("SPARSE_INVERTED_INDEX", "BM25", _BM25),
        "generation": ("INVERTED", "", {}),
    }


def _begun(client: Client) -> tuple[Any, Any]:
    library = client.library
    schema = library.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", library.DataType.VARCHAR, is_primary=True, max_length=_KEY)
    schema.add_field("tenant", library.DataType.VARCHAR, max_length=LONGEST_TENANT, is_partition_key=True)
    return schema, library.DataType
