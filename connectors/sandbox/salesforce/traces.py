"""What the org knows of how people sign in: places, trusted addresses, second factors one by one, and their use."""

from typing import Any

from connectors.sandbox.salesforce.furniture import FOUNDER
from connectors.sandbox.salesforce.org import Draft, ago

PLACES = (("NL", "Netherlands", "Utrecht"), ("DE", "Germany", "Berlin"), ("IE", "Ireland", "Dublin"))
KEPT = 180  # days


def write(draft: Draft) -> None:
    """A few of each, after the sessions and the second factors."""
    rng = draft.rng("traces")
    for iso, country, city in PLACES:
        row: dict[str, Any] = {
            "CountryIso": iso,
            "Country": country,
            "City": city,
            "LoginTime": ago(draft.company, 1),
            "IsDeleted": 0,
        }
        draft.add("LoginGeo", row | {"LoginTime": ago(draft.company, 1)}, iso)
    with_totp = draft.store.column('SELECT "UserId" FROM "TwoFactorMethodsInfo" WHERE "HasTotp" = 1 ORDER BY "UserId"')
    for account in with_totp:
        draft.add("TwoFactorInfo", {"UserId": account, "Type": "TOTP", "IsDeleted": 0})
    for account in with_totp[:40]:
        row = {"UsersId": account, "SourceIp": f"198.51.100.{rng.randint(1, 254)}", "IsAuthenticated": 1}
        draft.add("LoginIp", row | {"ChallengeMethod": "Totp"})
        seen: dict[str, Any] = {
            "UserId": account,
            "Activity": "Login",
            "VerificationMethod": "Totp",
            "Status": "Succeeded",
        }
        seen |= {"VerificationTime": ago(draft.company, rng.uniform(1, KEPT)), "Policy": "TwoFactorUI", "IsDeleted": 0}
        draft.add("VerificationHistory", seen | {"LoginGeoId": draft.named["LoginGeo", "NL"]})
    link: dict[str, Any] = {
        "UserId": FOUNDER,
        "Provider": "OpenIdConnect",
        "SsoProviderId": draft.named["AuthProvider", "Staff_Login"],
    }
    row = {"RemoteIdentifier": "founder", "IsNotSsoUsable": 0}
    draft.add("ThirdPartyAccountLink", link | row)
    session = draft.store.row('SELECT "Id", "UsersId" FROM "AuthSession" ORDER BY "Id"')
    if session is not None:
        row = {"UserId": session["UsersId"], "AuthSessionId": session["Id"], "IsDeleted": 0}
        draft.add("SessionPermSetActivation", row | {"PermissionSetId": draft.named["PermissionSet", "Night_Desk"]})
