"""Removals are killed in the town that their own tests have."""

from tests.app.remediation.conftest import town

__all__ = ["town"]
