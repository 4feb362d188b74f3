"""The ledger as somebody searches it, and evidence as somebody comes for it."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from app.actors import actors
from app.actors.actor import Role
from app.kit.db import Database
from app.kit.refusal import Refused
from app.kit.secrets import Keys
from app.ledger import checkpoints, entries, erasures, leaves, note, signing, tree
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.stories import activity, packets
from app.stories.activity import Wanted
from tests import make
from tests.app.review import cast
from tests.app.stories.town import EVE, NOW, SEC, who

KEYS = Keys(b"k" * 32)


def test_what_happened_is_found_by_kind_author_subject_and_time(database: Database) -> None:
    with database.transaction() as session:
        ada = actors.make(session, "Ada", {Role.ADMIN: None}, by=make.ADMIN, at=NOW - timedelta(days=9))
        for days, subject in ((3, "campaign:1"), (2, "campaign:12"), (1, "campaigns")):
            entry = Entry(Kind.CAMPAIGN_OPENED, subject)
            entries.record(session, entry, by=ada.id, at=NOW - timedelta(days=days))
        entries.record(session, Entry(Kind.KEY_ROTATED, "systems"), by="scheduler", at=NOW)

        def shown(**given: object) -> list[str]:
            return [each.row.subject for each in activity.listed(session, Wanted(**given), by=SEC).entries]  # type: ignore[arg-type]

        assert shown() == ["systems", "campaigns", "campaign:12", "campaign:1", f"actor:{ada.id}"]
        told = activity.listed(
            session, Wanted(), by=SEC
        ).entries  # what has no name, or is not there, is told as it stands
        assert [each.about for each in told] == ["systems", "campaigns", "campaign:12", "campaign:1", "Ada"]
        assert shown(kind="key.rotated") == ["systems"]
        assert shown(author=ada.id) == ["campaigns", "campaign:12", "campaign:1"]
        assert shown(subject="campaign:1") == ["campaign:1"]
        assert shown(subject="campaign:") == ["campaign:12", "campaign:1"]
        assert shown(since=NOW - timedelta(days=2)) == ["systems", "campaigns", "campaign:12"]
        assert shown(until=NOW - timedelta(days=2)) == ["campaign:1", f"actor:{ada.id}"]
        assert shown(kind="campaign.opened", since=NOW - timedelta(days=2), author="scheduler") == []
        assert shown(author="ADA") == shown(author=ada.id), "by name, however many act here"
        assert shown(author="somebody else") == []
        named = activity.listed(session, Wanted(author=ada.id), by=SEC).entries[0]
        assert (named.author, named.number) == ("Ada", None)
        seen, after = [], None
        while True:
            page = activity.listed(session, Wanted(), by=SEC, after=after, limit=2)
            seen += [each.row.subject for each in page.entries]
            if page.after is None:
                break
            after = page.after
        assert seen == shown()


def test_entries_of_one_moment_keep_their_order_across_pages(database: Database) -> None:
    with database.transaction() as session:
        told = [Entry(Kind.CAMPAIGN_OPENED, f"campaign:{n}") for n in range(5)]
        entries.record_many(session, told, by="a", at=NOW)
        whole = [each.row.id for each in activity.listed(session, Wanted(), by=SEC).entries]
        first = activity.listed(session, Wanted(), by=SEC, limit=3)
        second = activity.listed(session, Wanted(), by=SEC, after=first.after, limit=3)
        assert [each.row.id for each in (*first.entries, *second.entries)] == whole


def test_personal_values_are_for_those_who_may_see_them(database: Database) -> None:
    with database.transaction() as session:
        entry = Entry(Kind.DECISION_RECORDED, "item:1", {"answer": "keep"}, {"reason": "on leave"}, "identity:7")
        identifier = entries.record(session, entry, by="a", at=NOW)
        seen = activity.story(session, identifier, by=SEC)
        hidden = activity.story(session, identifier, by=who(Role.AUDITOR))
        assert seen is not None
        assert hidden is not None
        assert (seen.body, seen.personal) == ({"answer": "keep"}, {"reason": "on leave"})
        assert (hidden.body, hidden.personal, hidden.committed) == ({"answer": "keep"}, None, ["reason"])
        erasures.erase(session, "identity:7", by="a", at=NOW)
        gone = activity.story(session, identifier, by=SEC)
        assert gone is not None
        assert gone.personal == {"reason": None}


def test_an_entrys_proof_can_be_checked_by_itself(database: Database) -> None:
    with database.transaction() as session:
        signing.found(
            session,
            version="test",
            demo=False,
            by="cli:test",
            at=NOW,
        )
        told = [Entry(Kind.CAMPAIGN_OPENED, f"campaign:{n}") for n in range(6)]
        identifier = entries.record_many(session, told, by="a", at=NOW)[3]
        with pytest.raises(Refused, match="No signed checkpoint covers this entry yet"):
            activity.proof(session, identifier, by=SEC)
        leaves.integrate(session)
        checkpoints.sign(session, signing.signer(session, KEYS), by="cli:test", at=NOW)
        proof = activity.proof(session, identifier, by=SEC)
        told_story = activity.story(session, identifier, by=SEC)
        assert told_story is not None
        assert told_story.covered
    verifiers = [note.parse_verifier(key) for key in proof["keys"]]
    signed = note.checkpoint(proof["checkpoint"], verifiers)
    hashes = [base64.b64decode(each) for each in proof["hashes"]]
    leaf = bytes.fromhex(proof["leaf"])
    assert leaf == tree.leaf_hash(entries.jcs.dumps(proof["entry"]))
    assert tree.verify_inclusion(leaf, proof["number"], signed.size, hashes, signed.root)


def test_a_shelf_says_why_a_review_cannot_be_sealed(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        body = {"campaign": campaign.id, "digest": "ab", "draft": True}
        entries.record(session, Entry(Kind.PACKET_SEALED, "packet:ab", body), by="a", at=NOW)
        (shelf,) = packets.shelves(session, by=SEC)
        assert shelf.refusal is not None
        assert shelf.refusal.code == "campaign_not_closed"
        assert [(each.digest, each.draft, each.author) for each in shelf.packets] == [("ab", True, "a")]
        assert packets.trust(session, by=SEC).checkpoint is None


def test_the_ledger_is_not_for_reviewers(database: Database) -> None:
    with database.transaction() as session:
        identifier = entries.record(session, Entry(Kind.KEY_ROTATED, "systems"), by="a", at=NOW)
        for ask in (
            lambda: activity.listed(session, Wanted(), by=EVE),
            lambda: activity.story(session, identifier, by=EVE),
            lambda: activity.proof(session, identifier, by=EVE),
            lambda: activity.authors(session, by=EVE),
            lambda: packets.shelves(session, by=EVE),
            lambda: packets.trust(session, by=EVE),
        ):
            with pytest.raises(Refused, match="You may not see"):
                ask()
