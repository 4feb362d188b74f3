"""Everything an operator can turn, read once from `ROLECALL_…`, with all mistakes reported together.

`read()` gives one frozen object; the edges pass its values inwards as plain arguments. Each description below gives the
reason for its default, and `docs/settings.md` repeats it word for word (a test compares them).
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator

from app.settings import signing_in
from app.settings.noticing import Noticing
from app.settings.promising import Promising
from app.settings.removing import Removing
from app.settings.reviewing import Reviewing
from app.settings.settling import Settling
from app.settings.signing_in import SigningIn
from app.settings.watching import Watching

PREFIX = "ROLECALL_"
Days = Annotated[int, Field(ge=1, le=3650)]


class SettingsWrong(Exception):
    """One or more settings cannot be used. `mistakes` holds a sentence for each, all of them at once."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("Rolecall cannot start with these settings:\n" + "\n".join(f"  - {each}" for each in mistakes))
        self.mistakes = mistakes


class Settings(SigningIn, Noticing, Promising, Settling, Reviewing, Removing, Watching):
    """What was configured. Frozen; printing it shows no secret."""

    # where things are
    home: Path = Field(
        Path(".rolecall"),
        description="Directory that holds everything an installation keeps. Default: beside where you start it, easy "
        "to find and to throw away.",
        validate_default=True,
    )
    database_url: str = Field(
        default_factory=lambda given: f"sqlite:///{given.get('home', Path('.rolecall'))}/rolecall.db",
        description="`sqlite:///path` or `postgresql://…`. Default: SQLite in the home, so that nothing has to be "
        "installed; several workers need PostgreSQL 15 or newer.",
        repr=False,  # it may hold a password
        validate_default=True,
    )
    key: SecretStr | None = Field(
        None,
        description="The key that protects secrets: 32 bytes as base64 or hexadecimal. Default: none; a file is safer "
        "than an environment variable.",
    )
    key_file: Path | None = Field(
        None,
        description="File that holds the key. Default: on SQLite `key` in the home, made on first use, readable by "
        "its owner alone; on PostgreSQL there is none, and the service does not start without.",
    )
    former_keys: tuple[SecretStr, ...] = Field(
        (),
        description="Keys used before, separated by commas, so that what they sealed still opens until it is sealed "
        "anew. Default: none.",
    )

    # doors
    host: str = Field(
        "127.0.0.1",
        description="Address the API and console listen on. Default: this machine only; put a TLS proxy in front for "
        "others.",
    )
    port: int = Field(
        8321, ge=1, le=65535, description="Port the API and console listen on. Default: one that little else uses."
    )
    base_url: str = Field(
        default_factory=lambda given: _local_address(given.get("host", "127.0.0.1"), given.get("port", 8321)),
        description="Address under which people reach the console; links in messages and on the command line begin with "
        "it. Default: host and port.",
        validate_default=True,
    )
    api_processes: int = Field(
        1,
        ge=1,
        le=64,
        description="API processes that `serve` starts. Default 1; more need PostgreSQL, for SQLite has one writer.",
    )
    time_zone: str = Field(
        "UTC",
        description="Zone (IANA name) in which quarters begin and due dates end. Default: UTC, the same on every "
        "machine.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged. Default INFO: what happened, without personal values."
    )
    allow_private_addresses: bool = Field(
        False,
        description="Whether messages we send (web hooks) may go to private, loopback or link-local addresses. "
        "Default: no, or a web hook could be aimed at what only this machine can reach.",
    )

    # workers
    worker_threads: int = Field(
        4,
        ge=1,
        le=64,
        description="Jobs one worker runs at the same time. Default 4: jobs wait for CRMs, not for the processor.",
    )
    streams_at_once: int = Field(
        4,
        ge=1,
        le=16,
        description="Streams of one system that are read side by side, where its connector can. Default 4: gentle to a "
        "CRM that allows 25 long calls at a time to all of its clients together.",
    )
    heartbeat_seconds: int = Field(
        5,
        ge=1,
        le=60,
        description="How often a worker says that it is alive. Default 5: cheap, and short beside the time below.",
    )
    takeover_seconds: int = Field(
        30,
        ge=3,
        le=3600,
        description="Silence after which another worker takes a worker's jobs over. Default 30: six missed heartbeats "
        "are no hiccup. At least three heartbeats.",
    )
    job_attempts: int = Field(
        8,
        ge=1,
        le=100,
        description="Tries a failing job gets, with growing pauses. Default 8: spread over three quarters of an "
        "hour, longer than most outages.",
    )
    job_retention_days: Days = Field(
        30,
        description="Days that finished jobs stay listed. Default 30: long enough to look into one; what was done is "
        "in the ledger for good.",
    )

    # what is too long, too old, too many
    inactive_days: Days = Field(
        90,
        description="Days without a sign-in after which an account is inactive. Default 90: what most standards (CIS, "
        "PCI DSS 8.2.6) ask for.",
    )
    inactive_days_privileged: Days = Field(
        30,
        description="The same for an account with privileges. Default 30: the damage is greater, and administrators "
        "sign in often.",
    )
    never_used_days: Days = Field(
        30,
        description="Days a new account may stay unused. Default 30: covers a late start, and most invitations have "
        "lapsed by then.",
    )
    dormant_credential_days: Days = Field(
        90,
        description="Days after which an unused token or key is dormant. Default 90: longer than a quarterly job's "
        "gap would be noticed by people, as for accounts.",
    )
    leaver_grace_hours: int = Field(
        24,
        ge=0,
        le=24 * 90,
        description="Hours after a person's last day until an open account is a finding. Default 24: the next reading "
        "of the roster and of the CRM fits in.",
    )
    roster_max_age_days: Days = Field(
        7, description="Age at which a roster is too old to rest on. Default 7: a leaver is known within a week."
    )
    roster_max_shrink_percent: int = Field(
        5,
        ge=1,
        le=100,
        description="Shrinking against the last roster that needs an approval. Default 5 %: more is a cut file far "
        "more often than a wave of leavers.",
    )
    justification_days: Days = Field(
        90,
        description="Days that a reason for privileged access stays valid. Default 90: renewed with each quarterly "
        "review.",
    )
    snapshot_max_age_hours: int = Field(
        24,
        ge=1,
        le=24 * 90,
        description="Age at which a reading is too old to open a review on. Default 24: reviewers see yesterday's "
        "access at the latest.",
    )
    campaign_due_days: Days = Field(
        14, description="Days reviewers have. Default 14: spans a week of leave, and still ends within the month."
    )

    # taking away
    removal_sla_days: Days = Field(
        7,
        description="Days from a decision to remove until the removal should be verified. Default 7: one week to act "
        "and to read again.",
    )
    max_removals_per_run: int = Field(
        200,
        ge=1,
        description="Removals of one run over a system, beyond which nothing is removed without a person. Default "
        "200: a large review's usual yield; more smells of a mistake.",
    )
    max_removals_percent: int = Field(
        10,
        ge=1,
        le=100,
        description="The same as a share of what the system holds (its accounts, its grants). Default 10 %: a "
        "mistaken scope shows here first.",
    )
    max_removals_percent_from: int = Field(
        10,
        ge=1,
        description="Removals from which that share counts. Default 10: in a system of four people one removal is 25 "
        "%.",
    )
    stop_removals: bool = Field(
        False,
        description="Kill switch: nothing is taken away in any system; removals wait. Default: off. A file `STOP` in "
        "the home does the same without a restart, and so do the console, the API and `rolecall removal stop`.",
    )

    # what is kept, and how long
    login_retention_days: Days = Field(
        365,
        description="Days that single sign-ins are kept; afterwards only the first and last use. Default 365: one "
        "audit period, and no longer.",
    )
    session_retention_days: int = Field(
        90,
        ge=1,
        le=90,
        description="Days that a session is remembered, where reading sessions is switched on for a system. Default 90, "
        "and no more: a session tells where somebody worked from hour to hour.",
    )
    packet_retention_years: int = Field(
        7,
        ge=1,
        le=100,
        description="Years that sealed evidence is kept. Default 7: the longest retention auditors commonly ask for "
        "(SOX).",
    )

    @property
    def embedded(self) -> bool:
        """Whether everything runs in one process on SQLite."""
        return self.database_url.startswith("sqlite")

    @property
    def secure(self) -> bool:
        """Whether people reach the console over TLS, so that cookies may insist on it."""
        return self.base_url.startswith("https://")

    @property
    def zone(self) -> ZoneInfo:
        """The operator's time zone."""
        return ZoneInfo(self.time_zone)

    @field_validator("home", "key_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path and path.expanduser().absolute()  # the working directory may change, the home may not

    @field_validator("former_keys", mode="before")
    @classmethod
    def _split(cls, given: Any) -> Any:
        return [each.strip() for each in given.split(",") if each.strip()] if isinstance(given, str) else given

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, given: Any) -> Any:
        return given.upper() if isinstance(given, str) else given

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url.startswith("postgres://"):  # libpq's older spelling
            url = "postgresql://" + url.removeprefix("postgres://")
        if url.startswith(("postgresql://", "postgresql+psycopg://")):
            return url
        if url.startswith("sqlite:///") and len(url) > len("sqlite:///") and ":memory:" not in url:
            return url
        raise ValueError("must begin with postgresql:// or sqlite:/// and a file's path (not in memory)")

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be an address like https://rolecall.example.com")
        return url.rstrip("/")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"there is no time zone {name!r}; write it like Europe/Berlin") from None
        return name


def read(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Read the settings from the environment; `given` (command-line options) wins.

    Raises SettingsWrong with every mistake.
    """
    names = os.environ if environ is None else environ
    mistakes = _misspelt(names)
    values: dict[str, Any] = {
        name: names[PREFIX + name.upper()]
        for name in Settings.model_fields
        if names.get(PREFIX + name.upper(), "").strip()
    }
    values |= {name: value for name, value in given.items() if value is not None}
    wrong: set[str] = set()
    try:
        settings = Settings(**values)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            name = str(each["loc"][0])
            wrong.add(name)
            if each["type"] == "default_factory_not_called":
                continue  # it follows from another mistake
            mistakes.append(f"{PREFIX}{name.upper()}: {each['msg'].removeprefix('Value error, ')}")
        # What is wrong by itself steps aside, so that mistakes between settings are still seen in the same run.
        settings = Settings(**{name: value for name, value in values.items() if name not in wrong})
    mistakes += [said for between, said in _clashes(settings) if not wrong & between]
    if mistakes:
        raise SettingsWrong(mistakes)
    return settings


def _misspelt(names: Mapping[str, str]) -> list[str]:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    said = []
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            said.append(
                f"{name}: there is no such setting"
                + (f"; did you mean {close[0]}?" if close else "; see docs/settings.md")
            )
    return said


def _clashes(settings: Settings) -> list[tuple[set[str], str]]:
    """Mistakes between settings, each with the settings it is between."""
    said: list[tuple[set[str], str]] = []
    if settings.key is not None and settings.key_file is not None:
        said.append(({"key", "key_file"}, "ROLECALL_KEY and ROLECALL_KEY_FILE are both set; keep one"))
    if not settings.embedded and settings.key is None and settings.key_file is None:
        said.append(
            (
                {"key", "key_file", "database_url"},
                "ROLECALL_KEY_FILE: on PostgreSQL a key must be configured, the same for every process "
                "(make one: openssl rand -base64 32 > key && chmod 600 key)",
            )
        )
    if settings.embedded and settings.api_processes > 1:
        said.append(
            (
                {"api_processes", "database_url"},
                "ROLECALL_API_PROCESSES: SQLite serves one process; set ROLECALL_DATABASE_URL to a PostgreSQL for more",
            )
        )
    if settings.takeover_seconds < 3 * settings.heartbeat_seconds:
        said.append(
            (
                {"takeover_seconds", "heartbeat_seconds"},
                "ROLECALL_TAKEOVER_SECONDS must be at least three times ROLECALL_HEARTBEAT_SECONDS, "
                "or a worker that was merely slow loses its jobs",
            )
        )
    return said + signing_in.clashes(settings)


def _local_address(host: str, port: int) -> str:
    shown = "localhost" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host  # noqa: S104
    return f"http://{shown}:{port}"
