"""The description's examples are recorded from a run, and every one of them runs again.

`RECORD_EXAMPLES=1 pytest tests/app/api/test_examples.py` records them anew, after an answer got another shape.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.api import describing, examples
from app.api.rights import RIGHTS
from app.kit.db import Database
from tests.app.api import preparing
from tests.app.api.house import House, furnish
from tests.app.api.preparing import Ready
from tests.app.review import cast

# Whoever asks, beside an admin; and what is asked for in the address.
WHO = {
    "/api/v1/items": "ada",
    "/api/v1/items/{item_id}": "ada",
    "/api/v1/tasks": "ada",
    "/api/v1/tasks/{task_id}": "ada",
    "/api/v1/tasks/{task_id}/submission": "ada",
}
WRITERS = {
    ("POST", "/api/v1/approvals"): "boss",  # whom the scope names
    ("POST", "/api/v1/acceptances"): "boss",
    ("PUT", "/api/v1/items/{item_id}/decision"): "ada",
    ("POST", "/api/v1/decisions"): "ada",
    ("PUT", "/api/v1/findings/{finding_id}/waiver/approval"): "it_security",  # not whoever asked
}
# Writes that this house can do, in an order in which each still fits.
BODIES: dict[tuple[str, str], Any] = {
    ("PUT", "/api/v1/items/{item_id}/decision"): {"answer": "keep", "reason": "still sells in the north"},
    ("POST", "/api/v1/decisions"): {"decisions": [{"item": 1, "answer": "keep", "reason": "needed for the quarter"}]},
    ("PUT", "/api/v1/drift/{drift_id}/decision"): {"answer": "remove", "reason": "nobody asked for it"},
    ("POST", "/api/v1/campaigns/{campaign_id}/drift"): None,
    ("POST", "/api/v1/systems/{system_id}/readings"): None,
    ("POST", "/api/v1/systems/{system_id}/passes"): None,
    ("PATCH", "/api/v1/systems/{system_id}"): {"owner_key": "flo"},
    ("POST", "/api/v1/schedules"): {"name": "Every quarter", "zone": "Europe/Berlin", "scope": cast.SCOPE},
    ("POST", "/api/v1/schedules/preview"): {
        "name": "Every sixth week",
        "zone": "Europe/Berlin",
        "scope": cast.SCOPE,
        "cadence": "weekly",
        "every": 6,
        "starts_on": "2026-12-07",
        "calendar": {
            "days": ["mon", "tue", "wed", "thu", "fri"],
            "closed": [{"from": "12-21", "until": "01-03", "because": "year end"}],
        },
    },
    ("PATCH", "/api/v1/schedules/{schedule_id}"): {"due_days": 30},
    ("DELETE", "/api/v1/schedules/{schedule_id}"): None,
    ("POST", "/api/v1/bundles/{bundle_id}/versions"): {"match": 'title = "Rep"'},
    ("PUT", "/api/v1/bundles/{bundle_id}/retirement"): {"reason": "the team was split"},
    ("POST", "/api/v1/actors"): {"name": "Zoe", "roles": [{"role": "it_security"}], "email": "zoe@example.com"},
    ("POST", "/api/v1/approvals"): {
        "name": "Q1",
        "scope": cast.SCOPE
        | {"exclude": [{"where": "temporary", "reason": "it ends by itself"}], "approver": "flo", "fallback": "cy"},
        "reason": "what is temporary is seen each month",
    },
    ("POST", "/api/v1/acceptances"): {
        "name": "Q1",
        "scope": cast.SCOPE | {"control_owner": "flo", "fallback": "cy"},
        "population": "5f" * 32,
        "remark": "every system that we sell with is in it",
    },
    ("POST", "/api/v1/overrides"): {"name": "Q1", "scope": cast.SCOPE, "reason": "one portal is down until Monday"},
    ("POST", "/api/v1/campaigns"): {"name": "Q1", "scope": cast.SCOPE, "due_days": 14},
    ("PUT", "/api/v1/remediations/{remediation_id}/report"): {"note": "removed in Setup"},
    ("PUT", "/api/v1/stop"): {"reason": "the wrong people are going"},
    ("PUT", "/api/v1/stop/ending"): {"reason": "it was a false alarm"},
    ("PUT", "/api/v1/systems/{system_id}/lane"): {
        "release_above": 20,
        "hours": "Mon-Fri 09:00-17:00",
        "zone": "Europe/Berlin",
        "because": "its support is there then",
    },
    ("PUT", "/api/v1/remediations/{remediation_id}/retry"): {"reason": "it was the wrong account"},
    ("PUT", "/api/v1/campaigns/{campaign_id}/silence"): {"to": "owner", "reason": "nobody answered for two weeks"},
    ("PUT", "/api/v1/campaigns/{campaign_id}/cancellation"): {"reason": "the wrong scope"},
    ("POST", "/api/v1/delegations"): {
        "of": "cy",
        "to": "flo",
        "until": "2026-12-24T18:00:00Z",
        "scope": "not privileged",
        "reason": "away in December",
    },
    ("POST", "/api/v1/findings/acknowledgements"): {"findings": [1]},
    ("POST", "/api/v1/findings/assignments"): {"findings": [1], "owner": "me"},
    ("PUT", "/api/v1/findings/{finding_id}/acknowledgement"): {},
    ("PUT", "/api/v1/findings/{finding_id}/owner"): {"owner": "role:it_security"},
    ("POST", "/api/v1/findings/{finding_id}/comments"): {"text": "the vendor answers by Friday"},
    ("PUT", "/api/v1/findings/{finding_id}/waiver"): {
        "reason": "the nightly import runs under it until May",
        "until": "2026-12-31T00:00:00+00:00",
    },
    ("PUT", "/api/v1/findings/{finding_id}/waiver/approval"): {"answer": "approve"},
    ("PUT", "/api/v1/rules/{rule}/alerts"): {"on": False, "because": "the weekly digest is enough"},
    ("PUT", "/api/v1/systems/{system_id}/limits/{limit}"): {"value": 60, "because": "our policy says two months"},
    ("PUT", "/api/v1/findings/{finding_id}/waiver/ending"): {"reason": "the import runs elsewhere now"},
}
UNTIL = "2027-02-01T12:00:00Z"
BODIES |= {
    ("POST", "/api/v1/controls/{line}/attestations"): {
        "owner": "flo", "statement": "The policy is signed by the board.", "until": UNTIL,
        "link": "https://wiki.example.com/policy",
    },
    ("PUT", "/api/v1/attestations/{attestation_id}/answer"): {"answer": "declined", "because": "It is last year's paper."},
    ("POST", "/api/v1/controls/{line}/exemptions"): {"justification": "Another company does this.", "until": UNTIL},
    ("PUT", "/api/v1/exemptions/{exemption_id}/answer"): {"answer": "approved"},
    ("POST", "/api/v1/registers"): {
        "kind": "training", "content": "person,date\nbo@example.com,2026-05-01\n", "source": "the training portal",
        "extracted_at": "2026-11-15T12:00:00Z",
    },
    ("PUT", "/api/v1/assessments/{assessment_id}/submission"): {
        "purpose": "Sends invoices to customers", "owner": "flo", "vendor": "Acme", "contract": "MSA-7",
        "classes": ["personal"], "answers": {"reach": 2, "power": 1, "harm": 2, "dependence": 1, "vendor": 0, "keys": 1},
    },
    ("PUT", "/api/v1/assessments/{assessment_id}/answer"): {"answer": "declined"},
    ("POST", "/api/v1/integrations/{integration_id}/assessments"): None,
    ("POST", "/api/v1/scope/{scope_kind}"): {"reason": "Whatever enters the CRM is in scope."},
    ("PUT", "/api/v1/scope/{scope_kind}/confirmation"): {"until": UNTIL},
    ("PUT", "/api/v1/statements/{number}/approval"): {"until": UNTIL},
    ("POST", "/api/v1/statements"): None,
    ("POST", "/api/v1/channels"): {"name": "ops", "kind": "file"},
    ("POST", "/api/v1/subscriptions"): {
        "channel": 1, "events": ["review.opened"], "recipient": "ops@example.com", "digest": True,
    },
    ("DELETE", "/api/v1/subscriptions/{subscription_id}"): None,
    ("POST", "/api/v1/deliveries/{delivery_id}/replay"): None,
    ("POST", "/api/v1/channels/{channel_id}/tests"): None,
    ("PUT", "/api/v1/channels/{channel_id}/status"): {"status": "off"},
    ("PUT", "/api/v1/me/quiet-hours"): {"zone": "Europe/Berlin", "begins": "20:00", "ends": "07:00", "weekends": True},
    ("POST", "/api/v1/campaigns/preview"): {"name": "Q2", "scope": cast.SCOPE},
    ("PUT", "/api/v1/actors/{actor_id}/roles/{role}"): {"until": UNTIL},
    ("DELETE", "/api/v1/actors/{actor_id}/roles/{role}"): None,
    ("POST", "/api/v1/actors/{actor_id}/tokens"): {"label": "the nightly export", "days": 90},
    ("POST", "/api/v1/actors/{actor_id}/hooks"): {"label": "the chat bot", "days": 90},
    ("POST", "/api/v1/actors/{actor_id}/hooks/{hook_id}/rotation"): None,
    ("DELETE", "/api/v1/actors/{actor_id}/hooks/{hook_id}"): None,
    ("POST", "/api/v1/bundles"): {"name": "Reps", "match": 'title = "Rep"', "entitlements": [1], "owner_id": 1},
    ("PUT", "/api/v1/systems/{system_id}/writing"): {"acts": []},
}  # fmt: skip
# Where the path means something else than in the house at large: Ada, whose chat bot it is, and a role she has not.
ELSEWHERE: dict[str, Any] = {
    path: lambda house: {"actor_id": house.hook.actor_id, "role": "auditor"}
    for _method, path in BODIES
    if path.startswith("/api/v1/actors/{actor_id}")
}
TOLD_ONCE = {"token", "signing_secret"}  # what was made for a test opens nothing, and still is nothing to write down
QUERIES = {
    "/api/v1/items": lambda house: {"campaign": house.campaign.id},
    "/api/v1/campaigns/{campaign_id}/items": lambda house: {"reviewer": house.company.ada.id},
    "/api/v1/ledger/consistency": lambda house: {"old": 1, "new": 2},
    "/api/v1/rules": lambda house: {"subject": "package"},
    "/api/v1/accounts/{account_id}/access": lambda house: {"on": "2026-11-15"},
    "/api/v1/people/{person}/past": lambda house: {"on": "2026-11-15"},
}
# What this house has none of: a roster file, a review that has ended, a health without a database of its own.
NOT_HERE = {"/api/v1/systems/{system_id}/roster", "/api/v1/campaigns/{campaign_id}/packet", "/ready"}
PORTAL = "https://api.hubapi.com"


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    path = tmp_path_factory.mktemp("examples") / "house.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}", durable=False)
    yield furnish(database)
    database.close()


def _reads() -> list[tuple[str, str]]:
    return [(method, path) for method, path in RIGHTS if method == "GET" and path not in NOT_HERE]


def _run(house: House, method: str, path: str) -> dict[str, Any]:
    """One that needs nothing to be made before."""
    query = QUERIES.get(path, lambda _house: {})(house)
    who = WRITERS.get((method, path), "boss") if method != "GET" else WHO.get(path, "boss")
    numbers = house.numbers() | ELSEWHERE.get(path, lambda _house: {})(house)
    return _told(house, method, path, Ready(BODIES.get((method, path)), who, numbers), query)


def _told(house: House, method: str, path: str, ready: Ready, query: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: value for name, value in (house.numbers() | ready.numbers).items() if f"{{{name}}}" in path}
    sent = ready.send or ({"json": ready.body} if ready.body is not None else {})
    answer = house.client(ready.who or None).request(method, path.format(**numbers), params=query, **sent)
    assert answer.status_code < 300, f"{method} {path}: {answer.text}"
    told: dict[str, Any] = {"path": {name: _plain(value) for name, value in numbers.items()}, "query": query}
    if ready.body is not None:
        told["body"] = ready.body
    told["status"] = answer.status_code
    if answer.content:
        json_ = "json" in answer.headers["content-type"]
        told["answer"] = answer.json() if json_ else answer.text
        if method != "GET" and json_:
            told["answer"] |= {name: "shown once" for name in TOLD_ONCE & told["answer"].keys() if told["answer"][name]}
    return told


def _ran(house: House) -> dict[str, dict[str, Any]]:
    """Every example, those that need something first at the end."""
    ran = {f"{method} {path}": _run(house, method, path) for method, path in [*_reads(), *BODIES]}
    with preparing.portal() as portal:
        for (method, path), make_ready in (preparing.PREPARED | preparing.connecting(portal)).items():
            ran[f"{method} {path}"] = _told(house, method, path, make_ready(house), {})
        key = portal.credentials["reader"]["token"]
        found: dict[str, dict[str, Any]] = json.loads(
            json.dumps(ran).replace(portal.url, PORTAL).replace(key, "pat-eu1-your-own")
        )
    return found


def _names(body: dict[str, Any]) -> set[str]:
    return set(body)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)


def test_every_example_runs_and_looks_as_recorded(house: House) -> None:
    """The status, the shape (held against the description by the client) and the names of what is told."""
    ran = _ran(house)
    if os.environ.get("RECORD_EXAMPLES"):
        examples.RECORDED.write_text(json.dumps(ran, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        return
    recorded = examples.recorded()
    assert recorded.keys() == ran.keys()
    for name, told in ran.items():
        kept = recorded[name]
        assert (kept["status"], kept["query"]) == (told["status"], told["query"])
        same = _names if tuple(name.split(" ")) in preparing.PREPARED else dict  # what was made before has new numbers
        assert same(kept.get("body") or {}) == same(told.get("body") or {})
        if isinstance(told.get("answer"), dict):
            assert kept["answer"].keys() == told["answer"].keys(), name


def test_every_write_has_an_example(house: House) -> None:
    """What a program sends, and what it gets; only a 204 has no answer."""
    for method, path, operation in describing.operations(house.app.openapi()):
        if method == "GET":
            continue
        bodies = operation.get("requestBody", {}).get("content", {}).values()
        assert all("example" in content for content in bodies), f"{method} {path} shows no request"
        said = [told.get("content", {}).values() for status, told in operation["responses"].items() if status < "3"]
        assert f"{method} {path}" in examples.recorded(), f"{method} {path} has no example: test_examples.py"
        shown = [content for each in said for content in each if "example" in content]
        assert shown or "204" in operation["responses"], f"{method} {path} shows no answer"


def test_the_description_has_them(house: House) -> None:
    paths = house.app.openapi()["paths"]
    decide = paths["/api/v1/items/{item_id}/decision"]["put"]
    assert decide["requestBody"]["content"]["application/json"]["example"]["answer"] == "keep"
    assert decide["responses"]["200"]["content"]["application/json"]["example"]["outcome"] == "keep"
    assert next(each for each in decide["parameters"] if each["name"] == "item_id")["example"]
