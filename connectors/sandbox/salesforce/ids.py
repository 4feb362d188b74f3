"""Salesforce record ids: fifteen characters that tell upper from lower case, and three for those who cannot."""

import string

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHECK = string.ascii_uppercase + "012345"
POD = "gK"  # the two characters that name an instance


def make(prefix: str, n: int) -> str:
    """The 18-character id of the n-th record with this three-character key prefix."""
    digits = ""
    while n:
        n, rest = divmod(n, 62)
        digits = BASE62[rest] + digits
    return eighteen(prefix + POD + digits.rjust(10, "0"))


def eighteen(fifteen: str) -> str:
    """Append the checksum: one letter per five characters, its bits saying which of them are upper case."""
    tail = ""
    for start in (0, 5, 10):
        bits = sum(1 << n for n, char in enumerate(fifteen[start : start + 5]) if char in string.ascii_uppercase)
        tail += CHECK[bits]
    return fifteen + tail


def normal(text: str) -> str | None:
    """The 18-character form of an id of either length, or `None` when it is no id."""
    if len(text) not in (15, 18) or not text.isascii() or not text.isalnum():
        return None
    if len(text) == 15:
        return eighteen(text)
    return text if eighteen(text[:15]) == text else None
