"""Everything else through Apprise, against a real receiver; and what happens where it is not installed."""

from __future__ import annotations

import sys

import pytest

from app.kit.refusal import Refused
from app.notices.carriers import others
from app.notices.carriers.carrier import Result, Ways
from app.notices.carriers.others import AppriseCarrier
from tests import make
from tests.app.notices.desk import Desk, Receiver
from tests.app.notices.messages import message

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")


def address(receiver: Receiver) -> str:
    """A self-hosted ntfy, which is what the receiver plays."""
    return receiver.url.replace("http://", "ntfy://").replace("/hook", "/reviews")


def test_a_message_is_handed_on(desk: Desk, receiver: Receiver) -> None:
    receiver.always = (200, {})
    carrier = AppriseCarrier({"url": address(receiver)}, Ways(desk.home, allow_private=True))
    assert carrier.send(message(), make.NOW).result is Result.DELIVERED
    (told,) = receiver.bodies()
    assert (told["topic"], told["title"]) == ("reviews", "Review opened: Q4 2026")
    assert "Open the review: https://rolecall.example.com/reviews/12" in told["message"]


def test_a_service_that_says_no_is_tried_again_later(desk: Desk, receiver: Receiver) -> None:
    receiver.always = (500, {})
    carrier = AppriseCarrier({"url": address(receiver)}, Ways(desk.home, allow_private=True))
    assert carrier.send(message(), make.NOW).result is Result.TROUBLE


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "inside.example"])
def test_a_private_host_is_not_called(desk: Desk, receiver: Receiver, host: str) -> None:
    def resolve(name: str, _: int) -> list[str]:
        return {"localhost": ["127.0.0.1"], "inside.example": ["192.168.0.7"]}.get(name, [name])

    url = address(receiver).replace("127.0.0.1", host)
    told = AppriseCarrier({"url": url}, Ways(desk.home, resolve=resolve)).send(message(), make.NOW)
    assert (told.result, receiver.got) == (Result.TROUBLE, [])
    assert "open internet" in told.said


@pytest.mark.parametrize(
    "url", ["syslog://", "dbus://", "json://example.com", "mailto://a:b@example.com", "FORM://x.y"]
)
def test_what_reaches_this_machine_or_anything_is_refused(url: str) -> None:
    refusal = others.why_not(url)
    assert refusal is not None
    assert "no service" in refusal.reason


def test_where_it_is_not_installed_it_says_how_to_install_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(Refused, match=r"rolecall\[notify\]"):
        desk.channel("apprise", secret={"url": "ntfy://example.com/reviews"}, events=())
    told = AppriseCarrier({"url": "ntfy://example.com/reviews"}, Ways(desk.home)).send(message(), make.NOW)
    assert told.result is Result.TROUBLE
    assert "rolecall[notify]" in told.said
