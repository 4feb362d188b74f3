"""What the portal tells of itself: sign-ins, security events, the audit log, its details, and its use of the API."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

from connectors.sandbox.hubspot import moments, paging
from connectors.sandbox.hubspot.errors import invalid, no_plan, not_found
from connectors.sandbox.hubspot.portal import PORTAL_ID
from connectors.sandbox.hubspot.world import DAILY, Call
from connectors.sandbox.wire import Answer

SIGN_INS_KEPT = timedelta(days=90)
MOST = 200


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if v is not None}


def _page(call: Call, what: str, conditions: list[str], values: list[Any], show: Any) -> Answer:
    """A page of a history, newest first."""
    size, start = paging.limit(call, 100, MOST), paging.after(call, what)
    if start is not None:
        conditions, values = [*conditions, "seq < ?"], [*values, start]
    where = " AND ".join(conditions) or "1"
    rows = call.store.rows(f"SELECT * FROM {what} WHERE {where} ORDER BY seq DESC LIMIT ?", [*values, size + 1])
    shown = [_said(show(row)) for row in rows[:size]]
    return Answer(200, paging.page(call, what, shown, size, rows[size - 1]["seq"] if len(rows) > size else None))


def _account(call: Call) -> tuple[list[str], list[Any]]:
    wanted = call.ask.one("userId")
    if wanted and not wanted.isdigit():
        raise invalid("userId must be a number")
    return (["account_id = ?"], [wanted]) if wanted else ([], [])


def _on_plan(call: Call, what: str) -> None:
    if call.world.knobs["plan"] == "free":
        raise no_plan(what)


def logins(call: Call) -> Answer:
    """Sign-ins, failed ones too, of the last ninety days and no further."""
    _on_plan(call, "login history")
    conditions, values = _account(call)
    since = moments.written(call.world.clock.now() - SIGN_INS_KEPT)
    return _page(call, "login", [*conditions, "at >= ?"], [*values, since], _login)


def _login(row: Any) -> dict[str, Any]:
    return {
        "id": str(900000 + row["seq"]),
        "loginAt": row["at"],
        "loginSucceeded": bool(row["ok"]),
        "userId": int(row["account_id"]) if row["account_id"] else None,
        "email": row["email"],
        "ipAddress": row["ip"],
        "location": row["location"],
        "countryCode": row["country"],
        "regionCode": row["region"],
        "userAgent": row["agent"],
    }


def security(call: Call) -> Answer:
    """Security events; `fromTimestamp` and `toTimestamp` are milliseconds."""
    _on_plan(call, "security history")
    conditions, values = _account(call)
    by_actor = call.world.knobs["security_user"] == "actor"
    if conditions and by_actor:
        conditions = ["acting = (SELECT email FROM account WHERE id = ?)"]
    for name, test in (("fromTimestamp", "at >= ?"), ("toTimestamp", "at <= ?")):
        text = call.ask.one(name)
        if text:
            if not text.isdigit():
                raise invalid(f"{name} must be milliseconds since 1970")
            conditions, values = [*conditions, test], [*values, moments.written(moments.of_milliseconds(text))]
    return _page(call, "security", conditions, values, partial(_event, actors=_by_email(call) if by_actor else None))


def _by_email(call: Call) -> dict[str, str]:
    return {row["email"]: row["id"] for row in call.store.rows("SELECT id, email FROM account")}


def _event(row: Any, actors: dict[str, str] | None) -> dict[str, Any]:
    """HubSpot does not say whether `userId` is whom it happened to or who did it; with `actors` it is who did it."""
    return {
        "id": str(500000 + row["seq"]),
        "createdAt": row["at"],
        "type": row["type"],
        "userId": int(row["account_id"] if actors is None else actors[row["acting"]]),
        "actingUser": row["acting"],
        "objectId": row["object_id"],
        "ipAddress": row["ip"],
        "location": row["location"],
        "countryCode": row["country"],
        "regionCode": row["region"],
    }


def audit_log(call: Call) -> Answer:
    """The audit log, which only Enterprise has."""
    if call.world.knobs["plan"] != "enterprise":
        raise no_plan("audit logs")
    conditions, values = list[str](), list[Any]()
    acting = [v for value in call.ask.query.get("actingUserId", []) for v in value.split(",")]
    if acting:
        conditions, values = [f"account_id IN ({','.join('?' * len(acting))})"], [*acting]
    for name, test in (("occurredAfter", "at > ?"), ("occurredBefore", "at < ?")):
        text = call.ask.one(name)
        if text:
            try:
                values.append(moments.written(moments.read(re.sub(" ", "+", text))))
            except ValueError:
                raise invalid(f"{name} must be an ISO moment") from None
            conditions.append(test)
    return _page(call, "audit", conditions, values, _entry)


def _entry(row: Any) -> dict[str, Any]:
    who = _said({"userId": int(row["account_id"]), "userEmail": row["email"]})
    said = {
        "id": str(700000 + row["seq"]),
        "category": row["category"],
        "subCategory": row["sub_category"],
        "action": row["action"],
    }
    return said | {"targetObjectId": row["target"], "occurredAt": row["at"], "actingUser": who}


def details(call: Call) -> Answer:
    """What the portal is."""
    said = {
        "portalId": PORTAL_ID,
        "accountType": "STANDARD",
        "timeZone": "Europe/Amsterdam",
        "companyCurrency": "EUR",
        "additionalCurrencies": [],
    }
    said |= {
        "utcOffset": "+01:00",
        "utcOffsetMilliseconds": 3600000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }
    newer = (
        {"portalName": "Northwind Sandbox", "createdAt": "2018-03-01T09:00:00.000Z"} if call.family == "2026-09" else {}
    )
    return Answer(200, said | newer)


def usage(call: Call) -> Answer:
    """How much of the daily allowance all private apps together have used."""
    most = DAILY[call.world.knobs["plan"]]
    midnight = call.world.clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    said = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": most,
        "currentUsage": call.world.today_used,
        "fetchStatus": "SUCCESS",
    }
    return Answer(200, {"results": [said | {"collectedAt": call.world.now(), "resetsAt": moments.written(midnight)}]})


def smtp_tokens(call: Call) -> Answer:
    """Credentials for sending mail, a page of them."""
    shown = _smtp_shown(call)
    size, start = paging.limit(call, 100, 100, strict=False), paging.after(call, "smtp") or 0
    onward = start + size if len(shown) > start + size else None
    return Answer(200, paging.page(call, "smtp", shown[start : start + size], size, onward))


def smtp_token(call: Call, id: str) -> Answer:
    """One credential for sending mail, by its id."""
    for each in _smtp_shown(call):
        if each["id"] == id:
            return Answer(200, each)
    raise not_found("SMTP token not found")


def _smtp_shown(call: Call) -> list[dict[str, Any]]:
    rows = call.store.rows("SELECT * FROM smtp_token ORDER BY id")
    return [
        {
            "id": r["id"],
            "userName": r["user_name"],
            "campaignName": r["campaign"],
            "createdBy": r["created_by"],
            "createdAt": r["created_at"],
        }
        | {"createContact": False, "emailCampaignId": str(4000 + n)}
        for n, r in enumerate(rows)
    ]
