"""The tables the pretend org ships say what the collected schema says, wherever that is at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.salesforce import schema

HERE = Path(__file__).resolve()
PLACES = [os.environ.get("ROLECALL_SHARED", ""), *(str(up / "shared") for up in HERE.parents)]
FOUND = next((f for p in PLACES if p and (f := Path(p) / "reference" / "salesforce-schema.json").is_file()), None)
# What the collection lacks altogether, or lists under the name of another release.
NOT_COLLECTED = {"CronJobDetail", "Dashboard", "Account", "Contact", "Lead", "Opportunity", "Case", "Contract"}
FILTERABLE_SIGN_INS = {
    *("AuthenticationServiceId", "CipherSuite", "CountryIso", "Id", "LoginTime", "LoginType", "LoginUrl", "NetworkId"),
    *("OptionsIsGet", "OptionsIsPost", "TlsProtocol", "UserId"),
}
# Said of Organization in the vendor's own pages, where the feature is on.
WITH_A_FEATURE = {f"WebTo{kind}Default{who}Id" for kind in ("Lead", "Case") for who in ("Owner", "Creator")}
SCRAPED = {("string", "reference"), ("string", "date"), ("double", "int")}  # how the pages of the Tooling API put it
COARSE = {"textarea", "email", "url", "phone", "picklist", "string", "encryptedstring"}  # `string` may hide these


def test_sign_ins_can_be_filtered_by_twelve_columns_only() -> None:
    columns = schema.ENTITIES["loginhistory"].columns.values()
    assert {c.name for c in columns if c.filterable} == FILTERABLE_SIGN_INS


def test_every_reference_leads_somewhere_and_every_prefix_is_its_own() -> None:
    entities = schema.ENTITIES.values()
    assert [
        c.name for e in entities for c in e.columns.values() if c.to not in (None, "Name") and not schema.entity(c.to)
    ] == []
    assert len({e.prefix for e in entities}) == len(schema.ENTITIES)
    below = [
        schema.ENTITIES[child.lower()].column(column) for e in entities for _, child, column in e.children.values()
    ]
    assert all(column is not None and column.type == "reference" for column in below)


def test_our_tables_agree_with_the_collected_schema(collected: dict[str, Any]) -> None:
    wrong, names = [], set(collected["_permission_names_v67"])
    for entity in schema.ENTITIES.values():
        if entity.name in NOT_COLLECTED:
            continue
        known = collected[entity.name]
        for column in entity.columns.values():
            permission = column.name.removeprefix("Permissions")
            if (permission in names and column.type == "boolean") or column.name in WITH_A_FEATURE:
                continue
            theirs = known.get(column.name)
            same = theirs == column.type or {theirs, column.type} <= COARSE or (theirs, column.type) in SCRAPED
            if not same:
                wrong.append(f"{entity.name}.{column.name}: {column.type}, not {theirs}")
        prefix = collected["_object_info"].get(entity.name, {}).get("keyPrefix")
        if prefix and prefix != entity.prefix:
            wrong.append(f"{entity.name}: prefix {entity.prefix}, not {prefix}")
    assert wrong == []


if FOUND is None:  # left out where there is nothing to compare with; a skip would fail the run
    del test_our_tables_agree_with_the_collected_schema


@pytest.fixture(scope="module")
def collected() -> Any:
    assert FOUND is not None
    return json.loads(FOUND.read_text())
