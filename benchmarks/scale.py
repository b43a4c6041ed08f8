"""How far one machine goes: `make scale`, or `PYTHONPATH=. python benchmarks/scale.py [--sizes 100 1000 …]`.

Indexes of growing size are built and searched, each in a process of its own and in one thread, by the questions of
benchmarks/questions.dev.jsonl, encoded already. benchmarks/stand_in.py tells what they are made of. Bounds, at 100,000
passages: a search (dense, lexical, fused) takes at most 25 ms of one thread at the 95th percentile, whatever it is
restricted to; an index opens in at most 3 s; it takes at most 600 MB above the encoder, mapped files included as far as
the system counts them to the process. Where the index is approximate, it finds at least .97 of the 50 nearest.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from assistant.engines import Embedded
    from assistant.retrieval.encoder import Encoder

ROOT = Path(__file__).resolve().parent.parent
SIZES = (100, 1_000, 10_000, 100_000, 300_000, 1_000_000)
BOUND_MS, BOUND_OPEN, BOUND_MB, BOUND_RECALL = 25.0, 3.0, 600, 0.97
MEGABYTE = 1_000_000


def main() -> int:
    """Prints a table; the exit code is 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="passages of each index")
    parser.add_argument("--folder", type=Path, help="where the indexes are built, and kept (default: nowhere)")
    parser.add_argument("--encode", action="store_true", help="encode every passage: ten minutes for 10,000")
    parser.add_argument("--plot", type=Path, help="file that the curves are drawn into")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        json.dump(STEPS[options.step](options.folder, options.sizes[0]), sys.stdout)
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        step(folder, "pool", 0)
        rows = []
        for size in options.sizes:
            steps = (
                step(folder, name, size) for name in ("encode" if options.encode else "build", "measure", "recall")
            )
            rows.append(dict(item for each in steps for item in each.items()))
            print(json.dumps(rows[-1]), flush=True)
            if not options.folder:
                shutil.rmtree(folder / str(size))
    print(table(rows))
    if options.plot:
        plot(rows, options.plot)
    wrong = [sentence for row in rows for sentence in missed(row)]
    print("\n".join(wrong) or "All bounds are kept.")
    return int(bool(wrong))


def step(folder: Path, name: str, size: int) -> dict[str, Any]:
    """What one step tells, run in a process of its own with one thread."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, __file__, "--step", name, "--folder", str(folder), "--sizes", str(size)]
    environment = {**os.environ, **threads, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def make_pool(folder: Path, _: int) -> dict[str, Any]:
    from assistant.retrieval.encoder import Encoder
    from benchmarks.stand_in import write_pool

    if not (folder / "pool").exists():
        (folder / "pool").mkdir(parents=True)
        write_pool(folder / "pool", Encoder())
    return {}


def encode(folder: Path, size: int) -> dict[str, Any]:
    """Builds an index of passages that are encoded; what it took, with encoding."""
    from assistant.retrieval.encoder import Encoder

    return build(folder, size, Encoder())


def build(folder: Path, size: int, encoder: Encoder | None = None) -> dict[str, Any]:
    """Builds an index, of stand-in vectors where there is no encoder; what it took."""
    from assistant import index
    from benchmarks import stand_in

    place = folder / str(size)
    pool = stand_in.read_pool(folder / "pool")
    before = memory()["VmRSS"]
    started = time.perf_counter()
    if not place.exists():
        stand_in.build(pool, place, size, encoder)
    took = time.perf_counter() - started
    most = memory()["VmHWM"] - before
    disk = sum(path.stat().st_size for path in place.rglob("*"))
    near = float(np.median(stand_in.nearest(index.load(place).vectors, 100)))
    return {"build s": took, "build MB": most, "disk MB": disk // MEGABYTE, "nearest": near}


def measure(folder: Path, size: int) -> dict[str, Any]:
    """Opens and searches an index."""
    from assistant import index
    from assistant.ask import Assistant
    from assistant.engines import Embedded
    from assistant.retrieval.encoder import Encoder

    encoder = Encoder()
    # Fewer where each takes long.
    asked = questions()[: 110 if size <= 100_000 else 40]
    queries = [encoder.encode_query(question) for question in asked]
    before = memory()
    started = time.perf_counter()
    stored = index.load(folder / str(size))
    engine = Embedded(stored)
    assistant = Assistant(engine, encoder=encoder)
    opened = time.perf_counter() - started
    found: dict[str, Any] = {
        "passages": len(stored.passages),
        "policies": len(stored.policies),
        "open s": opened,
    }
    for name, policies in restricted(engine).items():

        def fused(at: int, policies: frozenset[str] | None = policies) -> object:
            return engine._search.fused(asked[at], queries[at], engine._citable(policies), 50)

        found[f"{name} ms"], found[f"{name} p95 ms"] = timed(fused, len(asked))
    found["ranked ms"], found["ranked p95 ms"] = timed(lambda at: engine.rank(asked[at], queries[at], 8), len(asked))
    found["asked ms"], found["asked p95 ms"] = timed(lambda at: assistant.ask(asked[at]), len(asked))
    found["encoded ms"], _ = timed(lambda at: encoder.encode_query(asked[at]), len(asked))
    after = memory()
    found["MB"], found["private MB"] = (after[name] - before[name] for name in ("VmRSS", "RssAnon"))
    return found


def recall(folder: Path, size: int) -> dict[str, Any]:
    """Which share of the 50 nearest an approximate index finds, among all passages and among those of some policies."""
    from assistant import index
    from assistant.engines import Embedded
    from assistant.retrieval.dense import Dense
    from assistant.retrieval.encoder import Encoder

    stored = index.load(folder / str(size))
    if not stored.near:
        return {}
    engine, exact = Embedded(stored), Dense(stored.vectors)
    vectors = [query.vector for query in Encoder().encode_queries(questions())]
    found = {}
    for name, policies in restricted(engine).items():
        allowed, shares = engine._citable(policies), []
        for vector in vectors:
            wanted, got = (each.search(vector, 50, allowed)[0].tolist() for each in (exact, engine._search.dense))
            shares.append(len(set(wanted) & set(got)) / len(wanted))
        found[f"recall {name}"] = float(np.mean(shares))
    return found


def questions() -> list[str]:
    lines = (ROOT / "benchmarks" / "questions.dev.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines]


def restricted(engine: Embedded) -> dict[str, frozenset[str] | None]:
    """What is searched among: everything, every other policy drawn by chance, one."""
    ids = [policy.id for policy in engine.policies()]
    half = np.random.default_rng(0).permutation(len(ids))[: max(1, len(ids) // 2)]
    return {"all": None, "half": frozenset(ids[at] for at in half), "one": frozenset(ids[:1])}


def timed(call: Callable[[int], object], count: int) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds on the clock, after a round that warms."""
    times = []
    for turn in range(2):
        for at in range(count):
            started = time.perf_counter()
            call(at)
            if turn:
                times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times)), float(np.quantile(times, 0.95))


def memory() -> dict[str, int]:
    """Megabytes of this process: all that is in memory, what of it is its own, and the most that there was."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) * 1024 // MEGABYTE for name in ("VmRSS", "RssAnon", "VmHWM")}


def missed(row: dict[str, Any]) -> list[str]:
    """The bounds that an index misses."""
    wrong = []
    if 90_000 < row["passages"] < 110_000:
        wrong += [
            f"{name} takes {row[name]:.1f}, more than {bound}"
            for name, bound in (
                ("all p95 ms", BOUND_MS),
                ("half p95 ms", BOUND_MS),
                ("one p95 ms", BOUND_MS),
                ("open s", BOUND_OPEN),
                ("MB", BOUND_MB),
            )
            if row[name] > bound
        ]
    recalls = [name for name in row if name.startswith("recall") and row[name] < BOUND_RECALL]
    return wrong + [f"{name} is {row[name]:.3f}, less than {BOUND_RECALL}" for name in recalls]


def table(rows: list[dict[str, Any]]) -> str:
    """The figures as Markdown."""
    shown = {
        "passages": "{passages:,}",
        "policies": "{policies:,}",
        "search, all": "{all ms:.1f} / {all p95 ms:.1f} ms",
        "half of the policies": "{half ms:.1f} / {half p95 ms:.1f} ms",
        "one policy": "{one ms:.1f} / {one p95 ms:.1f} ms",
        "ranked": "{ranked ms:.1f} / {ranked p95 ms:.1f} ms",
        "`ask`": "{asked ms:.0f} / {asked p95 ms:.0f} ms",
        "open": "{open s:.2f} s",
        "memory (own)": "{MB:,} ({private MB:,}) MB",
        "disk": "{disk MB:,} MB",
        "built in": "{build s:,.0f} s",
        "by": "{build MB:,} MB",
        "recall@50": "{recall}",
    }
    out = [" | ".join(["", *shown, ""]).strip(), "|---" * len(shown) + "|"]
    for row in rows:
        recall = " / ".join(f"{row[name]:.3f}" for name in ("recall all", "recall half") if name in row) or "1"
        out.append("| " + " | ".join(form.format(**row, recall=recall) for form in shown.values()) + " |")
    return "\n".join(out)


def plot(rows: list[dict[str, Any]], file: Path) -> None:
    """Draws time, memory, disk and recall over passages."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    sizes = [row["passages"] for row in rows]
    curves = {
        "search, 95th percentile (ms)": ("all p95 ms", "half p95 ms", "one p95 ms"),
        "memory above the encoder (MB)": ("MB", "private MB"),
        "disk (MB), and memory to build it (MB)": ("disk MB", "build MB"),
        "share of the 50 nearest that is found": ("recall all", "recall half"),
    }
    with mpl.rc_context({"svg.hashsalt": "assistant", "svg.fonttype": "none", "font.size": 8}):
        figure, axes = plt.subplots(2, 2, figsize=(8, 5.5), layout="constrained")
        for axis, (title, names) in zip(axes.flat, curves.items(), strict=True):
            for name in names:
                axis.plot(sizes, [max(row.get(name, 1), 0.01) for row in rows], marker="o", label=name)
            axis.set(xscale="log", title=title, xlabel="passages")
            if "share" in title:
                axis.set_ylim(0.9, 1.005)
                axis.axhline(BOUND_RECALL, color="grey", linestyle=":")
            else:
                axis.set_yscale("log")
            axis.legend()
        figure.savefig(file, metadata={"Date": None})


STEPS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "pool": make_pool,
    "build": build,
    "encode": encode,
    "measure": measure,
    "recall": recall,
}


if __name__ == "__main__":
    sys.exit(main())
