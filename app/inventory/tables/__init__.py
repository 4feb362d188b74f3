"""Rows of what we saw.

Mass rows have bigint keys. Everything with a history carries `began` and a null `ended` while it lasts; the moment is the
sealing snapshot's `began_at`. `ended` is set only by a complete reading of the row's stream that lacks it.
"""

from app.inventory.tables.readings import ReplayRow, RosterUploadRow, SnapshotRow, SpoolRow, StreamRow, SystemRow
from app.inventory.tables.seen import (
    AccountChangeRow,
    AccountRow,
    AlterationRow,
    CredentialRow,
    EdgeRow,
    EntitlementRow,
    GrantRow,
    IdentityEmailRow,
    IdentityRow,
    IntegrationRow,
    LoginRow,
    MoveRow,
    PrivilegeRow,
    ReturnRow,
)
from app.inventory.tables.told import ChangeRow, ObservationRow, SettingRow

__all__ = [
    "AccountChangeRow",
    "AccountRow",
    "AlterationRow",
    "ChangeRow",
    "CredentialRow",
    "EdgeRow",
    "EntitlementRow",
    "GrantRow",
    "IdentityEmailRow",
    "IdentityRow",
    "IntegrationRow",
    "LoginRow",
    "MoveRow",
    "ObservationRow",
    "PrivilegeRow",
    "ReplayRow",
    "ReturnRow",
    "RosterUploadRow",
    "SettingRow",
    "SnapshotRow",
    "SpoolRow",
    "StreamRow",
    "SystemRow",
]
