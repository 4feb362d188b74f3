"""Evidence on a page: packets are built and taken home, and a packet that is handed in gets its verdict."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from app.kit.db import Database
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.review.tables import CampaignRow
from tests.app.api.house import House
from tests.app.console.visiting import visitor
from tests.app.evidence import review


def closed(house: House) -> House:
    """The house with its review at an end."""
    with house.database.transaction() as session:
        row = session.get_one(CampaignRow, house.campaign.id)
        row.status, row.closed_at = "closed", house.means.clock()
    return house


def test_a_review_that_goes_on_has_no_packet_and_the_page_says_why(house: House) -> None:
    auditor = visitor(house, "auditor")
    page = auditor.get("/evidence").text
    assert "disabled" in page
    refused = auditor.act(f"/evidence/{house.campaign.id}/packet")
    assert refused.status_code == 409
    assert "may still change" in refused.text


def test_an_auditor_takes_a_packet_home_and_its_digest_stands_on_the_page(house: House) -> None:
    auditor = visitor(closed(house), "auditor")
    packet = auditor.act(f"/evidence/{house.campaign.id}/packet")
    assert packet.status_code == 200
    assert packet.headers["content-type"] == "application/zip"
    with house.database.reading() as session:
        sealed = session.scalars(select(EntryRow).where(EntryRow.kind == Kind.PACKET_SEALED)).one()
    assert sealed.body["digest"] == hashlib.sha256(packet.content).hexdigest()
    assert sealed.body["digest"] in auditor.get("/evidence").text


def test_a_packet_that_is_handed_in_gets_its_verdict_sentence_by_sentence(
    shown_house: House, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    told = review.whole(elsewhere := Database(make_database("sqlite")))
    sealed = review.build(elsewhere, told.campaign, tmp_path / "packet.zip")
    elsewhere.close()
    whole, auditor = sealed.path.read_bytes(), visitor(shown_house, "auditor")

    def verdict(packet: bytes, **given: str) -> str:
        answer = auditor.act("/evidence/verification", given, files={"packet": ("p.zip", io.BytesIO(packet))})
        assert answer.status_code == 200
        return answer.text

    assert "p.zip verifies." in verdict(whole)
    assert "No checkpoint of your own was given." in verdict(whole)
    kept = sealed.checkpoint.replace("\n", "\r\n")  # as a browser sends it
    assert "No checkpoint of your own" not in verdict(whole, checkpoint=kept, key=sealed.fingerprint)
    assert "p.zip verifies." in verdict(whole, checkpoint=kept, key=sealed.fingerprint)
    spoilt = bytearray(whole)
    spoilt[len(spoilt) // 2] ^= 1
    for wrong in (
        verdict(bytes(spoilt)),
        verdict(whole, key="0" * 64),
        verdict(whole, checkpoint=kept[:-9] + kept[-6:]),
    ):
        assert "p.zip does not verify." in wrong
        assert "p.zip verifies." not in wrong


def test_what_is_no_packet_is_said_and_nothing_breaks(house: House) -> None:
    auditor = visitor(house, "auditor")
    nothing = auditor.act("/evidence/verification")
    assert nothing.status_code == 422
    assert "No packet was handed in." in nothing.text
    verdict = auditor.act("/evidence/verification", files={"packet": ("<b>x</b>.zip", io.BytesIO(b"no archive"))})
    assert verdict.status_code == 200
    assert "does not verify" in verdict.text
    assert "<b>x</b>" not in verdict.text


def test_a_reviewer_has_no_business_there_and_it_security_may_look_but_not_take(house: House) -> None:
    assert visitor(house, "reviewer").get("/evidence").status_code == 403
    security = visitor(closed(house), "it_security")
    assert security.get("/evidence").status_code == 200
    assert security.act(f"/evidence/{house.campaign.id}/packet").status_code == 403
