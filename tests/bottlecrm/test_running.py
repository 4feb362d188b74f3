"""BottleCRM, installed from the lock and started, is a CRM that can be read, changed from inside and signed in to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.bottlecrm.running import BottleCRM

pytestmark = pytest.mark.bottlecrm


def ask(crm: BottleCRM, path: str, jwt: str) -> Any:
    answer = httpx2.get(crm.url + path, headers={"Authorization": f"Bearer {jwt}"}, timeout=30)
    assert answer.status_code == 200, answer.text[:300]
    return answer.json()


def people(crm: BottleCRM) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ask(crm, "/api/users/?limit=100", crm.admin_jwt)["active_users"]["active_users"]
    return rows


def test_the_seeded_people_are_listed_with_one_admin_among_them(bottlecrm: BottleCRM) -> None:
    by_email = {row["user_details"]["email"]: row["role"] for row in people(bottlecrm)}
    assert by_email[bottlecrm.admin_email] == "ADMIN"
    assert list(by_email.values()).count("USER") >= 3


def test_the_shell_can_back_date_a_sign_in(bottlecrm: BottleCRM) -> None:
    bo = next(row["user_details"]["email"] for row in people(bottlecrm) if row["role"] == "USER")
    bottlecrm.shell(f"User.objects.filter(email={bo!r}).update(last_login=timezone.now() - timedelta(days=200))")
    seen = next(row["user_details"]["last_login"] for row in people(bottlecrm) if row["user_details"]["email"] == bo)
    assert datetime.now(UTC) - datetime.fromisoformat(seen) > timedelta(days=199)


def test_a_member_signs_in_to_the_same_organisation(bottlecrm: BottleCRM) -> None:
    bo = next(row["user_details"]["email"] for row in people(bottlecrm) if row["role"] == "USER")
    session = bottlecrm.login(bo)
    assert ask(bottlecrm, "/api/auth/profile/", session.access)["org"]["id"] == bottlecrm.org_id
    refused = httpx2.get(bottlecrm.url + "/api/users/", headers={"Authorization": f"Bearer {session.access}"})
    assert refused.status_code == 403


def test_the_shell_says_what_went_wrong(bottlecrm: BottleCRM) -> None:
    with pytest.raises(RuntimeError, match="no_such_name"):
        bottlecrm.shell("no_such_name()")
