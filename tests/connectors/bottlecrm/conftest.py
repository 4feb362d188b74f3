"""The tests marked `bottlecrm` talk to the real one."""

from tests.bottlecrm.fixtures import bottlecrm

__all__ = ["bottlecrm"]
