"""The door for programs that decide by signed messages: genuine, fresh, once, and never on what is privileged."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.actors.tables import HookRow
from app.review.tables import DecisionRow
from tests.app.api.house import NOW, House, serving
from tests.app.console.visiting import actor_of, visitor

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def _path(house: House) -> str:
    return house.address("/api/v1/hooks/{hook_id}/decisions")


def _keep(house: House, **given: Any) -> dict[str, Any]:
    return {"decisions": [{"item": house.plain.id, "answer": "keep", "reason": "still sells"} | given]}


def _said(house: House) -> list[tuple[str, str]]:
    with house.database.reading() as session:
        found = select(DecisionRow).where(DecisionRow.item_id == house.plain.id).order_by(DecisionRow.id)
        return [(row.answer, row.way) for row in session.scalars(found)]


def test_a_signed_message_decides_once_and_says_how_it_came(house_on_both: House) -> None:
    house = house_on_both
    bot = house.client()
    first = bot.post(_path(house), **house.message(_keep(house)))
    assert (first.status_code, first.json()["decided"]) == (200, 1)
    # Sent again with a later time, as senders do: the same id and body, so the same answer and no second decision.
    again = bot.post(_path(house), **house.message(_keep(house), at=NOW + timedelta(seconds=60)))
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert _said(house) == [("keep", "hook")]
    other = bot.post(_path(house), **house.message(_keep(house, answer="remove")))
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    changed = bot.post(_path(house), **house.message(_keep(house, answer="remove", reason="gone"), "msg_2"))
    assert changed.json()["decided"] == 1
    assert _said(house) == [("keep", "hook"), ("remove", "hook")]
    story = house.client("ada").get(f"/api/v1/items/{house.plain.id}").json()
    assert [each["way"] for each in story["decisions"]] == ["hook", "hook"]
    page = visitor(house, "ada").get(f"/reviews/{house.campaign.id}/items/{house.plain.id}").text
    assert "by a program&#39;s signed message" in page


def test_what_is_privileged_or_not_the_reviewers_is_not_decided_by_a_hook(house: House) -> None:
    mighty = house.items[f"grant:{house.company.mighty.id}"]
    asked = {"decisions": [{"item": each, "answer": "remove", "reason": "x"} for each in (mighty.id, 999_999)]}
    told = house.client().post(_path(house), **house.message(asked)).json()
    assert told["decided"] == 0
    assert [each["code"] for each in told["results"]] == ["sign_in_for_this", "not_found"]


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_message_from_another_time_is_refused_in_plain_words(house: House, seconds: int) -> None:
    sent = house.message(_keep(house), at=NOW + timedelta(seconds=seconds))
    answer = house.client().post(_path(house), **sent)
    assert (answer.status_code, answer.json()["code"]) == (400, "stale_message")
    assert "301 seconds" in answer.json()["detail"]
    assert _said(house) == []


def test_what_was_changed_on_the_way_decides_nothing(house: House) -> None:
    sent = house.message(_keep(house))
    sent["content"] = sent["content"].replace(b"keep", b"remove")
    answer = house.client().post(_path(house), **sent)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    nobody = house.client().post("/api/v1/hooks/000000000000/decisions", **house.message(_keep(house)))
    assert (nobody.status_code, nobody.json()) == (401, answer.json())
    assert _said(house) == []


def test_whoever_guesses_waits_and_shuts_nobody_else_out(house: House) -> None:
    bot = house.client()
    for number in range(house.means.settings.failed_entries):
        sent = house.message(_keep(house), f"guess_{number}", signing="whsec_" + "A" * 43 + "=")
        assert bot.post(_path(house), **sent).status_code == 401
    assert bot.post(_path(house), **house.message(_keep(house))).status_code == 429
    elsewhere = house.client()
    elsewhere._transport.client = ("192.0.2.7", 1)  # type: ignore[attr-defined]
    assert elsewhere.post(_path(house), **house.message(_keep(house))).status_code == 200


def test_a_hook_whose_actor_may_not_decide_any_more_decides_nothing(house: House) -> None:
    ada = actor_of(house, "ada")
    admin = visitor(house, "admin")
    admin.act(f"/settings/people/{ada.id}/roles", {"role": "service"})
    admin.act(f"/settings/people/{ada.id}/roles", {"role": "reviewer", "take": "yes"})
    answer = house.client().post(_path(house), **house.message(_keep(house)))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_a_hook_is_made_given_another_secret_and_ended_and_its_secret_is_told_once(house: House) -> None:
    boss, ada = house.client("boss", **{"Idempotency-Key": "one"}), actor_of(house, "ada")
    made = boss.post(f"/api/v1/actors/{ada.id}/hooks", json={"label": "tickets"})
    assert made.status_code == 201
    again = boss.post(f"/api/v1/actors/{ada.id}/hooks", json={"label": "tickets"}).json()
    assert (again["id"], again["signing_secret"]) == (made.json()["id"], None)
    boss = house.client("boss")
    path = f"/api/v1/actors/{ada.id}/hooks"
    listed = boss.get(path).json()["hooks"]
    assert {each["label"] for each in listed} == {"tickets", "the chat bot"}
    assert made.json()["signing_secret"] not in boss.get(path).text
    other = boss.post(f"{path}/{made.json()['id']}/rotation").json()["signing_secret"]
    address = made.json()["address"].removeprefix(house.means.settings.base_url)
    for number, secret in enumerate((made.json()["signing_secret"], other)):
        sent = house.message(_keep(house), f"m{number}", signing=secret)
        assert house.client().post(address, **sent).status_code == 200
    assert boss.delete(f"{path}/{made.json()['id']}").status_code == 204
    assert house.client().post(address, **house.message(_keep(house), "m3", signing=other)).status_code == 401
    assert boss.delete(f"/api/v1/actors/{actor_of(house, 'eve').id}/hooks/{house.hook.id}").status_code == 404


def test_the_settings_page_shows_a_secret_once(house: House) -> None:
    admin, ada = visitor(house, "admin"), actor_of(house, "ada")
    path = f"/settings/people/{ada.id}"
    answer = admin.act(f"{path}/hooks", {"label": "tickets <b>", "days": "30"})
    secret = re.search(r"<code>(whsec_[^<]+)</code>", answer.text)
    assert secret is not None
    assert answer.headers["cache-control"] == "no-store"
    page = admin.get(path).text
    assert secret[1] not in page
    assert "<b>" not in page
    with house.database.reading() as session:
        hook = session.scalars(select(HookRow).where(HookRow.label == "tickets <b>")).one()
    assert f"/api/v1/hooks/{hook.id}/decisions" in answer.text
    rotated = admin.act(f"{path}/hooks/{hook.id}/rotation").text
    assert re.search(r"<code>whsec_", rotated)
    assert admin.act(f"{path}/hooks/{hook.id}/end").status_code == 303
    other = f"/settings/people/{actor_of(house, 'eve').id}/hooks/{house.hook.id}/end"
    assert admin.act(other).status_code == 404
    assert admin.act(f"{path}/hooks", {"label": "for ever", "days": "9999"}).status_code == 422
    service = actor_of(house, "service")
    assert "Make a hook" not in admin.get(f"/settings/people/{service.id}").text


def test_the_program_of_the_page_decides(house: House) -> None:
    shown = re.search(r"```python\n([^`]*def decide_by_hook.*?)```", PAGE.read_text(), re.S)
    assert shown is not None
    example: dict[str, Any] = {"__name__": "example"}
    exec(compile(shown[1], str(PAGE), "exec"), example)
    with serving(house.app) as address:
        for _ in range(2):  # the second time as after an answer that was lost
            told = example["decide_by_hook"](
                address + _path(house), house.signing, "ticket-4711", house.plain.id, "keep", "still sells", now=NOW
            )
            assert told == {"item": house.plain.id, "decided": True, "code": None, "detail": None}
    assert _said(house) == [("keep", "hook")]
