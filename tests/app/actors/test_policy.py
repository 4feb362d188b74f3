"""Who may do what: the whole table, written down a second time, so that a slip of the hand in one of them shows."""

from __future__ import annotations

import pytest

from app.actors import policy
from app.actors.actor import Actor, Role
from app.actors.policy import May

# One line per act; a letter per role: Admin, It security, Reviewer, aUditor, Service.
TABLE = {
    May.SEE_SELF: "AIRUS",
    May.SEE_SYSTEMS: "AIUS",
    May.SEE_ACCESS: "AIU",
    May.SEE_FINDINGS: "AIUS",
    May.SEE_OWN_FINDINGS: "AIRUS",
    May.COMMENT_OWN_FINDINGS: "AIR",
    May.SEE_CAMPAIGNS: "AIU",
    May.SEE_OWN_ITEMS: "AIRU",
    May.SEE_ALL_ITEMS: "AIU",
    May.SEE_REMEDIATIONS: "AIU",
    May.SEE_LEDGER: "AIU",
    May.SEE_NOTICES: "AIU",
    May.RUN_NOTICES: "A",
    May.TAKE_EVIDENCE: "AU",
    May.DECIDE: "AIR",
    May.RUN_CAMPAIGNS: "A",
    May.READ_SYSTEMS: "AIS",
    May.RUN_SYSTEMS: "A",
    May.JUSTIFY: "AI",
    May.HANDLE_FINDINGS: "AI",
    May.APPROVE_WAIVERS: "AI",
    May.DO_BY_HAND: "AI",
    May.SEE_SIGN_INS: "I",
    May.SEE_PERSONAL_VALUES: "AI",
    May.START_REMOVALS: "AI",
    May.UNDO_REMOVALS: "AI",
    May.STOP_REMOVALS: "AI",
    May.RELEASE_REMOVALS: "AI",
    May.RUN_ACTORS: "A",
    May.SEE_CHECKLIST: "AIU",
    May.ATTEST: "AI",
    May.APPROVE_PAPERS: "AI",
}
LETTERS = {"A": Role.ADMIN, "I": Role.IT_SECURITY, "R": Role.REVIEWER, "U": Role.AUDITOR, "S": Role.SERVICE}
CHANGING = {
    May.DECIDE, May.RUN_CAMPAIGNS, May.READ_SYSTEMS, May.RUN_SYSTEMS, May.JUSTIFY, May.DO_BY_HAND, May.RUN_ACTORS,
    May.ATTEST, May.APPROVE_PAPERS, May.START_REMOVALS, May.HANDLE_FINDINGS, May.APPROVE_WAIVERS,
    May.STOP_REMOVALS, May.RELEASE_REMOVALS, May.UNDO_REMOVALS, May.COMMENT_OWN_FINDINGS,
}  # fmt: skip


def test_every_act_and_every_role_is_in_the_table() -> None:
    assert set(TABLE) == set(May)
    assert set(policy.MAY) == set(Role) == set(LETTERS.values())


@pytest.mark.parametrize("act", list(May))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role, act: May) -> None:
    refusal = policy.why_not(Actor("a", "A", frozenset({role})), act)
    if role in [LETTERS[letter] for letter in TABLE[act]]:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.status == 403
        assert act in refusal.reason


def test_an_auditor_changes_nothing() -> None:
    assert not policy.MAY[Role.AUDITOR] & CHANGING


def test_nobody_may_do_anything_without_a_role() -> None:
    assert all(policy.why_not(Actor("a", "A"), act) is not None for act in May)


def test_roles_add_up() -> None:
    both = Actor("a", "A", frozenset({Role.SERVICE, Role.REVIEWER}))
    assert policy.why_not(both, May.DECIDE) is None
    assert policy.why_not(both, May.SEE_FINDINGS) is None
    assert policy.why_not(both, May.RUN_CAMPAIGNS) is not None


def test_a_refusal_says_which_roles_would_do() -> None:
    refusal = policy.why_not(Actor("a", "A", frozenset({Role.REVIEWER})), May.TAKE_EVIDENCE)
    assert refusal is not None
    assert "admin, auditor" in refusal.way_out
