"""Everybody's account in the org, and what is assigned to it: people, machines, guests, and the accounts of nobody."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from connectors.sandbox.attendance import last_sign_in
from connectors.sandbox.company import DOMAIN, Person
from connectors.sandbox.roster import MACHINES
from connectors.sandbox.salesforce import cast, moments
from connectors.sandbox.salesforce.furniture import FOUNDER, ORG
from connectors.sandbox.salesforce.org import Draft, ago, day, left

PROFILE_OF = {
    "Sales": "Sales User",
    "Marketing": "Marketing User",
    "Support": "Support Agent",
    "Customer Success": "Support Agent",
}
GROUP_OF_LEADS = {
    "Sales": "Sales_Operations",
    "Support": "Support_Leads",
    "IT": "Platform_Team",
    "Finance": "Finance_Close",
}
ADMINS = ("departed_admin", "admins_reasoned", "admins_unreasoned")
SET_OF_MACHINE = {
    "svc-billing-sync": "Billing_Sync",
    "svc-warehouse-loader": "Warehouse_Loader",
    "svc-support-telephony": "Telephony",
    "svc-marketing-bridge": "Mass_Email",
    "svc-contract-signing": "Contract_Signing",
    "svc-legacy-export": "Legacy_Export",
    "rolecall-reader": "Rolecall_Reader",
    "rolecall-executor": "Rolecall_Executor",
}
SILENT_MACHINES = {"svc-legacy-export": 231, "svc-contract-signing": 214}  # last heard of, days ago
EVERY_NTH_WITHOUT_LOGIN_ROW = 41


def write(draft: Draft) -> None:
    """All accounts with their assignments and memberships, then who manages whom."""
    draft.counters["005"] = 1  # the founder's id is given out already
    parts = {key: part for part, keys in draft.company.parts.items() for key in keys}
    founder = draft.company.parts["admins_reasoned"][0]
    for person in draft.company.people.values():
        if person.salesforce:
            _person(draft, person, parts.get(person.key, ""), FOUNDER if person.key == founder else None)
    _managers(draft)
    for box, label, _, crm, _ in MACHINES:
        if crm in {"salesforce", "both"}:
            _machine(draft, box, label)
    _nobodies(draft)
    _system_accounts(draft)
    _blockers(draft)
    _licences(draft)


def account(draft: Draft, row: dict[str, Any], profile: str | None, **more: Any) -> str:
    """Write one User row with its UserLogin and the assignment that mirrors its profile."""
    profile_id = draft.named["Profile", profile] if profile else None
    defaults = {
        "IsActive": 1,
        "UserType": "Standard",
        "ProfileId": profile_id,
        "TimeZoneSidKey": "Europe/Amsterdam",
        "LocaleSidKey": "en_IE",
        "LanguageLocaleKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "NumberOfFailedLogins": 0,
        "HasUserVerifiedEmail": 1,
        "HasUserVerifiedPhone": 0,
        "CompanyName": "Northwind Sandbox",
        "Alias": row["Username"].split("@")[0].replace(".", "")[:8],
        "CommunityNickname": row["Username"].split("@")[0],
    }
    id = draft.add("User", defaults | row | more)
    if draft.counters["005"] % EVERY_NTH_WITHOUT_LOGIN_ROW:  # some accounts have no such row
        frozen = {
            "UserId": id,
            "IsFrozen": 0,
            "IsPasswordLocked": 0,
            "LastModifiedDate": (defaults | row).get("CreatedDate"),
        }
        draft.add("UserLogin", frozen | {"LastModifiedById": FOUNDER})
    if profile:
        assign(draft, id, f"profile:{profile}")
    return id


def assign(draft: Draft, account_id: str, holder: str, **more: Any) -> str:
    """Assign a permission set, or (`group:X`) a group of them, to an account."""
    row = {"AssigneeId": account_id, "PermissionSetId": draft.named["PermissionSet", holder], "IsActive": 1}
    if holder.startswith("group:"):
        row["PermissionSetGroupId"] = draft.named["PermissionSetGroup", holder.removeprefix("group:")]
    return draft.add("PermissionSetAssignment", row | {"SystemModstamp": ago(draft.company, 100)} | more)


def _person(draft: Draft, person: Person, part: str, id: str | None) -> None:
    rng = draft.rng(f"account:{person.key}")
    works_in = person.former_department or person.department
    last = last_sign_in(draft.company, person, "salesforce")
    row = {
        "Id": id or draft.id("User"),
        "Username": person.emails[-1] if rng.random() > 0.05 else person.emails[-1].upper(),
        "Email": person.emails[-1],
        "Name": person.name,
        "FirstName": person.given or None,
        "LastName": person.family,
        "Title": person.title,
        "Department": works_in,
        "EmployeeNumber": person.key if rng.random() > 0.1 else None,
        "FederationIdentifier": person.emails[-1] if rng.random() > 0.2 else None,
        "UserRoleId": draft.named["UserRole", works_in if works_in in cast.ROLES else "Chief Executive"],
        "CreatedDate": day(person.start),
        "LastLoginDate": moments.or_none(last),
        "LastPasswordChangeDate": moments.or_none(last - timedelta(days=rng.randint(0, 60)) if last else None),
        "IsActive": int(not left(person, draft.company.today) or part in {"departed_admin", "leavers_salesforce"}),
    }
    made = account(draft, row, _profile(person, part, works_in))
    draft.accounts[person.key] = made
    _assignments(draft, person, part, made, works_in)
    _memberships(draft, made, works_in, rng.random())
    if part:
        draft.plant(part, made)
    if part == "second_account":
        _second(draft, person, row)


def _profile(person: Person, part: str, works_in: str) -> str:
    if part in ADMINS:
        return "System Administrator"
    return "Contractor" if person.kind == "contractor" else PROFILE_OF.get(works_in, "Standard User")


def _second(draft: Draft, person: Person, row: dict[str, Any]) -> None:
    """The same person's other account, which only the mailbox gives away."""
    other = {
        "Id": draft.id("User"),
        "Name": f"{person.name} (Deployment)",
        "LastLoginDate": ago(draft.company, 3.5),
        "Username": f"admin.{person.emails[-1]}",
        "EmployeeNumber": None,
        "FederationIdentifier": None,
    }
    draft.plant("second_account", account(draft, row | other, "Standard User"))


def _assignments(draft: Draft, person: Person, part: str, id: str, works_in: str) -> None:
    rng = draft.rng(f"assigned:{person.key}")
    for holder, share in (
        ("Export_Reports", 0.12),
        ("Mass_Email", 0.1),
        ("Finance_Reports", 0.05),
        ("Personal_Data_Reader", 0.05),
    ):
        if person.kind == "employee" and rng.random() < share:
            assign(draft, id, holder)
    if person.key in draft.company.line_managers and works_in in GROUP_OF_LEADS:
        assign(draft, id, f"group:{GROUP_OF_LEADS[works_in]}")
    if part == "movers":  # yesterday's work, still theirs today
        draft.plant("stale_assignments", assign(draft, id, f"group:{GROUP_OF_LEADS.get(works_in, 'Sales_Operations')}"))
    if part in {"powerful_reasoned", "powerful_unreasoned"}:
        assign(draft, id, rng.choice(("Data_Migration", "View_Everything")))
    if part == "departed_admin":
        assign(draft, id, "Connected_App_Owner")
    if part == "contractors" and person.end:
        assign(draft, id, "Lead_Supervisor", ExpirationDate=day(person.end, 18))
    if works_in == "Support" and rng.random() < 0.08:
        assign(draft, id, "Night_Desk")


def _memberships(draft: Draft, id: str, works_in: str, chance: float) -> None:
    stamp = ago(draft.company, 90)
    for name, (departments, _) in cast.PUBLIC_GROUPS.items():
        if works_in in departments:
            draft.add(
                "GroupMember", {"GroupId": draft.named["Group", name], "UserOrGroupId": id, "SystemModstamp": stamp}
            )
    for name, department in cast.QUEUES.items():
        if works_in == department and chance < 0.6:
            draft.add(
                "GroupMember", {"GroupId": draft.named["Group", name], "UserOrGroupId": id, "SystemModstamp": stamp}
            )


def _managers(draft: Draft) -> None:
    def pairs() -> Iterator[tuple[str, str]]:
        for person in draft.company.people.values():
            if person.key in draft.accounts and person.manager in draft.accounts:
                yield draft.accounts[person.manager], draft.accounts[person.key]

    draft.store.db.executemany('UPDATE "User" SET "ManagerId" = ? WHERE "Id" = ?', pairs())


def _machine(draft: Draft, box: str, label: str) -> None:
    silent = SILENT_MACHINES.get(box)
    row = {
        "Username": f"{box}@{DOMAIN}",
        "Email": f"{box}@{DOMAIN}",
        "Name": label,
        "FirstName": None,
        "LastName": label,
        "Department": None,
        "CreatedDate": ago(draft.company, 700 if not box.startswith("rolecall") else 30),
        "LastLoginDate": ago(draft.company, silent or 0.25) if not box.startswith("rolecall") else None,
    }
    id = account(draft, row, "Minimum Access - API Only Integrations")
    assign(draft, id, SET_OF_MACHINE[box])
    draft.accounts[box] = id
    draft.plant("machines", id)


def _nobodies(draft: Draft) -> None:
    """Accounts that the roster cannot explain: two left behind by projects, three that share a mailbox."""
    for box, name, seen in (("temp.admin", "Temp Admin", 3.3), ("agency.partner", "Agency Partner", 12.4)):
        row = {
            "Username": f"{box}@{DOMAIN}",
            "Email": f"{box}@{DOMAIN}",
            "Name": name,
            "FirstName": name.split()[0],
            "LastName": name.split()[1],
        }
        more = {"CreatedDate": ago(draft.company, 320), "LastLoginDate": ago(draft.company, seen)}
        id = account(draft, row | more, "System Administrator" if box == "temp.admin" else "Marketing User")
        draft.plant("nobody", id)
    for n in (1, 2, 3):
        row = {
            "Username": f"frontdesk{n}@{DOMAIN}",
            "Email": f"frontdesk@{DOMAIN}",
            "Name": f"Front Desk {n}",
            "FirstName": "Front",
        }
        more = {
            "LastName": f"Desk {n}",
            "CreatedDate": ago(draft.company, 500),
            "LastLoginDate": ago(draft.company, n + 0.4),
        }
        id = account(draft, row | more, "Standard User")
        draft.plant("nobody", id)
        draft.plant("shared_email", id)


def _system_accounts(draft: Draft) -> None:
    """Accounts that no person signs in to: guests of the sites, the platform's own, and one whose type is empty."""
    for n, site in enumerate(("Help", "Events"), 1):
        row = {
            "Username": f"{site.lower()}@{ORG[:15].lower()}.force.com",
            "Email": f"{site.lower()}@{DOMAIN}",
            "Name": f"{site} Site Guest User",
        }
        more = {"LastName": f"{site} Site Guest User", "UserType": "Guest", "CreatedDate": ago(draft.company, 600 + n)}
        draft.plant("guests", account(draft, row | more, "Northwind Help Site Profile"))
    for box, name, kind in (
        ("autoproc", "Automated Process", "AutomatedProcess"),
        ("cloud", "Platform Integration User", "CloudIntegrationUser"),
        ("insights", "Insights Integration", None),
    ):
        own: dict[str, Any] = {
            "Username": f"{box}@{ORG[:15].lower()}",
            "Email": f"{box}@example.com",
            "Name": name,
            "LastName": name,
            "UserType": kind,
        }
        draft.plant("platform_accounts", account(draft, own | {"CreatedDate": ago(draft.company, 1500)}, None))


def _blockers(draft: Draft) -> None:
    """One leaver cannot be deactivated: the org's web-to-lead form stands in their name. One manager approves things."""
    stuck = draft.planted["leavers_salesforce"][0]
    draft.store.db.execute(
        'UPDATE "Organization" SET "WebToLeadDefaultCreatorId" = ?, "WebToLeadDefaultOwnerId" = ?', [stuck, FOUNDER]
    )
    approver = draft.accounts[draft.company.line_managers[0]]
    draft.store.keep("blockers", {stuck: "web_to_lead_creator", approver: "approver"})
    draft.plant("cannot_be_deactivated", stuck)
    contractor = draft.planted["contractors"][-1]
    draft.store.db.execute('UPDATE "UserLogin" SET "IsFrozen" = 1 WHERE "UserId" = ?', [contractor])


def _licences(draft: Draft) -> None:
    draft.store.db.execute(COUNT_LICENCES)


COUNT_LICENCES = """
    UPDATE "UserLicense" SET "UsedLicenses" = (
        SELECT COUNT(*) FROM "User" u JOIN "Profile" p ON p."Id" = u."ProfileId"
        WHERE u."IsActive" = 1 AND p."UserLicenseId" = "UserLicense"."Id")
"""
