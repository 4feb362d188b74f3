"""What has to be there before a write fits, for the examples: `PREPARED[method, path](house)` makes it and says the rest.

Most writes need nothing (they are in test_examples.BODIES). These need a review that has come so far, a message that is
signed, a system that answers.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actors import actors, hooks, tokens
from app.actors.tables import ActorRow
from app.inventory.tables import IdentityRow
from app.notices import channels, subscriptions
from app.remediation import braking
from app.review import campaigns, decisions, delegations, tasks
from app.review.tables import CampaignRow, DriftRow, ItemRow, TaskRow
from connectors.sandbox import serve
from tests import make
from tests.app.api.house import NOW, House, removal
from tests.app.console.visiting import actor_of, visitor
from tests.app.review import cast


@dataclass
class Ready:
    """Who sends what to which numbers. `send` is what really goes out, where that is not `body` as it is told."""

    body: Any = None
    who: str = "boss"
    numbers: dict[str, Any] = field(default_factory=dict)
    send: dict[str, Any] | None = None


def _own_token(house: House, who: str) -> Ready:
    with house.database.transaction() as session:
        row = session.get_one(ActorRow, actor_of(house, who).id)
        made = tokens.make(session, row, "an old export", days=30, by=make.ADMIN, at=NOW)
    return Ready(numbers={"actor_id": row.id, "token_id": made.split("_")[1]})


def _leaver(house: House) -> Ready:
    with house.database.transaction() as session:
        return Ready(numbers={"actor_id": actors.make(session, "Zed", {}, by=make.ADMIN, at=NOW).id})


def _own_session(house: House, who: str) -> Ready:
    return Ready(numbers={"actor_id": actor_of(house, who).id, "session_id": visitor(house, who).session})


def _next_round(house: House) -> Ready:
    with house.database.transaction() as session:
        then = [{"name": "Owners", "ask": ["owner", {"person": "fay"}], "where": "privileged"}]
        row = cast.opened(session, name="In rounds", scope={"then": then})
        mine = (
            select(ItemRow, TaskRow).join(TaskRow, TaskRow.id == ItemRow.task_id).where(ItemRow.campaign_id == row.id)
        )
        shares = {}
        for item, task in session.execute(mine.order_by(ItemRow.id)).all():
            shares[task.id] = make.actor(session.get_one(IdentityRow, task.reviewer_id))
            decisions.record(session, item.id, "keep", reason="seen", by=shares[task.id], at=NOW)
        for number, by in shares.items():
            tasks.submit(session, number, by=by, at=NOW)
        return Ready(body={}, numbers={"campaign_id": row.id})


def _open(session: Session, house: House, name: str) -> tuple[CampaignRow, list[ItemRow]]:
    """One more review of the company, and Ada's items in it."""
    row = cast.opened(session, name=name)
    hers = (ItemRow.campaign_id == row.id, TaskRow.reviewer_id == house.company.ada.id)
    found = select(ItemRow).join(TaskRow, TaskRow.id == ItemRow.task_id).where(*hers).order_by(ItemRow.id)
    return row, list(session.scalars(found))


def _answered(session: Session, house: House, name: str) -> tuple[CampaignRow, int]:
    campaign, items = _open(session, house, name)
    ada = house.company.actor(house.company.ada)
    for each in items:
        decisions.record(session, each.id, "keep", reason="seen", by=ada, at=NOW)
    return campaign, items[0].task_id


def _submission(house: House) -> Ready:
    with house.database.transaction() as session:
        return Ready({}, "ada", {"task_id": _answered(session, house, "To submit")[1]})


def _reopening(house: House) -> Ready:
    with house.database.transaction() as session:
        task = _answered(session, house, "To reopen")[1]
        tasks.submit(session, task, by=house.company.actor(house.company.ada), at=NOW)
    return Ready({"reason": "the role was renamed meanwhile"}, numbers={"task_id": task})


def _withdrawal(house: House) -> Ready:
    with house.database.transaction() as session:
        task = _answered(session, house, "To withdraw")[1]
        item = session.scalars(select(ItemRow.id).where(ItemRow.task_id == task).limit(1)).one()
    return Ready(who="ada", numbers={"item_id": item})


def _handover(house: House) -> Ready:
    with house.database.transaction() as session:
        campaign, items = _open(session, house, "To hand on")
        task = session.get_one(TaskRow, items[0].task_id)
    body = {"task": task.id, "to": "cy", "reason": "Ada is away until the end of the month"}
    return Ready(body, numbers={"campaign_id": campaign.id})


def _delegation_to_end(house: House) -> Ready:
    with house.database.transaction() as session:
        row = delegations.make(
            session, from_id=house.company.fay.id, to_id=house.company.eve.id, reason="a week off",
            until=NOW + timedelta(days=7), by=make.ADMIN, at=NOW,
        )  # fmt: skip
    return Ready({}, numbers={"delegation_id": row.id})


def _closure(house: House) -> Ready:
    with house.database.transaction() as session:
        campaign, _ = _answered(session, house, "To close")
        session.execute(update(DriftRow).where(DriftRow.campaign_id == campaign.id).values(answer="keep"))
    return Ready({"unanswered": "remove"}, numbers={"campaign_id": campaign.id})


def _signature(house: House) -> Ready:
    with house.database.transaction() as session:
        campaign, _ = _answered(session, house, "To sign")
        session.execute(update(DriftRow).where(DriftRow.campaign_id == campaign.id).values(answer="keep"))
        session.get_one(CampaignRow, campaign.id).owner_id = house.company.flo.id
        campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
    told = {"remark": "looked at the removals and at what nobody answered"}
    return Ready(told, numbers={"campaign_id": campaign.id})


def _owner(house: House) -> Ready:
    with house.database.transaction() as session:
        campaign, _ = _open(session, house, "To be owned")
    told = {"owner_id": house.company.eve.id, "reason": "the former owner has left"}
    return Ready(told, numbers={"campaign_id": campaign.id})


def _undoing(house: House) -> Ready:
    with house.database.transaction() as session:
        row = removal(session, house)
    return Ready({"reason": "the audit needs it until June"}, numbers={"remediation_id": row.id})


def _handing_in(house: House) -> Ready:
    with house.database.transaction() as session:
        row = removal(session, house)
        row.status = "by_hand"
    paper = {"name": "ticket-12.txt", "media": "text/plain", "content": "Y2xvc2Vk"}
    return Ready({"file": paper, "note": "the closed ticket"}, numbers={"remediation_id": row.id})


def _reminders(house: House) -> Ready:
    with house.database.transaction() as session:
        campaign, _ = _open(session, house, "To remind of")
        row, _ = channels.add(
            session, name="letters", kind="file", config={}, secret={}, keys=house.means.keys, by=make.ADMIN, at=NOW
        )
        subscriptions.add(
            session, row, events=["review.due", "review.overdue"], recipient="concerned", by=make.ADMIN, at=NOW
        )
    return Ready({}, numbers={"campaign_id": campaign.id})


def _by_hook(house: House) -> Ready:
    with house.database.transaction() as session:
        _, items = _open(session, house, "By a hook")
        holder = session.get_one(ActorRow, actor_of(house, "ada").id)
        hook, secret = hooks.make(session, holder, "tickets", days=30, keys=house.means.keys, by=make.ADMIN, at=NOW)
        plain = next(each for each in items if each.subject == f"grant:{house.company.plain.id}")
    body = {"decisions": [{"item": plain.id, "answer": "keep", "reason": "still sells in the north"}]}
    message = house.message(body, "msg_example", signing=secret)
    return Ready(body, "", {"hook_id": hook.id}, send=message)


def _rotation(house: House) -> Ready:
    told = {"name": "automation", "kind": "webhook", "secret": {"url": "https://hooks.example.com/rolecall"}}
    made = house.client("boss").post("/api/v1/channels", json=told)
    return Ready(numbers={"channel_id": made.json()["id"]})


def _approval(house: House) -> Ready:
    with house.database.transaction() as session:  # nobody approves for a job that may be theirs
        session.get_one(IdentityRow, house.company.ada.id).title = "Head of Sales"
    model = {"name": "Northern reps", "match": 'title = "Northern rep"', "entitlements": [house.company.role.id]}
    owned = model | {"owner_id": house.company.ada.id}
    made = house.client("boss").post("/api/v1/bundles", json=owned)
    assert made.status_code == 201, made.text
    return Ready(None, "ada", {"bundle_id": made.json()["id"], "number": 1})


def _proposal(house: House) -> Ready:
    """Three reps of one office who all hold the same."""
    with house.database.transaction() as session:
        for n in range(3):
            key, rep = f"ines{n}", {"title": "Inside rep", "department": "Inside sales"}
            person = make.identity(session, f"Ines {n}", key=key, manager_id=house.company.ada.id, **rep)
            account = make.account(session, house.company.system, identity_id=person.id, matched_by="email")
            make.grant(session, account, house.company.role)
    asked = {"department": "Inside sales", "title": "Inside rep", "owner_id": house.company.ada.id, "least": 3}
    return Ready(asked)


def _roster(house: House) -> Ready:
    with house.database.transaction() as session:
        upload = make.upload(session, house.company.roster, rows=6)
    return Ready({"roster": str(upload.id)}, numbers={"system_id": house.company.roster.id})


def _release(house: House) -> Ready:
    with house.database.reading() as session:
        digest = braking.digest(braking.waiting(session, house.company.system.id))
    return Ready({"digest": digest, "reason": "looked at each of them with the team's lead"}, "it_security")


def _import(house: House) -> Ready:
    lines = ("account,access,decision,decided_by,decided_on", "bo@corp,Sales rep,keep,Ines Old,2026-08-31")
    content = base64.b64encode("\n".join(lines).encode()).decode()
    asked = {"name": "Q3 in the old tool", "file": "q3.csv", "content": content}
    return Ready(asked, numbers={"system_id": house.company.system.id})


PREPARED: dict[tuple[str, str], Callable[[House], Ready]] = {
    ("PUT", "/api/v1/remediations/{remediation_id}/undoing"): _undoing,
    ("POST", "/api/v1/remediations/{remediation_id}/evidence"): _handing_in,
    ("DELETE", "/api/v1/me/tokens/{token_id}"): lambda house: _own_token(house, "boss"),
    ("DELETE", "/api/v1/me/sessions/{session_id}"): lambda house: _own_session(house, "boss"),
    ("DELETE", "/api/v1/actors/{actor_id}/tokens/{token_id}"): lambda house: _own_token(house, "eve"),
    ("DELETE", "/api/v1/actors/{actor_id}/sessions/{session_id}"): lambda house: _own_session(house, "eve"),
    ("DELETE", "/api/v1/actors/{actor_id}"): _leaver,
    ("POST", "/api/v1/systems/{system_id}/imports"): _import,
    ("PUT", "/api/v1/systems/{system_id}/roster/approval"): _roster,
    ("POST", "/api/v1/bundles/proposals"): _proposal,
    ("PUT", "/api/v1/bundles/{bundle_id}/versions/{number}/approval"): _approval,
    ("POST", "/api/v1/campaigns/{campaign_id}/reminders"): _reminders,
    ("POST", "/api/v1/campaigns/{campaign_id}/rounds"): _next_round,
    ("PUT", "/api/v1/campaigns/{campaign_id}/handover"): _handover,
    ("PUT", "/api/v1/delegations/{delegation_id}/ending"): _delegation_to_end,
    ("PUT", "/api/v1/tasks/{task_id}/submission"): _submission,
    ("PUT", "/api/v1/tasks/{task_id}/reopening"): _reopening,
    ("DELETE", "/api/v1/items/{item_id}/decision"): _withdrawal,
    ("POST", "/api/v1/hooks/{hook_id}/decisions"): _by_hook,
    ("PUT", "/api/v1/campaigns/{campaign_id}/closure"): _closure,
    ("PUT", "/api/v1/campaigns/{campaign_id}/signature"): _signature,
    ("PUT", "/api/v1/campaigns/{campaign_id}/control-owner"): _owner,
    ("POST", "/api/v1/channels/{channel_id}/rotation"): _rotation,
    ("POST", "/api/v1/systems/{system_id}/releases"): _release,
}


@contextmanager
def portal() -> Iterator[serve.Running]:
    """A pretend HubSpot that answers."""
    running = serve.start("hubspot", home=None, seed=7, people=80, history=1)
    try:
        yield running
    finally:
        running.stop()


def connecting(running: serve.Running) -> dict[tuple[str, str], Callable[[House], Ready]]:
    """Connecting a portal, giving it another key, and letting it go again: in that order."""
    config, secret = {"base_url": running.url}, {"token": running.credentials["reader"]["token"]}
    asked = {"name": "Acme portal", "kind": "hubspot", "config": config, "reader": secret, "owner_key": "cy"}

    def numbered(house: House) -> dict[str, Any]:
        listed = house.client("boss").get("/api/v1/systems").json()["systems"]
        return {"system_id": next(each["id"] for each in listed if each["name"] == "Acme portal")}

    of = "/api/v1/systems/{system_id}"
    return {
        ("POST", "/api/v1/systems"): lambda _house: Ready(asked),
        ("PUT", f"{of}/credentials/{{role}}"): lambda house: Ready(
            {"secret": secret}, numbers=numbered(house) | {"role": "reader"}
        ),
        ("DELETE", of): lambda house: Ready(numbers=numbered(house)),
    }
