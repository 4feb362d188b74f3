"""Tests of the harness itself take the running BottleCRM from here."""

from tests.bottlecrm.fixtures import bottlecrm

__all__ = ["bottlecrm"]
