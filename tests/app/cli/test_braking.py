"""removal and system lane, at the command line."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from app.actors import actors, tokens
from app.actors.actor import Role
from app.cli.installation import operator
from app.inventory.tables import AccountRow, SystemRow
from app.kit import clock, ids
from app.remediation.tables import RemediationRow
from tests import make
from tests.app.cli.saying import Place


def removal(place: Place) -> str:
    """An open removal of an account; its id."""
    with place.means() as means, means.database.transaction() as session:
        mine = (
            select(AccountRow).join(SystemRow, SystemRow.id == AccountRow.system_id).where(SystemRow.name == "Portal")
        )
        account = session.scalars(mine.order_by(AccountRow.id)).first()
        assert account is not None
        row = RemediationRow(
            id=ids.uuid7(), system_id=account.system_id, account_id=account.id, subject=f"account:{account.id}",
            target={"kind": "account", "account_key": account.key, "username": account.username}, kind="account",
            wish="remove", status="open", since=clock.now(), steps=[], opened_at=clock.now(), due_at=clock.now(),
        )  # fmt: skip
        session.add(row)
        return str(row.id)


def test_what_holds_a_system_is_set_stopped_planned_and_released_by_somebodys_own_token(
    place: Place, tmp_path: Path
) -> None:
    mine = removal(place)
    place.rolecall("system", "lane", "Portal", "--hours", "whenever", "-r", "its support").refused("cannot be meant")
    told = place.rolecall(
        "system", "lane", "Portal", "--release-above", "0", "-r", "two people, always", "--json"
    ).json()
    assert told["release_above"] == 0
    place.rolecall("removal", "stop", "-r", "no").refused("Say why")
    place.rolecall("removal", "stop", "-r", "something is wrong").well()
    plan = place.rolecall("removal", "plan", mine, "--json").json()
    assert plan["held"]["code"] == "stopped"
    assert plan["steps"]  # it has no executor
    place.rolecall("removal", "resume", "-r", "a false alarm").well()
    with place.means() as means, means.database.transaction() as session:
        row = actors.make(session, "Mo", {Role.ADMIN: None}, by=make.ADMIN, at=clock.now())
        (tmp_path / "token").write_text(tokens.make(session, row, "mine", days=1, by=make.ADMIN, at=clock.now()))
    release = ("removal", "release", "Portal", "--token", str(tmp_path / "token"), "--json")
    bare = ("removal", "release", "Portal")
    told = place.rolecall(*bare).well().all
    assert ("Portal" in told or mine in told, "Settings" in told, "/lane" in told) == (True, True, True)
    place.rolecall(*bare, "--seen", "0" * 64, "-r", "looked at it").refused("token of theirs", "under Settings")
    with place.means() as means, means.database.transaction() as session:
        cli = actors.make(session, "Shell", {Role.ADMIN: None}, by=operator(), at=clock.now())
        (tmp_path / "made").write_text(tokens.make(session, cli, "anybody's", days=1, by=operator(), at=clock.now()))
    place.rolecall(*bare, "--token", str(tmp_path / "made")).refused("made at a command line", "under Settings")
    shown = place.rolecall(*release).json()
    assert (shown["released"], shown["removals"]) == (False, [mine])
    assert place.rolecall(*release, "--seen", shown["digest"], "-r", "looked at it").json()["released"]
    (tmp_path / "token").write_text("rolecall_none_none")
    place.rolecall(*release, "--seen", shown["digest"], "-r", "looked at it").refused("not valid")
