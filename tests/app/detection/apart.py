"""A second company, planted from the rules' manual pages and the checklist alone: at each limit one fault and a near miss.

A near miss lies a day, a seat or a peer inside of what is allowed, or has the excuse that the page gives. Only the
rules that are named here are looked at, and every subject of theirs is either a fault or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.detection import detect
from app.detection.judgement import Judgement
from app.detection.limits import Limits
from app.detection.rule import Fails
from app.detection.tables import JustificationRow
from app.inventory.tables import AccountRow, EntitlementRow, IdentityRow, StreamRow, SystemRow
from app.kit import ids
from tests import make
from tests.make import NOW

STREAMS = (
    *(
        "accounts",
        "entitlements",
        "grants",
        "logins",
        "integrations",
        "settings",
        "changes",
        "object_rights",
        "factors",
    ),
    *("packages", "endpoints", "usage"),
)
RULES = (
    *("inactive_account", "never_used", "leaver_active", "leaver_credential", "early_access", "contractor_without_end"),
    *("nobodys_account", "private_address", "shared_account", "several_accounts", "privileged_without_reason"),
    *(
        "toxic_combination",
        "temporary_access_outlived",
        "peer_outlier",
        "entitlement_unheld",
        "too_many_administrators",
    ),
    *("dormant_credential", "key_not_rotated", "key_expires_soon", "integration_dormant", "integration_without_owner"),
    *("endpoint_unguarded", "certificate_expires", "package_unreviewed", "package_expired", "seats_paid_for_nothing"),
    *("allowance_nearly_gone", "second_factor_missing"),
)


def ago(days: float) -> Any:
    """So many days before now."""
    return NOW - timedelta(days=days)


class Planted:
    """The company as it grows, with what is known to be wrong in it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.faults: set[tuple[str, str]] = set()
        self.near = 0
        self.numbers = 0
        roster = make.system(session, kind="roster")
        read = make.snapshot(session, roster, streams={"people": "complete"}, at=NOW)
        session.get_one(StreamRow, (read.id, "people")).server_at = ago(1)
        self.head = self.person(department="Board", title="Head", manager_id=None)
        self.system: SystemRow = make.system(session, kind="salesforce", owner_key=self.head.key)
        for at in (ago(300), ago(0.2)):
            make.snapshot(session, self.system, streams=dict.fromkeys(STREAMS, "complete"), at=at)
        self.plain = self.thing(privileges=[])

    def person(self, **given: Any) -> IdentityRow:
        """Somebody of a job that nobody else has, so that there are no peers."""
        self.numbers += 1
        said = {"department": f"Dep {self.numbers}", "title": "Clerk", "start": date(2020, 1, 1)}
        said |= {"manager_id": self.head.id} if hasattr(self, "head") else {}
        emails = (f"who{self.numbers}@corp.example",)
        return make.identity(self.session, f"Who {self.numbers}", emails=emails, **(said | given))

    def thing(self, **given: Any) -> EntitlementRow:
        """Something that can be held."""
        return make.entitlement(
            self.session, self.system, **({"kind": "permission_set", "description": "Why."} | given)
        )

    def account(self, *rules: str, who: IdentityRow | None = None, holds: Sequence[EntitlementRow] = (),
                factor: bool = True, nobody: bool = False, **given: Any) -> AccountRow:  # fmt: skip
        """An account with these faults; without any it is a near miss."""
        person = None if nobody else who or self.person()
        mail = f"who{self.numbers}.{ids.uuid7().hex[-6:]}@corp.example"
        said = {"username": mail, "email": mail, "identity_id": person.id if person else None}
        row = make.account(self.session, self.system, **(said | given))
        for entitlement in (self.plain, *holds):
            make.grant(self.session, row, entitlement)
            for privilege in entitlement.privileges or ():
                make.privilege(self.session, row, entitlement, privilege)
        if factor:
            facts = {"phishing_resistant": True, "registered": None}
            make.observation(
                self.session, self.system, "factors", kind="factor", name="security_key", account_id=row.id, facts=facts
            )
        self.wrong(f"account:{row.id}", *rules)
        return row

    def wrong(self, subject: str, *rules: str) -> None:
        """What ought to be told of a subject."""
        self.faults |= {(rule, subject) for rule in rules}
        self.near += not rules

    def reason(self, account: AccountRow, until: Any) -> None:
        """A reason on file for an account's privileges."""
        row = JustificationRow(
            id=ids.uuid7(), account_id=account.id, reason="it is her job", by="x", at=ago(40), until=until
        )
        self.session.add(row)


def company(session: Session) -> Planted:
    """All of it."""
    made = Planted(session)
    made.account(who=made.head)
    _people(made)
    _use(made)
    _power(made)
    _programs(made)
    _things(made)
    session.flush()
    return made


def _people(made: Planted) -> None:
    today = NOW.date()
    made.account("leaver_active", who=made.person(end=today - timedelta(days=3)))
    made.account(who=made.person(end=today))  # the last working day belongs to the employment
    gone = made.account(who=made.person(end=today - timedelta(days=30)), active=False)
    left = make.credential(made.session, made.system, account_id=gone.id, last_used=ago(1), uses_known_since=ago(400))
    made.wrong(f"credential:{left.id}", "leaver_credential")
    made.account("early_access", who=made.person(start=today + timedelta(days=9)))
    made.account(who=made.person(start=today))
    made.account("contractor_without_end", who=made.person(engagement="contractor"))
    made.account(who=made.person(engagement="contractor", end=today + timedelta(days=90)))
    made.account("nobodys_account", nobody=True)
    made.account(nobody=True, active=False)
    made.account("private_address", email="somebody@gmail.com")
    made.account("shared_account", username="support@corp.example")
    made.account(username="info.manuel@corp.example")
    twice = made.person()
    made.account("several_accounts", who=twice)
    made.account("several_accounts", who=twice)
    once = made.person()
    made.account(who=once)
    made.account(who=once, active=False)
    made.account("second_factor_missing", factor=False)
    made.account(factor=False, active=False)


def _use(made: Planted) -> None:
    made.account("inactive_account", last_login=ago(91))
    made.account(last_login=ago(89))
    made.account(last_login=ago(200), frozen=True)
    made.account(who=made.person(away_from=ago(150).date()), last_login=ago(140))
    made.account(last_login=None, created=ago(400), logins_known_since=ago(30))  # it may have been forgotten
    made.account("never_used", last_login=None, created=ago(31), logins_known_since=ago(31))
    made.account(last_login=None, created=ago(29), logins_known_since=ago(29))
    made.account(kind="guest", nobody=True, last_login=None, factor=False)


def _power(made: Planted) -> None:
    export, see = made.thing(privileges=["export"]), made.thing(privileges=["see_all"])
    admin = made.thing(privileges=["administer"])
    made.account("privileged_without_reason", holds=(export,))
    made.reason(made.account(holds=(export,)), NOW + timedelta(days=5))
    made.reason(made.account("privileged_without_reason", holds=(export,)), ago(1))
    made.reason(made.account("toxic_combination", holds=(export, see)), NOW + timedelta(days=5))
    made.reason(made.account("inactive_account", holds=(see,), last_login=ago(31)), NOW + timedelta(days=5))
    made.reason(made.account(holds=(see,), last_login=ago(29)), NOW + timedelta(days=5))
    for _ in range(6):
        made.reason(made.account(holds=(admin,)), NOW + timedelta(days=5))
    made.wrong(f"system:{made.system.id}", "too_many_administrators")
    extra = made.thing(privileges=[])
    past = made.account("temporary_access_outlived")
    make.grant(made.session, past, extra, until=ago(1), effective=True)
    make.grant(made.session, made.account(), extra, until=ago(1), effective=False)
    make.grant(made.session, made.account(), extra, until=NOW + timedelta(days=1), effective=True)
    made.wrong(f"entitlement:{made.thing(privileges=['export']).id}", "entitlement_unheld")
    made.wrong(f"entitlement:{made.thing(privileges=[]).id}")
    rare, seldom = made.thing(privileges=[]), made.thing(privileges=[])
    for n in range(12):  # one of twelve is rare, two of twelve are a habit
        of = made.person(department="Sales", title="Seller")
        holds = [thing for thing, many in ((rare, 1), (seldom, 2)) if n < many]
        made.account(*(["peer_outlier"] if n == 0 else []), who=of, holds=holds)


def _programs(made: Planted) -> None:
    owner = made.account()

    def token(*rules: str, **given: Any) -> None:
        said = {"account_id": owner.id, "last_used": ago(2), "uses_known_since": ago(400), "created": ago(100)}
        row = make.credential(made.session, made.system, **(said | given))
        made.wrong(f"credential:{row.id}", *rules)

    token("dormant_credential", last_used=ago(91))
    token(last_used=ago(89))
    token(last_used=None, created=ago(10))
    token(last_used=None, created=ago(300), uses_known_since=ago(20))  # uses may have been forgotten
    token("key_not_rotated", kind="service_key", created=ago(181))
    token(kind="service_key", created=ago(179))
    token(kind="oauth_token", created=ago(300))
    token("key_expires_soon", kind="service_key", expires=NOW + timedelta(days=29))
    token(kind="service_key", expires=NOW + timedelta(days=31))

    def program(*rules: str, **given: Any) -> None:
        said = {
            "owner_account_id": owner.id,
            "last_used": ago(2),
            "created": ago(200),
            "scopes": ["api"],
            "publisher": "A",
        }
        said |= given
        row = make.integration(made.session, made.system, **said)
        # When it was last used is known back as far as its tokens' uses are; its token is as dormant as itself.
        born = given.get("created", ago(100))
        key = make.credential(
            made.session, made.system, account_id=owner.id, integration_id=row.id, created=born, uses_known_since=ago(400),
            last_used=said["last_used"],
        )  # fmt: skip
        made.wrong(f"credential:{key.id}", *(["dormant_credential"] if "integration_dormant" in rules else []))
        made.wrong(f"integration:{row.id}", *rules)

    program("integration_without_owner", owner_account_id=None)
    program()
    program(last_used=ago(88))
    program("integration_dormant", last_used=ago(91))
    program("integration_dormant", last_used=None)
    program(last_used=None, created=ago(10))  # let in last week; nobody could use it before


def _things(made: Planted) -> None:
    def seen(stream: str, *rules: str, kind: str = "package", **facts: Any) -> None:
        row = make.observation(made.session, made.system, stream, kind=kind, facts=facts)
        word = {"endpoints": "endpoint", "packages": "package", "usage": "usage"}[stream]
        made.wrong(f"{word}:{row.id}", *rules)

    seen("endpoints", "endpoint_unguarded", kind="remote_site", address="http://x.example", active=True, guarded=False)
    seen("endpoints", kind="remote_site", address="http://y.example", active=False, guarded=False)
    seen("endpoints", "certificate_expires", kind="certificate", expires=_in(29))
    seen("endpoints", kind="certificate", expires=_in(32))
    seen("packages", "package_unreviewed", reviewed=False)
    seen("packages", "package_expired", reviewed=True, expires=_in(-1))
    seen("packages", reviewed=True, expires=_in(1))
    seen("usage", "seats_paid_for_nothing", kind="usage", used=79, allowed=100)
    seen("usage", kind="usage", used=80, allowed=100)
    seen("usage", "allowance_nearly_gone", kind="usage", used=91, allowed=100, period="day")
    seen("usage", kind="usage", used=89, allowed=100, period="day")


def _in(days: int) -> str:
    return (NOW + timedelta(days=days)).isoformat()


def told(made: Planted) -> set[tuple[str, str]]:
    """What the rules tell of the company, of those that it is about: rule and subject."""
    every = detect.judgements(made.session, made.system.id, Limits(), at=NOW)
    failed = (each for each in every if isinstance(each, Judgement) and isinstance(each.answer, Fails))
    return {(each.rule, each.subject) for each in failed if each.rule in RULES}
