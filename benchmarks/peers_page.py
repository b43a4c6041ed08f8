"""The figures of benchmarks/peers.py as tables and as a plot."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from assistant.evaluation.metrics import Metrics

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "peers.md"
PLOT = ROOT / "docs" / "peers.svg"
# What stands around the figures in the page.
BEGIN, END = "<!-- {} times the policies -->", "<!-- end of the figures -->"
# In the order in which they run: the first one also warms the disk's cache for those after it.
NAMES = {
    "bare": "the encoder alone",
    "ours": "**this product**, `ask`",
    "ours-search": "**this product**, `search`",
    "by-hand": "bm25s + FAISS by hand",
    "dense": "FAISS alone, by hand",
    "txtai": "txtai",
    "txtai-own": "txtai, its own paragraphs",
    "haiku": "haiku.rag",
    "haiku-own": "haiku.rag, its own chunks",
}


@dataclass(frozen=True)
class Row:
    """The figures of one system."""

    system: str
    passages: int
    # None for the encoder alone, which finds nothing.
    figures: Metrics | None
    # Seconds from files to an index on disk.
    index: float
    # Seconds from nothing to the first answer, libraries and encoder loaded on the way.
    first: float
    # Seconds of each question, and what the encoder took of them.
    seconds: Sequence[float]
    encoding: Sequence[float]
    # Bytes while answering, at most while indexing, and on disk.
    memory: int
    peak: int
    stored: int

    @property
    def searching(self) -> float:
        """Seconds of a question less those of the encoder, median."""
        return statistics.median(whole - part for whole, part in zip(self.seconds, self.encoding, strict=True))


def told(rows: Sequence[Row], copies: int) -> str:
    """Two tables in Markdown, a line for each system: what is found, unless that says nothing, and what it takes."""
    found = [
        "system|passages|characters|hit@1|hit@3|hit@5|MRR@10|refused".split("|"),
        *(_found(row, row.figures) for row in rows if row.figures),
    ]
    takes = [
        "system|index, s|first answer, s|question, ms|p95|of it search|memory, MB|indexing|disk".split("|"),
        *(_takes(row) for row in rows),
    ]
    tables = [_markdown(found), _markdown(takes)] if copies == 1 else [_markdown(takes)]
    return "\n\n".join([*tables, machine(max(row.passages for row in rows))])


def _markdown(lines: list[list[str]]) -> str:
    head, *rest = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([head, f"|{'---|' * len(lines[0])}", *rest])


def _found(row: Row, found: Metrics) -> list[str]:
    shares = (found.hit_1, found.hit_3, found.hit_5, found.mrr_10, found.abstention_recall)
    told = ("–" if share is None else f"{share:.3f}" for share in shares)
    return [NAMES[row.system], str(row.passages), f"{found.chars_median or 0:.0f}", *told]


def _takes(row: Row) -> list[str]:
    whole = np.array(row.seconds) * 1000
    return [
        NAMES[row.system],
        f"{row.index:.1f}",
        f"{row.first:.1f}",
        f"{np.median(whole):.1f}",
        f"{np.percentile(whole, 95):.1f}",
        f"{row.searching * 1000:.1f}",
        f"{row.memory / 1e6:.0f}",
        f"{row.peak / 1e6:.0f}",
        f"{row.stored / 1e6:.1f}" if row.stored else "–",
    ]


def machine(passages: int) -> str:
    """What the figures were measured on."""
    return (
        f"Measured in one run over {passages:,} passages on {os.cpu_count()} cores ({platform.machine()}), one thread, "
        f"Python {platform.python_version()}, on {date.today()}."
    )


def write(rows: Sequence[Row], copies: int) -> None:
    """Puts the tables into the page, and draws them where answers are judged."""
    page, begin = PAGE.read_text(encoding="utf-8"), BEGIN.format(copies)
    figures = f"{begin}\n\n{told(rows, copies)}\n\n{END}"
    page = re.sub(rf"{re.escape(begin)}.*?{re.escape(END)}", lambda _: figures, page, count=1, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")
    if copies == 1:
        draw(rows)


def draw(rows: Sequence[Row]) -> None:
    """Bars side by side: what is found, where more is better, and what it takes, where less is; dotted: the encoder."""
    from matplotlib import pyplot

    names = [NAMES[row.system].replace("*", "").replace("`", "") for row in rows]
    colours = ["#2f5d8a" if row.system.startswith("ours") else "#b9c4cf" for row in rows]
    bare = next((at for at, row in enumerate(rows) if row.system == "bare"), None)
    panels = (
        ("MRR@10", "{:.2f}", [row.figures.mrr_10 or 0 if row.figures else 0 for row in rows]),
        ("index, s", "{:.1f}", [row.index for row in rows]),
        ("first answer, s", "{:.1f}", [row.first for row in rows]),
        ("question, ms (median)", "{:.1f}", [statistics.median(row.seconds) * 1000 for row in rows]),
        ("of it search, ms", "{:.1f}", [row.searching * 1000 for row in rows]),
        ("memory, MB", "{:.0f}", [row.memory / 1e6 for row in rows]),
    )
    figure, all_axes = pyplot.subplots(1, len(panels), figsize=(13, 0.35 * len(rows) + 0.6), layout="constrained")
    for axes, (title, form, values) in zip(all_axes, panels, strict=True):
        bars = axes.barh(range(len(rows)), values, color=colours)
        axes.bar_label(bars, [form.format(value) if value else "" for value in values], padding=2, fontsize=8)
        axes.set(title=title, xlim=(0, 1.3 * max(values)), xticks=[], yticks=[])
        axes.invert_yaxis()
        axes.title.set_fontsize(9)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        if bare is not None and values[bare]:
            axes.axvline(values[bare], color="#888888", linewidth=0.8, linestyle=":")
    all_axes[0].set_yticks(range(len(rows)), names, fontsize=8)
    figure.savefig(PLOT, metadata={"Date": None})
    pyplot.close(figure)
