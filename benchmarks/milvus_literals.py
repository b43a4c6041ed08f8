"""Hostile texts in filters of a Milvus server of any version: each must find its own row, and no other.

    PYTHONPATH=. python benchmarks/milvus_literals.py http://127.0.0.1:19530

makes a collection of its own and drops it. It needs neither BM25 nor the encoder.
"""

from __future__ import annotations

import argparse
import random
import uuid

from pymilvus import DataType, MilvusClient

from assistant.engines.milvus.literal import text, texts

PIECES = [
    '"',
    "'",
    "\\",
    "\n",
    "\r",
    "\t",
    "a",
    " or ",
    " and ",
    "==",
    "!=",
    "]",
    "[",
    ")",
    "(",
    "%",
    "_",
    "*",
    "#",
    "$",
]
PIECES += [
    "\\u0022",
    "\\x22",
    "\\042",
    "{x}",
    "//",
    "--",
    "/*",
    "é",
    "e\u0301",
    "\u2028",
    "\u202e",
    "租",
    "😀",
    "\x01",
    "\x7f",
]
PIECES += ["true", "null", "tenant", "like", "exists", "0x", "1e9", ";", "`", " "]


def hostile(count: int) -> list[str]:
    """Different texts of such pieces, each of those alone among them."""
    draw = random.Random(0)
    found = {*PIECES, 'a" or tenant != "', 'a\\" or true or "', "a\\", "a\\\\"}
    while len(found) < count:
        found.add("".join(draw.choices(PIECES, k=draw.randint(1, 8))))
    return sorted(found)


def main() -> None:
    """Asks, and prints how many were right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("uri")
    parser.add_argument("--token", default="")
    parser.add_argument("--count", type=int, default=1000)
    args = parser.parse_args()
    client = MilvusClient(args.uri, token=args.token, timeout=60)
    name = f"literals_{uuid.uuid4().hex[:12]}"
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("tenant", DataType.VARCHAR, max_length=256, is_partition_key=True)
    schema.add_field("stub", DataType.FLOAT_VECTOR, dim=2)
    indexes = client.prepare_index_params()
    indexes.add_index("stub", index_type="FLAT", metric_type="IP")
    client.create_collection(name, schema=schema, index_params=indexes, consistency_level="Strong")
    try:
        values = hostile(args.count)
        client.insert(name, [{"id": at, "tenant": each, "stub": [0.0, 1.0]} for at, each in enumerate(values)])
        # Waits for all rows, so that the others need not.
        client.query(name, filter="id == 0", output_fields=["id"], consistency_level="Strong")
        wrong = []
        for at, value in enumerate(values):
            others = f"tenant in {texts([value, values[at - 1]])} and tenant != {text(values[at - 1])}"
            for where in (f"tenant == {text(value)}", others):
                found = client.query(name, filter=where, output_fields=["tenant"], consistency_level="Eventually")
                if [(row["id"], row["tenant"]) for row in found] != [(at, value)]:
                    wrong.append((value, where, len(found)))
        print(
            f"Milvus {client.get_server_version()}: {len(values)} texts, {2 * len(values)} filters, {len(wrong)} wrong."
        )
        for each in wrong[:10]:
            print(ascii(each))
    finally:
        client.drop_collection(name)


if __name__ == "__main__":
    main()
