"""Turn the names in an export's columns into entitlements and grants.

Pure. A file gives names, not ids, so an entitlement's key is its kind and name. What a role or profile allows is not in
the file (`privileges=None`), except where the name is the vendor's own for its administrators.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.records import EntitlementRecord, GrantRecord, Privilege
from connectors.spreadsheet.accounts import Export, Held
from connectors.spreadsheet.columns import Preset

EVERYTHING = tuple(privilege for privilege in Privilege if privilege is not Privilege.BYPASS_SIGN_IN)
# Neither vendor lets an administrator rename these or take their rights away.
ADMINISTRATORS: Mapping[tuple[Preset, Held], str] = {
    (Preset.SALESFORCE, ("profile", "System Administrator")): "standard profile System Administrator",
    (Preset.HUBSPOT, ("super_admin", "Super admin")): "superAdmin",
    (Preset.PLAIN, ("super_admin", "Super admin")): "column super admin",
}
NOT_BY_ITSELF = frozenset({"profile", "seat"})  # an account cannot be without one


def entitlements(export: Export, preset: Preset) -> tuple[EntitlementRecord, ...]:
    """Everything that somebody in the file holds; what nobody holds is not in the file."""
    held = dict.fromkeys(each for of_account in export.holds.values() for each in of_account)
    return tuple(_entitlement(each, preset) for each in held)


def grants(export: Export) -> tuple[GrantRecord, ...]:
    """Who holds what, in the order of the file."""
    return tuple(GrantRecord(key, _key(held)) for key, of_account in export.holds.items() for held in of_account)


def _entitlement(held: Held, preset: Preset) -> EntitlementRecord:
    kind, name = held
    proof = ADMINISTRATORS.get((preset, held))
    return EntitlementRecord(
        key=_key(held),
        kind=kind,
        name=name,
        privileges=EVERYTHING if proof else () if kind in ("team", "seat") else None,
        native=(proof,) if proof else (),
        revocable=kind not in NOT_BY_ITSELF,
    )


def _key(held: Held) -> str:
    return ":".join(held)
