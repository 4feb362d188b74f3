"""The company whose CRMs the sandboxes pretend to be: who works there, who left, who moved, who is away.

Everything follows from a seed, a day and a number of people, so both sandboxes and the roster tell of the same
company. What a reviewer ought to find is planted on purpose and listed in `Company.parts`; nothing else about it is
random enough to look like a finding.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from connectors.sandbox import names

DOMAIN = "northwind-sandbox.example"
FEWEST = 80  # below this there is no room for everybody who must be in the cast

HEADS = (
    ("Sales", "VP Sales"),
    ("Marketing", "Chief Marketing Officer"),
    ("Customer Success", "VP Customer"),
    ("Operations", "Chief Operating Officer"),
    ("Finance", "Chief Financial Officer"),
    ("IT", "Chief Information Officer"),
)
# One entry per line manager of the smallest company; larger ones repeat the list. Support reports to the VP Customer.
MANAGED = (
    *("Sales", "Marketing", "Customer Success", "Support", "Operations", "Finance", "IT"),
    *("Sales", "Support", "Customer Success", "Marketing", "Sales"),
)
TITLES = {
    "Sales": ("Account Executive", "Sales Development Representative", "Sales Engineer", "Account Manager"),
    "Marketing": ("Campaign Specialist", "Content Editor", "Marketing Analyst", "Event Planner"),
    "Customer Success": ("Customer Success Partner", "Onboarding Specialist", "Renewals Specialist"),
    "Support": ("Support Agent", "Senior Support Agent", "Support Engineer"),
    "Operations": ("Operations Analyst", "Deal Desk Analyst", "Procurement Specialist"),
    "Finance": ("Accountant", "Billing Specialist", "Financial Analyst"),
    "IT": ("Systems Engineer", "CRM Administrator", "Security Engineer"),
}
# How likely somebody of a department works in each CRM, in hundredths.
IN_SALESFORCE = {"Marketing": 50, "Operations": 85, "Finance": 60, "IT": 75}
IN_HUBSPOT = {"Marketing": 100, "Sales": 60, "Customer Success": 25, "IT": 15}

# part -> how many at 300 people. Each part's people play no other part, but for `departed_admin`, who also is a leaver.
CAST = {
    "departed_admin": 1,
    "leavers_salesforce": 3,
    "leavers_hubspot": 2,
    "leavers_gone": 6,
    "movers": 5,
    "away": 2,
    "never_used_salesforce": 4,
    "never_used_hubspot": 2,
    "inactive_salesforce": 8,
    "inactive_hubspot": 4,
    "newcomers": 3,
    "contractors": 18,
    "admins_reasoned": 3,
    "admins_unreasoned": 2,
    "powerful_reasoned": 2,
    "powerful_unreasoned": 2,
    "second_account": 1,
}
SALESFORCE_PARTS = frozenset(CAST) - {"never_used_hubspot", "inactive_hubspot", "leavers_hubspot"}
HUBSPOT_PARTS = {"departed_admin", "leavers_hubspot", "never_used_hubspot", "inactive_hubspot", "movers", "away"} | {
    "admins_reasoned",
    "admins_unreasoned",
}
ONE_OF_A_KIND = {"departed_admin", "second_account"}


@dataclass(frozen=True, slots=True)
class Wish:
    """How large a company, and how much of it is told. `seed` decides everything else.

    `history`: days of sign-ins before today. `crowd`: accounts without a story beside the company's own, of which each
    holds `each` assignments and leaves `sign_ins` sign-ins (Salesforce only): what makes an org of any size.
    """

    seed: int
    people: int = 300
    history: int = 200
    crowd: int = 0
    each: int = 10
    sign_ins: int = 0

    def told(self) -> dict[str, int]:
        """As it is kept beside the rows, so that a home is not taken for another company's."""
        return {name: getattr(self, name) for name in ("seed", "people", "history", "crowd", "each", "sign_ins")}


@dataclass(slots=True)
class Person:
    """One line of the roster. `key` is the roster id; dates are days; `end` is the last day of work."""

    key: str
    given: str
    family: str
    emails: list[str]
    manager: str | None
    department: str
    title: str
    start: date
    end: date | None = None
    away_from: date | None = None
    away_until: date | None = None
    kind: str = "employee"
    former_department: str | None = None
    salesforce: bool = False
    hubspot: bool = False

    @property
    def name(self) -> str:
        """The whole name, as its owner writes it."""
        return f"{self.given} {self.family}".strip()


@dataclass(slots=True)
class Company:
    """Everybody, and the parts they play. `today` is the day up to which its history is told."""

    seed: int
    today: date
    people: dict[str, Person]
    line_managers: list[str]
    parts: dict[str, list[str]] = field(default_factory=dict)
    history: int = 200

    def plays(self, part: str) -> Sequence[Person]:
        """The people of one part."""
        return [self.people[key] for key in self.parts[part]]

    def midnight(self) -> datetime:
        """The instant at which `today` begins."""
        return datetime.combine(self.today, datetime.min.time(), UTC)


def make(seed: int, now: datetime, people: int = 300, history: int = 200) -> Company:
    """Invent the company as it is on the day of `now`. Refuses fewer than eighty people."""
    if people < FEWEST:
        raise ValueError(f"a company needs at least {FEWEST} people for its cast, not {people}")
    rng = random.Random(f"company:{seed}:{people}")
    today = now.astimezone(UTC).date()
    staff = _hire(rng, people, today)
    top = 1 + len(HEADS) + max(len(MANAGED), people // 25)
    company = Company(seed, today, staff, list(staff)[1 + len(HEADS) : top], history=history)
    _cast(company, rng, list(staff)[top:])
    return company


def _hire(rng: random.Random, people: int, today: date) -> dict[str, Person]:
    """The chief executive, the heads, the line managers, and everybody else in turn below the line managers."""
    staff: dict[str, Person] = {}
    mailboxes: dict[str, int] = {}

    def hire(department: str, title: str, manager: str | None) -> str:
        key = f"P{len(staff) + 1:05}"
        given, family = _name(rng, len(staff), people)
        box = names.mailbox(given, family)
        mailboxes[box] = mailboxes.get(box, 0) + 1
        again = "" if mailboxes[box] == 1 else str(mailboxes[box])
        start = today - timedelta(days=rng.randint(260, 3000))
        staff[key] = Person(key, given, family, [f"{box}{again}@{DOMAIN}"], manager, department, title, start)
        return key

    chief = hire("Management", "Chief Executive Officer", None)
    heads = {department: hire(department, title, chief) for department, title in HEADS}
    heads["Support"] = heads["Customer Success"]
    count = max(len(MANAGED), people // 25)
    managers = []
    for n in range(count):
        department = MANAGED[n % len(MANAGED)]
        managers.append((hire(department, f"{department} Team Lead", heads[department]), department))
    for n in range(people - len(staff)):
        manager, department = managers[n % count]
        hire(department, rng.choice(TITLES[department]), manager)
    for n, person in enumerate(staff.values()):
        leads = n < 1 + len(HEADS) + count
        person.salesforce = leads or rng.randrange(100) < IN_SALESFORCE.get(person.department, 100)
        person.hubspot = (leads and n > len(HEADS)) or rng.randrange(100) < IN_HUBSPOT.get(person.department, 0)
    return staff


def _name(rng: random.Random, n: int, people: int) -> tuple[str, str]:
    """A name; the last three hired have the ones that break things."""
    special = {people - 1: names.SHORT, people - 2: names.LONG, people - 3: names.RIGHT_TO_LEFT}
    return special.get(n) or (rng.choice(names.GIVEN), rng.choice(names.FAMILY))


def _cast(company: Company, rng: random.Random, staff: list[str]) -> None:
    """Give out the parts among those who lead nobody, and make their lives fit."""
    scale = max(1.0, len(company.people) / 300)
    free = rng.sample(staff[:-3], len(staff) - 3)
    small = len(company.people) < 120
    for part, count in CAST.items():
        wanted = count if part in ONE_OF_A_KIND else round(count * scale)
        if small and part == "contractors":
            wanted = 4
        company.parts[part] = [free.pop() for _ in range(wanted)]
        for person in company.plays(part):
            person.salesforce = person.salesforce or part in SALESFORCE_PARTS
            person.hubspot = part in HUBSPOT_PARTS or (person.hubspot and part not in {"newcomers", "contractors"})
    _ends(company, rng)
    _moves(company, rng)
    _contracts(company, rng)
    for n, person in enumerate(
        company.plays("away")
    ):  # the first is on parental leave for half a year, the others shorter
        person.away_from = company.today - timedelta(days=130 if n == 0 else 20)
        person.away_until = company.today + timedelta(days=55 if n == 0 else 10)
    for part in ("never_used_salesforce", "never_used_hubspot"):
        for person in company.plays(part):
            person.start = company.today - timedelta(days=rng.randint(150, 240))
    for person in company.plays("newcomers"):  # hired last month, not signed in yet, and nobody should mind
        person.start = company.today - timedelta(days=rng.randint(5, 30))


def _ends(company: Company, rng: random.Random) -> None:
    departed = company.plays("departed_admin")[0]
    departed.end, departed.department, departed.title = company.today - timedelta(days=41), "IT", "CRM Administrator"
    for part in ("leavers_salesforce", "leavers_hubspot", "leavers_gone"):
        for person in company.plays(part):
            person.end = company.today - timedelta(days=rng.randint(12, 85))
    for person in company.plays("leavers_gone"):
        person.end = company.today - timedelta(days=rng.randint(30, 190))


def _moves(company: Company, rng: random.Random) -> None:
    """Movers keep yesterday's rights in the CRMs; the roster knows only where they work today."""
    for n, person in enumerate(company.plays("movers")):
        person.former_department = person.department
        person.department = "Finance" if person.department != "Finance" else "Operations"
        person.title = rng.choice(TITLES[person.department])
        if n == 0:  # married and moved: the old address is still on file, and still the one in the CRMs
            person.emails.insert(0, person.emails[0].replace("@", ".neu@"))


def _contracts(company: Company, rng: random.Random) -> None:
    for n, person in enumerate(company.plays("contractors")):
        person.kind, person.title = "contractor", f"Contract {person.title}"
        person.start = company.today - timedelta(days=rng.randint(100, 300))
        if n % 2 == 0:
            person.end = company.today + timedelta(days=rng.randint(20, 200))
