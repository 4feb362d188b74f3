"""Settings that only the Metadata API tells: asked over SOAP, refused without the right, and one trouble stops no other."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.connector import Page
from connectors.errors import Denied, Unreachable
from connectors.receipt import Verdict, judge
from connectors.records import SettingRecord, Stream
from connectors.salesforce import flags, metadata, soap
from connectors.salesforce.client import Client
from connectors.salesforce.reader import SalesforceReader
from tests.connectors.salesforce.conftest import OURS

SECURITY = (
    '<records xsi:type="SecuritySettings"><fullName>Security</fullName><isTLSv12Required>true</isTLSv12Required>'
    "<passwordPolicies><minimumPasswordLength>12</minimumPasswordLength></passwordPolicies></records>"
)
POLICIES = (
    "<records><fullName>a</fullName><profile>Sales</profile><passwordHistory>3.0</passwordHistory></records>"
    '<records><fullName>b</fullName><profile xsi:nil="true"/><passwordHistory>0.0</passwordHistory></records>'
)


def envelope(body: str) -> bytes:
    names = f'xmlns:s="{soap.ENVELOPE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return f'<?xml version="1.0"?><s:Envelope {names}><s:Body>{body}</s:Body></s:Envelope>'.encode()


def told(*records: str) -> bytes:
    result = f"<result>{''.join(records)}</result>"
    return envelope(f'<readMetadataResponse xmlns="{metadata.NAMESPACE}">{result}</readMetadataResponse>')


def fault(code: str) -> bytes:
    return envelope(f"<s:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: no</faultstring></s:Fault>")


@pytest.fixture
def settled(org: Any) -> Any:
    """An org in which our user may read everything, Metadata included."""
    org.columns["PermissionSet"] = ["Id", *(flags.column(flag) for flag in flags.FLAGS)]
    held = {"Id": "1", "PermissionSet": {flags.column(flag): True for flag in flags.FLAGS}}
    org.script(f"AssigneeId = '{OURS}'", lambda _: (200, {"totalSize": 1, "done": True, "records": [held]}))
    org.rows["SecurityHealthCheck"] = [{"Score": "71"}]
    return org


def answering(org: Any, *kinds: tuple[str, bytes]) -> None:
    """Answer each kind of metadata with this; whatever else is asked has no records."""

    def reply(_: str) -> tuple[int, bytes]:
        body = org.asked[-1][2]
        said = next((said for kind, said in kinds if f"<type>{kind}</type>" in body), told())
        return (500 if b"Fault" in said else 200), said

    org.script("POST /services/Soap/m/67.0", reply)


def read(client: Client) -> list[Page]:
    return list(SalesforceReader(client).pull(Stream.SETTINGS))


def values(pages: list[Page]) -> dict[str, str | None]:
    return {each.key: each.value for page in pages for each in page.records if isinstance(each, SettingRecord)}


def test_settings_of_the_metadata_api_are_read_with_a_receipt(settled: Any, client: Client) -> None:
    answering(settled, ("SecuritySettings", told(SECURITY)), ("ProfilePasswordPolicy", told(POLICIES)))
    pages = read(client)
    found = values(pages)
    assert found["security.isTLSv12Required"] == "true"
    assert found["security.passwordPolicies.minimumPasswordLength"] == "12"
    assert found["password_policy.Sales.passwordHistory"] == "3.0"
    assert not [name for name in found if "None" in name]
    receipts = {page.receipt.part: page.receipt for page in pages}
    assert receipts["SecuritySettings"].asked == "readMetadata SecuritySettings Security"
    assert len(receipts["SecuritySettings"].digest) == 64
    assert receipts["ConnectedAppSettings"].missing == ("ConnectedAppSettings ConnectedApp: not told",)
    assert judge([page.receipt for page in pages]).verdict is Verdict.COMPLETE
    assert "00D!token" in next(body for _, address, body in settled.asked if "Soap" in address)


def test_delegated_administrators_are_listed_and_then_read_ten_at_a_time(settled: Any, client: Client) -> None:
    listed = "".join(f"<result><fullName>G{number}</fullName></result>" for number in range(12))
    group = "<records><fullName>G1</fullName><label>Desk</label><profiles>Sales</profiles></records>"

    def reply(_: str) -> tuple[int, bytes]:
        if "listMetadata" in settled.asked[-1][2]:
            return 200, envelope(f'<listMetadataResponse xmlns="{metadata.NAMESPACE}">{listed}</listMetadataResponse>')
        return 200, told(group)

    settled.script("POST /services/Soap/m/67.0", reply)
    assert values(read(client))["delegated_administration.Desk.profiles"] == "Sales"
    asked = [
        body.count("<fullNames>") for _, _, body in settled.asked if "<type>DelegateGroup</type><fullNames>" in body
    ]
    assert asked == [10, 2]


def test_without_the_right_it_is_not_asked_and_the_stream_is_not_complete(
    settled: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "RIGHTS", ("SomethingWeDoNotHold",))
    pages = read(client)
    assert not [address for _, address, _ in settled.asked if "Soap" in address]
    found = judge([page.receipt for page in pages])
    assert found.verdict is Verdict.INCOMPLETE
    assert "SecuritySettings: not collected (SecuritySettings: Modify Metadata)" in found.because
    assert values(pages)["health_check.score"] == "71"


@pytest.mark.parametrize("code", ["INSUFFICIENT_ACCESS", "INVALID_TYPE", "MALFORMED_QUERY"])
def test_one_kind_that_is_refused_leaves_the_others_and_spoils_the_verdict(
    settled: Any, client: Client, code: str
) -> None:
    answering(settled, ("SecuritySettings", fault(code)), ("ProfilePasswordPolicy", told(POLICIES)))
    pages = read(client)
    assert "password_policy.Sales.passwordHistory" in values(pages)
    found = judge([page.receipt for page in pages])
    assert (found.verdict is Verdict.COMPLETE) == (code == "INVALID_TYPE")  # the right is there, so the kind is not
    assert any("SecuritySettings" in each for each in found.missing)


def test_a_session_that_the_metadata_api_refuses_is_renewed_once(settled: Any, client: Client) -> None:
    settled.script("POST /services/Soap/m/67.0", lambda _: (500, fault("INVALID_SESSION_ID")))
    with pytest.raises(Denied, match="fresh token was refused"):
        metadata.read(client, "SecuritySettings", ["Security"])
    assert settled.signed_in == 2


def test_a_metadata_api_that_is_down_is_asked_again_and_then_reported(settled: Any, client: Client) -> None:
    settled.script("POST /services/Soap/m/67.0", lambda _: (500, fault("UNKNOWN_EXCEPTION")))
    with pytest.raises(Unreachable):
        metadata.read(client, "SecuritySettings", ["Security"])
    assert sum("Soap" in address for _, address, _ in settled.asked) == 3
