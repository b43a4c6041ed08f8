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
_ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_LOGS = ("json", "text", "off")
_MOST_WORKERS = 64
_SWITCH = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """How the assistant runs. Field `x_y` is read from the environment variable `ASSISTANT_X_Y`."""

    corpus: Path = field(default=Path("corpus"), metadata={"doc": "Folder with the policies and policies.csv."})
    index: Path = field(default=Path("index"), metadata={"doc": "Folder of the built index."})
    host: str = field(default="127.0.0.1", metadata={"doc": "Address that the web server listens on."})
    port: int = field(default=7860, metadata={"doc": "Port that the web server listens on."})
    max_file_mb: int = field(default=50, metadata={"doc": "Largest policy file that is read, in MiB."})
    max_file_seconds: int = field(default=120, metadata={"doc": "Longest time that reading one file may take."})
    max_file_memory_mb: int = field(default=4096, metadata={"doc": "Most memory that reading one file may take."})
    max_question_chars: int = field(default=2000, metadata={"doc": "Longest question, in characters."})
    concurrency: int = field(
        default=16,
        metadata={"doc": "Questions in hand at the same time; twice as many as there are workers where that is more."},
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
        if self.grace_seconds < 1:
            raise SettingsError(f"{PREFIX}GRACE_SECONDS must be 1 or more, not {self.grace_seconds}.")

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
