"""The journey on a real CRM takes the running BottleCRM that all tests share."""

from tests.bottlecrm.fixtures import bottlecrm

__all__ = ["bottlecrm"]
