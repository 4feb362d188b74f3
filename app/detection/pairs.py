"""Powers that one person should not hold together: a list to read, to argue with and to add to.

Each pair lets whoever holds both do something and hide it, or let in somebody whom nobody approved. Whoever may administer
everything holds every pair; that is other rules' matter, and the pairs are not held against them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """Two privileges and what holding both allows."""

    one: str
    other: str
    allows: str


PAIRS: tuple[Pair, ...] = (
    Pair("manage_people", "manage_access", "make an account, and give it any right"),
    Pair("manage_access", "export", "give oneself sight of everything, and take it away"),
    Pair("manage_access", "manage_security", "give a right, and change the log or the policy that would show it"),
    Pair("see_all", "export", "read every record, and take all of them out at once"),
    Pair("change_all", "manage_security", "change any record, and switch off what would tell"),
    Pair("change_all", "billing", "change any record, and the bill that follows from it"),
    Pair("develop", "manage_security", "run own code, and switch off what watches it"),
    Pair("develop", "export", "run own code that reads everything, and take the result out"),
    Pair("manage_integrations", "export", "let a program in, and let it take the data"),
    Pair("manage_integrations", "manage_people", "let a program in, and make the account it enters by"),
    Pair("manage_people", "bypass_sign_in", "make accounts, and enter without a second factor"),
    Pair("customize", "bypass_sign_in", "change how the system works, from a sign-in that nothing guards"),
)


def held(privileges: tuple[str, ...]) -> list[Pair]:
    """The pairs of which both are held; none for whoever administers everything."""
    if "administer" in privileges:
        return []
    return [pair for pair in PAIRS if pair.one in privileges and pair.other in privileges]
