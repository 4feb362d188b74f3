"""Names that are nobody's, and mail hosts that are anybody's."""

from __future__ import annotations

GENERIC = frozenset(
    (
        *("admin", "administrator", "api", "backup", "billing", "callcenter", "contact", "crm", "demo", "dev"),
        *("facilities", "finance", "frontdesk", "guest", "hello", "helpdesk", "hr", "info", "integration", "intern"),
        *("invoice", "it", "mail", "marketing", "noreply", "office", "operations", "ops", "reception", "root", "sales"),
        *("salesteam", "secretary", "service", "shared", "support", "sysadmin", "system", "team", "temp", "temporary"),
        *("test", "tester", "training", "trainee", "user", "webmaster"),
    )
)
ANYBODYS = frozenset(
    (
        *("aol.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com"),
        *("live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "outlook.com", "pm.me", "proton.me"),
        *("protonmail.com", "qq.com", "t-online.de", "web.de", "yahoo.co.uk", "yahoo.com", "yandex.ru", "ymail.com"),
    )
)


def generic(username: str) -> str | None:
    """The function that a username is named for ("sales2@…" → "sales", "support-north@…" → "support"); None for a name."""
    local = username.partition("@")[0].lower().rstrip("0123456789").strip("._-")
    joined = local.replace(".", "").replace("-", "").replace("_", "")
    if joined in GENERIC:
        return joined
    # With a dot it is more often a surname ("may.test"); with a hyphen it is a branch of the function.
    first = local.replace("_", "-").partition("-")[0]
    return first if first in GENERIC else None


def anybodys(email: str | None) -> str | None:
    """The host of an address where anybody can have a mailbox; None for a company's."""
    host = (email or "").lower().rpartition("@")[2]
    return host if host in ANYBODYS else None
