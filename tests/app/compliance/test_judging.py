"""What a line comes out as: the weakest of what it rests on, and never PASS because nothing was seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.compliance import columns, judging
from app.compliance.controls import catalogue
from app.compliance.controls.line import Line, Outcome, Paper
from app.compliance.facts import ExemptFacts, Facts, RegisterFacts, Verdict, WrongFacts
from connectors.records import Stream
from tests.app.compliance import world
from tests.conftest import NOW

TESTED = Line("CRM-T.1", "T", "tested", (), (), (), rules=("inactive_account",))
CARDS = {"cards_complete", "integrations_assessed"}
GOOD = {Outcome.PASS, Outcome.ATTESTED}


def overall(lines: list[Line], facts: Facts) -> dict[str, Verdict]:
    return {each.line: each for each in judging.judge_all(lines, facts) if each.system is None}


def judged(line: Line, facts: Facts) -> Verdict:
    return judging.judge(line, facts, {})[-1]


def test_a_company_that_keeps_every_promise_passes_every_line_that_is_tested() -> None:
    told = overall(world.fully_asked(), world.facts())
    assert not {line: verdict for line, verdict in told.items() if verdict.outcome not in GOOD}


def test_what_passes_says_what_it_rests_on() -> None:
    for verdict in judging.judge_all(world.fully_asked(), world.facts()):
        if verdict.outcome in GOOD:
            assert verdict.proof, verdict.line


def _needs(line: Line) -> set[str]:
    """What a line rests on in a reading, told from the rulebook and not from the code under test."""
    needs = set(line.streams) | {stream for rule in line.rules for stream in catalogue.RULES[rule].needs}
    if set(line.joined) & set(columns.KINDS):
        needs |= {"accounts", "people"}
    if CARDS & set(line.computed):
        needs.add("integrations")
    return needs


@pytest.mark.parametrize("stream", list(Stream))
def test_no_line_passes_that_needs_what_could_not_be_read(stream: Stream) -> None:
    blind = world.system(untrusted={str(stream): f"{stream}: not allowed"})
    told = overall(world.fully_asked(), world.facts(systems=(blind,)))
    whole = overall(world.fully_asked(), world.facts())
    for line in world.fully_asked():
        if stream in _needs(line):
            if line.paper is not None and line.paper.stands_in:
                assert told[line.id].outcome is Outcome.ATTESTED  # a paper stands in, and says so
            else:
                assert told[line.id].outcome is Outcome.NOT_EVALUABLE, line.id
                assert "not allowed" in told[line.id].because
        elif not line.follows:
            assert told[line.id] == whole[line.id], line.id


def test_the_same_holds_for_one_of_two_systems() -> None:
    blind = world.system(id=2, name="Marketing", untrusted={"accounts": "accounts: not allowed"})
    told = judging.judge(TESTED, world.facts(systems=(world.system(), blind)), {})
    assert [(each.system, each.outcome) for each in told] == [
        (1, Outcome.PASS), (2, Outcome.NOT_EVALUABLE), (None, Outcome.NOT_EVALUABLE),
    ]  # fmt: skip
    assert told[-1].because == "Marketing: accounts: not allowed"


def test_without_any_crm_nothing_is_known() -> None:
    told = overall(world.fully_asked(), world.facts(systems=()))
    for line in world.fully_asked():
        if line.rules or line.streams or line.joined:
            stood_in = line.paper is not None and line.paper.stands_in
            assert told[line.id].outcome is (Outcome.ATTESTED if stood_in else Outcome.NOT_EVALUABLE)


def test_a_rule_that_nobody_asks_yet_keeps_a_line_from_passing() -> None:
    line = replace(TESTED, awaits=("mass_export",))
    verdict = judged(line, world.facts())
    assert (verdict.outcome, verdict.because) == (Outcome.NOT_EVALUABLE, "no rule asks yet: mass export")


def test_what_a_rule_cannot_tell_is_said_and_counted() -> None:
    run = world.run(cannot_tell={"inactive_account": {"it does not say": 3}})
    verdict = judged(TESTED, world.facts(systems=(world.system(run=run),)))
    assert verdict.outcome is Outcome.NOT_EVALUABLE
    assert "cannot tell of 3, it does not say" in verdict.because


def test_what_could_not_be_read_is_said_once_and_not_by_each_rule_again() -> None:
    blind = {"accounts": "accounts are not read from this system"}
    run = world.run(cannot_tell={"inactive_account": {blind["accounts"]: 9}})
    verdict = judged(TESTED, world.facts(systems=(world.system(run=run, untrusted=blind),)))
    assert (verdict.outcome, verdict.because) == (Outcome.NOT_EVALUABLE, f"Sales: {blind['accounts']}")


def test_rules_that_were_never_asked_or_too_long_ago_say_nothing() -> None:
    for run, said in (
        (None, "Sales: the rules have not been asked of it yet"),
        (world.run(at=NOW - timedelta(hours=37)), "Sales: the rules were last asked on 2026-11-14"),
    ):
        verdict = judged(TESTED, world.facts(systems=(world.system(run=run),)))
        assert (verdict.outcome, verdict.because) == (Outcome.NOT_EVALUABLE, said)


def test_a_rule_younger_than_the_last_run_has_not_been_asked() -> None:
    counts = {"leaver_active": {"holds": 5}}  # asked of accounts, as this line's rule would have been
    verdict = judged(TESTED, world.facts(systems=(world.system(run=world.run(counts=counts)),)))
    assert verdict.outcome is Outcome.NOT_EVALUABLE
    assert "not asked yet" in verdict.because


def test_a_finding_fails_the_line_even_where_much_is_not_known() -> None:
    wrong = {"inactive_account": WrongFacts(2, 0, (5, 9))}
    blind = world.system(wrong=wrong, untrusted={"accounts": "not allowed"}, run=world.run(at=NOW - timedelta(days=9)))
    verdict = judged(TESTED, world.facts(systems=(blind,)))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.proof == ({"rule": "inactive_account", "open": 2, "findings": [5, 9]},)


def test_an_accepted_exception_is_no_failure_and_is_said() -> None:
    wrong = {"inactive_account": WrongFacts(0, 2, ())}
    verdict = judged(TESTED, world.facts(systems=(world.system(wrong=wrong),)))
    assert verdict.outcome is Outcome.PASS
    assert "2 that were accepted as exceptions" in verdict.because


# --- words ---

PAPER = Paper("Procedure", "CISO", 365, required=True)


@pytest.mark.parametrize(
    ("paper", "outcome"),
    [
        (None, Outcome.NOT_EVALUABLE),
        (world.paper(approved=False), Outcome.NOT_EVALUABLE),
        (world.paper(until=NOW), Outcome.EXPIRED),
        (world.paper(), Outcome.ATTESTED),
    ],
)
def test_a_word_counts_when_somebody_else_approved_it_and_until_its_end(paper: object, outcome: Outcome) -> None:
    line = Line("CRM-T.2", "T", "attested", (), (), (), paper=PAPER)
    papers = {(line.id, None): paper} if paper is not None else {}
    assert judged(line, world.facts(papers=papers)).outcome is outcome


def test_a_word_never_makes_a_test_pass() -> None:
    """Both are needed: the line is ATTESTED at best, and as weak as its test."""
    line = replace(TESTED, paper=PAPER)
    papers = {(line.id, None): world.paper()}
    assert judged(line, world.facts(papers=papers)).outcome is Outcome.ATTESTED
    failing = world.system(wrong={"inactive_account": WrongFacts(1, 0, (5,))})
    assert judged(line, world.facts(papers=papers, systems=(failing,))).outcome is Outcome.FAIL
    blind = world.system(untrusted={"accounts": "not allowed"})
    assert judged(line, world.facts(papers=papers, systems=(blind,))).outcome is Outcome.NOT_EVALUABLE


def test_a_paper_stands_in_only_where_the_line_says_so_and_only_for_what_is_not_known() -> None:
    line = replace(TESTED, paper=replace(PAPER, required=False, stands_in=True))
    blind = world.system(untrusted={"accounts": "not allowed"})
    papers = {(line.id, 1): world.paper()}
    verdict = judged(line, world.facts(papers=papers, systems=(blind,)))
    assert verdict.outcome is Outcome.ATTESTED
    assert "not allowed; instead, attested until" in verdict.because
    assert judged(line, world.facts(papers={}, systems=(blind,))).outcome is Outcome.NOT_EVALUABLE
    waiting = {(line.id, 1): world.paper(approved=False)}
    assert judged(line, world.facts(papers=waiting, systems=(blind,))).outcome is Outcome.NOT_EVALUABLE
    old = {(line.id, 1): world.paper(until=NOW)}
    assert judged(line, world.facts(papers=old, systems=(blind,))).outcome is Outcome.EXPIRED
    failing = world.system(wrong={"inactive_account": WrongFacts(1, 0, (5,))})
    assert judged(line, world.facts(papers=papers, systems=(failing,))).outcome is Outcome.FAIL


def test_a_line_may_not_apply_to_all_or_to_one_system() -> None:
    exempt = ExemptFacts("e-1", "no sign-ins here", NOW + timedelta(days=9))
    failing = world.system(wrong={"inactive_account": WrongFacts(1, 0, (5,))})
    everywhere = judging.judge(TESTED, world.facts(exempt={(TESTED.id, None): exempt}, systems=(failing,)), {})
    assert [each.outcome for each in everywhere] == [Outcome.NOT_APPLICABLE]
    other = world.system(id=2, name="Marketing")
    here = judging.judge(TESTED, world.facts(exempt={(TESTED.id, 1): exempt}, systems=(failing, other)), {})
    assert [each.outcome for each in here] == [Outcome.NOT_APPLICABLE, Outcome.PASS, Outcome.PASS]


# --- registers ---


@pytest.mark.parametrize(
    ("given", "outcome", "said"),
    [
        (None, Outcome.NOT_EVALUABLE, "no register has been handed in"),
        (RegisterFacts("r", NOW - timedelta(days=1), 9, 2, 1), Outcome.FAIL, "2 of 9 are missing, 1 have lapsed"),
        (RegisterFacts("r", NOW - timedelta(days=92), 9, 0, 0), Outcome.EXPIRED, "the register is of 2026-08-16"),
        (RegisterFacts("r", NOW - timedelta(days=1), 9, 0, 0), Outcome.ATTESTED, "all 9"),
    ],
)
def test_a_register_is_held_against_who_is_there(given: RegisterFacts | None, outcome: Outcome, said: str) -> None:
    line = Line("CRM-T.3", "T", "joined", (), (), (), joined=("training",))
    verdict = judged(line, world.facts(registers={"training": given} if given else {}))
    assert verdict.outcome is outcome
    assert said in verdict.because


def test_accounts_of_nobody_keep_a_register_from_being_whole() -> None:
    line = Line("CRM-T.3", "T", "joined", (), (), (), joined=("training",))
    verdict = judged(line, world.facts(systems=(world.system(nobodys=3),)))
    assert (verdict.outcome, verdict.because) == (Outcome.NOT_EVALUABLE, "training: Sales: 3 accounts are nobody's")


def test_a_line_is_no_better_than_those_it_follows() -> None:
    one = replace(TESTED, awaits=("mass_export",))
    two = Line("CRM-T.4", "T", "follows", (), (), (), follows=(one.id,))
    told = overall([two, one], world.facts())  # whatever their order
    assert (told[two.id].outcome, told[two.id].because) == (Outcome.NOT_EVALUABLE, "CRM-T.1 is NOT_EVALUABLE")


def test_the_live_checklist_has_no_line_that_passes_on_an_empty_installation() -> None:
    told = overall(list(catalogue.LINES.values()), Facts(at=NOW))
    assert {verdict.outcome for verdict in told.values()} == {Outcome.NOT_EVALUABLE, Outcome.FAIL}
    assert [line for line, verdict in told.items() if verdict.outcome is Outcome.FAIL] == ["CRM-G.2.3"]
