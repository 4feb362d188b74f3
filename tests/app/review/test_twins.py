"""Set-wise and plain thinking say the same, on random companies: who reviews, whom it concerns, what is told."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import String, select
from sqlalchemy import cast as typed
from sqlalchemy.orm import Session

from app.detection.tables import FindingRow
from app.inventory import contents
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EdgeRow,
    EntitlementRow,
    GrantRow,
    IdentityEmailRow,
    IdentityRow,
    IntegrationRow,
    PrivilegeRow,
    SystemRow,
)
from app.kit.db import Database
from app.kit.refusal import Refused
from app.review import (
    advice,
    bundling,
    chain,
    choice,
    defining,
    expression,
    grounds,
    independence,
    modelling,
    ties,
    unusual,
)
from app.review import scope as scopes
from app.review.choice import ChosenBy
from app.review.independence import Login, Ties
from app.review.scope import ItemKind
from app.review.tables import BundleContentRow, BundleRow, BundleVersionRow, CampaignRow, ItemRow, TaskRow
from app.review.unusual import Beside
from tests import make
from tests.app.review import cast
from tests.app.review.cast import DUE, NOW

ROUNDS = 15


def _company(session: Session, chance: random.Random) -> list[IdentityRow]:
    """An org chart as bad as they come: cycles, gaps, leavers, absences, programs, owners who are subjects."""
    people = []
    for n in range(10):
        if n > 7:  # two who are always here, so that most companies can open a review at all
            people.append(make.identity(session, f"P{n}", key=f"p{n}"))
            continue
        start, end = chance.choice([None, -400, 5]), chance.choice([None, None, -1, 0, 30])
        away = chance.choice([(None, None)] * 3 + [(-5, 60), (-5, None), (None, 60), (-5, 10), (3, 60)])
        people.append(
            make.identity(
                session,
                f"P{n}",
                key=f"p{n}",
                emails=(f"p{n}@corp.example",),
                kind=chance.choice(["person"] * 6 + ["service"]),
                start=_day(start),
                end=_day(end),
                away_from=_day(away[0]),
                away_until=_day(away[1]),
                ended=chance.choice([None] * 5 + [NOW]),
                erased=chance.choice([None] * 5 + [NOW]),
            )
        )
    for person in people:
        person.manager_id = chance.choice([None, *[p.id for p in people]])
    session.flush()
    return people


def _day(offset: int | None) -> Any:
    return None if offset is None else (NOW + timedelta(days=offset)).date()


def _system(session: Session, chance: random.Random, people: list[IdentityRow], n: int) -> SystemRow:
    system = make.system(session, name=f"S{n}", owner_key=chance.choice([None, "gone", *[p.key for p in people]]))
    make.snapshot(session, system)
    accounts = []
    for _ in range(8):
        reach = chance.choice([None, *[f"P{i}@Corp.example" for i in range(8)]])
        last = chance.choice([None, 1, 29, 30, 31, 89, 90, 91, 300])
        known = chance.choice([None, 10, 91, 400, 500])
        given: dict[str, Any] = {
            "identity_id": chance.choice([None, *[p.id for p in people]]),
            "kind": chance.choice(["person", "person", "unknown", "service", "guest"]),
            "email": reach,
            "active": chance.choice([True, True, None, False]),
            "last_login": None if last is None else NOW - timedelta(days=last),
            "logins_known_since": None if known is None else NOW - timedelta(days=known),
            "created": chance.choice([None, NOW - timedelta(days=400)]),
        }
        if chance.random() < 0.3:
            given["username"] = f"p{chance.randrange(8)}@corp.example"
        accounts.append(make.account(session, system, **given))
    ids = [None, *[account.id for account in accounts]]
    apps = [make.integration(session, system, owner_account_id=chance.choice(ids)) for _ in range(3)]
    for _ in range(4):
        make.credential(
            session,
            system,
            account_id=chance.choice(ids),
            integration_id=chance.choice([None, *[app.id for app in apps]]),
            last_used=chance.choice([None, NOW - timedelta(days=chance.randrange(200))]),
            uses_known_since=chance.choice([None, NOW - timedelta(days=chance.randrange(600))]),
        )
    for account in accounts:
        privileges = chance.choice([["export"], [], None])
        make.grant(session, account, make.entitlement(session, system, privileges=privileges))
    return system


def _worlds(database: Database, seed: int) -> Iterator[tuple[Session, random.Random, list[IdentityRow]]]:
    for number in range(ROUNDS):
        with database.reading() as session:  # rolled back at the end, so that each world is alone
            session.connection()
            chance = random.Random(seed * 1_000 + number)
            cast.roster(session)
            people = _company(session, chance)
            for n in range(2):
                _system(session, chance, people, n)
            yield session, chance, people
            session.rollback()


@pytest.fixture
def writing(database: Database) -> Database:
    """The same database, with readers that may write what they roll back."""
    database.reader = database.writer
    return database


def _open(session: Session, people: list[IdentityRow], chance: random.Random, **more: Any) -> CampaignRow | None:
    first, second = chance.sample(people[-2:] if chance.random() < 0.8 else people, 2)
    able = [choice.fit(grounds.person(person), NOW.date(), DUE.date()) for person in (first, second)]
    scope = {
        "fallback": first.key,
        "second_fallback": chance.choice([None, second.key]),
        "security_owner": chance.choice([None, chance.choice(people).key]),
        "reviewers": [_rule(people, chance) for _ in range(chance.randrange(3))],
        **more,
    }
    try:
        configurer = chance.choice(people).id if chance.random() < 0.5 else None
        return cast.opened(session, scope=scope, configurer_id=configurer)
    except Refused as refused:
        refusal = refused.refusal
    secure = next((person for person in people if person.key == scope["security_owner"]), None)
    able += [choice.fit(grounds.person(secure), NOW.date(), DUE.date())] if secure is not None else []
    assert refusal.code == "no_reviewer" or (refusal.code == "bad_scope" and not all(able))
    return None


def _rule(people: list[IdentityRow], chance: random.Random) -> dict[str, Any]:
    """A rule as somebody might write it: for some or for all, with a chain of one to four steps."""
    keys = [person.key for person in people]
    steps: list[Any] = ["manager", "above", "owner", {"person": chance.choice(keys)}]
    steps += [
        {"group": chance.sample(keys, chance.randrange(1, 5))},
        {"people": f'person in ("{keys[1]}", "{keys[8]}")'},
    ]
    where = chance.choice([None, "kind = account", "privileged", "privilege = export or kind = credential"])
    return ({"where": where} if where else {}) | {"ask": chance.sample(steps, chance.randrange(1, 5))}


def _granters(session: Session, people: list[IdentityRow], number: int) -> dict[int, frozenset[int]]:
    """By system, two people of whom one can give access there, and the other could once."""
    able: dict[int, frozenset[int]] = {}
    for turn, system in enumerate(session.scalars(select(SystemRow).where(SystemRow.name.in_(("S0", "S1")))).all()):
        who = people[(number + turn) % len(people)]
        former = people[(number + turn + 1) % len(people)]
        for person, active in ((who, None), (former, False)):
            account = make.account(session, system, identity_id=person.id, active=active)
            right = make.entitlement(session, system, privileges=["manage_access"])
            make.privilege(session, account, right, "manage_access")
        able[system.id] = frozenset({who.id})
    return able


def _holders(session: Session, system_id: int) -> dict[int, frozenset[int]]:
    """By what can be held in a system, whoever holds it, or holds what brings it, by an account that is theirs and open."""
    edges = session.scalars(select(EdgeRow).where(EdgeRow.system_id == system_id)).all()
    held: dict[int, set[int]] = {}
    for grant in session.scalars(select(GrantRow).where(GrantRow.system_id == system_id)):
        account = session.get_one(AccountRow, grant.account_id)
        if account.identity_id is None or account.active is False:
            continue
        waiting, seen = [grant.entitlement_id], set[int]()
        while waiting:
            seen.add(thing := waiting.pop())
            held.setdefault(thing, set()).add(account.identity_id)
            waiting += [edge.held_id for edge in edges if edge.holder_id == thing and edge.held_id not in seen]
    return {thing: frozenset(people) for thing, people in held.items()}


def _nested(session: Session) -> None:
    """In each system a circle of two groups that brings something else."""
    for system in session.scalars(select(SystemRow).where(SystemRow.name.in_(("S0", "S1")))).all():
        mine = select(EntitlementRow).where(EntitlementRow.system_id == system.id).order_by(EntitlementRow.id).limit(3)
        first, second, third = session.scalars(mine).all()
        first.kind = second.kind = "group"
        for holder, held in ((first, second), (second, first), (second, third)):
            session.add(EdgeRow(system_id=system.id, holder_id=holder.id, held_id=held.id, kind="nested", began=NOW))
    session.flush()


def _facts(session: Session, item: ItemRow) -> dict[str, Any]:
    """What the rules of these worlds ask for."""
    known: dict[str, Any] = {"kind": item.kind, "privileged": None, "privilege": None}
    if item.kind == "grant":
        told = session.get_one(EntitlementRow, session.get_one(GrantRow, item.grant_id).entitlement_id).privileges
        return known | {"privileged": None if told is None else bool(told), "privilege": told}
    if item.entitlement_id is not None:
        brings = contents.brought(session, [item.system_id]).get(item.entitlement_id, frozenset())
        if session.get_one(EntitlementRow, item.entitlement_id).privileges is None:
            return known | {"privileged": bool(brings) or None}
        return known | {"privileged": bool(brings), "privilege": list(brings)}
    if item.kind != "integration":
        held = session.scalars(select(PrivilegeRow.privilege).where(PrivilegeRow.account_id == item.account_id)).all()
        known |= {"privileged": bool(held), "privilege": list(held) if item.account_id else None}
    return known


def _chain(
    rules: tuple[chain.Rule, ...],
    item: ItemRow,
    facts: dict[str, Any],
    manager: int | None,
    owner: int | None,
    row_id: int,
    known: dict[int, choice.Person],
    by_key: dict[str, int],
) -> list[tuple[int | None, ChosenBy]]:
    """Whom the first rule that holds comes to, in order, without a look at who is able."""
    rule = next(each for each in rules if each.where is None or expression.holds(each.where, facts))
    managers = {number: person.manager_id for number, person in known.items()}
    able = [number for number, person in known.items() if choice.fit(person, NOW.date(), DUE.date())]
    asked: list[tuple[int | None, ChosenBy]] = []
    for step in rule.ask:
        keys = [by_key[key] for key in step.keys]
        if step.match is not None:
            people = {number: key for key, number in by_key.items()}
            keys = [each for each in sorted(known) if expression.holds(step.match, {"person": people[each]})]
        members = choice.turn([key for key in keys if key in able], row_id)
        asked += {
            chain.Ask.MANAGER: [(manager, ChosenBy.MANAGER)],
            chain.Ask.OWNER: [(owner, ChosenBy.OWNER)],
            chain.Ask.ABOVE: [(each, ChosenBy.ABOVE) for each in choice.above(manager, managers)],
            chain.Ask.SECURITY: [(each, ChosenBy.SECURITY) for each in keys],
            chain.Ask.PERSON: [(each, ChosenBy.NAMED) for each in keys],
        }.get(step.ask, [(each, ChosenBy.GROUP) for each in members])
    return asked


def _ties(session: Session, item: ItemRow, *, frozen: bool) -> Ties:
    def login(account_id: int | None) -> list[Login]:
        row = session.get(AccountRow, account_id) if account_id else None
        return [Login(row.identity_id, row.username, row.email)] if row else []

    logins = login(item.account_id)
    integration = session.get(IntegrationRow, item.integration_id) if item.integration_id else None
    credential = session.get(CredentialRow, item.credential_id) if item.credential_id else None
    if credential is not None:
        logins = login(credential.account_id)
        integration = session.get(IntegrationRow, credential.integration_id) if credential.integration_id else None
    if integration is not None:
        logins += login(integration.owner_account_id)
    return Ties(tuple(logins), item.subject_identity_id if frozen else None)


def test_every_item_has_the_reviewer_that_plain_thinking_would_choose(writing: Database) -> None:
    opened, seen, passed_over, held = 0, Counter[str](), 0, 0
    for number, (session, chance, people) in enumerate(_worlds(writing, 1)):
        able_to_grant = _granters(session, people, number)
        _nested(session)
        bars = {"granters": "bar"} if number % 2 else {}
        holding = {"holders": "bar"} if number % 3 == 0 else {}
        kinds = {"kinds": list(ItemKind), "definitions": "all"} if number % 3 < 2 else {}
        campaign = _open(session, people, chance, **bars, **holding, **kinds)
        if campaign is None:
            continue
        opened += 1
        assert set(session.scalars(select(ItemRow.subject))) == _expected(
            session, contained=bool(kinds)
        )  # none fell out on the way
        addresses = dict(session.execute(select(IdentityEmailRow.email, IdentityEmailRow.identity_id)).all())
        known = {row.id: grounds.person(row) for row in session.scalars(select(IdentityRow))}
        by_key = {row.key: row.id for row in session.scalars(select(IdentityRow))}
        able = frozenset(i for i, person in known.items() if choice.fit(person, NOW.date(), DUE.date()))
        scope = scopes.read(campaign.scope)
        rules = chain.rules(scope.reviewers, scope.security_owner)
        keys = (campaign.scope["fallback"], campaign.scope["second_fallback"])
        fallbacks = tuple(by_key[key] for key in keys if key)
        rows = session.execute(
            select(ItemRow, TaskRow.reviewer_id, SystemRow)
            .join(TaskRow, TaskRow.id == ItemRow.task_id)
            .join(SystemRow, SystemRow.id == ItemRow.system_id)
        )
        for item, reviewer_id, system in rows:
            concerned = independence.concerned(_ties(session, item, frozen=False), addresses)
            if holding and item.entitlement_id is not None:
                concerned |= _holders(session, system.id).get(item.entitlement_id, frozenset())
                held += len(concerned)
            account = session.get(AccountRow, item.account_id) if item.account_id else None
            person = known.get(account.identity_id or 0) if account else None
            manager = choice.manager_of(person, account.kind) if account else None
            row_id = item.account_id if item.kind in ("grant", "account") else item.integration_id or item.credential_id
            row_id = item.entitlement_id or row_id
            owner = by_key.get(system.owner_key or "")
            facts = _facts(session, item)
            asked = _chain(rules, item, facts, manager, owner, row_id or 0, known, by_key)
            seen[item.chosen_by] += 1
            expected = choice.choose(
                asked,
                fallbacks=fallbacks,
                concerned=concerned | {campaign.configurer_id or 0},
                able=able,
                granters=able_to_grant[system.id] if bars else frozenset(),
            )
            free = {"fallbacks": fallbacks, "concerned": concerned | {campaign.configurer_id or 0}, "able": able}
            passed_over += bool(bars) and choice.choose(asked, **free) != expected
            assert reviewer_id != campaign.configurer_id
            assert expected == (reviewer_id, item.chosen_by), item.subject
            assert reviewer_id not in concerned
            assert reviewer_id in able
    assert opened >= 3  # else this proves nothing
    assert set(seen) >= {"manager", "above", "owner", "named", "group", "fallback"}, seen
    assert passed_over >= 3
    assert held >= 3


def _expected(session: Session, *, contained: bool) -> set[str]:
    active = {row.id for row in session.scalars(select(AccountRow)) if row.active is not False}
    held = [row for row in session.scalars(select(GrantRow)) if row.account_id in active]
    return (
        {f"account:{key}" for key in active}
        | {f"grant:{row.id}" for row in held}
        | {f"integration:{row.id}" for row in session.scalars(select(IntegrationRow))}
        | {f"credential:{row.id}" for row in session.scalars(select(CredentialRow))}
        | {f"{defining.kind_of(row)}:{row.id}" for row in session.scalars(select(EntitlementRow)) if contained}
    )


def test_whom_an_item_concerns_is_the_same_by_the_row_and_by_the_set(writing: Database) -> None:
    seen = 0
    for session, chance, people in _worlds(writing, 3):
        if _open(session, people, chance) is None:
            continue
        addresses = dict(session.execute(select(IdentityEmailRow.email, IdentityEmailRow.identity_id)).all())
        items = session.scalars(select(ItemRow)).all()
        by_set = ties.concerned(session, [item.id for item in items])
        by_subject = ties.concerned_by(session, [item.subject for item in items])
        for item in items:
            seen += 1
            assert by_set[item.id] == independence.concerned(_ties(session, item, frozen=True), addresses)
            unfrozen = independence.concerned(_ties(session, item, frozen=False), addresses)
            assert by_subject[item.subject] == unfrozen
    assert seen


def test_bands_of_use_and_risk_are_the_same_by_the_row_and_by_the_set(writing: Database) -> None:
    seen = set()
    for session, chance, people in _worlds(writing, 4):
        if _open(session, people, chance) is None:
            continue
        for item in session.scalars(select(ItemRow)):
            used = _used(session, item)
            seen.add(used)
            assert item.shown["use"] == used, item.subject
            beside = Beside(reviewed_before=False, account_apart=True)
            odd = unusual.reasons(item.kind, privileged=item.privileged, shown=item.shown, beside=beside)
            assert item.alone is bool(odd), (item.shown, odd)
            told = advice.codes(item.kind, item.shown, NOW.date().isoformat())
            verdict = advice.says(told, privileged=item.privileged)
            assert item.shown["advice"] == {"says": verdict, "because": " ".join(told)}, item.shown
            assert item.risk == advice.risk(
                privileged=item.privileged,
                contents_known=item.kind != "integration"
                and (item.kind != "grant" or item.shown["what"]["privileges"] is not None),
                nobodys=_nobodys(session, item),
                used=used,
                worst=None,
            ), item.subject
    assert len(seen) == 5


def test_what_is_shown_names_nothing_twice(writing: Database) -> None:
    """PostgreSQL keeps the text, where `jsonb` would have let all but the last of a name go."""
    seen = Counter[str]()
    for session, chance, people in _worlds(writing, 5):
        if _open(session, people, chance, kinds=list(ItemKind), definitions="all") is None:
            continue
        for kind, kept in session.execute(select(ItemRow.kind, typed(ItemRow.shown, String))):
            seen[kind] += 1
            assert "what" in json.loads(kept, object_pairs_hook=_once), kept
    assert set(seen) >= {"grant", "account", "integration", "credential", "definition"}, seen


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = [name for name, _ in pairs]
    assert len(found) == len(set(found)), found
    return dict(pairs)


def _modelled(session: Session, chance: random.Random, people: list[IdentityRow]) -> BundleVersionRow:
    """Jobs for everybody, and a role model of one of them, as good as it may be: old, of dark or of privileged access."""
    for person in people:
        person.department, person.title = chance.choice(["Sales", "IT", None]), chance.choice(["Rep", None])
    bundle = BundleRow(name="Rep", owner_id=people[-1].id, status="live", version=1)
    session.add(bundle)
    session.flush()
    age = chance.choice([1, 364, 365])
    match = chance.choice(['department = "Sales"', 'department = "Sales" and title = "Rep"', "title is unknown"])
    made = BundleVersionRow(
        bundle_id=bundle.id, number=3, status=chance.choice(["approved", "approved", "approved", "draft"]), match=match,
        digest="d", drafted_by="x", drafted_at=NOW, approved_at=NOW - timedelta(days=age),
    )  # fmt: skip
    session.add(made)
    grants = session.scalars(select(GrantRow)).all()
    accounts = session.scalars(select(AccountRow)).all()
    for entitlement in {grant.entitlement_id for grant in chance.sample(grants, 12)}:
        session.flush()
        session.add(BundleContentRow(version_id=made.id, entitlement_id=entitlement))
        row = session.get_one(EntitlementRow, entitlement)
        near = [account for account in accounts if account.system_id == row.system_id]
        for account in chance.sample(near, chance.choice([0, 6])):  # so that some have peers
            make.grant(session, account, row, source="more")
    for grant in chance.sample(grants, 4):
        grant.until = chance.choice([None, NOW + timedelta(days=5), NOW - timedelta(days=5)])
    for subject in [f"grant:{grants[0].id}", f"account:{chance.choice(grants).account_id}"]:
        severity = chance.choice(["low", "high"])
        session.add(
            FindingRow(
                rule="r", subject=subject, severity=severity, status="open", source="detection", because="b", facts={},
                system_id=grants[0].system_id, opened_at=NOW, last_seen_at=NOW, last_run=uuid.uuid4(),
            )
        )  # fmt: skip
    session.flush()
    return made


def test_what_a_role_model_covers_is_the_same_by_the_row_and_by_the_set(writing: Database) -> None:
    seen: Counter[bool] = Counter()
    said: Counter[str | None] = Counter()
    for session, chance, people in _worlds(writing, 5):
        version = _modelled(session, chance, people)
        kinds = chance.choice([["grant"], ["grant", "account"]])
        scope = {"fallback": "p9", "second_fallback": "p8", "kinds": kinds}
        try:
            cast.opened(session, scope=scope, configurer_id=None)
        except Refused:
            continue
        held = set(session.scalars(select(BundleContentRow.entitlement_id)))
        for item in session.scalars(select(ItemRow).where(ItemRow.kind == "grant")):
            expected = _covered(session, item, version, held, "account" in kinds)
            seen[expected] += 1
            assert (item.bundle_version_id == version.id) is expected, (item.subject, item.shown)
            assert item.shown["covered"] is expected
            told = advice.codes(item.kind, item.shown, NOW.date().isoformat())
            assert item.shown["advice"] == {
                "says": advice.says(told, privileged=item.privileged),
                "because": " ".join(told),
            }, item.shown
            said[item.shown["advice"]["says"]] += 1
            beside = Beside(reviewed_before=False, account_apart="account" in kinds)
            reasons = unusual.reasons(item.kind, privileged=item.privileged, shown=item.shown, beside=beside)
            assert not (expected and reasons), reasons
            assert item.alone is bool(reasons), (item.shown, reasons)
    assert min(seen[True], seen[False]) > 5
    assert min(said["keep"], said["remove"], said[None]) > 5


def _covered(session: Session, item: ItemRow, version: BundleVersionRow, held: set[int], account_asked: bool) -> bool:
    grant, person = session.get_one(GrantRow, item.grant_id), item.shown["who"]
    identity = session.get(IdentityRow, item.subject_identity_id) if item.subject_identity_id else None
    fits = identity is not None and identity.kind == "person" and identity.erased is None and expression.holds(
        expression.read(version.match, bundling.FACTS), modelling.facts_of(identity)
    ) is True  # fmt: skip
    found = bool(item.shown["findings"]) or (not account_asked and bool(item.shown["account_findings"]))
    peers = item.shown["peers"]
    return bundling.covers(
        in_model=fits and version.status == "approved" and grant.entitlement_id in held,
        approved_at=version.approved_at,
        privileged=item.privileged,
        known=item.shown["what"]["privileges"] is not None,
        temporary=grant.until is not None,
        found=found,
        new=False,
        alone=peers is not None and peers["held"] == 1 and peers["of"] >= unusual.PEERS,
        idle=not account_asked and item.shown["use"] in ("never", "longer"),
        employed=person["employed"],
        at=NOW,
    )


def _used(session: Session, item: ItemRow) -> advice.Use:
    if item.credential_id:
        token = session.get_one(CredentialRow, item.credential_id)
        return advice.use(token.last_used, token.uses_known_since, token.created, NOW)
    if item.integration_id:
        app = session.get_one(IntegrationRow, item.integration_id)
        return advice.use(app.last_used, None, app.created, NOW)
    account = session.get_one(AccountRow, item.account_id)
    uses = [account.last_login, *session.scalars(select(CredentialRow.last_used).filter_by(account_id=account.id))]
    last = max((use for use in uses if use is not None), default=None)
    return advice.use(last, account.logins_known_since, account.created, NOW)


def _nobodys(session: Session, item: ItemRow) -> bool:
    account_id = item.account_id
    if item.integration_id:
        account_id = session.get_one(IntegrationRow, item.integration_id).owner_account_id
    account = session.get(AccountRow, account_id) if account_id else None
    return account is None or account.identity_id is None
