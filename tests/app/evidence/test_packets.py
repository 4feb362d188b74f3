"""A packet holds everything an auditor asks for, and nothing that nobody may see."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import zipfile
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.compliance import queries, statuses
from app.compliance.controls import catalogue
from app.compliance.facts import Limits
from app.evidence.verify import Verdict, verify
from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    EntitlementRow,
    IdentityRow,
    IntegrationRow,
    ReturnRow,
    SystemRow,
)
from app.kit.db import Database
from app.kit.refusal import Refused
from app.kit.secrets import Keys
from app.ledger import entries, erasures, proofs
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.remediation import undoings
from app.remediation.tables import RemediationRow
from app.review import bundles, delegations, drifts
from app.review.tables import BundleVersionRow, CampaignRow, ItemRow
from tests import make
from tests.app.evidence import review

LATER = review.NOW + timedelta(hours=5)


def lines(path: Path, name: str) -> list[Any]:
    return [json.loads(line) for line in content(path, name).splitlines()]


def content(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as packet:
        return packet.read(name)


def failures(verdict: Verdict) -> list[str]:
    return [f"{check.what}: {check.because}" for check in verdict.checks if not check.holds]


def test_a_whole_review_is_sealed_and_verifies(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    sealed = review.build(database, told.campaign, tmp_path / "deep" / "packet.zip")
    verdict = verify(sealed.path, key=sealed.fingerprint)
    assert failures(verdict) == []
    assert verdict.remarks == []
    assert (verdict.key, verdict.fingerprint) == (sealed.key, sealed.fingerprint)
    assert hashlib.sha256(sealed.path.read_bytes()).hexdigest() == sealed.digest
    assert [path.name for path in sealed.path.parent.iterdir()] == ["packet.zip"]


def test_every_item_is_told_with_what_was_seen_who_said_what_and_why(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    items = lines(sealed.path, "decisions.jsonl")
    assert {item["kind"]: item["reviewer_name"] for item in items} == {
        "account": "Ada",
        "grant": "Ada",
        "integration": "Cy",
    }
    (mighty,) = [item for item in items if item["outcome"] == "remove"]
    (said,) = mighty["decisions"]
    assert mighty["shown"]
    assert mighty["privileged"] is True
    assert (said["answer"], said["reason"], said["by_name"], said["way"]) == ("remove", "his job", "Ada", "cli")
    assert said["self_review"] is False
    assert said["leaf"] is not None


def _modelled(session: Session, system: SystemRow, bo: IdentityRow, plain: EntitlementRow) -> None:
    """Everybody in sales is meant to have the plain role, says Mo, who is not in sales."""
    mo = make.identity(session, "Mo", department="IT")
    asked = {"match": 'department = "Sales"', "entitlements": [plain.id], "owner_id": mo.id}
    made = bundles.draft(session, name="Sales rep", **asked, by=make.ADMIN, at=review.NOW)
    bundles.approve(session, made.bundle_id, number=1, by=make.actor(mo), at=review.NOW)


def test_what_a_role_model_covers_is_told_as_acknowledged_under_it(database: Database, tmp_path: Path) -> None:
    told = review.whole(database, populate=_modelled)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    assert failures(verify(sealed.path, key=sealed.fingerprint)) == []
    (covered,) = [item for item in lines(sealed.path, "decisions.jsonl") if item["role_model"]]
    assert (covered["outcome"], covered["role_model"]) == ("acknowledge", "Sales rep v1")
    assert covered["decisions"][0]["model"] == "bundle:1 v1"
    table = list(csv.DictReader(io.StringIO(content(sealed.path, "tables/decisions.csv").decode("utf-8-sig"))))
    assert [(row["outcome"], row["role_model"]) for row in table if row["role_model"]] == [
        ("acknowledge", "Sales rep v1")
    ]
    assert "1 acknowledge" in content(sealed.path, "cover.txt").decode()


def _delegated(session: Session, system: SystemRow, bo: IdentityRow, plain: EntitlementRow) -> None:
    """Flo decides on accounts for Ada this week."""
    flo = session.scalars(select(IdentityRow).where(IdentityRow.key == "flo")).one()
    until, by = review.NOW + timedelta(days=7), make.ADMIN
    given: dict[str, Any] = {"scope": "kind = account", "reason": "in the hills", "until": until}
    delegations.make(session, from_id=bo.manager_id or 0, to_id=flo.id, **given, by=by, at=review.NOW)


def test_who_reviewed_for_whom_and_by_which_delegation_is_told_with_what_they_decided(
    database: Database, tmp_path: Path
) -> None:
    told = review.whole(database, populate=_delegated)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    assert failures(verify(sealed.path, key=sealed.fingerprint)) == []
    items = {item["kind"]: item for item in lines(sealed.path, "decisions.jsonl")}
    of = items["account"]
    assert (of["reviewer_name"], of["reviewed_for"], of["decisions"][0]["by_name"]) == ("Flo", "Ada", "Flo")
    assert (of["delegation"]["from_name"], of["delegation"]["from"]) == ("Ada", told.ada.key)
    assert of["delegation"]["until"].startswith((review.NOW + timedelta(days=7)).date().isoformat())
    assert items["grant"]["delegation"] is items["grant"]["reviewed_for"] is None
    table = csv.DictReader(io.StringIO(content(sealed.path, "tables/decisions.csv").decode("utf-8-sig")))
    assert {row["kind"]: row["reviewed_for"] for row in table} == {"account": "Ada", "grant": "", "integration": ""}
    log = {entry["entry"]["kind"]: entry for entry in lines(sealed.path, "log/entries.jsonl")}
    made = log["delegation.made"]["entry"]
    assert made["subject"] == f"delegation:{of['delegation']['number']}"
    assert made["body"]["scope"] == 'kind = "account"'
    assert "hills" not in content(sealed.path, "log/entries.jsonl").decode()


def test_a_deputys_answer_is_told_as_one_when_the_item_has_gone_on_to_somebody_else(
    database: Database, tmp_path: Path
) -> None:
    told = review.whole(database, populate=_delegated)
    with database.transaction() as session:  # as another round does, or who hands it on
        session.execute(update(ItemRow).values(delegation_id=None))
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    assert failures(verify(sealed.path, key=sealed.fingerprint)) == []
    items = {item["kind"]: item for item in lines(sealed.path, "decisions.jsonl")}
    assert items["account"]["delegation"] is None
    (said,), (own, *_) = items["account"]["decisions"], items["grant"]["decisions"]
    assert (said["delegation"]["from"], said["delegation"]["from_name"]) == (told.ada.key, "Ada")
    assert said["delegation"]["until"].startswith((review.NOW + timedelta(days=7)).date().isoformat())
    assert own["delegation"] is None
    log = [entry["entry"] for entry in lines(sealed.path, "log/entries.jsonl")]
    about = f"delegation:{said['delegation']['number']}"
    assert [entry["body"].get("delegation") for entry in log if entry["kind"] == "decision.recorded"].count(about) == 1
    assert [entry["kind"] for entry in log if entry["subject"] == about] == ["delegation.made"]


def test_an_acknowledgement_under_a_model_that_nobody_approved_does_not_verify(
    database: Database, tmp_path: Path
) -> None:
    told = review.whole(database, populate=_modelled)
    with database.transaction() as session:  # as if the approval had been kept out of the packet's log
        version = session.scalars(select(BundleVersionRow)).one()
        version.number = 2
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    (failed,) = failures(verify(sealed.path, key=sealed.fingerprint))
    assert "no owner approved bundle:1 v2" in failed


def test_a_removal_is_told_from_the_look_before_to_the_reading_that_proves_it(
    database: Database, tmp_path: Path
) -> None:
    told = review.whole(database)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    (line,) = lines(sealed.path, "remediations.jsonl")
    assert (line["status"], line["before"]["state"], line["after"]["state"]) == ("verified", "present", "absent")
    assert [(act["status"], act["receipt"]["status"]) for act in line["acts"]] == [("done", 204)]
    receipts = lines(sealed.path, "population/receipts.jsonl")
    proving = {each["snapshot"] for each in receipts if each["rests"] == "verifying"}
    assert proving == {line["verified_by"]["snapshot"]}
    assert (line["meanwhile"]["began"], line["meanwhile"]["changes"]) == (
        line["opened_at"], {"reach": "unknown", "count": None, "because": "logged changes are not read here", "kinds": {}},
    )  # fmt: skip


def test_how_far_back_a_removal_is_looked_at_is_as_long_as_sign_ins_are_kept(
    sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "rolecall.db")
    database = Database(f"sqlite:///{tmp_path / 'rolecall.db'}")
    told = review.whole(database)
    with database.transaction() as session:
        session.query(AccountRow).update({"logins_known_since": review.NOW - timedelta(days=90)})
    reach = []
    for kept in (timedelta(days=365), timedelta(0)):
        sealed = review.build(database, told.campaign, tmp_path / f"{kept.days}.zip", sign_ins_kept=kept)
        (line,) = lines(sealed.path, "remediations.jsonl")
        reach.append(line["meanwhile"]["sign_ins"]["reach"])
    database.close()
    assert reach == ["whole", "unknown"]


def test_a_removal_that_was_undone_is_told_beside_what_gives_its_access_back(
    database: Database, tmp_path: Path
) -> None:
    told = review.whole(database)
    with database.transaction() as session:
        row = session.scalars(select(RemediationRow)).one()
        undoings.undo(session, row, "needed until June", by=make.ADMIN, at=review.NOW + timedelta(hours=6))
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    first, second = lines(sealed.path, "remediations.jsonl")
    assert (first["status"], second["wish"], second["status"]) == ("undone", "restore", "open")
    assert (second["undoes"], second["meanwhile"]) == (first["id"], None)
    assert failures(verify(sealed.path)) == []


def test_the_population_is_the_one_that_was_frozen(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        told = review.frozen(session)
        review.decide(session, told)
        review.closed(session, told)
        account = session.scalars(select(AccountRow).where(AccountRow.system_id == told.system.id)).one()
        for hours, before, after in ((6, "Bö", "Bob"), (7, "Bob", "Bobby")):
            later = review.read(session, told.system, review.NOW + timedelta(hours=hours), {"accounts": 1})
            for field, was, now in (("name", before, after), ("active", "true", "false")):
                change = {
                    "account_id": account.id,
                    "snapshot_id": later.id,
                    "field": field,
                    "before": was,
                    "after": now,
                }
                session.add(AccountChangeRow(**change))
        account.name, account.active = "Bobby", False
        make.account(session, told.system, began=LATER)  # came later
        gone = make.account(session, told.system, ended=review.NOW)  # had gone by then
        away = make.account(session, told.system)  # was not there just then
        session.flush()
        gap = {"gone": review.NOW - timedelta(days=1), "back": LATER, "snapshot_id": told.first.id}
        session.add(ReturnRow(kind="account", subject_id=away.id, **gap))
        session.add(ReturnRow(kind="account", subject_id=account.id, **gap | {"back": review.NOW}))
        assert gone.id
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    folder = json.loads(content(sealed.path, "cover.json"))["systems"][0]["folder"]
    (line,) = lines(sealed.path, f"{folder}/accounts.jsonl")
    assert (line["name"], line["active"], line["username"]) == ("Bö", True, "=bo@corp")
    assert [each["entitlement"] for each in lines(sealed.path, f"{folder}/grants.jsonl")] == ["role:rep", "role:boss"]
    assert "last_login" not in line


def test_an_open_review_is_refused_and_its_draft_is_stamped(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        told = review.frozen(session)
    with pytest.raises(Refused, match="is open"):
        review.build(database, told.campaign, tmp_path / "packet.zip")
    assert not (tmp_path / "packet.zip").exists()
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip", draft=True)
    verdict = verify(sealed.path, key=sealed.key)
    assert failures(verdict) == []
    assert verdict.remarks == ["stamped DRAFT"]
    assert content(sealed.path, "cover.txt").startswith(b"*** DRAFT")
    assert content(sealed.path, "README.txt").startswith(b"*** DRAFT")
    assert json.loads(content(sealed.path, "manifest.json"))["stamps"] == ["DRAFT"]


def test_a_campaign_that_is_not_there_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no such campaign"):
        review.build(database, 99, tmp_path / "packet.zip")


def test_a_demonstration_says_so_everywhere(database: Database, tmp_path: Path) -> None:
    told = review.whole(database, demo=True)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    assert verify(sealed.path, key=sealed.key).remarks == ["stamped DEMO"]
    assert content(sealed.path, "cover.txt").startswith(b"*** DEMO")


def test_items_that_nobody_answered_are_told_as_such(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        told = review.frozen(session)
        review.decide(session, told, unanswered=("integration",))
        review.closed(session, told, unanswered="remove")
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    assert failures(verify(sealed.path, key=sealed.key)) == []
    outcomes = json.loads(content(sealed.path, "reconciliation.json"))["outcomes"]
    assert outcomes == {"keep": 2, "remove": 1, "remove (unanswered)": 1}


def test_access_that_began_meanwhile_is_told_with_what_was_decided_on_it(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        told = review.frozen(session)
        review.decide(session, told)
        make.integration(session, told.system, name="New tool", began=LATER)
        boss = make.actor(told.ada, *make.ADMIN.roles)
        (row,) = drifts.detect(session, told.campaign, by=make.ADMIN, at=LATER)
        drifts.decide(session, row.id, "keep", "asked for", by=boss, at=LATER)
        review.closed(session, told)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    assert failures(verify(sealed.path, key=sealed.key)) == []
    (line,) = lines(sealed.path, "drift.jsonl")
    assert (line["change"], line["answer"], line["reason"]) == ("began", "keep", "asked for")


def test_the_checklist_is_told_as_it_was_when_the_packet_was_sealed(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    sealed = review.NOW + timedelta(hours=6)
    for at in (sealed - timedelta(minutes=1), sealed + timedelta(days=200)):
        with database.transaction() as session:
            statuses.judge(session, Limits(), roster_max_age_days=7, by=make.ADMIN, at=at)
    packet = review.build(database, told.campaign, tmp_path / "packet.zip")
    assert failures(verify(packet.path, key=packet.key)) == []
    found = lines(packet.path, "controls.jsonl")
    overall = {line["line"]: line for line in found if line["system"] is None}
    assert list(overall) == list(catalogue.LINES)
    assert overall["CRM-G.1.3"]["outcome"] == "PASS"  # the review has just ended; half a year later it is FAIL
    assert {line["system"] for line in found} == {None, told.system.id}
    with database.reading() as session:
        (now,) = queries.outcomes(session, line="CRM-G.1.3", place="all")
        assert now.outcome == "FAIL"


def test_what_does_not_add_up_is_said_and_still_verifies(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        told = review.frozen(session)
        review.decide(session, told)
        review.closed(session, told)
        session.add(IntegrationRow(system_id=told.system.id, key="x", kind="app", name="Slipped in", derived=False,
                                   active=True, began=make.LONG_AGO))  # fmt: skip
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    verdict = verify(sealed.path, key=sealed.key)
    sentence = "of 2 integrations in scope, 1 were reviewed and 0 left out with a reason"
    assert failures(verdict) == []
    assert verdict.remarks == [f"does not add up, and says so: {sentence}"]
    assert sentence in content(sealed.path, "cover.txt").decode()


def test_no_secret_is_in_a_packet(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    with zipfile.ZipFile(sealed.path) as packet:
        inside = {name: packet.read(name) for name in packet.namelist()}
    with zipfile.ZipFile(io.BytesIO(inside["review.xlsx"])) as book:
        inside |= {name: book.read(name) for name in book.namelist()}
    seed = review.KEYS.derive("checkpoints")
    for secret in (review.SECRET, b"k" * 32, seed, seed.hex().encode()):
        assert [name for name, bytes_ in inside.items() if secret in bytes_] == []


def test_tables_hold_the_same_rows_and_no_formula(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    text = content(sealed.path, "tables/decisions.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["item"] for row in rows] == [str(line["item"]) for line in lines(sealed.path, "decisions.jsonl")]
    assert {row["username"] for row in rows if row["account"]} == {"'=bo@corp"}
    book = openpyxl.load_workbook(io.BytesIO(content(sealed.path, "review.xlsx")))
    sheet = book["decisions"]
    heads = [cell.value for cell in sheet[1]]
    cell = sheet.cell(2, heads.index("username") + 1)
    assert sheet.max_row == len(rows) + 1
    assert (cell.value, cell.data_type) == ("=bo@corp", "s")
    assert book.sheetnames == [
        "decisions", "remediations", "drift", "accounts", "grants", "integrations", "credentials",
    ]  # fmt: skip


def test_sealing_is_written_down_and_the_next_packet_extends_this_one(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    first = review.build(database, told.campaign, tmp_path / "first.zip")
    second = review.build(database, told.campaign, tmp_path / "second.zip")
    with database.frozen() as session:
        sealed = session.scalars(select(EntryRow.body).where(EntryRow.kind == Kind.PACKET_SEALED)).all()
        assert sorted(body["digest"] for body in sealed) == sorted([first.digest, second.digest])
        assert proofs.examine(session) == []
    assert content(second.path, "log/previous-checkpoint.txt").decode() == first.checkpoint
    verdict = verify(second.path, checkpoint=first.checkpoint, key=first.key)
    assert failures(verdict) == []
    assert {"the log extends that of the previous packet", "the log extends your checkpoint"} <= {
        check.what for check in verdict.checks
    }


def test_the_same_rows_give_the_same_bytes(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    first = review.build(database, told.campaign, tmp_path / "first.zip")
    second = review.build(database, told.campaign, tmp_path / "second.zip")
    changing = {"log/", "cover.json", "manifest."}  # the log has grown by the entry of the first one
    with zipfile.ZipFile(first.path) as one, zipfile.ZipFile(second.path) as other:
        names = [name for name in one.namelist() if not name.startswith(tuple(changing))]
        assert len(names) > 15
        assert [name for name in names if one.read(name) != other.read(name)] == []


def test_an_erased_person_leaves_a_packet_that_verifies(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    with database.transaction() as session:
        assert erasures.erase(session, f"identity:{told.bo.id}", by="admin", at=LATER) > 0
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    verdict = verify(sealed.path, key=sealed.key)
    assert failures(verdict) == []
    assert "personal values were erased" in " ".join(verdict.remarks)


def test_a_packet_of_one_review_says_nothing_of_another(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    with database.transaction() as session:
        other = review.frozen(session, name="Other")
        review.decide(session, other)
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    assert failures(verify(sealed.path, key=sealed.key)) == []
    with zipfile.ZipFile(sealed.path) as packet:
        assert [name for name in packet.namelist() if b"Sales org Other" in packet.read(name)] == []
    subjects = {line["entry"]["subject"] for line in lines(sealed.path, "log/entries.jsonl")}
    assert f"campaign:{other.campaign}" not in subjects


class Busy(Database):
    """Somebody adds an entry each time between the signing and the reading."""

    def frozen(self) -> AbstractContextManager[Session]:
        with self.transaction() as session:
            campaign = session.scalars(select(CampaignRow.id)).one()
            entries.record(session, Entry(Kind.TASK_REASSIGNED, f"campaign:{campaign}"), by="ada", at=LATER)
        return super().frozen()


def test_a_review_that_is_added_to_all_the_time_is_refused(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    busy = Busy(database.url.render_as_string(hide_password=False))
    with pytest.raises(Refused, match="entries about this campaign were written"):
        review.build(busy, told.campaign, tmp_path / "packet.zip")
    busy.close()
    assert not (tmp_path / "packet.zip").exists()


def test_a_new_key_is_trusted_by_whoever_trusts_the_former_one(database: Database, tmp_path: Path) -> None:
    told = review.whole(database)
    first = review.build(database, told.campaign, tmp_path / "first.zip")
    rotated = Keys(b"n" * 32, [b"k" * 32])
    second = review.build(database, told.campaign, tmp_path / "second.zip", keys=rotated)
    third = review.build(database, told.campaign, tmp_path / "third.zip", keys=rotated)
    assert first.key != second.key == third.key
    for packet in (second, third):
        assert failures(verify(packet.path, key=first.fingerprint, checkpoint=first.checkpoint)) == []
    lost = Keys(b"o" * 32)
    fourth = review.build(database, told.campaign, tmp_path / "fourth.zip", keys=lost)
    verdict = verify(fourth.path)
    assert failures(verdict) == []
    assert any("did not hand over" in remark for remark in verdict.remarks)
    assert "the key is the one that you trust" in failures(verify(fourth.path, key=first.key))[0]
