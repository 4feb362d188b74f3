"""Puts the house together: one FastAPI app over one installation's means."""

from __future__ import annotations

import logging
import re

from fastapi import FastAPI

from app import __version__, settings
from app.api import (
    acceptances,
    access,
    actors,
    approvals,
    braking,
    bundles,
    campaigns,
    connecting,
    controls,
    decisions,
    delegations,
    describing,
    drift,
    entering,
    filing,
    findings,
    governing,
    handing,
    handovers,
    health,
    hooks,
    imports,
    items,
    ledger,
    myself,
    notices,
    overrides,
    packets,
    past,
    people,
    problems,
    remediations,
    rights,
    rosters,
    rounds,
    rules,
    schedules,
    settling,
    signatures,
    signed,
    silences,
    submitting,
    systems,
    tasks,
)
from app.console import assets, failures, headers, reviewing, sizes
from app.console import entering as visiting
from app.console.doors import activity, checklist, evidence, integrations, links, sign_in
from app.console.doors import braking as braking_pages
from app.console.doors import channels as channel_pages
from app.console.doors import connecting as connecting_pages
from app.console.doors import findings as finding_pages
from app.console.doors import governing as governing_pages
from app.console.doors import hooks as hook_pages
from app.console.doors import people as people_pages
from app.console.doors import removals as removal_pages
from app.console.doors import revocations as revocation_pages
from app.console.doors import settings as setting_pages
from app.console.doors import settling as settling_pages
from app.console.doors import systems as system_pages
from app.console.rights import RIGHTS as PAGES
from app.kit.db import Database
from app.kit.secrets import load_keys
from app.ledger import papers
from app.means import Means

CALLS = (entering.entered, signed.signed)  # how the API knows who asks: a token, or a hook's signature
_SECRET = re.compile(r"^(/links/|/first-admin/|/sign-in/callback\?).+")
_ABOUT = "Who can reach what in the CRM, who said it was all right, and how do we know?"


def create_app(means: Means) -> FastAPI:
    """The API and the console over these means. Raises RuntimeError if a route has no row in the table of rights, or
    does not ask who is there."""
    app = FastAPI(
        title="Rolecall",
        version=__version__,
        summary=_ABOUT,
        docs_url=None,  # no page of the framework's own: it would load its scripts from somebody else's server
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,  # a client's method is named like the door's function
    )
    app.state.means = means
    _hush(logging.getLogger("uvicorn.access"))
    problems.install(app)
    finding = (settling, findings, rules)
    history = (imports, past)
    seeing = (health, myself, actors, systems, connecting, rosters, people, access, *history, *finding, ledger, packets)
    deciding = (items, decisions, hooks, submitting, handing, delegations)
    promising = (controls, filing, governing)
    vouching = (overrides, approvals, acceptances, signatures)
    reviewing_doors = (bundles, schedules, campaigns, rounds, silences, tasks, drift, *vouching)
    running = (*reviewing_doors, *deciding, remediations, handovers, braking, notices)
    for room in (*seeing, *running, *promising):
        app.include_router(room.router)
    found = (revocation_pages, settling_pages, finding_pages)  # /findings/revocation before /findings/{id}
    removing = (braking_pages, removal_pages)
    proving_pages = (checklist, governing_pages, evidence, activity)
    seeing_pages = (*found, *removing, people_pages, connecting_pages, system_pages, integrations, *proving_pages)
    setting = (setting_pages, hook_pages, channel_pages)
    for page in (sign_in, links, *seeing_pages, *setting):
        app.include_router(page.router, include_in_schema=False)
    visiting.install(app)
    reviewing.install(app)
    rights.insist_on_a_row_for_each_route(app, PAGES)
    rights.insist_that_each_route_asks(app, PAGES, calls=CALLS, visits=[visiting.entered])
    describing.install(app)
    failures.install(app)
    assets.install(app)
    larger = sizes.LARGER | {
        r"/evidence/verification": evidence.LARGEST + sizes.MOST,
        r"/removals/[^/]+/evidence": papers.LARGEST + sizes.MOST,
        r"/api/v1/remediations/[^/]+/evidence": 2 * papers.LARGEST,
        r"/checklist/[^/]+/attestations": papers.LARGEST + sizes.MOST,
        r"/api/v1/controls/[^/]+/attestations": 2 * papers.LARGEST,
        r"/api/v1/registers": papers.LARGEST + sizes.MOST,
        r"/api/v1/systems/[^/]+/imports": imports.LARGEST + sizes.MOST,
        r"/systems/[^/]+/roster": system_pages.MOST_ROSTER + sizes.MOST,
    }
    app.add_middleware(sizes.Sizes, larger=larger, refuse=failures.refuse(problems.render))
    app.add_middleware(headers.Headers, https=means.settings.base_url.startswith("https:"))
    return app


def _hush(log: logging.Logger) -> None:
    """Keep what lets somebody in out of the server's log of calls: links, and what comes back from the provider."""

    def without_secrets(record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 5:  # client, method, path, version, status
            client, method, path, *rest = record.args
            record.args = (client, method, _SECRET.sub(r"\1…", str(path)), *rest)
        return True

    if not log.filters:
        log.addFilter(without_secrets)


def from_environment() -> FastAPI:
    """The app of one API process among several, over the installation that the environment names."""
    chosen = settings.read()
    return create_app(Means(Database(chosen.database_url), load_keys(chosen), chosen))
