"""A CRM in memory, with a log of every question and every call, that can fail at any point it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.connector import Act, ActKind, ByHand, Coverage, Executor, Look, State, Target, TargetKind
from connectors.receipt import ActReceipt

KINDS = {
    TargetKind.GRANT: ActKind.REMOVE_GRANT,
    TargetKind.ACCOUNT: ActKind.DEACTIVATE,
    TargetKind.CREDENTIAL: ActKind.REVOKE_CREDENTIAL,
    TargetKind.INTEGRATION: ActKind.REVOKE_CREDENTIAL,
}


class Died(BaseException):
    """The process was killed here."""


@dataclass
class Crm:
    """`present` are the things that are there. `log` holds "look:x" and "do:x"; `effects` what really changed."""

    present: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    key: str = "org"
    principal: str | None = "executor"
    acts: frozenset[ActKind] = frozenset()
    unknown: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)
    also_ends_sessions: bool = False
    before_look: Callable[[str], None] = lambda name: None
    before_effect: Callable[[str], None] = lambda name: None
    after_effect: Callable[[str], None] = lambda name: None
    restored: ByHand | None = None  # instead of the call that gives back
    planned: Callable[[Target, Look], Sequence[Act] | ByHand] | None = None  # instead of the usual plan
    ends: dict[str, str] = field(default_factory=dict)
    closed: int = 0

    @contextmanager
    def open(self) -> Iterator[Executor]:
        try:
            yield self
        finally:
            self.close()

    def check(self) -> Coverage:
        return Coverage(self.key, "Sandbox", self.principal, {}, self.acts)

    def look(self, target: Target) -> Look:
        name = name_of(target)
        self.log.append(f"look:{name}")
        self.before_look(name)
        state = State.PRESENT if name in self.present else State.ABSENT
        if name in self.unknown:
            return Look(State.UNKNOWN, {}, f"GET {name}", "0" * 64, because="it cannot be seen")
        facts = {"name": name, **({"until": self.ends[name]} if name in self.ends else {})}
        return Look(state, facts, f"GET {name}", f"{state}-{len(self.log)}")

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        if self.planned is not None:
            return self.planned(target, before)
        name = name_of(target)
        if name in self.by_hand:
            return ByHand("the API cannot do this", ("Open Setup.", "Remove it."))
        if before.state is State.ABSENT:
            return ()
        act = Act(KINDS[target.kind], target, f"Remove {name}", f"DELETE {name}", {"name": name})
        if self.also_ends_sessions and target.kind is TargetKind.ACCOUNT:
            end = Act(ActKind.END_SESSIONS, target, "End sessions", f"DELETE sessions of {name}", {"name": "sessions"})
            return (end, act)
        return (act,)

    def perform(self, act: Act) -> ActReceipt:
        name = str(act.arguments["name"])
        self.log.append(f"do:{name}")
        self.before_effect(name)
        if act.kind is ActKind.RESTORE:
            self.present.add(name)
            self.ends.pop(name, None)
        elif act.kind is ActKind.TIME_BOX:
            self.ends[name] = str(act.arguments["until"])
        elif name in self.present:
            self.present.remove(name)
        self.effects.append(name)
        self.after_effect(name)
        return ActReceipt(act.request, 204, "d" * 64)

    def restore(self, before: Look) -> Sequence[Act] | ByHand:
        if self.restored is not None:
            return self.restored
        name = str(before.facts["name"])
        target = Target(TargetKind.ACCOUNT, account_key=name)
        return (Act(ActKind.RESTORE, target, f"Give {name} back", f"POST {name}", {"name": name}),)

    def close(self) -> None:
        self.closed += 1


def name_of(target: Target) -> str:
    """What a target is called in this CRM."""
    if target.kind is TargetKind.GRANT:
        return f"{target.account_key}/{target.entitlement_key}"
    return str(target.credential_key or target.integration_key or target.account_key)
