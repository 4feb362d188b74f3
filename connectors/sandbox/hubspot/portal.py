"""The company as a HubSpot portal: who has an account there, in which role and team, and what is remembered of them."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.sandbox.attendance import sign_ins
from connectors.sandbox.company import DOMAIN, Company, Person
from connectors.sandbox.hubspot.moments import written
from connectors.sandbox.roster import MACHINES
from connectors.sandbox.store import Store

PORTAL_ID, APP_IDS = 48151623, {"reader": 7001001, "executor": 7001002}
TABLES = (
    """CREATE TABLE account (
        seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, email TEXT COLLATE NOCASE UNIQUE NOT NULL,
        first_name TEXT, last_name TEXT, role_id TEXT, primary_team_id TEXT, super_admin INTEGER NOT NULL DEFAULT 0,
        seat TEXT, state TEXT NOT NULL CHECK (state IN ('active', 'invited', 'deactivated', 'removed')),
        record_id TEXT, owner_id TEXT, title TEXT, phone TEXT,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL, removed_at REAL)""",
    """CREATE TABLE secondary_team (
        account_id TEXT NOT NULL, team_id TEXT NOT NULL, PRIMARY KEY (account_id, team_id))""",
    "CREATE TABLE role (id TEXT PRIMARY KEY, name TEXT NOT NULL, billing INTEGER NOT NULL)",
    "CREATE TABLE team (id TEXT PRIMARY KEY, name TEXT NOT NULL, parent_id TEXT)",
    """CREATE TABLE login (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, ok INTEGER NOT NULL, account_id TEXT, email TEXT, ip TEXT,
        location TEXT, country TEXT, region TEXT, agent TEXT)""",
    "CREATE INDEX login_account ON login (account_id)",
    "CREATE INDEX login_at ON login (at)",
    """CREATE TABLE security (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, type TEXT NOT NULL, account_id TEXT, acting TEXT, object_id TEXT,
        ip TEXT, location TEXT, country TEXT, region TEXT)""",
    """CREATE TABLE audit (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, category TEXT NOT NULL, sub_category TEXT, action TEXT NOT NULL,
        target TEXT, account_id TEXT, email TEXT)""",
    "CREATE TABLE smtp_token (id TEXT PRIMARY KEY, user_name TEXT, campaign TEXT, created_by TEXT, created_at TEXT)",
)
ROLES = {  # name -> whether assigning it costs money
    "Sales Representative": False,
    "Sales Manager": False,
    "Marketing Editor": False,
    "Marketing Manager": False,
    "Service Agent": False,
    "Operations Analyst": False,
    "Read Only": False,
    "Data Exporter": False,
    "Billing Administrator": True,
}
ROLE_OF = {
    "Sales": "Sales Representative",
    "Marketing": "Marketing Editor",
    "Customer Success": "Service Agent",
    "Support": "Service Agent",
}
LEAD_ROLE_OF = {"Sales": "Sales Manager", "Marketing": "Marketing Manager"}
ADMINS = ("departed_admin", "admins_reasoned", "admins_unreasoned")
EXTRA_TEAMS = {"Campaign Approvers": "Marketing", "Enterprise Deals": "Sales"}


def write(store: Store, company: Company) -> dict[str, list[str]]:
    """The whole portal into an empty store. Says what was planted: part -> account ids."""
    for statement in TABLES:
        store.db.execute(statement)
    rng = random.Random(f"hubspot:{company.seed}")
    store.fill(
        "role",
        ("id", "name", "billing"),
        [(str(300001 + n), name, int(b)) for n, (name, b) in enumerate(ROLES.items())],
    )
    teams = _teams(store, company)
    planted: dict[str, list[str]] = {}
    accounts = _accounts(store, company, teams, planted, rng)
    store.keep("accounts", accounts)
    store.keep(
        "next",
        {
            "account": 71000000 + len(accounts) + 100,
            "record": 250000 + len(accounts) + 100,
            "owner": 880000 + len(accounts) + 100,
        },
    )
    columns = ("at", "ok", "account_id", "email", "ip", "location", "country", "region", "agent")
    store.fill("login", columns, sorted(_logins(company, accounts, planted)))
    store.fill(
        "security",
        ("at", "type", "account_id", "acting", "object_id", "ip"),
        sorted(_security(store, company, accounts), key=lambda r: r[0]),
    )
    store.fill(
        "audit",
        ("at", "category", "sub_category", "action", "target", "account_id", "email"),
        _audit(store, company, rng),
    )
    _smtp_tokens(store, company, accounts)
    return planted


def _smtp_tokens(store: Store, company: Company, accounts: dict[str, str]) -> None:
    """Two credentials for sending mail; one was made by somebody who has left."""
    departed = store.scalar("SELECT email FROM account WHERE id = ?", [accounts[company.parts["departed_admin"][0]]])
    rows = [
        ("smtp-1", "web-forms@northwind", "receipts", f"svc-web-forms@{DOMAIN}"),
        ("smtp-2", "legacy@northwind", "newsletter 2019", departed),
    ]
    store.fill(
        "smtp_token",
        ("id", "user_name", "campaign", "created_by", "created_at"),
        [(*r, _ago(company, 640)) for r in rows],
    )


def _ago(company: Company, days: float) -> str:
    return written(company.midnight() - timedelta(days=days))


def _day(day: date, hour: int = 9) -> str:
    return written(datetime.combine(day, time(hour), UTC))


def _teams(store: Store, company: Company) -> dict[str, str]:
    """One team per department, and some beside them; ids by name."""
    names = dict.fromkeys(company.people[k].department for k in company.line_managers)
    teams = {name: str(510001 + n) for n, name in enumerate([*names, *EXTRA_TEAMS])}
    rows = [(id, name, teams.get(EXTRA_TEAMS.get(name, ""))) for name, id in teams.items()]
    store.fill("team", ("id", "name", "parent_id"), rows)
    return teams


def _accounts(
    store: Store, company: Company, teams: dict[str, str], planted: dict[str, list[str]], rng: random.Random
) -> dict[str, str]:
    parts = {key: part for part, keys in company.parts.items() for key in keys}
    role_ids = {row["name"]: row["id"] for row in store.rows("SELECT id, name FROM role")}
    accounts: dict[str, str] = {}
    rows, secondary = list[dict[str, Any]](), list[tuple[str, str]]()

    def add(key: str, row: dict[str, Any]) -> str:
        n = len(rows) + 1
        id = str(71000000 + n)
        there = row["state"] not in {"invited", "removed"}
        numbers = {"id": id, "record_id": str(250000 + n) if there else None, "owner_id": str(880000 + n)}
        defaults = {
            "role_id": None,
            "primary_team_id": None,
            "super_admin": 0,
            "seat": "Core Seat",
            "title": None,
            "phone": None,
        }
        rows.append(defaults | numbers | row | {"updated_at": row["created_at"]})
        accounts[key] = id
        return id

    for person in company.people.values():
        if not person.hubspot:
            continue
        part = parts.get(person.key, "")
        id = add(person.key, _account(company, person, part, role_ids, teams))
        planted.setdefault(part, []).append(id)
        if part == "movers" or rng.random() < 0.1:
            secondary.append((id, teams[rng.choice(list(EXTRA_TEAMS))]))
    _others(company, role_ids, add, planted)
    columns = tuple(rows[0])
    store.fill("account", columns, (tuple(row[c] for c in columns) for row in rows))
    store.fill("secondary_team", ("account_id", "team_id"), secondary)
    planted.pop("", None)
    return accounts


def _account(
    company: Company, person: Person, part: str, role_ids: dict[str, str], teams: dict[str, str]
) -> dict[str, Any]:
    works_in = person.former_department or person.department
    gone = person.end is not None and person.end < company.today
    state = "active"
    if gone and part not in {"departed_admin", "leavers_hubspot"}:
        state = "removed" if int(person.key[1:]) % 2 else "deactivated"
    if part == "never_used_hubspot":
        state = "invited"
    roles = LEAD_ROLE_OF if person.key in company.line_managers else ROLE_OF
    admin = part in ADMINS
    return {
        "email": person.emails[-1],
        "first_name": person.given or None,
        "last_name": person.family,
        "role_id": None if admin else role_ids[roles.get(works_in, "Read Only")],
        "primary_team_id": teams.get(works_in),
        "super_admin": int(admin),
        "seat": "Sales Seat" if works_in == "Sales" else "Core Seat",
        "state": state,
        "title": person.title,
        "created_at": _day(person.start),
    }


def _others(company: Company, role_ids: dict[str, str], add: Any, planted: dict[str, list[str]]) -> None:
    """Machines, and the accounts that no roster knows."""
    base = {"state": "active", "created_at": _ago(company, 500)}
    for box, label, _, crm, _ in MACHINES:
        if crm in {"hubspot", "both"}:
            row = {"email": f"{box}@{DOMAIN}", "first_name": None, "last_name": label, "role_id": role_ids["Read Only"]}
            planted.setdefault("machines", []).append(add(box, base | row))
    for box, first, last, role in (
        ("agency.partner", "Agency", "Partner", "Marketing Editor"),
        ("frontdesk", "Front", "Desk", "Service Agent"),
        ("temp.export", "Temp", "Export", "Data Exporter"),
    ):
        row = {"email": f"{box}@{DOMAIN}", "first_name": first, "last_name": last, "role_id": role_ids[role]}
        planted.setdefault("nobody", []).append(add(box, base | row))


def login_row(at: str, ok: bool, account: str, email: str, rng: random.Random) -> tuple[Any, ...]:
    """One sign-in; some know less about themselves than others."""
    known = rng.random() > 0.12
    country, region, place = rng.choice(
        (("nl", "ut", "utrecht, netherlands"), ("de", "be", "berlin, germany"), ("ie", "l", "dublin, ireland"))
    )
    said = (f"198.51.100.{rng.randint(1, 254)}", place, country, region) if known else (None,) * 4
    return (at, int(ok), account, email if rng.random() > 0.03 else None, *said, "Mozilla/5.0" if known else None)


def _logins(company: Company, accounts: dict[str, str], planted: dict[str, list[str]]) -> Iterator[tuple[Any, ...]]:
    for person in company.people.values():
        if person.key not in accounts:
            continue
        rng = random.Random(f"hubspot logins:{company.seed}:{person.key}")
        for at in sign_ins(company, person, "hubspot"):
            if rng.random() < 0.04:
                yield login_row(
                    written(at - timedelta(seconds=40)), False, accounts[person.key], person.emails[-1], rng
                )
            yield login_row(written(at), True, accounts[person.key], person.emails[-1], rng)
    rng = random.Random(f"hubspot others:{company.seed}")
    for n, box in enumerate(("svc-web-forms", "svc-event-import", "agency.partner", "frontdesk", "temp.export"), 1):
        yield login_row(_ago(company, n + 0.3), True, accounts[box], f"{box}@{DOMAIN}", rng)


def _security(store: Store, company: Company, accounts: dict[str, str]) -> Iterator[tuple[Any, ...]]:
    rows = store.rows("SELECT id, email, state, super_admin, created_at FROM account")
    admin = store.scalar("SELECT email FROM account WHERE id = ?", [accounts[company.parts["admins_reasoned"][0]]])
    ends = {accounts[p.key]: p.end for p in company.people.values() if p.key in accounts and p.end}
    for row in rows:
        yield (row["created_at"], "ADD_USER", row["id"], admin, row["id"], None)
        if row["super_admin"]:
            yield (row["created_at"], "ADD_ADMIN_USER", row["id"], admin, row["id"], None)
        if row["state"] in {"deactivated", "removed"}:
            kind = "DEACTIVATE_USER" if row["state"] == "deactivated" else "REMOVE_USER"
            yield (_day(ends[row["id"]], 17), kind, row["id"], admin, row["id"], None)
    departed = accounts[company.parts["departed_admin"][0]]
    email = store.scalar("SELECT email FROM account WHERE id = ?", [departed])
    ip = "203.0.113.77"
    for days, kind, what in (
        (400, "INSTALL_INTEGRATION", "Data Loader Partner"),
        (390, "PRIVATE_APP_ACCESS_TOKEN_CREATE", "nightly-export"),
        (120, "SERVICE_KEY_CREATE", "reporting-key"),
        (2.4, "SERVICE_KEY_REVEAL", "reporting-key"),  # after the last day of work
        (2.3, "CONTACT_DATA_EXPORT", "all contacts"),
    ):
        yield (_ago(company, days), kind, departed, email, what, ip)
    reader = accounts[company.parts["admins_reasoned"][0]]
    for days, kind, what in (
        (610, "INSTALL_INTEGRATION", "Badge Printer 2019"),
        (300, "INSTALL_INTEGRATION", "Quote Calculator Trial"),
        (250, "UNINSTALL_INTEGRATION", "Quote Calculator Trial"),
        (640, "SMTP_TOKEN_CREATED", "smtp-1"),
        (30, "SERVICE_KEY_CREATE", "rolecall-reader"),
        (30, "SERVICE_KEY_CREATE", "rolecall-executor"),
    ):
        yield (_ago(company, days), kind, reader, admin, what, None)


def _audit(store: Store, company: Company, rng: random.Random) -> Iterator[tuple[Any, ...]]:
    people = store.rows("SELECT id, email FROM account WHERE state = 'active' ORDER BY seq LIMIT 60")
    kinds = (
        ("PIPELINE", "DEAL", "UPDATE"),
        ("PROPERTY_VALUE", None, "UPDATE"),
        ("LOGIN", None, "PERFORM"),
        ("CRM_OBJECT", "CONTACT", "CREATE"),
    )
    for at in sorted((rng.uniform(0.2, 60) for _ in range(200)), reverse=True):
        who, (category, sub, action) = rng.choice(people), rng.choice(kinds)
        yield (_ago(company, at), category, sub, action, str(rng.randint(10**6, 10**7)), who["id"], who["email"])
