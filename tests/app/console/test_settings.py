"""The room of settings: one's own sign-ins and tokens, people and roles, channels, keys."""

from __future__ import annotations

import html
import re
from typing import Any

from sqlalchemy import select

from app.actors import queries
from app.actors.tables import ActorRow, HookRow, SessionRow, TokenRow
from app.ledger.tables import EntryRow
from app.notices.tables import ChannelRow, DeliveryRow, SubscriptionRow
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import actor_of, stranger, visitor


def one(house: House, row: Any, *conditions: Any) -> Any:
    with house.database.reading() as session:
        return session.scalars(select(row).where(*conditions)).one()


def test_ones_own_sign_ins_and_tokens_are_shown_and_ended(house: House) -> None:
    ada, elsewhere = visitor(house, "ada"), visitor(house, "ada")
    page = ada.get("/settings").text
    assert "this browser" in page
    assert f"/settings/sessions/{elsewhere.session}/end" in page
    assert ada.act(f"/settings/sessions/{elsewhere.session}/end").status_code == 303
    assert elsewhere.get("/settings").headers["location"].startswith("/sign-in")
    token = one(house, TokenRow, TokenRow.actor_id == actor_of(house, "ada").id)
    assert ada.act(f"/settings/tokens/{token.id}/end").status_code == 303
    assert one(house, TokenRow, TokenRow.id == token.id).revoked is not None
    assert "People and roles" not in page, "what one may not turn is not offered"


def test_nobody_ends_what_is_somebody_elses(house: House) -> None:
    ada, eve = visitor(house, "ada"), visitor(house, "eve")
    token = one(house, TokenRow, TokenRow.actor_id == actor_of(house, "ada").id)
    assert eve.act(f"/settings/sessions/{ada.session}/end").status_code == 404
    assert eve.act(f"/settings/tokens/{token.id}/end").status_code == 404
    assert one(house, SessionRow, SessionRow.id == ada.session).ended is None
    assert one(house, TokenRow, TokenRow.id == token.id).revoked is None


def test_somebody_is_let_in_by_a_link_that_is_shown_once(house: House) -> None:
    admin = visitor(house, "admin")
    form = {"name": "Zoe <b>", "email": "zoe@example.com", "role": ["auditor", "reviewer"]}
    answer = admin.act("/settings/people", form)
    assert (answer.status_code, "needs an end" in answer.text) == (422, True)
    assert 'value="zoe@example.com"' in answer.text
    answer = admin.act("/settings/people", form | {"days": "30"})
    path = html.unescape(re.search(r"<code>[^<]*(/links/[^<]+)</code>", answer.text)[1])  # type: ignore[index]
    assert answer.headers["cache-control"] == "no-store"
    assert "<b>" not in answer.text
    row = one(house, ActorRow, ActorRow.email == "zoe@example.com")
    assert path not in admin.get(f"/settings/people/{row.id}").text
    assert stranger(house).get(path).status_code == 200
    assert "A name and at least one role" in admin.act("/settings/people", {"name": "Nobody"}).text


def test_roles_are_given_and_taken_but_never_the_last_admins(house: House) -> None:
    admin, eve = visitor(house, "admin"), actor_of(house, "eve")
    assert admin.act(f"/settings/people/{eve.id}/roles", {"role": "it_security"}).status_code == 303
    with house.database.reading() as session:
        assert queries.roles_of(session, eve.id, at=house.means.clock()) == ["it_security", "reviewer"]
    admin.act(f"/settings/people/{eve.id}/roles", {"role": "it_security", "take": "yes"})
    with house.database.reading() as session:
        assert queries.roles_of(session, eve.id, at=house.means.clock()) == ["reviewer"]
    boss = actor_of(house, "boss")
    assert admin.act(f"/settings/people/{boss.id}/end").status_code == 303
    last = admin.act(f"/settings/people/{actor_of(house, 'admin').id}/roles", {"role": "admin", "take": "yes"})
    assert last.status_code == 409
    assert "admin" in last.text
    assert visitor(house, "admin").get("/settings/people").status_code == 200


def test_a_token_is_shown_once_and_ended(house: House) -> None:
    admin, service = visitor(house, "admin"), actor_of(house, "service")
    path = f"/settings/people/{service.id}"
    answer = admin.act(f"{path}/tokens", {"label": "nightly export", "days": "30"})
    made = re.search(r"<code>(rolecall_[^<]+)</code>", answer.text)[1]  # type: ignore[index]
    assert answer.headers["cache-control"] == "no-store"
    assert made not in admin.get(path).text
    assert house.client(None, Authorization=f"Bearer {made}").get("/api/v1/systems").status_code == 200
    assert admin.act(f"{path}/tokens/{made.split('_')[1]}/end").status_code == 303
    assert house.client(None, Authorization=f"Bearer {made}").get("/api/v1/systems").status_code == 401
    assert admin.act(f"{path}/tokens", {"label": "for ever", "days": "9999"}).status_code == 422


def test_somebody_is_signed_out_everywhere_and_let_in_no_more(house: House) -> None:
    admin, eve, row = visitor(house, "admin"), visitor(house, "eve"), actor_of(house, "eve")
    assert admin.act(f"/settings/people/{row.id}/sign-outs").status_code == 303
    assert eve.get("/settings").status_code == 303
    assert admin.act(f"/settings/people/{row.id}/end").status_code == 303
    assert "Gets in no more" in admin.get(f"/settings/people/{row.id}").text
    assert "Take it" not in admin.get(f"/settings/people/{row.id}").text, "nothing is taken from who has left"
    assert admin.act(f"/settings/people/{row.id}/invitation").status_code == 409


def test_a_web_hook_is_added_subscribed_tested_and_its_address_is_not_shown_again(house: House) -> None:
    admin = visitor(house, "admin")
    form = {"kind": "webhook", "name": "siem", "webhook-url": "https://siem.example.com/in/s3cret-part"}
    answer = admin.act("/settings/channels", form)
    assert re.search(r"<code>whsec_[^<]+</code>", answer.text)
    assert "s3cret-part" not in answer.text
    row = one(house, ChannelRow, ChannelRow.name == "siem")
    path = f"/settings/channels/{row.id}"
    assert "whsec_" not in admin.get(path).text
    assert admin.act(f"{path}/subscriptions", {"event": ["finding.opened"]}).status_code == 303
    made = one(house, SubscriptionRow, SubscriptionRow.channel_id == row.id)
    assert admin.act(f"{path}/subscriptions", {}).status_code == 422
    assert admin.act(f"{path}/test").status_code == 303
    assert one(house, DeliveryRow, DeliveryRow.channel_id == row.id).event == "channel.test"
    assert "channel.test" in admin.get(path).text
    assert "whsec_" in admin.act(f"{path}/rotation").text
    assert admin.act(f"/settings/subscriptions/{made.id}/end").headers["location"] == path
    assert admin.act(f"{path}/status", {"status": "removed"}).headers["location"] == "/settings/channels"
    assert admin.act("/settings/channels", form | {"webhook-url": "nonsense"}).status_code == 422


def test_a_channel_that_writes_files_of_the_server_is_not_added_here(house: House) -> None:
    answer = visitor(house, "admin").act("/settings/channels", {"kind": "file", "name": "x", "file-directory": "/etc"})
    assert answer.status_code == 422
    assert "command line" in answer.text


def test_keys_are_named_and_their_exchange_is_explained(shown_house: House) -> None:
    page = visitor(shown_house, "auditor").get("/settings/keys").text
    assert shown_house.means.keys.current_id in page
    assert "rolecall key rotate" in page
    with shown_house.database.reading() as session:
        assert session.scalars(select(EntryRow.kind)).first() is not None


def test_a_message_is_sent_again_from_its_channels_log(house: House) -> None:
    admin, path = visitor(house, "admin"), f"/settings/channels/{house.channel.id}"
    again = f"{path}/deliveries/{house.delivery.id}/replay"
    assert f'action="{again}"' in admin.get(path).text
    assert "Send again" not in visitor(house, "auditor").get(path).text
    assert admin.act(f"/settings/channels/999/deliveries/{house.delivery.id}/replay").status_code == 404
    assert admin.act(again).status_code == 303
    assert one(house, DeliveryRow, DeliveryRow.id == house.delivery.id).status == "waiting"
    assert admin.act(again).status_code == 409  # it has not ended yet


def test_a_log_that_is_longer_than_a_page_goes_on_on_the_next(house: House) -> None:
    with house.database.transaction() as session:
        for number in range(60):
            make.delivery(session, session.get_one(ChannelRow, house.channel.id), whom=f"actor-{number}")
    admin, path = visitor(house, "admin"), f"/settings/channels/{house.channel.id}"
    first = admin.get(path).text
    more = re.search(r'href="(/settings/channels/\d+\?after=[^"]+)" rel="next"', first)
    assert more is not None
    second = admin.get(html.unescape(more[1])).text
    count = [page.split("The latest messages")[1].count("<tr>") - 1 for page in (first, second)]
    assert count == [50, 11]
    assert admin.get(f"{path}?after=strange").status_code == 400


# --- lists that are longer than a page ---


def test_whatever_there_are_more_than_a_hundred_of_goes_on_where_it_ended(house: House) -> None:
    ada, at = actor_of(house, "ada"), make.NOW
    with house.database.transaction() as session:
        for n in range(101):
            words = {"id": f"more-{n:03}", "actor_id": ada.id, "label": f"thing {n:03}", "expires": at}
            session.add(ActorRow(id=f"more-{n:03}", name=f"Zed {n:03}", created=at))
            session.add(TokenRow(**words, hash=f"{n:032}".encode(), created=at))
            session.add(HookRow(**words, made=at, secret=b"x"))
    admin, own = visitor(house, "admin"), visitor(house, "ada")
    at_ada = f"/settings/people/{ada.id}"
    for browser, path, name, sign in (
        (admin, "/settings/people", "after", "Zed {}"),
        (admin, at_ada, "tokens", "/tokens/more-{}/end"),
        (admin, at_ada, "hooks", "/hooks/more-{}/end"),
        (own, "/settings", "tokens", "thing {}"),
    ):
        signs = {sign.replace("{}", f"{n:03}") for n in range(101)}
        first = browser.get(path).text
        more = re.search(rf'href="([^"]+[?]{name}=[^"]+)" rel="next"', first)
        assert more is not None, f"{path} is cut and does not say so"
        seen = [{each for each in signs if each in page} for page in (first, browser.get(html.unescape(more[1])).text)]
        assert all(seen), path
        assert seen[0] | seen[1] == signs, path
        assert len(seen[0]) < len(signs), path
