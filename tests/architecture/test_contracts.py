"""Who may import whom: each contract of pyproject.toml is kept, and breaks when somebody breaks it.

The tree is copied once; every test plants one violation in the copy, has lint-imports look at one contract, and takes the
violation out again.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import ROOT, modules

CONFIG: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS: dict[str, dict[str, Any]] = {contract["id"]: contract for contract in CONFIG["contracts"]}


@dataclass(frozen=True)
class Planted:
    """A violation: `line` at the end of `file` (made if it is not there) breaks the contract."""

    contract: str
    file: str
    line: str

    def __str__(self) -> str:
        return f"{self.contract}: {self.file}: {self.line}"


PLANTED = [
    Planted("spine", "app/utils.py", '"""A drawer for everything."""'),  # exhaustive
    Planted("spine", "app/api/health.py", "import app.jobs"),  # doors are strangers to each other
    Planted("spine", "app/jobs.py", "import app.api.health"),
    Planted("spine", "app/console/words.py", "import app.api.health"),
    Planted("spine", "app/worker.py", "import app.main"),
    Planted("spine", "app/means.py", "import app.schema"),
    Planted("no-knots", "app/kit/refusal.py", "import app.kit.ids\n@@app/kit/ids.py import app.kit.refusal"),
    Planted(
        "no-knots",
        "connectors/records.py",
        "import connectors.pacing\n@@connectors/pacing.py import connectors.records",
    ),
    Planted(
        "no-knots",
        "app/inventory/merges/accounts.py",
        "import app.inventory.merges.people\n@@app/inventory/merges/people.py import app.inventory.merges.accounts",
    ),
    Planted("inside-ledger", "app/ledger/relay.py", "import app.ledger.leaves"),
    Planted("inside-ledger", "app/ledger/entries.py", "import app.ledger.checkpoints"),
    Planted("inside-ledger", "app/ledger/tables.py", "import app.ledger.queries"),
    Planted("inside-ledger", "app/ledger/tree.py", "import app.ledger.tables"),
    Planted("inside-actors", "app/actors/tokens.py", "import app.actors.actors"),
    Planted("inside-actors", "app/actors/tables.py", "import app.actors.queries"),
    Planted("inside-actors", "app/actors/queries.py", "import app.actors.requests"),
    Planted("inside-actors", "app/actors/actor.py", "import app.actors.policy"),
    Planted("inside-actors", "app/actors/helpers.py", '"""A drawer."""'),  # exhaustive
    Planted("inside-inventory", "app/inventory/systems.py", "import app.inventory.snapshots"),
    Planted("inside-inventory", "app/inventory/readers.py", "import app.inventory.checks"),
    Planted("inside-inventory", "app/inventory/merges/sealing.py", "import app.inventory.snapshots"),
    Planted("inside-inventory", "app/inventory/queries.py", "import app.inventory.merges"),
    Planted("inside-inventory", "app/inventory/policy.py", "import app.inventory.tables"),
    Planted("inside-detection", "app/detection/findings.py", "import app.detection.detect"),
    Planted("inside-detection", "app/detection/queries.py", "import app.detection.findings"),
    Planted("inside-detection", "app/detection/policy.py", "import app.detection.queries"),
    Planted("inside-detection", "app/detection/rule.py", "import app.detection.rulebook"),
    Planted("inside-review", "app/review/decisions.py", "import app.review.campaigns"),
    Planted("inside-review", "app/review/queries.py", "import app.review.freezing"),
    Planted("inside-review", "app/review/tables.py", "import app.review.queries"),
    Planted("inside-review", "app/review/trust.py", "import app.review.tables"),
    Planted("inside-remediation", "app/remediation/verify.py", "import app.remediation.remediations"),
    Planted("inside-remediation", "app/remediation/remediations.py", "import app.remediation.lane"),
    Planted("inside-remediation", "app/remediation/foresight.py", "import app.remediation.lane"),
    Planted("inside-remediation", "app/remediation/offers.py", "import app.remediation.remediations"),
    Planted("inside-remediation", "app/remediation/queries.py", "import app.remediation.verify"),
    Planted("inside-remediation", "app/remediation/policy.py", "import app.remediation.tables"),
    Planted("inside-compliance", "app/compliance/scope.py", "import app.compliance.statements"),
    Planted("inside-compliance", "app/compliance/queries.py", "import app.compliance.gathering"),
    Planted("inside-compliance", "app/compliance/tables/judged.py", "import app.compliance.queries"),
    Planted("inside-compliance", "app/compliance/computing.py", "import app.compliance.judging"),
    Planted("inside-compliance", "app/compliance/drawer.py", '"""A drawer."""'),  # exhaustive
    Planted("inside-evidence", "app/evidence/verify.py", "import app.evidence.packets"),
    Planted("inside-evidence", "app/evidence/queries.py", "import app.evidence.extracts"),
    Planted("inside-evidence", "app/evidence/manifest.py", "import app.evidence.unpacking"),
    Planted("inside-evidence", "app/evidence/misc.py", '"""A drawer."""'),  # exhaustive
    Planted("inside-notices", "app/notices/channels.py", "import app.notices.subscriptions"),
    Planted("inside-notices", "app/notices/queries.py", "import app.notices.happenings"),
    Planted("inside-notices", "app/notices/tables.py", "import app.notices.queries"),
    Planted("inside-notices", "app/notices/timing.py", "import app.notices.tables"),
    Planted("carriers-are-strangers", "app/notices/carriers/chat.py", "import app.notices.carriers.email"),
    Planted("carriers-have-no-database", "app/notices/carriers/webhook.py", "import sqlalchemy"),
    Planted("verifying-needs-nothing", "app/evidence/claims.py", "from app.review import tables"),
    Planted("verifying-needs-nothing", "app/evidence/unpacking.py", "from urllib import request"),
    Planted("verifying-needs-nothing", "app/ledger/note.py", "import sqlalchemy"),
    Planted("thinking-is-pure", "app/review/policy.py", "import app.kit.db"),
    Planted("thinking-is-pure", "app/compliance/judging.py", "import sqlalchemy"),
    Planted("thinking-is-pure", "app/review/policy.py", "from app.kit import clock"),
    Planted("thinking-is-pure", "app/detection/rules/never_used.py", "from app import settings"),
    Planted("thinking-is-pure", "app/detection/rules/never_used.py", "import time"),
    Planted("thinking-is-pure", "app/ledger/note.py", "import httpx2"),
    Planted("thinking-is-pure", "connectors/connector.py", "import requests"),
    Planted("thinking-is-pure", "app/actors/policy.py", "from fastapi import Request"),
    Planted("rules-are-strangers", "app/detection/rules/never_used.py", "import app.detection.rules.leaver_active"),
    Planted("connectors-stand-alone", "connectors/roster/people.py", "import app.kit.refusal"),
    Planted("connectors-stand-alone", "connectors/pacing.py", "import sqlalchemy"),
    Planted("connectors-stand-alone", "connectors/sandbox/store.py", "from app import settings"),
    Planted("vendors-are-strangers", "connectors/hubspot/lists.py", "import connectors.salesforce.soql"),
    Planted("vendors-are-strangers", "connectors/bottlecrm/grants.py", "import connectors.roster"),
    Planted("vendors-are-strangers", "connectors/sandbox/hubspot/oauth.py", "import connectors.hubspot.paths"),
    Planted("vendors-are-strangers", "connectors/salesforce/soql.py", "import connectors.sandbox.names"),
    Planted("sandbox-from-the-fact-sheets", "connectors/sandbox/company.py", "import connectors.records"),
    Planted("sandbox-from-the-fact-sheets", "connectors/sandbox/faults.py", "import connectors.pacing"),
    Planted("who-reaches-connectors", "app/review/advice.py", "import connectors.receipt"),
    Planted("who-reaches-connectors", "app/cli/telling.py", "import connectors.salesforce"),
    Planted("who-reaches-connectors", "app/jobs.py", "from connectors.pacing import Clock"),
    Planted("who-names-connectors", "app/stories/readings.py", "from connectors.guide import Guide"),
    Planted("who-names-connectors", "app/review/shown.py", "import connectors.records"),
    Planted("who-names-connectors", "app/evidence/manifest.py", "import connectors.connector"),
    Planted("who-names-connectors", "app/api/systems.py", "from connectors import registry"),
    Planted("who-starts-the-sandbox", "app/inventory/readers.py", "import connectors.sandbox.serve"),
    Planted("who-starts-the-sandbox", "app/jobs.py", "import connectors.sandbox.company"),
    Planted("frameworks-at-the-doors", "app/jobs.py", "import fastapi"),
    Planted("frameworks-at-the-doors", "app/worker.py", "import uvicorn"),
    Planted("frameworks-at-the-doors", "app/stories/access.py", "import typer"),
    Planted("frameworks-at-the-doors", "connectors/salesforce/client.py", "from starlette.requests import Request"),
    Planted("pages-in-the-console", "app/api/health.py", "import jinja2"),
    Planted("pages-in-the-console", "app/stories/access.py", "from markupsafe import Markup"),
    Planted("engine-behind-its-port", "app/jobs.py", "import dbos"),
    Planted("salesforce-client-behind-its-wrapper", "connectors/pacing.py", "import simple_salesforce"),
    Planted("hubspot-client-behind-its-wrapper", "app/inventory/readers.py", "import hubspot"),
]


# One child for all checks: starting Python costs more than a check. It lives in the copy, so that it sees the copy alone.
CHILD = """
import contextlib, io, json, sys
from importlinter.cli import lint_imports
for line in sys.stdin:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = lint_imports(limit_to_contracts=tuple(json.loads(line)), no_logo=True)
    print(json.dumps([code, said.getvalue()]), flush=True)
"""


@dataclass(frozen=True)
class Copy:
    """A copy of the tree to do harm in, and lint-imports looking at it."""

    place: Path
    child: subprocess.Popen[str]

    def lint(self, *contracts: str) -> tuple[int, str]:
        """The exit code and the words of lint-imports, limited to some contracts; none means all."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        print(json.dumps(contracts), file=self.child.stdin, flush=True)
        code, said = json.loads(self.child.stdout.readline())
        return code, said

    def breaks(self, contract: str) -> None:
        """Insist that lint-imports fails and names this contract."""
        code, said = self.lint(contract)
        assert code == 1, said
        assert f"{CONTRACTS[contract]['name']} BROKEN" in said, said


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    place = tmp_path_factory.mktemp("house")
    for top in ("app", "connectors"):
        shutil.copytree(ROOT / top, place / top, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    environment = os.environ | {"PYTHONPATH": str(place), "COLUMNS": "240", "NO_COLOR": "1"}
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(
        command, cwd=place, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        yield Copy(place, child)
        assert child.stdin is not None
        child.stdin.close()  # it ends with its input


@contextmanager
def planted(tree: Path, file: str, line: str) -> Iterator[None]:
    """The line at the end of the file, as long as the block lasts. "@@other.py line" plants there as well."""
    line, _, second = line.partition("\n@@")
    path = tree / file
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        with ExitStack() as stack:
            if second:
                stack.enter_context(planted(tree, *second.split(" ", 1)))
            yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)


def test_the_house_keeps_all_its_contracts(copy: Copy) -> None:
    code, said = copy.lint()
    assert code == 0, said


@pytest.mark.parametrize("violation", PLANTED, ids=str)
def test_a_violation_breaks_its_contract(copy: Copy, violation: Planted) -> None:
    with planted(copy.place, violation.file, violation.line):
        copy.breaks(violation.contract)


def test_no_contract_is_without_a_violation_here() -> None:
    assert {violation.contract for violation in PLANTED} == set(CONTRACTS)


def _present(layer: str) -> str | None:
    """The first room of a layer that is built: `api` of "api | (console) | jobs"."""
    names = [name.strip() for name in layer.split("|")]
    return next((name for name in names if not name.startswith("(")), None)


SPINE = [name for name in map(_present, CONTRACTS["spine"]["layers"]) if name]


@pytest.mark.parametrize(("later", "earlier"), list(itertools.pairwise(SPINE)))
def test_no_room_may_use_the_one_after_it(copy: Copy, later: str, earlier: str) -> None:
    place = f"app/{earlier}/__init__.py" if (copy.place / "app" / earlier).is_dir() else f"app/{earlier}.py"
    with planted(copy.place, place, f"import app.{later}"):
        copy.breaks("spine")


def test_an_import_for_types_alone_counts_as_well(copy: Copy) -> None:
    assert CONFIG["exclude_type_checking_imports"] is False
    line = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.review.tables import ItemRow"
    with planted(copy.place, "app/inventory/facts.py", line):
        copy.breaks("spine")


def test_an_import_inside_a_function_counts_as_well(copy: Copy) -> None:
    with planted(copy.place, "app/inventory/facts.py", "def sly() -> None:\n    import app.review.tables"):
        copy.breaks("spine")


def test_every_pure_module_is_watched(copy: Copy) -> None:
    watched = [
        name
        for name in CONTRACTS["thinking-is-pure"]["source_modules"]
        if not (copy.place / name.replace(".", "/")).is_dir()
    ]
    with ExitStack() as stack:
        for name in watched:
            stack.enter_context(planted(copy.place, f"{name.replace('.', '/')}.py", "import sqlalchemy"))
        code, said = copy.lint("thinking-is-pure")
    assert code == 1
    assert not [name for name in watched if f"{name} is not allowed to import sqlalchemy" not in said], said


# What stands below a stage's tables is thinking, and is watched for purity; these are not, and why.
NOT_PURE = {
    "app.ledger.guards": "the triggers of the ledger's tables, as SQL",
    "app.evidence.beside": "walks rows as the database hands them out",
}


# The last layer that knows the database; evidence has no tables of its own.
ROWS = defaultdict(lambda: {"tables"}, {"inside-evidence": {"queries"}})


def test_what_stands_below_the_tables_is_thinking_and_pure() -> None:
    pure = set(CONTRACTS["thinking-is-pure"]["source_modules"])
    for contract in CONTRACTS.values():
        if not contract["id"].startswith("inside-"):
            continue
        known = ROWS[contract["id"]]
        rows = next(n for n, layer in enumerate(contract["layers"]) if not known.isdisjoint(layer.split(" | ")))
        below = contract["layers"][rows + 1 :]
        names = {f"{contract['containers'][0]}.{name.strip()}" for layer in below for name in layer.split("|")}
        assert names <= pure | NOT_PURE.keys(), f"{contract['id']}: not in thinking-is-pure: {sorted(names - pure)}"


def test_every_stage_says_how_it_stands_inside() -> None:
    stages = {
        "ledger", "actors", "inventory", "detection", "review", "remediation", "compliance", "evidence", "notices",
    }  # fmt: skip
    assert {f"inside-{stage}" for stage in stages} <= CONTRACTS.keys()
    assert all(CONTRACTS[f"inside-{stage}"]["exhaustive"] for stage in stages)


def test_every_part_of_connectors_has_somebody_who_may_reach_it() -> None:
    parts = {".".join(each.name.split(".")[:2]) for each in modules() if each.name.startswith("connectors.")}
    said = [
        part
        for contract in ("who-reaches-connectors", "who-names-connectors", "who-starts-the-sandbox")
        for part in CONTRACTS[contract]["protected_modules"]
    ]
    assert sorted(said) == sorted(parts)
