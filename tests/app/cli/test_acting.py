"""actor, token and key; and settings that cannot be used."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from tests.app.cli.saying import Place


def test_an_actor_comes_gets_a_token_and_goes(empty: Place) -> None:
    empty.rolecall("actor", "add", "Ada", "--role", "admin", "--email", "ada@example.com").well()
    (ada,) = empty.rolecall("actor", "list", "--json").json()
    assert (ada["name"], ada["roles"], ada["ended"]) == ("Ada", ["admin"], None)
    token = empty.rolecall("token", "make", "ada@example.com").well().out.strip()
    empty.rolecall("token", "revoke", token.split("_")[1]).well()
    empty.rolecall("token", "make", "ada@example.com", "--scope", "see_findings", "--scope", "see_systems").well()
    empty.rolecall("token", "make", "ada@example.com", "--scope", "see_all").refused("see_all", "see_all_items")
    empty.rolecall("actor", "end", "ada@example.com").refused("last admin")
    empty.rolecall("actor", "add", "Root", "--role", "admin").well()
    empty.rolecall("actor", "end", "ada@example.com").well()
    ada, root = empty.rolecall("actor", "list", "--json").json()
    assert (bool(ada["ended"]), root["ended"]) == (True, None)
    empty.rolecall("token", "make", "ada@example.com").refused("gets in no more")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("actor", "add", "Ada", "--role", "emperor"), ("emperor", "auditor")),
        (("actor", "add", "Ada", "--role", "auditor"), ("auditor",)),  # for how long was not said
        (("actor", "end", "nobody@example.com"), ("nobody@example.com", "actor list")),
        (("token", "make", "nobody@example.com"), ("nobody@example.com", "actor list")),
        (("token", "revoke", "nothing"), ("nothing",)),
    ],
)
def test_who_is_not_there_or_may_not_is_refused(empty: Place, words: tuple[str, ...], told: tuple[str, ...]) -> None:
    empty.rolecall(*words).refused(*told)


def test_an_actor_is_signed_in_by_a_link_and_its_roles_come_and_go(empty: Place) -> None:
    empty.rolecall("actor", "add", "Ada", "--role", "reviewer").well()
    said = empty.rolecall("actor", "link", "Ada").well().out.strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:8321/links/[0-9a-f]{12}\.[\w-]{43}", said)
    empty.rolecall("actor", "give", "Ada", "auditor").refused("needs an end")
    empty.rolecall("actor", "give", "Ada", "auditor", "--days", "30").well()
    empty.rolecall("actor", "take", "Ada", "reviewer").well()
    (ada,) = empty.rolecall("actor", "list", "--json").json()
    assert ada["roles"] == ["auditor"]
    assert "0 sign-ins" in empty.rolecall("actor", "sign-out", "Ada").well().all
    empty.rolecall("actor", "link", "Eve").refused("Eve", "actor list")


def test_a_program_decides_by_a_hook_until_it_is_ended(empty: Place) -> None:
    empty.rolecall("actor", "add", "Ada", "--role", "reviewer").well()
    said = empty.rolecall("hook", "make", "Ada", "--label", "chat bot").well().out
    found = re.search(r"/api/v1/hooks/([0-9a-f]{12})/decisions\nwhsec_(\S+)\n$", said)
    assert found is not None
    (hook,) = empty.rolecall("hook", "list", "Ada", "--json").json()
    assert (hook["id"], hook["label"], hook["ended"]) == (found[1], "chat bot", None)
    assert found[2] not in empty.rolecall("hook", "rotate", found[1]).well().out
    empty.rolecall("hook", "end", found[1]).well()


# --- the key ---


def test_a_new_key_is_its_owners_alone_and_never_overwrites(empty: Place, tmp_path: Path) -> None:
    file = tmp_path / "new.key"
    empty.rolecall("key", "new", str(file)).well()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    said = empty.rolecall("key", "new", str(file)).refused(str(file))
    assert file.read_text() == before
    assert before.strip() not in said.all


def test_every_secret_is_sealed_with_a_new_key_and_the_old_one_may_go(place: Place, tmp_path: Path) -> None:
    former = (place.home / "key").read_text().strip()
    fresh = tmp_path / "fresh.key"
    place.rolecall("key", "new", str(fresh)).well()
    alone = {"ROLECALL_KEY_FILE": str(fresh)}
    said = place.rolecall("key", "rotate", **alone).refused("ROLECALL_FORMER_KEYS")
    assert former not in said.all
    assert "4 secrets" in place.rolecall("key", "rotate", ROLECALL_FORMER_KEYS=former, **alone).well().all
    assert "0 secrets" in place.rolecall("key", "rotate", **alone).well().all
    (told,) = place.rolecall("doctor", "Portal", "--json", **alone).json()["systems"]
    assert told["readable"]
    place.rolecall("system", "list").well()
    (told,) = place.rolecall("doctor", "Portal", "--json").json()["systems"]  # with the old key alone
    assert "ROLECALL_FORMER_KEYS" in told["because"]


# --- settings ---


def test_every_mistake_in_the_settings_is_said_at_once(empty: Place) -> None:
    wrong = {"ROLECALL_HOEM": "/tmp", "ROLECALL_PORT": "many", "ROLECALL_TIME_ZONE": "Europe/Atlantis"}
    said = empty.rolecall("system", "list", "--json", **wrong)
    said.refused("ROLECALL_HOEM", "did you mean ROLECALL_HOME?", "ROLECALL_PORT", "Europe/Atlantis")
    assert said.out == ""


def test_on_postgresql_a_key_must_be_configured(empty: Place) -> None:
    url = "postgresql://rolecall:pa55word@127.0.0.1:1/rolecall"
    said = empty.rolecall("system", "list", ROLECALL_DATABASE_URL=url).refused("ROLECALL_KEY_FILE")
    assert "pa55word" not in said.all


def test_a_database_that_is_away_is_said_without_its_password(empty: Place) -> None:
    url = "postgresql://rolecall:pa55word@127.0.0.1:1/rolecall"
    said = empty.rolecall("system", "list", ROLECALL_DATABASE_URL=url, ROLECALL_KEY="00" * 32)
    said.refused("The database cannot be used", "127.0.0.1")
    assert "pa55word" not in said.all


def test_sqlite_serves_one_process(empty: Place) -> None:
    empty.rolecall("serve", ROLECALL_API_PROCESSES="2").refused("ROLECALL_API_PROCESSES", "PostgreSQL")


def test_a_database_is_brought_to_its_schema_again_and_again(empty: Place) -> None:
    for _ in range(2):
        assert "has the schema" in empty.rolecall("migrate").well().out
