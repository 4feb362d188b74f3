"""A desk to send from: channels, subscriptions and a clock that moves when told; and real servers to send to."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import policy as mail_policy
from email.message import EmailMessage
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from app.kit.db import Database
from app.kit.secrets import Keys
from app.ledger import leaves
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.notices import announcing, channels, sending, subscriptions
from app.notices.announcing import Told
from app.notices.audiences import Hours
from app.notices.carriers.carrier import Ways
from app.notices.events import SUBSCRIBABLE
from app.notices.reminders import Limits
from app.notices.tables import ChannelRow, DeliveryRow
from tests import make

# For what the database has a part in.
both = pytest.mark.parametrize("desk", ["sqlite", "postgresql"], indirect=True)
KEYS = Keys(b"k" * 32)
BASE_URL = "https://rolecall.example.com"


@dataclass
class Desk:
    """Everything that telling and sending needs."""

    database: Database
    home: Path
    now: datetime = make.NOW
    hours: Hours = field(default_factory=Hours)
    limits: Limits = field(default_factory=Limits)
    allow_private: bool = True
    timeout_s: float = 5.0
    resolve: Callable[[str, int], Sequence[str]] | None = None

    def later(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now

    def channel(self, kind: str = "file", **given: Any) -> ChannelRow:
        """A channel; `subscribed` to everything by `recipient` unless said otherwise."""
        row, self.signing = self._add(kind, **given)
        return row

    def _add(
        self,
        kind: str,
        *,
        name: str | None = None,
        config: dict[str, str] | None = None,
        secret: dict[str, str] | None = None,
        events: Sequence[str] = SUBSCRIBABLE,
        recipient: str | None = None,
        **more: Any,
    ) -> tuple[ChannelRow, str | None]:
        with self.database.transaction() as session:
            row, signing = channels.add(
                session, name=name or kind, kind=kind, config=config or {}, secret=secret or {}, keys=KEYS, by=make.ADMIN,
                at=self.now,
            )  # fmt: skip
            if events:
                subscriptions.add(session, row, events=events, recipient=recipient, by=make.ADMIN, at=self.now, **more)
        return row, signing

    def tell(self) -> Told:
        """Number what was written and make the messages it calls for."""
        with self.database.transaction() as session:
            leaves.integrate(session)
        with self.database.transaction() as session:
            return announcing.tell(session, limits=self.limits, hours=self.hours, by=make.ADMIN, at=self.now)

    @property
    def post(self) -> sending.Post:
        ways = Ways(self.home, self.allow_private, self.timeout_s, self.resolve)
        return sending.Post(self.database, KEYS, lambda: self.now, make.ADMIN, ways, BASE_URL)

    def send(self) -> dict[str, int]:
        return sending.send_due(self.post)

    def deliveries(self, *where: Any) -> list[DeliveryRow]:
        with self.database.reading() as session:
            return list(session.scalars(select(DeliveryRow).where(*where).order_by(DeliveryRow.id)))

    def again(self, channel: ChannelRow) -> ChannelRow:
        """The channel as it is now."""
        with self.database.reading() as session:
            return session.get_one(ChannelRow, channel.id)

    def test(self, channel: ChannelRow) -> DeliveryRow:
        """A test message that waits."""
        with self.database.transaction() as session:
            return channels.test(session, session.get_one(ChannelRow, channel.id), by=make.ADMIN, at=self.now)

    def told(self, kind: Kind) -> list[EntryRow]:
        with self.database.reading() as session:
            found = select(EntryRow).where(EntryRow.kind == kind).order_by(EntryRow.at, EntryRow.id)
            return list(session.scalars(found))

    def mails(self) -> list[EmailMessage]:
        """What lies in the outbox, oldest first."""
        folder = self.home / "outbox"
        return [parsed(each.read_bytes()) for each in sorted(folder.glob("*.eml"))] if folder.exists() else []


def parsed(raw: bytes) -> EmailMessage:
    """A mail as a mail program reads it."""
    return BytesParser(EmailMessage, policy=mail_policy.default).parsebytes(raw)


# --- somebody who receives web hooks ---


@dataclass
class Receiver:
    """A web hook's receiver: keeps what came, answers what it is told to."""

    url: str
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # for the next requests; then 204
    always: tuple[int, dict[str, str]] = (204, {})
    hangs: threading.Event = field(default_factory=threading.Event)  # while set, nobody is answered

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver behind a real server."""
    receiver = Receiver("")

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if receiver.hangs.is_set():
                while receiver.hangs.is_set():
                    time.sleep(0.01)
                self.close_connection = True  # who asked is gone
                return
            status, headers = receiver.answers.pop(0) if receiver.answers else receiver.always
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def signature(secret: str, headers: dict[str, str], body: bytes) -> str:
    """A web hook's signature as the Standard Webhooks text defines it, written without the library."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


# --- somebody who receives mail ---


@dataclass
class Postbox:
    """A mail server's mailbox: what arrived, and who is refused."""

    host: str = "localhost"
    port: int = 0
    ca_file: str = ""
    mails: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    signed_in: list[bool] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)  # address -> what is answered at RCPT
    after_text: list[str] = field(default_factory=list)  # what is answered after DATA, next first
    connections: int = 0

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> Any:
        session.host_name = hostname
        self.connections += session.ssl is None
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), parsed(envelope.content)))
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        self.signed_in.append(bool(session.authenticated))
        return self.after_text.pop(0) if self.after_text else "250 OK"


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate for localhost that only who is told of it trusts; its file is folder/ca.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


class _Server(Controller):
    """A server at a port that the system picked."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@contextmanager
def postbox(folder: Path, *, tls: str = "starttls", offers: bool = True) -> Iterator[Postbox]:
    """A real mail server on this machine. It takes mail from "rolecall" with the password "secret", over TLS only;
    where it does not offer TLS, from anybody."""
    box, context = Postbox(), certificate(folder)

    def enter(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"rolecall", b"secret"), handled=False)

    more: dict[str, Any] = {"authenticator": enter, "auth_required": offers}
    if tls == "implicit":
        more |= {"ssl_context": context, "auth_require_tls": False}  # it is, and the server does not know
    elif offers:
        more |= {"tls_context": context, "require_starttls": True}
    running = _Server(box, hostname="127.0.0.1", port=0, server_hostname="localhost", **more)
    running.start()
    box.port, box.ca_file, box.connections = running.port, str(folder / "ca.pem"), 0
    try:
        yield box
    finally:
        running.stop()
