"""Role models on pages: proposed, approved by whoever answers for one, and answered under with one button."""

from __future__ import annotations

import html
import re

from app.inventory.tables import IdentityRow
from app.review import bundles
from app.review.tables import BundleRow, CampaignRow, ItemRow
from tests import make
from tests.app.api.house import NOW, House
from tests.app.console.visiting import visitor
from tests.app.review import cast


def _status(house: House) -> str:
    with house.database.reading() as session:
        return session.get_one(BundleRow, 1).status


def test_its_owner_sees_it_and_approves_it_and_nobody_else_does(house: House) -> None:
    assert "1 role model of yours covers nothing." in visitor(house, "ada").get("/reviews").text
    assert visitor(house, "eve").get("/bundles/1").status_code == 404
    assert "You own no role model." in visitor(house, "eve").get("/bundles").text
    page = visitor(house, "boss").get("/bundles/1").text
    assert "its owner has not approved it yet" in page
    assert "Approve v1" not in page
    assert visitor(house, "boss").act("/bundles/1/approval", {"number": 1}).status_code == 403
    assert "Nobody approves the role model of their own job." in visitor(house, "ada").get("/bundles/1").text
    with house.database.transaction() as session:
        session.get_one(IdentityRow, house.company.ada.id).title = "Head of sales"
    approved = visitor(house, "ada").act("/bundles/1/approval", {"number": 1})
    assert (approved.status_code, approved.headers["location"]) == (303, "/bundles/1")
    assert "It covers." in visitor(house, "ada").get("/bundles/1").text
    assert "role model of yours" not in visitor(house, "ada").get("/reviews").text


def test_those_who_run_reviews_propose_revise_and_retire(house: House) -> None:
    boss = visitor(house, "boss")
    with house.database.transaction() as session:
        company = house.company
        for n in range(5):
            rep = make.identity(session, f"Rep{n}", department="Service", title="Agent")
            make.grant(session, make.account(session, company.system, identity_id=rep.id), company.role)
    assert "Agent, Service: 5 people, 1 access in common" in boss.get("/bundles").text
    job = {"department": "Service", "title": "Agent", "owner": "nobody"}
    assert boss.act("/bundles", job).status_code == 422
    assert boss.act("/bundles", job | {"owner": "Flo"}).headers["location"] == "/bundles/2"
    assert "Agent, Service: 5 people" not in boss.get("/bundles").text
    assert boss.act("/bundles/2/versions", {"match": "title = Agent"}).status_code == 422  # nothing was ticked
    kept = {"holds": [str(company.role.id)], "match": "title = Agent", "owner": "fay"}
    assert boss.act("/bundles/2/versions", kept).status_code == 303
    assert "v2" in boss.get("/bundles/2").text
    assert boss.act("/bundles/2/retirement", {"reason": ""}).status_code == 422
    assert boss.act("/bundles/2/retirement", {"reason": "merged"}).headers["location"] == "/bundles"
    assert visitor(house, "ada").act("/bundles/1/retirement", {"reason": "mine"}).status_code == 403
    assert _status(house) == "live"


def test_one_answer_acknowledges_what_the_model_covers_and_keeps_the_account(house: House) -> None:
    with house.database.transaction() as session:
        bundles.revise(session, 1, owner_id=house.company.fay.id, by=make.ADMIN, at=NOW)
        session.get_one(IdentityRow, house.company.fay.id).department = "IT"
        bundles.approve(session, 1, number=2, by=house.company.actor(house.company.fay), at=NOW)
        campaign: CampaignRow = cast.opened(session, name="Next")
        items = cast.items(session, campaign)
    ada, path = visitor(house, "ada"), f"/reviews/{campaign.id}"
    page = ada.get(path).text
    assert "1 of Rep v2 and 1 ordinary one" in page
    (value,) = re.findall(r'<button name="together" value="([^"]+)" data-key="a">Still in the job', page)
    assert ada.act(f"{path}/answers", {"together": value}).status_code == 303
    with house.database.reading() as session:
        said = {item.subject: session.get_one(ItemRow, item.id).outcome for item in items.values()}
    company = house.company
    assert said == {
        f"grant:{company.plain.id}": "acknowledge",
        f"account:{company.account.id}": "keep",
        f"grant:{company.mighty.id}": None,
        **{name: None for name in said if name.startswith(("integration", "credential"))},
    }
    assert "under Rep v2" in ada.get(path).text


def test_of_many_jobs_a_page_counts_the_custom_of_some_and_leads_to_the_others(house: House) -> None:
    with house.database.transaction() as session:
        company = house.company
        for job in range(12):
            for n in range(5):
                person = make.identity(session, f"P{job}.{n}", department="Many", title=f"Job {job:02}")
                make.grant(session, make.account(session, company.system, identity_id=person.id), company.role)
    boss = visitor(house, "boss")
    first = boss.get("/bundles").text
    assert [f"Job {n:02}, Many" in first for n in range(12)] == [True] * 10 + [False] * 2
    more = html.unescape(re.findall(r'href="(/bundles\?jobs=[^"]+)"', first)[0])
    second = boss.get(more).text
    assert [f"Job {n:02}, Many" in second for n in range(12)] == [False] * 10 + [True] * 2
