"""Everything an operator can turn."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from app import settings
from app.settings import Settings, SettingsWrong

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"
KEY = "00" * 32
POSTGRES = {"ROLECALL_DATABASE_URL": "postgresql://rolecall:hunter2@db/rolecall", "ROLECALL_KEY": KEY}


def test_an_empty_environment_is_enough() -> None:
    made = settings.read({})
    assert made.embedded
    assert made.home.is_absolute()
    assert made.database_url == f"sqlite:///{made.home}/rolecall.db"
    assert made.base_url == "http://127.0.0.1:8321"


def test_the_database_lies_in_the_home_that_was_chosen(tmp_path: Path) -> None:
    assert settings.read({"ROLECALL_HOME": str(tmp_path)}).database_url == f"sqlite:///{tmp_path}/rolecall.db"


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert settings.read({"ROLECALL_PORT": "", "ROLECALL_KEY": " "}) == settings.read({})


def test_an_option_wins_over_the_environment() -> None:
    assert settings.read({"ROLECALL_PORT": "9000"}, port=9001, host=None).port == 9001


def test_nothing_can_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings.read({}).port = 1  # type: ignore[misc]


def test_all_mistakes_are_told_at_once() -> None:
    wrong = {
        "ROLECALL_PORT": "many",
        "ROLECALL_TIME_ZONE": "Mars/Olympus",
        "ROLECALL_INACTIVE_DAY": "9",
        "ROLECALL_DATABASE_URL": "mysql://db",
        "ROLECALL_INACTIVE_DAYS": "0",
        "ROLECALL_HEARTBEAT_SECONDS": "60",
        "ROLECALL_KEY": KEY,
        "ROLECALL_KEY_FILE": "/nowhere",
    }
    with pytest.raises(SettingsWrong) as caught:
        settings.read(wrong)
    assert len(caught.value.mistakes) == 7
    text = str(caught.value)
    for said in ("did you mean ROLECALL_INACTIVE_DAYS?", "Mars/Olympus", "postgresql://", "keep one", "three times"):
        assert said in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ROLECALL_DATABASE_URL": "postgresql://db/x"}, "a key must be configured"),
        ({"ROLECALL_API_PROCESSES": "2"}, "SQLite serves one process"),
        ({"ROLECALL_DATABASE_URL": "sqlite://"}, "not in memory"),
        ({"ROLECALL_DATABASE_URL": "sqlite:///:memory:"}, "not in memory"),
        ({"ROLECALL_BASE_URL": "rolecall.example.com"}, "https://"),
        ({"ROLECALL_LOG_LEVEL": "loud"}, "ROLECALL_LOG_LEVEL"),
        ({"ROLECALL_MAX_REMOVALS_PERCENT": "101"}, "ROLECALL_MAX_REMOVALS_PERCENT"),
        ({"ROLECALL_OIDC_ISSUER": "https://id.example.com"}, "set both"),
        ({"ROLECALL_OIDC_ISSUER": "https://id.example.com", "ROLECALL_OIDC_CLIENT_ID": "x"}, "which groups give which"),
        (
            {"ROLECALL_OIDC_ISSUER": "http://id.example.com", "ROLECALL_OIDC_CLIENT_ID": "x"},
            "http only on this machine",
        ),
        ({"ROLECALL_OIDC_ROLES": "boss=everybody"}, "must be like admin="),
        ({"ROLECALL_OIDC_ROLES": "service=programs"}, "must be like admin="),
        ({"ROLECALL_OIDC_DEFAULT_ROLE": "admin"}, "never given to everybody"),
        ({"ROLECALL_OIDC_SCOPES": "email"}, "must contain openid"),
        ({"ROLECALL_TRUSTED_PROXIES": "proxy"}, "no address and no network"),
    ],
)
def test_a_mistake_is_told_in_plain_words(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsWrong, match=re.escape(said)):
        settings.read(given)


def test_on_postgresql_several_processes_may_serve() -> None:
    made = settings.read(POSTGRES | {"ROLECALL_API_PROCESSES": "2"})
    assert not made.embedded


def test_the_older_spelling_of_postgresql_is_understood() -> None:
    given = POSTGRES | {"ROLECALL_DATABASE_URL": "postgres://db/x"}
    assert settings.read(given).database_url == "postgresql://db/x"


def test_no_secret_is_shown() -> None:
    made = settings.read(POSTGRES | {"ROLECALL_FORMER_KEYS": "11" * 32})
    assert "hunter2" not in repr(made)
    assert KEY not in repr(made)
    assert "11" * 32 not in repr(made)
    with pytest.raises(SettingsWrong) as caught:
        settings.read(POSTGRES | {"ROLECALL_DATABASE_URL": "mysql://root:hunter2@db"})
    assert "hunter2" not in str(caught.value)


def test_former_keys_are_separated_by_commas() -> None:
    made = settings.read({"ROLECALL_FORMER_KEYS": f"{'11' * 32}, {'22' * 32}"})
    assert [each.get_secret_value() for each in made.former_keys] == ["11" * 32, "22" * 32]


def test_groups_that_give_a_role_are_written_in_one_line() -> None:
    made = settings.read({"ROLECALL_OIDC_ROLES": "admin=crm admins; reviewer=managers, leads;"})
    assert made.oidc_roles == {"admin": ("crm admins",), "reviewer": ("managers", "leads")}


def test_the_environment_of_this_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith("ROLECALL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROLECALL_PORT", "9000")
    assert settings.read().port == 9000


def _documented() -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| `(ROLECALL_\w+)` \| (.*?) \| (.*?) \|$", DOCS.read_text(), re.MULTILINE)
    return {name: (default, text) for name, default, text in rows}


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    assert set(_documented()) == {"ROLECALL_" + name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_the_documentation_says_what_the_code_does(name: str) -> None:
    default, text = _documented()["ROLECALL_" + name.upper()]
    field = Settings.model_fields[name]
    assert text == field.description
    assert "Default" in text, "a description gives the default's reason"
    if field.default_factory is None:
        empty = field.default in (None, (), "", {})
        shown = ", ".join(map(str, field.default)) if isinstance(field.default, tuple) else str(field.default)
        shown = shown.lower() if isinstance(field.default, bool) else shown
        assert default == ("–" if empty else f"`{shown}`")
