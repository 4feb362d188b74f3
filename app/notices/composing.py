"""An e-mail from a message: text and HTML, with the headers that mail programs and scanners look for.

What goes into a header is one line by the time it gets here, and the library refuses whatever is not; a hostile name can
add no header and no recipient.
"""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.kit.refusal import insist
from app.notices import policy
from app.notices.shapes import Message

_PAGES = Environment(
    loader=PackageLoader("app.notices"),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    autoescape=select_autoescape(("html.j2",)),  # the plain text must not be
)


def mail(message: Message, *, sender: str, at: datetime) -> EmailMessage:
    """The message as a mail from `sender` to its reader. Refuses (Refused) an address that cannot stand in a header.

    Its Message-ID is the same each time it is sent, so that a mailbox can tell a second one.
    """
    to = message.to or ""
    insist(policy.why_not_address(sender) or policy.why_not_address(to))
    origin = _address(sender, "Rolecall")
    facts = {
        "subject": message.subject,
        "parts": message.parts,
        "links": [message.link(number) for number in range(len(message.parts))],
        "base_url": message.base_url,
        "manage": message.manage,
    }
    made = EmailMessage(policy=SMTP)
    made["From"] = origin
    made["To"] = _address(to)
    made["Subject"] = message.subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{message.key}@{origin.domain}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office reply to a machine
    made["X-Auto-Response-Suppress"] = "All"  # the same in Exchange's words
    if message.manage and message.base_url.startswith("https://"):
        made["List-Unsubscribe"] = f"<{message.base_url}{message.manage}>"
    made.set_content(_PAGES.get_template("message.txt.j2").render(facts), cte="quoted-printable")
    made.add_alternative(_PAGES.get_template("message.html.j2").render(facts), subtype="html", cte="quoted-printable")
    return made


def _address(spec: str, name: str = "") -> Address:
    """An address whose domain is ASCII, as SMTP wants it."""
    parsed = Address(addr_spec=spec)
    return Address(name, parsed.username, parsed.domain.encode("idna").decode("ascii"))
