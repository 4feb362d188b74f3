"""The rooms of those who review and of those who run reviews, put into the house together."""

from __future__ import annotations

from fastapi import FastAPI

from app.console.doors import (
    accepting,
    approving,
    bundles,
    campaigns,
    delegations,
    home,
    items,
    opening,
    overriding,
    reviews,
    schedules,
    signing,
    submission,
)

# /campaigns/new before /campaigns/{id}, and /reviews/delegations before /reviews/{id}
ROOMS = (
    home, delegations, reviews, submission, items, opening, overriding, approving, accepting, signing, campaigns, schedules,
    bundles,
)  # fmt: skip


def install(app: FastAPI) -> None:
    """Open them."""
    for room in ROOMS:
        app.include_router(room.router, include_in_schema=False)
