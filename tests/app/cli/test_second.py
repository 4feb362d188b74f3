"""Approving at the command line takes a token made by somebody who was signed in, and not another login of the machine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from app.actors import actors, tokens
from app.actors.actor import Role
from app.cli.installation import opened, operator
from app.inventory.tables import IdentityRow
from app.kit import clock
from app.ledger.tables import EntryRow
from app.review import campaigns
from app.review.tables import CampaignRow
from tests import make
from tests.app.cli.saying import Place


def token(
    place: Place, folder: Path, name: str, *roles: Role, at_the_console: bool = True, person: str | None = None
) -> str:
    """A file with a token of somebody new; `person`: who they are in the roster."""
    with place.entered(), opened() as means, means.database.transaction() as session:
        by, at = make.ADMIN if at_the_console else operator(), clock.now()
        who = actors.make(
            session,
            name,
            dict.fromkeys(roles, at + make.timedelta(days=9)),
            email=f"{name}@nowhere.example",
            person_key=person,
            by=make.ADMIN,
            at=at,
        )
        written = folder / f"{name}.token"
        written.write_text(tokens.make(session, who, label="mine", days=1, by=by, at=at))
        return str(written)


def test_a_waiver_takes_somebody_who_can_be_told_apart(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = str(place.rolecall("findings", "--json").json()[1]["id"])
    place.rolecall("finding", "waive", number, "-r", "it is needed until May", "--days", "60").well()
    monkeypatch.setenv("LOGNAME", "somebody-else")
    approve = ("finding", "approve", number, "--token")
    place.rolecall("finding", "approve", number).refused("--token", code=2)
    place.rolecall(*approve, str(tmp_path / "none")).refused("cannot be read")
    pasted = place.rolecall(*approve, "rolecall_0123456789ab_secretly")
    pasted.refused("That is a token, where the name of a file")
    assert "secretly" not in pasted.all
    made_up = token(place, tmp_path, "up", Role.IT_SECURITY, at_the_console=False)
    place.rolecall(*approve, made_up).refused("made at a command line")
    place.rolecall(*approve, token(place, tmp_path, "auditor", Role.AUDITOR)).refused("You may not")
    forged = tmp_path / "forged"
    forged.write_text("rolecall_0123456789ab_nothing")
    place.rolecall(*approve, str(forged)).refused("not valid")
    assert place.rolecall("finding", "show", number, "--json").json()["status"] == "open"
    place.rolecall(*approve, token(place, tmp_path, "second", Role.IT_SECURITY)).well()
    assert place.rolecall("finding", "show", number, "--json").json()["status"] == "waived"


def test_a_word_is_put_on_file_revised_and_approved_by_somebody_else(place: Place, tmp_path: Path) -> None:
    paper = tmp_path / "policy.txt"
    paper.write_text("Access is reviewed each quarter.")
    with place.entered(), opened() as means, means.database.transaction() as session:
        owner = make.identity(session, "Wanda", key="wanda").key
    said = ("--owner", owner, "--until", _in(90), "--statement", "The policy is signed by the board.")
    attest = ("controls", "attest", "5.1.1", *said)
    first = place.rolecall(*attest, "--file", str(paper), "--json").json()
    assert first["revision"] == 1
    assert len(first["digest"]) == 64
    shown = token(place, tmp_path, "approver", Role.IT_SECURITY)
    place.rolecall("controls", "approve", first["id"], "--token", shown).well()
    second = place.rolecall(*attest, "--link", "https://wiki.example/policy", "--json").json()
    assert second["revision"] == 2
    place.rolecall("controls", "decline", second["id"], "-r", "The link leads nowhere at all.").well()
    told = place.rolecall("controls", "words", "5.1.1", "--json").json()
    assert [(each["revision"], each["status"]) for each in told] == [(2, "declined"), (1, "approved")]
    assert told[1]["digest"] == first["digest"]
    place.rolecall("controls", "withdraw", first["id"], "-r", "The board has signed another.").well()
    place.rolecall("controls", "approve", "7", "--token", shown).refused("not the id of a word")
    place.rolecall(*attest, "--file", str(tmp_path / "none")).refused("cannot be read")
    place.rolecall("controls", "attest", "G.1.2", *said).refused("does not rest on anybody")


def _in(days: int) -> str:
    return (clock.now().date() + make.timedelta(days=days)).isoformat()


def test_what_a_control_owner_accepts_is_told_with_what_it_leaves_out_in_words(place: Place, tmp_path: Path) -> None:
    scope = tmp_path / "scope.json"
    scope.write_text(json.dumps({"systems": "all", "kinds": ["account"], "where": "privileged"}))
    seen = ("campaign", "accept", "Narrow", "--fallback", place.fallback, "--control-owner", place.second)
    mine = token(place, tmp_path, "owner", Role.REVIEWER)
    told = place.rolecall(*seen, "--scope", str(scope), "--token", mine, "--remark", "all of it is there").well().all
    assert re.search(r"left out: [\d,]+ inactive accounts?: nobody can sign in to them", told), told
    assert "{'" not in told
    assert "say `--seen" in told


def test_a_control_owner_signs_several_reviews_at_once_each_by_itself_or_none(place: Place, tmp_path: Path) -> None:
    opening = ("campaign", "open", "Small", "--fallback", place.fallback, "--second", place.second)
    scope = tmp_path / "scope.json"
    scope.write_text(json.dumps({"systems": "all", "kinds": ["account"]}))
    place.rolecall(*opening, "--scope", str(scope)).well()
    with place.entered(), opened() as means, means.database.transaction() as session:
        owner = session.scalars(select(IdentityRow).where(IdentityRow.key == place.second)).one()
        for row in session.scalars(select(CampaignRow)):
            row.owner_id = owner.id
            session.flush()
            if row.name == "Small":
                campaigns.close(session, row.id, unanswered="remove", by=make.ADMIN, at=clock.now())
    mine = token(place, tmp_path, "signer", Role.REVIEWER, person=place.second)
    sign = ("campaign", "sign", "Small", "Q4", "--remark", "Looked at both, and at what became of them.")
    place.rolecall(*sign, "--token", token(place, tmp_path, "other", Role.REVIEWER)).refused("Small", "who is not you")
    place.rolecall(*sign, "--token", mine).refused("Q4: Only what is closed", "None of them is signed")
    assert not place.rolecall("campaign", "show", "Small", "--json").json()["signed"]
    with place.entered(), opened() as means, means.database.transaction() as session:
        other = session.scalars(select(CampaignRow.id).where(CampaignRow.name == "Q4")).one()
        campaigns.close(session, other, unanswered="remove", by=make.ADMIN, at=clock.now())
    told = place.rolecall(*sign, "--token", mine).well().all
    assert told.count("is signed by signer") == 2
    assert len(re.findall(r"[1-9]\d* without an answer \(to be removed\)", told)) == 2
    with place.means() as means, means.database.reading() as session:
        signed = session.scalars(select(EntryRow.subject).where(EntryRow.kind == "outcome.signed")).all()
        assert len(set(signed)) == 2
    place.rolecall("campaign", "sign", "Small", "--remark", "Looked at it once more.", "--token", mine).refused("Small")
