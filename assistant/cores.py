"""How much of the machine may be used."""

from __future__ import annotations

import os


def cores() -> int:
    """What OMP_NUM_THREADS says, as for the libraries below; without it the cores that this process may use."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdigit() and int(said):
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
