"""The first quarterly review on a CRM that none of us wrote, said at the command line as an operator would.

BottleCRM runs beside us and is read and changed over HTTP. What no API of it can do, making the past, is done inside it: a
member has not signed in for 200 days, another holds a token.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.app.cli.saying import Place
from tests.bottlecrm.running import BottleCRM
from tests.journeys.stagehands import Line

pytestmark = pytest.mark.bottlecrm
READ = {"accounts", "entitlements", "grants", "logins", "integrations"}
HEADER = "id,emails,name,manager,department,title,start,end,away_from,away_until,kind"


@dataclass(frozen=True)
class Operator:
    """Somebody at the command line of one installation."""

    home: Path

    def says(self, *words: str, fails: bool = False) -> Any:
        """Say a command, and give its answer: JSON where it was asked for."""
        told = Place(self.home, {}, None).rolecall(*words)
        assert (told.code != 0) == fails, f"{words}\n{told.all}"
        return json.loads(told.out) if "--json" in words else told.out + told.err


def test_the_first_review_of_a_real_crm(bottlecrm: BottleCRM, tmp_path: Path) -> None:
    operator = Operator(tmp_path / "home")
    bo, cy = _members(bottlecrm)
    token = _make_token(bottlecrm, cy["email"])
    line = Line(bottlecrm.url)
    _connect(operator, bottlecrm, tmp_path, bo, cy, url=line.url)

    # read, and find what is wrong
    assert {each["status"] for each in operator.says("sync", "People", "--json")} == {"sealed"}
    (reading,) = operator.says("sync", "BottleCRM", "--json")
    verdicts = {stream["stream"]: stream["verdict"] for stream in reading["streams"]}
    assert {stream for stream, verdict in verdicts.items() if verdict == "complete"} == READ
    found = [f for f in operator.says("findings", "--json") if f["facts"].get("account") == bo["email"]]
    assert "inactive_account" in {finding["rule"] for finding in found}

    # review what is there; Ada, who manages Bo, leaves meanwhile, and Ed never answers
    operator.says(
        "campaign", "open", "Q4", "--fallback", "ada", "--second", "di", "--many-answers", "the first", "--json"
    )
    operator.says("evidence", "checkpoint", "--out", str(tmp_path / "kept.txt"))
    assert operator.says("campaign", "items", "Q4", "--as", "ada", "--json")
    _leaves(operator, tmp_path, "Head,,,,,employee", "Head,,2026-01-31,,,employee")
    assert operator.says("campaign", "items", "Q4", "--as", "ada", "--json") == []
    removed = _decide(operator, bo["email"], cy["email"])
    assert removed == 2
    assert operator.says("campaign", "items", "Q4", "--as", "ed", "--json")

    # take away what must go, and prove that it is gone
    operator.says("system", "writing", "BottleCRM", "deactivate", "revoke_credential")
    closed = operator.says("campaign", "close", "Q4", "--unanswered", "keep", "--json")
    assert closed["removals"] == {"verified": 2}, operator.says("removals")
    assert not _is_active(bottlecrm, bo["email"])
    assert _status(bottlecrm, token) in (401, 403)
    assert _is_active(bottlecrm, cy["email"])

    # somebody gives Bo his account back: while BottleCRM is out of reach nothing is known of it, then it is
    _switch(bottlecrm, bo["email"], active=True)
    line.cut()
    assert operator.says("sync", "BottleCRM", "--json")[0]["status"] == "failed"
    assert _removals(operator) == ["verified", "verified"]
    line.mend()
    assert operator.says("sync", "BottleCRM", "--json")[0]["status"] == "sealed"
    assert _removals(operator) == ["returned", "verified"]

    # hand over evidence that verifies elsewhere, also against the checkpoint that was kept before
    packet, kept = str(tmp_path / "packet.zip"), str(tmp_path / "kept.txt")
    operator.says("evidence", "export", "Q4", "--out", packet)
    assert operator.says("evidence", "verify", packet, "--checkpoint", kept, "--json")["verifies"]
    stranger = Operator(tmp_path / "elsewhere")
    stranger.says("person", "list")  # another installation, with a log of its own
    stranger.says("evidence", "checkpoint", "--out", str(tmp_path / "theirs.txt"))
    operator.says("evidence", "verify", packet, "--checkpoint", str(tmp_path / "theirs.txt"), fails=True)


def _members(crm: BottleCRM) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two members of our own: Bo has not signed in for 200 days, Cy did so yesterday."""
    crm.shell(
        "for name, days in (('bo', 200), ('cy', 1)):\n"
        "    u, _ = User.objects.get_or_create(email=f'{name}.journey@example.com', defaults={'name': name})\n"
        "    Profile.objects.get_or_create(user=u, org=org, defaults={'role': 'USER'})\n"
        "    then = timezone.now() - timedelta(days=days)\n"
        "    User.objects.filter(id=u.id).update(last_login=then, is_active=True)\n"
        "    Profile.objects.filter(user=u).update(created_at=timezone.now() - timedelta(days=400), is_active=True)\n"
    )
    return {"email": "bo.journey@example.com"}, {"email": "cy.journey@example.com"}


def _make_token(crm: BottleCRM, email: str) -> str:
    return crm.shell(
        f"p = Profile.objects.get(user__email={email!r}, org=org)\n"
        "raw, row = PersonalAccessToken.generate(profile=p, name='old feed', scopes=['users:read'])\n"
        "print(raw)"
    ).strip()


def _leaves(operator: Operator, folder: Path, before: str, after: str) -> None:
    """The people department hands in another roster."""
    text = (folder / "roster.csv").read_text()
    assert text.count(before) == 1
    (folder / "left.csv").write_text(text.replace(before, after))
    operator.says("system", "roster", "People", str(folder / "left.csv"))
    operator.says("sync", "People")


def _removals(operator: Operator) -> list[str]:
    return sorted(each["status"] for each in operator.says("removals", "--json"))


def _connect(
    operator: Operator, crm: BottleCRM, folder: Path, bo: dict[str, Any], cy: dict[str, Any], url: str | None = None
) -> None:
    crm.shell(
        "for name in ('reader', 'executor'):\n"
        "    u, _ = User.objects.get_or_create(email=f'rolecall-{name}@example.com', defaults={'name': name})\n"
        "    Profile.objects.get_or_create(user=u, org=org, defaults={'role': 'ADMIN'})\n"
    )
    for role in ("reader", "executor"):
        secret = {"refresh": crm.login(f"rolecall-{role}@example.com").refresh}
        (folder / f"{role}.json").write_text(json.dumps(secret))
    people = [
        ("ada", crm.admin_email, "Ada", "", "Management", "Head", "employee"),
        ("bo", bo["email"], "Bo", "ada", "Sales", "Seller", "employee"),
        ("cy", cy["email"], "Cy", "ed", "Sales", "Seller", "employee"),
        ("ed", "ed@example.com", "Ed", "", "Sales", "Lead", "employee"),
        ("di", "di@example.com", "Di", "", "IT", "Head of IT", "employee"),
        ("r", "rolecall-reader@example.com", "Rolecall reader", "di", "IT", "", "service"),
        ("x", "rolecall-executor@example.com", "Rolecall executor", "di", "IT", "", "service"),
    ]
    lines = [f"{i},{e},{n},{m},{d},{t},,,,,{k}" for i, e, n, m, d, t, k in people]
    (folder / "roster.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    operator.says("system", "add", "roster", "People")
    operator.says("system", "roster", "People", str(folder / "roster.csv"))
    operator.says(
        "system", "add", "bottlecrm", "BottleCRM", "--set", f"url={url or crm.url}", "--owner", "di",
        "--reader", str(folder / "reader.json"), "--executor", str(folder / "executor.json"),
    )  # fmt: skip
    told = operator.says("doctor", "BottleCRM", "--json")["systems"][0]
    assert told["readable"]
    assert {"deactivate", "revoke_credential"} <= set(told["acts"])


def _decide(operator: Operator, inactive: str, holder: str) -> int:
    """Remove Bo's account and Cy's token; keep, with a reason, what is privileged; say nothing about the rest."""
    removed = 0
    for reviewer in ("di",):
        for item in operator.says("campaign", "items", "Q4", "--as", reviewer, "--json"):
            whose = (item["shown"].get("who") or {}).get("account")
            if (item["kind"], whose) in (("account", inactive), ("credential", holder)):
                operator.says("decide", str(item["id"]), "remove", "--as", reviewer, "--reason", "no longer needed")
                removed += 1
            elif item["privileged"]:
                operator.says("decide", str(item["id"]), "keep", "--as", reviewer, "--reason", "runs the CRM")
    return removed


def _is_active(crm: BottleCRM, email: str) -> bool:
    """What BottleCRM itself says, asked by its administrator."""
    answer = httpx2.get(
        f"{crm.url}/api/users/", params={"limit": 100, "email": email},
        headers={"Authorization": f"Bearer {crm.login(crm.admin_email).access}"}, timeout=30,
    )  # fmt: skip
    told = answer.json()
    active = [row["user_details"]["email"] for row in told["active_users"]["active_users"]]
    inactive = [row["user_details"]["email"] for row in told["inactive_users"]["inactive_users"]]
    assert email in active + inactive
    return email in active


def _status(crm: BottleCRM, token: str) -> int:
    return httpx2.get(f"{crm.url}/api/users/", headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code


def test_a_findings_life_on_a_real_crm(bottlecrm: BottleCRM, tmp_path: Path) -> None:
    """Bo leaves, a person deactivates his account in BottleCRM, and somebody gives it back to him."""
    operator = Operator(tmp_path / "home")
    bo, cy = _members(bottlecrm)
    operator.says("notices", "add", "file", "outbox", "--quietly")
    operator.says("notices", "subscribe", "outbox", "--event", "finding.opened", "--to", "it@example.com")
    _connect(operator, bottlecrm, tmp_path, bo, cy)
    operator.says("sync", "People")
    operator.says("sync", "BottleCRM")
    before = _mails(operator)

    left = (tmp_path / "roster.csv").read_text().replace("Seller,,,,,employee", "Seller,,2026-01-31,,,employee", 1)
    (tmp_path / "left.csv").write_text(left)
    operator.says("system", "roster", "People", str(tmp_path / "left.csv"))
    operator.says("sync", "People")
    found = _leaving(operator, bo["email"])
    assert (found["status"], found["baseline"]) == ("open", False)
    assert _mails(operator) - before == 1
    operator.says("finding", "acknowledge", str(found["id"]))

    _switch(bottlecrm, bo["email"], active=False)
    operator.says("sync", "BottleCRM")
    assert _leaving(operator, bo["email"])["status"] == "closed"

    _switch(bottlecrm, bo["email"], active=True)
    operator.says("sync", "BottleCRM")
    again = _leaving(operator, bo["email"])
    assert (again["id"], again["status"], again["times_opened"]) == (found["id"], "open", 2)
    assert again["acknowledged_at"] is None
    assert _mails(operator) - before == 2


def _leaving(operator: Operator, email: str) -> dict[str, Any]:
    told = operator.says("findings", "--status", "all", "--rule", "leaver_active", "--json")
    return next(each for each in told if each["facts"].get("account") == email)


def _mails(operator: Operator) -> int:
    """Alerts of new findings in BottleCRM that were written."""
    written = [each.read_text() for each in (operator.home / "outbox").glob("*.eml")]
    return sum("new finding" in mail and "BottleCRM" in mail for mail in written)


def _switch(crm: BottleCRM, email: str, *, active: bool) -> None:
    """What an administrator does in BottleCRM's own pages."""
    crm.shell(
        f"p = Profile.objects.get(user__email={email!r}, org=org)\n"
        f"p.is_active = {active}\np.save()\nUser.objects.filter(id=p.user_id).update(is_active={active})\n"
    )
