"""The files of the container: what linters say of them, what they name, and their command under their own conditions.

No daemon is needed: the command runs as the user of the image, without capabilities, on a root that is read-only.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from dockerfile_parse import DockerfileParser

from assistant.settings import PREFIX, Settings
from tests.operated import PATIENCE, ROOT, free_port, listening

DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = ROOT / "compose.yaml"
TMP = "/tmp"  # noqa: S108 -- of the container


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """Name and value of every instruction, in order."""
    found = DockerfileParser(fileobj=io.BytesIO(DOCKERFILE.read_bytes())).structure
    return [(each["instruction"], each["value"]) for each in found if each["instruction"] != "COMMENT"]


@pytest.fixture(scope="module")
def final(instructions: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the last stage."""
    start = max(at for at, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[start:]


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    """The one service of the compose file."""
    (found,) = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"].values()
    return found


def value(instructions: list[tuple[str, str]], name: str) -> str:
    """The value of an instruction that is there once."""
    (found,) = (value for each, value in instructions if each == name)
    return found


def environment(final: list[tuple[str, str]]) -> dict[str, str]:
    """What the image sets."""
    return dict(pair.split("=", 1) for pair in value(final, "ENV").split())


def command(text: str) -> list[str]:
    """A command in the form of a list."""
    return list(json.loads(text[text.index("[") :]))


# --- linters


@pytest.mark.parametrize(
    "arguments",
    [
        ["hadolint", str(DOCKERFILE)],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        ["compose-lint", str(COMPOSE)],
    ],
    ids=lambda arguments: arguments[0],
)
def test_linters_find_nothing(arguments: list[str]) -> None:
    program = Path(sys.executable).with_name(arguments[0])
    if not program.exists():
        pytest.skip(f"{arguments[0]} is not installed beside this Python")
    done = subprocess.run([program, *arguments[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- the image


def test_every_path_that_is_copied_is_there(instructions: list[tuple[str, str]]) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    copied = [
        source
        for name, text in instructions
        if name == "COPY" and not text.startswith("--from=")
        for source in text.split()[:-1]
    ]
    assert set(copied) == let_in
    for source in copied:
        assert (ROOT / source).exists(), source
    # All that `app.py` and the command line import of ours lies in what is copied.
    assert {"app.py", "assistant", "corpus"} <= set(copied)
    assert not any(fnmatch(source, line) for source in copied for line in ignored if line != "*" and line[0] != "!")


def test_both_stages_are_of_one_image(instructions: list[tuple[str, str]]) -> None:
    images = [text.split()[0] for name, text in instructions if name == "FROM"]
    assert images == ["python:3.11-slim-bookworm"] * 2


def test_the_last_stage_holds_nothing_that_installs_or_builds(final: list[tuple[str, str]]) -> None:
    done = " ".join(text for name, text in final if name == "RUN")
    assert "pip uninstall --yes pip setuptools wheel" in done
    assert not re.search(r"\b(apt-get|apt|gcc|make|pip install|curl|git)\b", done)
    assert all(text.startswith("--from=build ") for name, text in final if name == "COPY")


def test_packages_are_installed_by_their_hashes_and_not_compiled(instructions: list[tuple[str, str]]) -> None:
    (install,) = (text for name, text in instructions if name == "RUN" and "install --no-cache-dir" in text)
    assert {"--require-hashes", "--only-binary"} <= set(install.split())
    assert install.endswith("/requirements.lock")
    assert re.search(r"^torch==2\.13\.0 \\$", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_variable_is_a_setting(final: list[tuple[str, str]], service: dict[str, Any]) -> None:
    for given in (environment(final), service["environment"]):
        settings = {name: text for name, text in given.items() if name.startswith(PREFIX)}
        assert settings
        Settings.from_environment(settings)


def test_the_user_is_not_root(final: list[tuple[str, str]], service: dict[str, Any]) -> None:
    user = value(final, "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert service["user"] == user
    # Nothing runs after it that needs more.
    names = [name for name, _ in final]
    assert "RUN" not in names[names.index("USER") :]


def test_the_service_may_do_no_more_than_it_needs(final: list[tuple[str, str]], service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"cap_add", "privileged", "devices", "pid", "ipc", "network_mode"} & set(service)
    assert [mount.partition(":")[0] for mount in service["tmpfs"]] == [TMP]
    assert service["mem_limit"]
    assert service["pids_limit"]
    # Who is not on this machine comes by a proxy.
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    # Whatever is written lies on a volume.
    volume = value(final, "VOLUME")
    mounted = [each.split(":")[1] for each in service["volumes"] if not each.endswith(":ro")]
    assert mounted == [volume]
    written = environment(final)
    assert all(written[f"{PREFIX}{name}"].startswith(f"{volume}/") for name in ("INDEX", "FEEDBACK"))


def test_the_end_waits_for_the_server(service: dict[str, Any]) -> None:
    assert int(service["stop_grace_period"].rstrip("s")) > Settings().grace_seconds


def test_both_health_checks_are_the_same(final: list[tuple[str, str]], service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"][1:] == command(value(final, "HEALTHCHECK"))


# --- its command

# What the first process does before it is the command: a root that is read-only, a /tmp of its own, and /data. A Python
# that lies in a folder which only its owner may enter is put into an open one in its place.
PREPARE = """
set -e
mount --make-rprivate /
mount --bind "$1" /srv
if [ -n "$3" ]; then
  mount --bind "$2" /mnt
  mount -t tmpfs -o mode=0755 tmpfs "$3"
  mkdir -p "$2"
  mount --bind /mnt "$2"
fi
mount -t tmpfs -o rw,noexec,nosuid,nodev,size=256m,mode=1777 tmpfs /tmp
mount -o remount,ro,bind /
shift 3
exec setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all -- "$@"
"""
CONFINED = ["unshare", "--mount", "--", "/bin/sh", "-c", PREPARE, "confined"]


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """What stands before a command to run it as in the container, and the folder that is its /data."""
    folder = tmp_path_factory.mktemp("container") / "data"
    folder.mkdir(mode=0o700)
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv", "mount"))):
        pytest.skip("only root can make the conditions of a container here")
    os.chown(folder, 10001, 10001)
    before = [*CONFINED, str(folder), sys.base_prefix, _closed(Path(sys.base_prefix))]
    probe = (
        "import httpx, os; open('/srv/probe', 'w').close(); os.unlink('/srv/probe'); open('/tmp/probe', 'w').close()"
    )
    done = subprocess.run([*before, sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this machine lets nobody make the conditions of a container: {done.stderr[-200:]}")
    return before, folder


def _closed(folder: Path) -> str:
    """The outermost of the folders above that not everybody may enter; "" for none."""
    above = [each for each in reversed(folder.parents) if not each.stat().st_mode & 0o001]
    return str(above[0]) if above else ""


def test_the_conditions_are_those_of_the_compose_file(confined: tuple[list[str], Path]) -> None:
    before, _ = confined
    script = (
        "import os, pathlib\n"
        "status = dict(each.split(':\\t') for each in open('/proc/self/status') if ':\\t' in each)\n"
        "print(os.getuid(), int(status['CapEff'], 16), int(status['CapBnd'], 16))\n"
        "for path in ('/etc', '.', 'assistant', 'index', 'corpus', '/usr/bin'):\n"
        "    print(os.access(path, os.W_OK))\n"
    )
    done = subprocess.run([*before, sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["10001 0 0", *["False"] * 6]


def test_the_command_serves_and_ends(final: list[tuple[str, str]], confined: tuple[list[str], Path]) -> None:
    before, data = confined
    port = free_port()
    places = {"/data": "/srv", "/app/": f"{ROOT}/"}
    given = {name: text for name, text in environment(final).items() if name != "PATH"}
    for old, new in places.items():
        given = {name: text.replace(old, new) for name, text in given.items()}
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    given |= {"ASSISTANT_PORT": str(port), "PATH": path, "HOME": TMP, "OMP_NUM_THREADS": "1"}
    log = data.parent / "log"
    health = [part.replace("7860", str(port)) for part in command(value(final, "HEALTHCHECK"))]
    assert subprocess.run(health, env=given, cwd=ROOT, stderr=subprocess.DEVNULL, check=False).returncode != 0
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*before, *command(value(final, "CMD"))], cwd=ROOT, env=given, stdout=out, stderr=out
        )
    url = f"http://127.0.0.1:{port}"
    try:
        listening(process, url, log, patience=3 * PATIENCE)
        assert subprocess.run(health, env=given, cwd=ROOT, check=False).returncode == 0
        asked = {"question": "Does italki sell my personal data?"}
        answer = httpx.post(f"{url}/api/ask", json=asked, timeout=PATIENCE, trust_env=False).json()
        assert answer["status"] == "answered"
        vote = {"useful": True, "answer": {"status": "answered", "clauses": []}}
        assert httpx.post(f"{url}/api/feedback", json=vote, timeout=PATIENCE, trust_env=False).status_code == 204
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    assert {"index", "feedback.sqlite"} <= {path.name for path in data.iterdir()}
    assert {path.stat().st_uid for path in data.rglob("*")} == {10001}
    assert "Read-only" not in log.read_text(encoding="utf-8")
    assert "Permission" not in log.read_text(encoding="utf-8")
