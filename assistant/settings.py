"""One table of settings; every one has a default, an environment variable and a sentence of documentation."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from assistant.errors import SettingsError

PREFIX = "ASSISTANT_"
_KINDS = {int: "a whole number", bool: "yes or no", str: "text", Path: "a path"}
# What may stand in `frame-ancestors`; anything else could end the directive or the header.
_ANCESTOR = re.compile(r"'self'|\*|https?:|(https?://)?(\*\.)?[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*(:(\d{1,5}|\*))?")
_EMBEDDED = "embedded"
_SERVER = re.compile(r"https?://([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?/?")
_PREFIX_OF_NAMES = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_LONGEST_TENANT = 256
_ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_LOGS = ("json", "text", "off")
_MOST_WORKERS = 64
_SWITCH = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """How the assistant runs. Field `x_y` is read from the environment variable `ASSISTANT_X_Y`."""

    corpus: Path = field(default=Path("corpus"), metadata={"doc": "Folder with the policies and policies.csv."})
    index: Path = field(default=Path("index"), metadata={"doc": "Folder of the built index."})
    engine: str = field(
        default="embedded",
        metadata={
            "doc": "What answers are searched in: `embedded` for the index on this machine, or the address of a Milvus "
            "server, such as `https://milvus.example.com:19530`."
        },
    )
    engine_token: str = field(
        default="",
        repr=False,
        metadata={"doc": "What the Milvus server asks for, such as `user:password`; empty for none."},
    )
    engine_ca: str = field(
        default="",
        metadata={
            "doc": "File with the certificates that the Milvus server's is checked against; empty for those that are "
            "known to all."
        },
    )
    engine_prefix: str = field(
        default="assistant", metadata={"doc": "What the names of the collections on the Milvus server begin with."}
    )
    engine_seconds: int = field(
        default=15, metadata={"doc": "Longest time that the Milvus server may take for a call, all tries together."}
    )
    engine_replicas: int = field(
        default=0,
        metadata={
            "doc": "Copies of all that is searched in the memory of Milvus; with 2 or more no search waits for a node; "
            "0 for those that are there, one at first."
        },
    )
    tenant: str = field(
        default="default", metadata={"doc": "Whose policies on the Milvus server are asked and ingested."}
    )
    host: str = field(default="127.0.0.1", metadata={"doc": "Address that the web server listens on."})
    port: int = field(default=7860, metadata={"doc": "Port that the web server listens on."})
    max_file_mb: int = field(default=50, metadata={"doc": "Largest policy file that is read, in MiB."})
    max_file_seconds: int = field(default=120, metadata={"doc": "Longest time that reading one file may take."})
    max_file_memory_mb: int = field(default=4096, metadata={"doc": "Most memory that reading one file may take."})
    max_question_chars: int = field(default=2000, metadata={"doc": "Longest question, in characters."})
    concurrency: int = field(
        default=16,
        metadata={"doc": "Questions in hand at the same time; nine for each worker where that is more."},
    )
    workers: int = field(
        default=0,
        metadata={
            "doc": "Processes that answer, beside the one that serves; 0 for one for each core, four at most; 1 for "
            "all in one process."
        },
    )
    cors_origins: str = field(
        default="",
        metadata={"doc": "Origins whose pages may use the API and the widget, separated by spaces; `*` for all."},
    )
    frame_ancestors: str = field(
        default="'self'", metadata={"doc": "Origins whose pages may show `/embed` in a frame, as in a CSP."}
    )
    rate_limit: str = field(
        default="60/minute",
        metadata={"doc": "What one client may ask of API, chat and AI tools together, such as `600/hour`."},
    )
    contact: str = field(
        default="", metadata={"doc": "Mail or web address that “Ask our team” in the widget leads to; empty for none."}
    )
    agents_login: str = field(
        default="",
        metadata={"doc": "Name and password hash that `/agents` asks for; empty for an open desk without the report."},
    )
    mcp_hosts: str = field(
        default="",
        metadata={
            "doc": "Names by which AI tools may reach the server, beside this machine's own, separated by spaces; `*` "
            "for any."
        },
    )
    feedback: Path = field(
        default=Path("feedback.sqlite"), metadata={"doc": "File of votes and of counts of what was not covered."}
    )
    store_questions: bool = field(
        default=False, metadata={"doc": "Whether the text of questions is stored with them, redacted."}
    )
    retention_days: int = field(default=90, metadata={"doc": "Days after which what is stored is deleted."})
    root_path: str = field(
        default="",
        metadata={"doc": "Path below which a reverse proxy shows the server, such as `/privacy`; empty for none."},
    )
    trusted_proxies: str = field(
        default="127.0.0.1",
        metadata={
            "doc": "Addresses or networks of proxies that may name the client, separated by spaces; empty for none."
        },
    )
    log: str = field(
        default="json",
        metadata={"doc": "Form of the line that each request leaves on stderr: `json`, `text` or `off`."},
    )
    grace_seconds: int = field(
        default=20, metadata={"doc": "Seconds that answers in hand have to finish when the server is stopped."}
    )

    def __post_init__(self) -> None:
        """Checks what would otherwise be noticed only in a browser.

        Raises:
            SettingsError: a value has the wrong form.
        """
        sources = self.frame_ancestors.split()
        alone = len(sources) == 1
        if not sources or not all(_ANCESTOR.fullmatch(one) or (one == "'none'" and alone) for one in sources):
            raise SettingsError(
                f"{PREFIX}FRAME_ANCESTORS must be origins such as https://help.example.com or 'self', separated by "
                f"spaces, or 'none' alone, not {self.frame_ancestors!r}."
            )
        if not _ROOT_PATH.fullmatch(self.root_path):
            raise SettingsError(
                f"{PREFIX}ROOT_PATH must be a path such as /privacy, without a final slash, not {self.root_path!r}."
            )
        for proxy in self.trusted_proxies.split():
            if not _is_network(proxy):
                raise SettingsError(
                    f"{PREFIX}TRUSTED_PROXIES must be addresses such as 10.0.0.7 or networks such as 10.0.0.0/24, "
                    f"separated by spaces; {proxy!r} is neither."
                )
        if self.log not in _LOGS:
            raise SettingsError(f"{PREFIX}LOG must be {', '.join(_LOGS[:-1])} or {_LOGS[-1]}, not {self.log!r}.")
        if not 0 <= self.workers <= _MOST_WORKERS:
            raise SettingsError(f"{PREFIX}WORKERS must be from 0 to {_MOST_WORKERS}, not {self.workers}.")
        self._check_engine()
        if self.grace_seconds < 1:
            raise SettingsError(f"{PREFIX}GRACE_SECONDS must be 1 or more, not {self.grace_seconds}.")

    @property
    def embedded(self) -> bool:
        """Whether answers are searched in the index on this machine."""
        return self.engine == _EMBEDDED

    def _check_engine(self) -> None:
        """Checks what names a server and its tenant; an address may hold a secret, so it is not told.

        Raises:
            SettingsError: a value has the wrong form.
        """
        if not self.embedded and not _SERVER.fullmatch(self.engine):
            raise SettingsError(
                f"{PREFIX}ENGINE must be {_EMBEDDED} or an address such as https://milvus.example.com:19530, without a "
                f"name, a password or a path; {PREFIX}ENGINE_TOKEN takes what the server asks for."
            )
        if any(char.isspace() or not char.isprintable() for char in self.engine_token):
            raise SettingsError(f"{PREFIX}ENGINE_TOKEN must be one word, such as user:password.")
        if self.engine_ca and not Path(self.engine_ca).is_file():
            raise SettingsError(
                f"{PREFIX}ENGINE_CA must name a file with certificates; there is none at {self.engine_ca!r}."
            )
        if not _PREFIX_OF_NAMES.fullmatch(self.engine_prefix):
            raise SettingsError(
                f"{PREFIX}ENGINE_PREFIX must be a letter and at most 63 letters, digits or underscores, not "
                f"{self.engine_prefix!r}."
            )
        if self.engine_seconds < 1 or self.engine_replicas < 0:
            raise SettingsError(f"{PREFIX}ENGINE_SECONDS must be 1 or more, and {PREFIX}ENGINE_REPLICAS 0 or more.")
        if not self.tenant.strip() or not self.tenant.isprintable() or len(self.tenant.encode()) > _LONGEST_TENANT:
            raise SettingsError(
                f"{PREFIX}TENANT must be a name of printable characters, no more than {_LONGEST_TENANT} bytes in UTF-8."
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Defaults overlaid with `ASSISTANT_*` variables.

        Raises:
            SettingsError: a variable with the prefix names no setting, or its value has the wrong type.
        """
        known = {PREFIX + f.name.upper(): f for f in fields(cls)}
        values: dict[str, object] = {}
        for name, text in environment.items():
            if not name.startswith(PREFIX):
                continue
            if name not in known:
                raise SettingsError(f"{name} is no setting; the settings are {', '.join(sorted(known))}.")
            kind: type[Path | str | int | bool] = type(getattr(cls(), known[name].name))
            try:
                values[known[name].name] = _switch(text) if kind is bool else kind(text)
            except ValueError:
                raise SettingsError(f"{name} must be {_KINDS[kind]}, not {text!r}.") from None
        return cls(**values)  # type: ignore[arg-type]


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _switch(text: str) -> bool:
    found = _SWITCH.get(text.strip().casefold())
    if found is None:
        raise ValueError(text)
    return found
