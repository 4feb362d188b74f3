"""Finding people, and everything one of them can reach."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.actors.actor import Role
from app.inventory import logins
from app.inventory.tables import AccountChangeRow, ReturnRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review.tables import ItemRow
from app.stories import integrations, people, person
from tests import make
from tests.app.review import cast
from tests.app.stories.town import EVE, NOW, SEC, finding, town


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["Ada", "Bo Reed", "Cy Ng"]),
        ("bo", ["Bo Reed"]),
        ("NG", ["Cy Ng"]),
        ("bo@corp", ["Bo Reed"]),
        (" Bo@corp.EXAMPLE ", ["Bo Reed"]),
        ("o@corp.example", ["Bo Reed"]),  # no whole address, so it is looked for as a part of one
        ("bo.legal", ["Bo Reed"]),
        ("100%", ["Cy Ng"]),
        ("%", ["Cy Ng"]),
        ("_", ["Cy Ng"]),
        ("nobody at all", []),
    ],
)
def test_people_are_found_by_name_address_and_sign_in_name(database: Database, text: str, names: list[str]) -> None:
    with database.transaction() as session:
        town(session)
        assert [each.name for each in people.search(session, text, by=SEC).people] == names


def test_a_list_of_people_says_how_much_there_is_to_see(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        role = make.entitlement(session, there.sales)
        make.privilege(session, there.bo_sales, role, "export")
        make.privilege(session, there.bo_sales, role, "administer")
        make.account(session, there.sales, identity_id=there.bo.id, ended=NOW)
        finding(session, there.sales, "account:1", identity_id=there.bo.id)
        finding(session, there.sales, "account:2", identity_id=there.bo.id, status="closed")
        (bo,) = people.search(session, "bo reed", by=SEC).people
        assert (bo.accounts, bo.privileged, bo.findings, bo.left) == (2, 1, 1, False)
        first = people.search(session, "", by=SEC, limit=2)
        second = people.search(session, "", by=SEC, after=first.after, limit=2)
        assert [each.name for each in (*first.people, *second.people)] == ["Ada", "Bo Reed", "Cy Ng"]
        assert second.after is None
        stray = people.nobodys(session, "STRAY", by=SEC).accounts
        assert [(each.username, each.system) for each in stray] == [("stray@corp.example", "Sales org")]
        assert people.nobodys(session, "bo", by=SEC).accounts == []


def test_two_people_of_one_name_are_both_found_across_pages(database: Database) -> None:
    with database.transaction() as session:
        twins = {make.identity(session, "Sam Ng").id for _ in range(3)}
        seen, after = [], None
        for _ in twins:
            page = people.search(session, "sam", by=SEC, after=after, limit=1)
            seen.append(page.people[0].id)
            after = page.after
        assert (set(seen), after) == (twins, None)


def test_one_person_is_told_across_systems_by_path_with_history(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        group, inner = (
            make.entitlement(session, there.sales, name="Group"),
            make.entitlement(session, there.sales, label="Inner"),
        )
        make.grant(session, there.bo_sales, group, granted_by="root")
        make.privilege(session, there.bo_sales, group, "export", path=f"{group.id}>{inner.id}")
        make.grant(session, there.bo_sales, make.entitlement(session, there.sales, name="Former"), ended=NOW)
        snapshot = make.snapshot(session, there.sales)
        session.add_all(
            [
                AccountChangeRow(
                    account_id=there.bo_sales.id, snapshot_id=snapshot.id, field="title", before="Rep", after=None
                ),
                ReturnRow(
                    kind="account",
                    subject_id=there.bo_sales.id,
                    gone=NOW - timedelta(3),
                    back=NOW,
                    snapshot_id=snapshot.id,
                ),
            ]
        )
        make.account(session, there.legal, identity_id=there.bo.id, username="old", ended=NOW)
        make.integration(session, there.sales, owner_account_id=there.bo_sales.id, name="Loader")
        make.credential(session, there.sales, account_id=there.bo_sales.id, label="Key")
        finding(session, there.sales, f"account:{there.bo_sales.id}", account_id=there.bo_sales.id)
        told = person.story(session, there.bo.id, by=SEC)
        assert told is not None
        assert (told.manager.name if told.manager else None, list(told.emails)) == ("Ada", ["bo@corp.example"])
        assert [(each.system, each.row.username) for each in told.accounts] == [
            ("Legal org", "bo.legal@corp.example"),
            ("Sales org", "bo.sales@corp.example"),
        ]
        assert [each.row.username for each in told.gone] == ["old"]
        (held,) = told.accounts[1].holds
        assert (held.name, held.paths, held.granted_by) == ("Group", (("export", "Group › Inner"),), "root")
        assert told.accounts[1].privileges == ["export"]
        assert [row.name for row, _system in told.integrations] == ["Loader"]
        assert [row.label for row, _system in told.credentials] == ["Key"]
        assert len(told.findings) == 1
        said = [turn.what for turn in told.history]
        assert "title changed from Rep to nothing" in said
        assert {"held role Former", "no longer held role Former", "was gone from the system", "was there again"} <= set(
            said
        )
        assert [turn.at for turn in told.history] == sorted((turn.at for turn in told.history), reverse=True)


def test_an_erased_person_is_not_told_about(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        there.bo.erased = NOW
        session.flush()
        assert person.story(session, there.bo.id, by=SEC) is None
        assert people.search(session, "bo", by=SEC).people == []


def test_a_person_shows_the_reviews_that_touched_them(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        cast.opened(session)
        told = person.story(session, company.bo.id, by=SEC)
        assert told is not None
        seen = {(each.campaign, each.what, each.outcome) for each in told.reviewed}
        assert seen >= {("Q4", "Sales rep", None), ("Q4", "Boss", None)}
        mine = ItemRow.subject_identity_id == company.bo.id
        assert len(told.reviewed) == session.query(ItemRow).filter(mine).count()


def test_looking_at_somebodys_sign_ins_leaves_an_entry(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        newest = make.login(session, there.bo_sales, NOW)
        make.login(session, there.bo_sales, NOW - timedelta(days=1))
        make.login(session, there.bo_legal, NOW)
        rows = logins.look(session, there.bo_sales, by=SEC, at=NOW)
        assert (len(rows), rows[0].id) == (2, newest.id)
        (entry,) = session.query(EntryRow).all()
        assert (entry.kind, entry.subject, entry.author, entry.body) == (
            "logins.seen", f"account:{there.bo_sales.id}", SEC.id, {"sign_ins": 2},
        )  # fmt: skip


def test_an_integration_has_a_card(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        there.bo_sales.active = False
        loader = make.integration(
            session, there.sales, owner_account_id=there.bo_sales.id, name="Loader", scopes=["api"]
        )
        live = make.credential(
            session, there.sales, integration_id=loader.id, account_id=there.cy_legal.id, last_used=NOW
        )
        make.credential(session, there.sales, integration_id=loader.id, active=False)
        make.credential(session, there.sales, integration_id=loader.id, ended=NOW)
        finding(session, there.sales, f"credential:{live.id}", rule="dormant_credential")
        make.integration(session, there.legal, name="Other_one", ended=NOW)
        (line,) = integrations.listed(session, "LOAD", by=SEC).lines
        assert (line.owner, line.owner_id, line.owner_gone, line.live, line.findings) == (
            "Bo Reed",
            there.bo.id,
            True,
            1,
            1,
        )
        assert [each.row.name for each in integrations.listed(session, gone=True, by=SEC).lines] == ["Other_one"]
        assert integrations.listed(session, "ad%r", by=SEC).lines == []
        card = integrations.card(session, loader.id, by=SEC)
        assert card is not None
        assert (len(card.credentials), card.more) == (3, 0)
        entered = next(each for each in card.credentials if each.row.id == live.id)
        assert (entered.person, len(entered.findings)) == ("Cy Ng", 1)
        assert integrations.card(session, 999_999, by=SEC) is None


def test_access_is_not_for_reviewers(database: Database) -> None:
    with database.transaction() as session:
        for ask in (
            lambda: people.search(session, "", by=EVE),
            lambda: people.nobodys(session, "", by=EVE),
            lambda: person.story(session, 1, by=EVE),
            lambda: person.account(session, 1, by=EVE),
            lambda: integrations.listed(session, by=EVE),
            lambda: integrations.card(session, 1, by=EVE),
        ):
            with pytest.raises(Refused, match="You may not see who can reach what"):
                ask()
    assert Role.REVIEWER in EVE.roles


def test_a_page_about_somebody_with_more_than_it_shows_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as session:
        there = town(session)
        whole = person.story(session, there.bo.id, by=SEC)
        assert whole is not None
        assert whole.cut == []
        monkeypatch.setattr(person, "MOST", 1)
        told = person.story(session, there.bo.id, by=SEC)
        assert told is not None
        assert "accounts" in told.cut
        assert len(told.accounts) + len(told.gone) == 1
