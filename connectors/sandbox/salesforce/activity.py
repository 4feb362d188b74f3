"""What the org remembers of its use: sign-ins, live sessions, second factors, issued tokens, changes in setup."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.attendance import sign_ins
from connectors.sandbox.company import Person
from connectors.sandbox.names import words
from connectors.sandbox.roster import MACHINES
from connectors.sandbox.salesforce import cast, moments
from connectors.sandbox.salesforce.accounts import SILENT_MACHINES
from connectors.sandbox.salesforce.furniture import FOUNDER
from connectors.sandbox.salesforce.org import Draft, ago

LOGIN = words(
    "UserId LoginTime LoginType LoginSubType Status Application SourceIp CountryIso Browser Platform ApiType "
    "ApiVersion ClientVersion LoginUrl TlsProtocol CipherSuite OptionsIsGet OptionsIsPost"
)
FAILURES = ("Invalid Password", "Failed: Computer activation required", "Invalid Password", "User Locked Out")
COUNTRIES = ("NL", "NL", "NL", "DE", "IE", "ES", "NO")


def write(draft: Draft) -> None:
    """All of it, up to the beginning of the company's today."""
    draft.fill("LoginHistory", tuple(LOGIN), _logins(draft))
    _tokens(draft)
    _sessions(draft)
    _second_factors(draft)
    _audit_trail(draft)


def login_row(account: str, at: datetime, kind: str, rng: random.Random, status: str = "Success") -> tuple[Any, ...]:
    """One sign-in. `kind`: browser, phone, or the OAuth flow of a machine."""
    by_kind = {
        "browser": ("Application", None, "Browser", "Chrome 142", "Windows 11", None, None, "N/A"),
        "phone": (
            "Remote Access 2.0",
            "OauthRefreshToken",
            "Salesforce for iOS",
            "Mobile Safari",
            "iPhone",
            None,
            None,
            "258.010",
        ),
        "machine": (
            "Remote Access 2.0",
            "OauthClientCredentials",
            "Integration",
            "Unknown",
            "Unknown",
            "REST",
            "67.0",
            "N/A",
        ),
        "soap": ("Other Apex API", None, "Integration", "Unknown", "Unknown", "SOAP Partner", "64.0", "N/A"),
        "assertion": ("Remote Access 2.0", None, "Integration", "Unknown", "Unknown", "REST", "67.0", "N/A"),
    }
    login_type, sub, application, browser, platform, api, version, client = by_kind[kind]
    country = rng.choice(COUNTRIES)
    ip = f"198.51.100.{rng.randint(1, 254)}" if kind != "machine" else "203.0.113.17"
    tls = "TLS 1.2" if rng.random() < 0.1 else "TLS 1.3"
    flow = (login_type, sub, status, application, ip, country, browser, platform, api, version, client)
    url = "northwind-sandbox.my.salesforce.com"
    return (account, moments.written(at), *flow, url, tls, "TLS_AES_256_GCM_SHA384", 0, 1)


def _logins(draft: Draft) -> Iterator[tuple[Any, ...]]:
    for person in draft.company.people.values():
        if person.key in draft.accounts:
            yield from _of_person(draft, person)
    rng = draft.rng("machines")
    for box, _, _, crm, _ in MACHINES:
        if crm == "hubspot" or box.startswith("rolecall"):
            continue
        last = SILENT_MACHINES.get(box, 0)
        for ago_days in range(min(240, draft.company.history + 40), last, -1):
            at = draft.company.midnight() - timedelta(days=ago_days - 0.1, seconds=-rng.randint(0, 3000))
            yield login_row(draft.accounts[box], at, "machine", rng)
    for account in [*draft.planted["nobody"], draft.planted["second_account"][-1]]:
        seen = draft.store.scalar('SELECT "LastLoginDate" FROM "User" WHERE "Id" = ?', [account])
        yield login_row(account, moments.read(seen), "browser", rng)


def _of_person(draft: Draft, person: Person) -> Iterator[tuple[Any, ...]]:
    rng = draft.rng(f"logins:{person.key}")
    account = draft.accounts[person.key]
    for at in sign_ins(draft.company, person, "salesforce"):
        if rng.random() < 0.04:  # a slip of the finger before
            yield login_row(account, at - timedelta(seconds=rng.randint(20, 90)), "browser", rng, rng.choice(FAILURES))
        yield login_row(account, at, "phone" if rng.random() < 0.15 else "browser", rng)


def token_row(
    draft_id: str, account: str, app: str, made: str, used: str | None, uses: int, rng: random.Random
) -> dict[str, Any]:
    """One issued token. `DeleteToken` is what revocation takes; the other two are secrets that nobody should read."""
    secret = f"{rng.getrandbits(200):050x}"
    row = {
        "Id": draft_id,
        "UserId": account,
        "AppName": app,
        "CreatedDate": made,
        "LastUsedDate": used,
        "UseCount": uses,
    }
    return row | {
        "DeleteToken": f"del{secret}",
        "AccessToken": f"5Aep{secret[::-1]}",
        "RequestToken": f"req{secret[:20]}",
    }


def _tokens(draft: Draft) -> None:
    rng = draft.rng("tokens")

    def issue(account: str, app: str, made: float, used: float | None, uses: int) -> str:
        at = None if used is None else ago(draft.company, used)
        row = token_row(draft.id("OauthToken"), account, app, ago(draft.company, made), at, uses, rng)
        draft.store.add("OauthToken", row)
        return str(row["DeleteToken"])

    departed = draft.accounts[draft.company.parts["departed_admin"][0]]
    draft.plant("departed_admin_tokens", issue(departed, "Data Loader Partner", 420, 2.3, 1877))
    for box, label, _, crm, _ in MACHINES:
        if crm == "salesforce":
            silent = SILENT_MACHINES.get(box)
            token = issue(draft.accounts[box], label, 690, silent or 0.2, 9000 if not silent else 410)
            if silent:
                draft.plant("dormant_tokens", token)
    active = draft.store.column(
        'SELECT "Id" FROM "User" WHERE "IsActive" = 1 AND "LastLoginDate" > ? ORDER BY "Id"', [ago(draft.company, 30)]
    )
    for account in active:
        if rng.random() < 0.3:
            issue(account, "Salesforce for iOS", rng.randint(40, 300), rng.randint(1, 20), rng.randint(10, 900))
    staff = [draft.accounts[k] for k in draft.company.line_managers]
    for n, app in enumerate(cast.DORMANT_APPS):
        for account in (staff[n], staff[n + 4]):  # half were used once long ago, half never
            used = 205.0 + rng.randint(0, 150) if account == staff[n] else None
            draft.plant("dormant_tokens", issue(account, app, 500, used, 0 if used is None else rng.randint(1, 40)))


def _sessions(draft: Draft) -> None:
    rng = draft.rng("sessions")
    recent = draft.store.column(
        'SELECT "Id" FROM "User" WHERE "IsActive" = 1 AND "LastLoginDate" > ? ORDER BY "Id"', [ago(draft.company, 4)]
    )
    departed = draft.accounts[draft.company.parts["departed_admin"][0]]
    for n, account in enumerate([departed, *rng.sample(recent, min(60, len(recent)))]):
        id = draft.id("AuthSession")
        made = ago(draft.company, rng.random())
        row = {
            "Id": id,
            "UsersId": account,
            "ParentId": id,
            "SessionType": "UI",
            "LoginType": "Application",
            "SessionSecurityLevel": "STANDARD",
        }
        row |= {
            "SourceIp": f"198.51.100.{rng.randint(1, 254)}",
            "NumSecondsValid": 43200,
            "UserType": "Standard",
            "IsCurrent": 0,
        }
        row |= {"IsAssociatedWithJwtAccessToken": 0, "CreatedDate": made, "LastModifiedDate": made}
        draft.store.add("AuthSession", row)
        if n % 3 == 0:  # what the page opened behind it
            draft.store.add(
                "AuthSession", row | {"Id": draft.id("AuthSession"), "ParentId": id, "SessionType": "Visualforce"}
            )


def _second_factors(draft: Draft) -> None:
    rng = draft.rng("factors")
    columns = (
        "UserId",
        "HasTotp",
        "HasSalesforceAuthenticator",
        "HasSecurityKey",
        "HasU2F",
        "HasBuiltInAuthenticator",
        "HasTempCode",
    )
    more = ("HasUserVerifiedEmailAddress", "HasUserVerifiedMobileNumber", "HasVerifiedMobileNumber")
    people = draft.store.column("""SELECT "Id" FROM "User" WHERE "UserType" = 'Standard' ORDER BY "Id" """)
    rows = ((p, *(int(rng.random() < share) for share in (0.3, 0.5, 0.2, 0.02, 0.2, 0.01)), 1, 0, 0) for p in people)
    draft.fill("TwoFactorMethodsInfo", columns + more, rows)


def _audit_trail(draft: Draft) -> None:
    rng = draft.rng("trail")
    assigned = draft.store.rows(
        'SELECT u."Username", s."Label" FROM "PermissionSetAssignment" a JOIN "User" u ON u."Id" = a."AssigneeId" '
        'JOIN "PermissionSet" s ON s."Id" = a."PermissionSetId" WHERE s."IsOwnedByProfile" = 0 ORDER BY a."Id" LIMIT 150'
    )
    columns = ("Action", "Section", "Display", "CreatedById", "CreatedDate", "SystemModstamp")
    dates = sorted(rng.randint(1, 195) for _ in assigned)[::-1]

    def rows() -> Iterator[tuple[Any, ...]]:
        for at, row in zip(dates, assigned, strict=True):
            said = f"Permission set {row['Label']}: assigned to user {row['Username']}"
            yield (
                "PermSetAssign",
                "Manage Users",
                said,
                FOUNDER,
                ago(draft.company, at + 0.4),
                ago(draft.company, at + 0.4),
            )

    draft.fill("SetupAuditTrail", columns, rows())
