"""What a line comes out as: the weakest of everything it rests on. Pure.

Nothing passes by absence. A stream that was not read completely, a rule that could not tell, a rule that nobody asks yet, a
paper that is not on file: each makes the line NOT_EVALUABLE and says why. A word on file never makes a test pass; a line
that needs both is ATTESTED at best.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.compliance import computing
from app.compliance.controls import catalogue
from app.compliance.controls.line import Line, Outcome
from app.compliance.facts import Facts, PaperFacts, Part, RegisterFacts, SystemFacts, Verdict

_WEAKEST = {outcome: place for place, outcome in enumerate(Outcome)}
_REASONS = 4  # that are told; the rest is counted


def judge_all(lines: Iterable[Line], facts: Facts) -> list[Verdict]:
    """Every line, per system and over all; those that rest on other lines after these."""
    told: list[Verdict] = []
    overall: dict[str, Verdict] = {}
    for line in sorted(lines, key=lambda line: bool(line.follows)):
        of_line = judge(line, facts, overall)
        overall[line.id] = of_line[-1]
        told += of_line
    return told


def judge(line: Line, facts: Facts, others: Mapping[str, Verdict]) -> list[Verdict]:
    """One line in each system that it looks at, and over all at the end. `others`: the lines it follows, judged before."""
    exempt = facts.exempt.get((line.id, None))
    if exempt is not None:
        proof = ({"exemption": exempt.id},)
        until = exempt.until.date().isoformat()
        because = f"does not apply until {until}: {exempt.justification}"
        return [Verdict(line.id, None, Outcome.NOT_APPLICABLE, because, proof)]
    parts = [*_of_systems(line, facts), *_over_all(line, facts, others)]
    names = {system.id: system.name for system in facts.systems}
    told = []
    for system in facts.systems:
        mine = [part for part in parts if part.system == system.id]
        if mine:
            told.append(_verdict(line.id, system.id, mine, {}))
    return [*told, _verdict(line.id, None, parts, names)]


def weakest(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of a whole: as weak as its weakest part. Of nothing, nothing can be said."""
    return min(outcomes, key=_WEAKEST.__getitem__, default=Outcome.NOT_EVALUABLE)


def _verdict(line: str, system: int | None, parts: Sequence[Part], names: Mapping[int, str]) -> Verdict:
    outcome = weakest(part.outcome for part in parts)
    telling = [part for part in parts if part.outcome is outcome]
    reasons = list(dict.fromkeys(_named(part, names) for part in telling))
    more = f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    proof = tuple(each for part in (telling if outcome is Outcome.FAIL else parts) for each in part.proof)
    because = "; ".join(reasons[:_REASONS]) + more if parts else "nothing says how to judge it"
    return Verdict(line, system, outcome, because, proof)


def _named(part: Part, names: Mapping[int, str]) -> str:
    where = names.get(part.system) if part.system is not None else None
    return f"{where}: {part.because}" if where is not None else part.because


def _of_systems(line: Line, facts: Facts) -> list[Part]:
    """What the line rests on in each system: its rules and streams, and what is computed of each."""
    found = [part for name in line.computed for part in computing.COMPUTED[name](facts)]
    if line.rules or line.streams:
        found += [_tested(line, system, facts) for system in facts.systems]
        if not facts.systems:
            found.append(Part(Outcome.NOT_EVALUABLE, "no CRM is connected"))
    return [_excused(line, part, facts) for part in found]


def _excused(line: Line, part: Part, facts: Facts) -> Part:
    """The part, unless the line does not apply to its system, or a paper stands in for what the system cannot tell."""
    exempt = facts.exempt.get((line.id, part.system)) if part.system is not None else None
    if exempt is not None:
        because = f"does not apply here until {exempt.until.date().isoformat()}: {exempt.justification}"
        return Part(Outcome.NOT_APPLICABLE, because, ({"exemption": exempt.id},), part.system)
    if part.outcome is not Outcome.NOT_EVALUABLE or line.paper is None or not line.paper.stands_in:
        return part
    paper = facts.papers.get((line.id, part.system)) or facts.papers.get((line.id, None))
    if paper is None or not paper.approved:
        return part
    told = _on_file(line.paper.title, paper, facts)
    return Part(told.outcome, f"{part.because}; instead, {told.because}", told.proof, part.system)


def _tested(line: Line, system: SystemFacts, facts: Facts) -> Part:
    """The line's rules and streams in one system. What fails is said before what is not known."""
    wrong = {rule: system.wrong[rule] for rule in line.rules if rule in system.wrong}
    failing = {rule: found for rule, found in wrong.items() if found.open}
    if failing:
        said = ", ".join(f"{found.open} × {_title(rule)}" for rule, found in failing.items())
        proof = tuple(
            {"rule": rule, "open": found.open, "findings": list(found.some)} for rule, found in failing.items()
        )
        return Part(Outcome.FAIL, said, proof, system.id)
    unknown = _unknown(line, system, facts)
    if unknown:
        return Part(Outcome.NOT_EVALUABLE, "; ".join(dict.fromkeys(unknown)), (), system.id)
    run = system.run
    assert run is not None  # noqa: S101  (without one, it is not known)
    judged = sum(sum(run.counts.get(rule, {}).values()) for rule in line.rules)
    waived = sum(found.waived for found in wrong.values())
    said = f"{judged} answers of {len(line.rules)} rules, none fails" if line.rules else "read completely"
    if waived:
        said += f" but {waived} that were accepted as exceptions"
    proof = ({"run": run.id, "snapshot": system.snapshot_id, "judged": judged, "streams": list(line.streams)},)
    return Part(Outcome.PASS, said, proof, system.id)


def _unknown(line: Line, system: SystemFacts, facts: Facts) -> list[str]:
    """Everything that keeps us from saying that the line holds in this system."""
    run = system.run
    if run is None:
        return ["the rules have not been asked of it yet"]
    if facts.at - run.at > facts.limits.judged_within:
        return [f"the rules were last asked on {run.at.date().isoformat()}"]
    needs = dict.fromkeys(line.streams)
    for rule in line.rules:
        needs |= dict.fromkeys(catalogue.RULES[rule].needs)
    said = [system.untrusted[stream] for stream in needs if stream in system.untrusted]
    for rule in line.rules:
        reasons = {
            because: count
            for because, count in run.cannot_tell.get(rule, {}).items()
            if not set(because.split("; ")) <= set(said)  # of a stream that was not read, it is said once
        }
        said += [f"{_title(rule)}: cannot tell of {count}, {because}" for because, count in sorted(reasons.items())]
        if rule not in run.counts and _asked_others(rule, run.counts):
            said.append(f"{_title(rule)}: not asked yet")
    return said


def _asked_others(rule: str, counts: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether other rules were asked of the same kind of subject, so that this one should have been."""
    subject = catalogue.RULES[rule].subject
    return any(name in catalogue.RULES and catalogue.RULES[name].subject == subject for name in counts)


def _over_all(line: Line, facts: Facts, others: Mapping[str, Verdict]) -> list[Part]:
    """What the line rests on that is of no one system."""
    found = []
    if line.awaits:
        asked = ", ".join(name.replace("_", " ") for name in line.awaits)
        found.append(_excused(line, Part(Outcome.NOT_EVALUABLE, f"no rule asks yet: {asked}"), facts))
    found += [_joined(kind, facts) for kind in line.joined]
    for other in line.follows:
        verdict = others[other]
        found.append(Part(verdict.outcome, f"{other} is {verdict.outcome}", ({"line": other},)))
    if line.paper is not None and line.paper.required:
        paper = facts.papers.get((line.id, None))
        title = line.paper.title
        missing = Part(Outcome.NOT_EVALUABLE, f"nobody has given their word yet: {title}")
        found.append(missing if paper is None else _on_file(title, paper, facts))
    return found


def _on_file(title: str, paper: PaperFacts, facts: Facts) -> Part:
    proof = ({"attestation": paper.id, "revision": paper.revision, "digest": paper.digest},)
    until = paper.until.date().isoformat()
    if not paper.approved:
        return Part(Outcome.NOT_EVALUABLE, f"it waits for somebody else's approval: {title}", proof)
    if paper.until <= facts.at:
        return Part(Outcome.EXPIRED, f"was good until {until}: {title}", proof)
    return Part(Outcome.ATTESTED, f"attested until {until}: {title}", proof)


def _joined(kind: str, facts: Facts) -> Part:
    """A register held against who or what is there. A register is somebody's word, so the best it can be is ATTESTED."""
    register = facts.registers.get(kind)
    named = kind.replace("_", " ")
    if register is None:
        return Part(Outcome.NOT_EVALUABLE, f"no register has been handed in: {named}")
    proof = ({"register": register.id, "population": register.population, "missing": register.missing},)
    return _gaps(named, register, proof, facts)


def _gaps(named: str, register: RegisterFacts, proof: tuple[Mapping[str, object], ...], facts: Facts) -> Part:
    taken = register.extracted_at.date().isoformat()
    if register.missing or register.lapsed:
        said = f"{register.missing} of {register.population} are missing, {register.lapsed} have lapsed"
        return Part(Outcome.FAIL, f"{named}: {said}", proof)
    if register.extracted_at + facts.limits.register_good_for <= facts.at:
        return Part(Outcome.EXPIRED, f"{named}: the register is of {taken}", proof)
    blind = [f"{system.name}: {_blindness(system)}" for system in facts.systems if _blindness(system)]
    if blind or not facts.systems:
        return Part(Outcome.NOT_EVALUABLE, f"{named}: {'; '.join(blind) or 'no CRM is connected'}", proof)
    return Part(Outcome.ATTESTED, f"{named}: all {register.population} are in the register of {taken}", proof)


def _blindness(system: SystemFacts) -> str:
    """Why we do not know everybody who is there."""
    for stream in ("accounts", "people"):
        if stream in system.untrusted:
            return system.untrusted[stream]
    return f"{system.nobodys} accounts are nobody's" if system.nobodys else ""


def _title(rule: str) -> str:
    return catalogue.RULES[rule].title if rule in catalogue.RULES else rule.replace("_", " ")
