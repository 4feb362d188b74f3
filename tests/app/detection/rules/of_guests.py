"""Cases of the rule about what guests reach, and two guests of whom one reaches something."""

from app.detection.rule import CannotTell, Fails, Holds
from tests import make
from tests.app.detection.planted import Company

TABLES = {
    "guest_reaches_records": [
        ("no guest holds it", {"reaches": ("Lead",)}, Holds),
        ("a guest holds it, and it allows nothing", {"guests": 1}, Holds),
        ("a guest holds it, and it allows something", {"guests": 1, "reaches": ("Lead",)}, Fails),
        ("not told", {"guests": 1, "reaches": None}, CannotTell),
    ],
}


def plant(company: Company) -> None:
    """A site whose guest reaches leads, and one whose guest reaches nothing that was named."""
    for right in (True, False):
        profile = make.entitlement(
            company.session, company.systems[0], kind="profile", privileges=[], description="Why."
        )
        guest = company.account(kind="guest", nobody=True, factor=None, last_login=None, roles=())
        make.grant(company.session, guest, profile)
        facts = {"read": right, "create": False, "edit": False, "delete": False, "view_all": False, "change_all": False}
        make.observation(
            company.session, company.systems[0], "object_rights", name="Lead", entitlement_id=profile.id, facts=facts
        )
        if right:
            company.plant(("guest_reaches_records",), f"entitlement:{profile.id}")
