"""The page that teaches how to write a connector is right: its code is installed as it stands, and used to the end."""

from __future__ import annotations

import importlib
import json
import re
import sys
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.inventory import queries, sync, systems
from app.inventory.tables import AccountRow, GrantRow
from app.kit.db import Database
from app.kit.secrets import Keys
from connectors import registry
from connectors.connector import Act, ActKind, ByHand, Executor, Reader, State, Target, TargetKind
from connectors.errors import Declined, Denied, Unreachable
from connectors.receipt import Verdict, judge
from connectors.records import Stream
from tests import make
from tests.app.inventory.conftest import rows

PAGE = Path(__file__).parents[1] / "docs" / "new-connector.md"
FILE = re.compile(r"```py\n# (rolecall_pencil/\w+\.py)\n(.*?)```", re.S)
LINE = re.compile(r"```toml\n(.*?)```", re.S)
STREAMS = (Stream.ACCOUNTS, Stream.ENTITLEMENTS, Stream.GRANTS)
BO_EXPORTS = Target(TargetKind.GRANT, account_key="bo", entitlement_key="export", username="bo@example.com")


@dataclass
class Pencil:
    """A pretend Pencil. `lost`: pages left out; `refused`: lists that may not be read; `mute`: no reply to a change."""

    url: str = ""
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    no: str = ""
    mute: bool = False

    def __post_init__(self) -> None:
        held = [("m1", "ada", "admin"), ("m2", "bo", "export"), ("m3", "bo", "sales"), ("m4", "reader", "sales")]
        may = {"admin": ["read", "admin"], "export": ["read", "export"], "sales": ["read"]}
        seen = "2026-11-01T08:00:00+00:00"
        people = [("ada", True, seen), ("bo", True, seen), ("cy", False, None), ("reader", True, seen)]
        self.lists = {
            "users": [
                {
                    "id": who,
                    "email": f"{who}@example.com",
                    "name": who.title(),
                    "active": on,
                    "last_seen": last,
                }
                for who, on, last in people
            ],
            "roles": [{"id": key, "name": key.title(), "may": flags} for key, flags in may.items()],
            "members": [{"id": key, "user": who, "role": what, "since": seen} for key, who, what in held],
        }

    def answer(self, method: str, path: str) -> tuple[int, dict[str, Any]] | None:
        """What Pencil says; None: nothing, the connection closes."""
        name, _, key = path.partition("?")[0].strip("/").partition("/")
        if name in self.refused:
            return 403, {"error": self.refused[name]}
        if name == "me":
            return 200, {"org": "acme", "name": "Acme Pencils", "user": "reader"}
        found = self.lists[name]
        if not key:
            number = int(path.partition("page=")[2] or 1)
            page = found[(number - 1) * 2 : number * 2] if f"{name} {number}" not in self.lost else []
            return 200, {"total": len(found), "next": number + 1 if len(found) > number * 2 else None, name: page}
        one = next((row for row in found if row["id"] == key), None)
        if one is None:
            return 404, {"error": "There is no such membership."}
        if method == "GET":
            return 200, one
        if self.no:
            return 409, {"error": self.no}
        found.remove(one)
        return None if self.mute else (204, {})


def served(pencil: Pencil) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = pencil.answer(self.command, self.path)
            if said is None:
                self.close_connection = True
                return
            content = json.dumps(said[1]).encode() if said[0] != 204 else b""
            self.send_response(said[0])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Door


@pytest.fixture(scope="module")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The page's folder and its line, as `pip install` would put them."""
    place, page = tmp_path_factory.mktemp("site"), PAGE.read_text()
    for name, code in FILE.findall(page):
        file = place / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(code)
    (line,) = LINE.findall(page)
    ((group, entries),) = tomllib.loads(line)["project"]["entry-points"].items()
    meta = place / "rolecall_pencil-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: rolecall-pencil\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()))
    sys.path.insert(0, str(place))
    _look_anew()
    yield
    sys.path.remove(str(place))
    for name in [name for name in sys.modules if name.partition(".")[0] == "rolecall_pencil"]:
        del sys.modules[name]
    _look_anew()


def _look_anew() -> None:
    """As a process does that starts now."""
    importlib.invalidate_caches()
    registry._installed.cache_clear()


@pytest.fixture
def pencil(_installed: None) -> Iterator[Pencil]:
    made = Pencil()
    server = ThreadingHTTPServer(("127.0.0.1", 0), served(made))
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def keep(_: Any) -> None:
    raise AssertionError("nothing was to be kept")


def reader(pencil: Pencil) -> Reader:
    return registry.open_reader("pencil", {"url": pencil.url}, {"token": "reader-token"}, keep)


def executor(pencil: Pencil) -> Executor:
    return registry.open_executor("pencil", {"url": pencil.url}, {"token": "executor-token"}, keep)


def acts(pencil: Pencil) -> list[Act]:
    with_it = executor(pencil)
    planned = with_it.plan(BO_EXPORTS, with_it.look(BO_EXPORTS))
    assert not isinstance(planned, ByHand)
    return list(planned)


def test_the_line_makes_it_known_and_a_mistake_is_named(pencil: Pencil) -> None:
    assert "pencil" in registry.kinds()
    with pytest.raises(ValueError, match="https"):
        registry.open_reader("pencil", {"url": "http://crm.example.com"}, {"token": "x"}, keep)
    with pytest.raises(ValueError, match="token"):
        registry.open_executor("pencil", {"url": pencil.url}, {}, keep)


def test_it_says_who_it_is_and_what_it_may_not_read(pencil: Pencil) -> None:
    pencil.refused["roles"] = "roles:read"
    told = reader(pencil).check()
    assert (told.system_key, told.principal) == ("acme", "reader")
    assert told.streams[Stream.ENTITLEMENTS].missing == "roles:read"
    assert told.streams[Stream.ACCOUNTS].readable
    with pytest.raises(Denied) as refused:
        list(reader(pencil).pull(Stream.ENTITLEMENTS))
    assert refused.value.missing == "roles:read"


def test_every_stream_is_complete_and_goes_on_from_any_page(pencil: Pencil) -> None:
    for stream in STREAMS:
        pages = list(reader(pencil).pull(stream))
        assert judge([page.receipt for page in pages]).verdict is Verdict.COMPLETE
        assert [page.receipt.last for page in pages] == [False, True]
        again = list(reader(pencil).pull(stream, pages[0].resume))
        assert [page.records for page in again] == [page.records for page in pages[1:]]


def test_what_it_reads_becomes_history_and_a_removal_is_proved_by_the_next_reading(
    pencil: Pencil, database: Database
) -> None:
    keys = Keys(b"k" * 32)
    with database.transaction() as session:
        system = systems.add(
            session, name="Pencil", kind="pencil", config={"url": pencil.url}, reader={"token": "reader-token"},
            executor={"token": "executor-token"}, keys=keys, by=make.ADMIN, at=make.NOW,
        )  # fmt: skip
        number = system.id

    def read(day: int) -> set[str]:
        at = make.NOW + timedelta(days=day)
        snapshot = sync.run(database, number, run=f"day {day}", keys=keys, clock=lambda: at, by=make.ADMIN)
        with database.reading() as session:
            return {str(queries.stream_verdicts(session, snapshot)[stream]) for stream in STREAMS}

    def live() -> tuple[int, int]:
        with database.reading() as session:
            return tuple(len(rows(session, of, ended=None)) for of in (AccountRow, GrantRow))  # type: ignore[return-value]

    assert (read(1), live()) == ({"complete"}, (4, 4))
    pencil.lost.add("members 1")
    assert (read(2), live()) == ({"complete", "incomplete"}, (4, 4))
    pencil.lost.clear()
    (act,) = acts(pencil)
    assert (act.kind, act.request) == (ActKind.REMOVE_GRANT, "DELETE /members/m2")
    receipt = executor(pencil).perform(act)
    assert (receipt.asked, receipt.status) == ("DELETE /members/m2", 204)
    assert executor(pencil).look(BO_EXPORTS).state is State.ABSENT
    assert acts(pencil) == []
    assert (read(3), live()) == ({"complete"}, (4, 3))


def test_a_refusal_is_shown_word_for_word_and_an_unanswered_change_is_ambiguous(pencil: Pencil) -> None:
    (act,) = acts(pencil)
    pencil.no = "The last exporter stays."
    with pytest.raises(Declined) as declined:
        executor(pencil).perform(act)
    assert declined.value.said == "The last exporter stays."
    assert isinstance(executor(pencil).restore(executor(pencil).look(BO_EXPORTS)), ByHand)
    pencil.no, pencil.mute = "", True
    with pytest.raises(Unreachable) as lost:
        executor(pencil).perform(act)
    assert lost.value.ambiguous
    pencil.mute = False
    with pytest.raises(Declined, match="no such membership"):
        executor(pencil).perform(act)
