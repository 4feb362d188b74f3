"""What the personnel office hands over: who works here, who answers for which machine, why some hold great power."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from connectors.sandbox.company import DOMAIN, Company, Person

HEADER = ("id", "emails", "name", "manager", "department", "title", "start", "end", "away_from", "away_until", "kind")

# Machines that sign in: mailbox, label, department that answers for it, its CRM, and whether the roster knows it.
MACHINES = (
    ("svc-billing-sync", "Billing Sync", "Finance", "salesforce", True),
    ("svc-warehouse-loader", "Warehouse Loader", "IT", "salesforce", True),
    ("svc-support-telephony", "Support Telephony", "Support", "salesforce", True),
    ("svc-marketing-bridge", "Marketing Bridge", "Marketing", "salesforce", False),
    ("svc-contract-signing", "Contract Signing", "Sales", "salesforce", False),
    ("svc-legacy-export", "Legacy Export", "", "salesforce", False),  # nobody knows whose it is
    ("svc-web-forms", "Web Forms", "Marketing", "hubspot", True),
    ("svc-event-import", "Event Import", "Marketing", "hubspot", False),
    ("rolecall-reader", "Rolecall Reader", "IT", "both", False),
    ("rolecall-executor", "Rolecall Executor", "IT", "both", False),
)


def csv_text(company: Company) -> str:
    """The roster as CSV, one line per person (and per machine it knows), ids as in the CRMs' EmployeeNumber."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_lines(company))
    return out.getvalue()


def _lines(company: Company) -> Iterator[list[str]]:
    for person in company.people.values():
        yield [
            person.key,
            ";".join(person.emails),
            person.name,
            person.manager or "",
            person.department,
            person.title,
            *(_day(d) for d in (person.start, person.end, person.away_from, person.away_until)),
            person.kind,
        ]
    for n, (box, label, department, _, known) in enumerate(MACHINES, 1):
        if known:
            owner = _answerable(company, department)
            yield [
                f"S{n:05}",
                f"{box}@{DOMAIN}",
                label,
                owner,
                department,
                "Service identity",
                "2024-01-08",
                "",
                "",
                "",
                "service",
            ]


def owners(company: Company) -> dict[str, str]:
    """Username of each machine's account, and name of each integration, to the roster id of who answers for it."""
    known = {f"{box}@{DOMAIN}": _answerable(company, dept) for box, _, dept, _, _ in MACHINES if dept}
    by_label = {label: _answerable(company, dept) for _, label, dept, _, _ in MACHINES if dept}
    return (
        known
        | by_label
        | {"Data Loader Partner": _answerable(company, "IT"), "Salesforce for iOS": _answerable(company, "IT")}
    )


def reasons(company: Company) -> list[dict[str, Any]]:
    """Reasons on file for holding great power: roster id, which CRM, the reason, who granted it, until when."""
    said = []
    for part, why in (
        ("admins_reasoned", "Runs the CRM platform (change CR-2210)"),
        ("powerful_reasoned", "Owns the quarterly data migration (change CR-2384)"),
    ):
        for person in company.plays(part):
            for crm in ("salesforce", "hubspot"):
                if person.salesforce if crm == "salesforce" else person.hubspot:
                    said.append(
                        {
                            "person": person.key,
                            "system": crm,
                            "reason": why,
                            "granted_by": person.manager,
                            "until": None,
                        }
                    )
    return said


def _answerable(company: Company, department: str) -> str:
    """The first line manager of a department."""
    lead: Person = next(p for p in (company.people[k] for k in company.line_managers) if p.department == department)
    return lead.key


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
