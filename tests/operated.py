"""The server as a process of its own over an assistant without a model: `python -m tests.operated` runs it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from assistant.types import Answer

ROOT = Path(__file__).resolve().parent.parent
# Seconds that the server may take to start or to end on a busy machine.
PATIENCE = 90
SLOW = "slow"
BREAK = "break"


@dataclass(frozen=True)
class Running:
    """A server that listens."""

    process: subprocess.Popen[bytes]
    # Address, without a final slash.
    url: str
    # What it has written to stderr goes on here.
    log: Path

    def lines(self) -> list[str]:
        """What it has written so far."""
        return self.log.read_text(encoding="utf-8").splitlines()


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def operated(folder: Path, *, program: Sequence[str] = ("-m", "tests.operated"), **settings: str) -> Iterator[Running]:
    """Runs it with settings such as `root_path="/privacy"`, and stops it at the end where the test has not."""
    port = settings.setdefault("port", str(free_port()))
    settings.setdefault("rate_limit", "9999/second")
    settings.setdefault("feedback", str(folder / "feedback.sqlite"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
    environment |= {f"ASSISTANT_{name.upper()}": value for name, value in settings.items()}
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, *program], cwd=ROOT, env=environment, stdout=out, stderr=out)
    running = Running(process, f"http://127.0.0.1:{port}", log)
    try:
        listening(process, running.url, log)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listening(process: subprocess.Popen[bytes], url: str, log: Path, patience: float = PATIENCE) -> None:
    """Waits until a server answers; fails with its log where it ends before that."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{url}/healthz", trust_env=False)
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("the server did not start:\n" + log.read_text(encoding="utf-8"))


def main() -> None:
    """Serves as `app.py` does. The question "slow" takes its time, "break" meets what nobody expected."""
    from assistant.settings import Settings
    from assistant.web.app import create_app
    from assistant.web.server import run
    from tests.api_fixtures import WordAssistant

    class Slow(WordAssistant):
        def ask(
            self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
        ) -> Answer:
            if question.startswith(SLOW):
                sys.stdout.write("asked\n")
                sys.stdout.flush()
                time.sleep(3)
            if question.startswith(BREAK):
                raise RuntimeError(question)
            return super().ask(question, policies, history, top_k)

    settings = Settings.from_environment()
    run(create_app(Slow(), settings), settings)  # type: ignore[arg-type]


if __name__ == "__main__":
    # As app.py: SIGTERM is an end like any other.
    import signal

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main()
