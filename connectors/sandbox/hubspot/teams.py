"""Teams and who is in them, as the settings list shows them and as the newer teams API does."""

from typing import Any

from connectors.sandbox.hubspot import paging
from connectors.sandbox.hubspot.errors import invalid, no_plan, not_found
from connectors.sandbox.hubspot.world import Call
from connectors.sandbox.wire import Answer

MEMBERS = """
    SELECT id, 'DEFAULT' AS type FROM account WHERE primary_team_id = :team AND state != 'removed'
    UNION ALL SELECT a.id, 'EXTRA' FROM secondary_team s JOIN account a ON a.id = s.account_id
    WHERE s.team_id = :team AND a.state != 'removed'
"""


def _on_plan(call: Call) -> None:
    if call.world.knobs["plan"] in {"free", "starter"}:
        raise no_plan("teams")


def listed(call: Call) -> Answer:
    """All teams with their members' ids, unpaged."""
    _on_plan(call)
    return Answer(200, {"results": [_shown(call, row) for row in call.store.rows("SELECT * FROM team ORDER BY id")]})


def _shown(call: Call, row: Any) -> dict[str, Any]:
    members = call.store.db.execute(MEMBERS, {"team": row["id"]}).fetchall()
    first = [m["id"] for m in members if m["type"] == "DEFAULT"]
    said = {
        "id": row["id"],
        "name": row["name"],
        "userIds": first,
        "secondaryUserIds": [m["id"] for m in members if m["type"] == "EXTRA"],
    }
    return said | ({"parentTeamId": row["parent_id"]} if row["parent_id"] and call.family == "2026-09-beta" else {})


def _find(call: Call, id: str) -> Any:
    _on_plan(call)
    row = call.store.row("SELECT * FROM team WHERE id = ?", [id])
    if row is None:
        raise not_found(f"Team {id} was not found")
    return row


def get(call: Call, id: str) -> Answer:
    """One team."""
    return Answer(200, _shown(call, _find(call, id)))


def members(call: Call, id: str) -> Answer:
    """Who is in a team, by page, and whether it is their first team."""
    _find(call, id)
    size, start = paging.limit(call, 100, 100, strict=False), paging.after(call, "members") or 0
    rows = call.store.db.execute(
        f"{MEMBERS} ORDER BY 1 LIMIT :size OFFSET :start", {"team": id, "size": size + 1, "start": start}
    ).fetchall()
    shown = [{"userId": row["id"], "type": row["type"]} for row in rows[:size]]
    return Answer(200, paging.page(call, "members", shown, size, start + size if len(rows) > size else None))


def leave(call: Call, id: str, member: str) -> Answer:
    """Take somebody out of a team; `type` says which kind of membership."""
    _find(call, id)
    kind = call.ask.one("type", "DEFAULT")
    if kind not in {"DEFAULT", "EXTRA"}:
        raise invalid(f"type must be DEFAULT or EXTRA, not {kind}")
    with call.store.change():
        if kind == "DEFAULT":
            done = call.store.db.execute(
                "UPDATE account SET primary_team_id = NULL WHERE id = ? AND primary_team_id = ?", [member, id]
            )
        else:
            done = call.store.db.execute(
                "DELETE FROM secondary_team WHERE account_id = ? AND team_id = ?", [member, id]
            )
        if done.rowcount:
            call.world.event("TEAM_USER_DELETED", member, call.acting, id)
    return Answer(204)
