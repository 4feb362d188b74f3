"""Writes docs/rules.md from the rules themselves and from what they find in the company with planted faults.

`make rules` writes it anew; a test compares what is there with what would be written.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app import schema
from app.detection import detect, limits, pairs, rulebook
from app.detection.judgement import Judgement
from app.detection.limits import Limits
from app.detection.rule import Fails, Rule, Subject
from app.kit.db import Base
from app.stories import rules as every
from tests.app.detection import apart, planted
from tests.app.detection.planted import Company
from tests.make import NOW

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"
KINDS = {"": "Anywhere", "salesforce": "In Salesforce", "hubspot": "In HubSpot"}
ABOUT = {
    Subject.ACCOUNT: "accounts",
    Subject.CREDENTIAL: "tokens and keys",
    Subject.INTEGRATION: "programs",
    Subject.ENTITLEMENT: "entitlements",
    Subject.ENDPOINT: "addresses and certificates",
    Subject.PACKAGE: "packages",
    Subject.USAGE: "seats and allowances",
    Subject.SYSTEM: "systems",
}
INTRO = """# Rules

<!-- Written by `make rules` from the rules themselves. Do not edit it here. -->

A rule asks one question of one subject and answers that it holds, that it fails, or that it cannot tell. What fails becomes
a finding ([reviews](reviews.md) show them beside each item). Where a stream that a rule needs was not read completely, it
cannot tell, for anybody, and its findings stay as they are: nothing is right for not having been seen. The same holds for
an account that did something, or signed in in a way, for which the CRM has a word that we do not know: rules about deeds
and ways in cannot tell of it, and name the word, unless what they know is wrong already.

There are {count} rules. {alerting} of them tell people of a new finding by themselves; the others report until they are
switched on. Each names the controls of ISO/IEC 27001:2022, Annex A, that a failure speaks against, and our own lines.
`rolecall rules alert` switches one on or off; `rolecall rules list` says which of them people keep accepting.
"""
LIMITS = """## What they judge by

Every number can be set for one system alone, with a reason; each change is an entry of the ledger. Where the installation
has a [setting](settings.md) of the same name, that is what counts for systems without a number of their own.

```sh
rolecall rules set-limit Salesforce inactive_days 60 --reason "our policy says two months"
```

| Number | Default | Why |
|---|---|---|
"""
MEASURED = """## How well they find what is wrong

A company of {people} people in {systems} CRMs is generated with faults planted in it, in the vendors' own words, apart
from the rules' own tests (`tests/app/detection/planted.py`); others of its accounts stay just inside what is allowed.
*Told* is how often a rule failed, *planted* how often it ought to have. Whoever plants knows the rules: this measures that
nothing is lost or made up between a row and a finding, and not how your company would look. A false alarm, or a fault that
was missed, would fail the test that holds this table.

| Rule | Planted | Told | Precision | Recall |
|---|---|---|---|---|
"""
LATER = """
## Rules of later stages

They rest on what only a later stage sees (role models, registers, cards, channels) and are asked there; what fails becomes
a finding like any other.
"""
APART = """A second company is planted from the rules' pages and the checklist alone, with a near miss at every limit: a
day, a seat or a peer inside of what is allowed, or with the excuse that the page gives ({near} of them). Its
first run told one false alarm: a token made last week counted as unused since before it was made. The fault was
the rule's, and the same one stood in the rule about dormant programs; both are mended. A near miss that is
told, or a fault that is not, fails the test that holds this table.

| Rule | Planted | Told | Precision | Recall |
|---|---|---|---|---|
"""
PAIRS = """## Powers that should not be together

| One | With | Allows to |
|---|---|---|
"""


def found(session: Session, company: Company) -> set[tuple[str, str]]:
    """What the rules tell of the company: rule and subject."""
    told = (each for system in company.systems for each in detect.judgements(session, system.id, Limits(), at=NOW))
    return {(j.rule, j.subject) for j in told if isinstance(j, Judgement) and isinstance(j.answer, Fails)}


def page(company: Company, told: set[tuple[str, str]]) -> str:
    """The whole of docs/rules.md."""
    return "\n".join([*_head(), *_measured(company, told), *_apart(), *_rules(), *_later()]) + "\n"


def _head() -> Iterator[str]:
    alerting = sum(rule.alerts for rule in rulebook.RULES.values())
    yield INTRO.format(count=len(rulebook.RULES), alerting=alerting)
    yield LIMITS.rstrip()
    for name in limits.NAMES:
        yield f"| `{name}` | {getattr(Limits(), name)} | {limits.WHY[name]} |"
    yield ""
    yield PAIRS.rstrip()
    for pair in pairs.PAIRS:
        yield f"| {pair.one} | {pair.other} | {pair.allows} |"
    yield ""


def _measured(company: Company, told: set[tuple[str, str]]) -> Iterator[str]:
    yield MEASURED.format(people=company.people, systems=len(company.systems)).rstrip()
    planted_, told_ = Counter(rule for rule, _ in company.faults), Counter(rule for rule, _ in told)
    right = Counter(rule for rule, _ in told & company.faults)
    for name in rulebook.RULES:
        precision = right[name] / told_[name] if told_[name] else 1.0
        yield f"| `{name}` | {planted_[name]} | {told_[name]} | {precision:.2f} | {right[name] / planted_[name]:.2f} |"
    yield ""


def _apart() -> Iterator[str]:
    """The table of the second company."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        made = apart.company(session)
        told_ = apart.told(made)
    yield APART.format(near=made.near).rstrip()
    planted_, found_ = Counter(rule for rule, _ in made.faults), Counter(rule for rule, _ in told_)
    right = Counter(rule for rule, _ in told_ & made.faults)
    for name in (name for name in rulebook.RULES if name in apart.RULES):
        precision, recall = right[name] / found_[name], right[name] / planted_[name]
        yield f"| `{name}` | {planted_[name]} | {found_[name]} | {precision:.2f} | {recall:.2f} |"
    yield ""


def _rules() -> Iterator[str]:
    yield "## The rules, one by one"
    for subject in (each for each in Subject if rulebook.ASKED[each]):  # other stages judge subjects of their own
        yield f"\n### About {ABOUT[subject]}"
        for rule, _ in rulebook.ASKED[subject]:
            yield from _rule(rule)


def _later() -> Iterator[str]:
    yield LATER.rstrip()
    for name, rule in every.RULES.items():
        if name not in rulebook.RULES:
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"\n#### {rule.title}\n"
    alerts = "reports" if rule.name in every.OF_SYSTEMS and not rule.alerts else "alerts"
    speaks = (f"A.{', A.'.join(rule.iso)}", *((", ".join(rule.controls),) if rule.controls else ()))
    yield f"`{rule.name}` · {rule.severity} · {alerts} · {' · '.join(speaks)}\n"
    if (told := every.manual(rule.name)) is not None:
        yield told
    yield f"\n{rule.todo}"
    for kind, steps in rule.steps.items():
        yield f"\n{KINDS[kind]}:\n"
        yield from (f"{n}. {step}" for n, step in enumerate(steps, 1))
    if rule.needs:
        needs = ", ".join(rule.needs)
        more = f"; of programs {', '.join(rule.needs_of_programs)} as well" if rule.needs_of_programs else ""
        yield f"\nNeeds: {needs}{more}."


def main() -> None:
    """Write the page."""
    assert schema
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        company = planted.company(session)
        PAGE.write_text(page(company, found(session, company)), encoding="utf-8")
    sys.stdout.write(f"{PAGE} written\n")


if __name__ == "__main__":
    main()
