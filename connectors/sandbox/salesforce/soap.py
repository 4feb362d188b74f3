"""The SOAP doors: `login()` up to the last version that has it, and the Metadata API's reads.

XML comes in from anybody, so what declares a document type is refused before it is parsed.
"""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from connectors.sandbox.salesforce import metadata, oauth
from connectors.sandbox.salesforce.furniture import ORG
from connectors.sandbox.salesforce.rights import Caller, caller
from connectors.sandbox.salesforce.world import World
from connectors.sandbox.wire import Answer, Ask

PATH = re.compile(r"/services/soap/(?P<api>[cumt])/(?P<version>\d+)(?:\.\d)?(?:/\w+)?\Z", re.IGNORECASE)
FIRST_WITHOUT_LOGIN, OLDEST, NEWEST = 65, 31, 68
NAMESPACES = {
    "u": "urn:partner.soap.sforce.com",
    "c": "urn:enterprise.soap.sforce.com",
    "m": "http://soap.sforce.com/2006/04/metadata",
    "t": "urn:tooling.soap.sforce.com",
}


class Fault(Exception):
    """A SOAP fault: its code and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclass(frozen=True)
class Envelope:
    """A request: the operation's name, its element, and the session it brings."""

    operation: str
    element: ET.Element
    session: str


def answer(world: World, ask: Ask) -> Answer:
    """Answer one SOAP request, or a fault with HTTP 500 as SOAP has it."""
    found = PATH.match(ask.path)
    api, version = (found["api"].lower(), int(found["version"])) if found else ("u", 0)
    try:
        if not OLDEST <= version <= NEWEST:
            raise Fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
        envelope = _read(ask.body)
        inner = _metadata(world, envelope) if api == "m" else _partner(world, envelope, version, ask)
    except Fault as fault:
        return _fault(fault, api)
    name = f"{envelope.operation}Response"
    text = f'<{name} xmlns="{NAMESPACES[api]}">{inner}</{name}>'
    return Answer(200, _enveloped(text), media="text/xml;charset=UTF-8")


def _read(body: bytes) -> Envelope:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Fault("INVALID_FIELD", "a document type is not allowed")
    try:
        root = ET.fromstring(body)  # noqa: S314  no document type, hence no entities
    except ET.ParseError as wrong:
        raise Fault("INVALID_FIELD", f"the request is not XML: {wrong}") from None
    session = next((e.text or "" for e in root.iter() if _local(e) == "sessionId"), "")
    for element in root:
        if _local(element) == "Body" and len(element):
            return Envelope(_local(element[0]), element[0], session.strip())
    raise Fault("INVALID_OPERATION", "the envelope has no operation")


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _texts(element: ET.Element, name: str) -> list[str]:
    return [(e.text or "").strip() for e in element.iter() if _local(e) == name]


def _partner(world: World, envelope: Envelope, version: int, ask: Ask) -> str:
    if envelope.operation == "login":
        if version >= FIRST_WITHOUT_LOGIN:
            raise Fault(
                "INVALID_OPERATION",
                f"The SOAP Login operation is not available in the API version specified ({version}.0)",
            )
        return _login(world, envelope.element, version)
    who = _caller(world, envelope)
    if envelope.operation == "getUserInfo":
        return f"<result>{_account(world, who.id)}</result>"
    if envelope.operation == "logout":
        world.sessions.pop(envelope.session, None)
        return ""
    raise Fault("INVALID_OPERATION", f"this sandbox does not know the operation {envelope.operation}")


def _login(world: World, element: ET.Element, version: int) -> str:
    name, given = (_texts(element, n) for n in ("username", "password"))
    principal = oauth.by_password(world, name[0] if name else "", given[0] if given else "")
    if principal is None:
        raise Fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    try:
        session, account = oauth.open_session(world, principal, "soap")
    except oauth.Denied as no:
        raise Fault("INVALID_LOGIN", no.description) from None
    servers = {
        "metadataServerUrl": f"{world.url}/services/Soap/m/{version}.0/{ORG[:15]}",
        "passwordExpired": "false",
        "sandbox": "false",
        "serverUrl": f"{world.url}/services/Soap/u/{version}.0/{ORG[:15]}",
        "sessionId": session,
        "userId": account,
    }
    return f"<result>{_xml(servers)}<userInfo>{_account(world, account)}</userInfo></result>"


def _account(world: World, account: str) -> str:
    row = world.store.row('SELECT * FROM "User" WHERE "Id" = ?', [account])
    told = {
        "organizationId": ORG,
        "organizationName": "Northwind Sandbox",
        "profileId": row["ProfileId"] if row else None,
        "sessionSecondsValid": "7200",
        "userEmail": row["Email"] if row else None,
        "userFullName": row["Name"] if row else None,
        "userId": account,
        "userLanguage": "en_US",
        "userLocale": "en_IE",
        "userName": row["Username"] if row else None,
        "userTimeZone": "Europe/Amsterdam",
        "userType": "Standard",
    }
    return _xml(told)


def _caller(world: World, envelope: Envelope) -> Caller:
    session = world.session(envelope.session)
    if session is None:
        raise Fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
    return caller(world.store, session.account, session.principal, world.clock.now(), world.absent())


def _metadata(world: World, envelope: Envelope) -> str:
    who = _caller(world, envelope)
    if not who.holds_any(("ModifyMetadata", "ModifyAllData")):
        raise Fault(
            "INSUFFICIENT_ACCESS",
            "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions",
        )
    world.used += 1
    if envelope.operation == "readMetadata":
        kinds, names = _texts(envelope.element, "type"), _texts(envelope.element, "fullNames")
        if len(names) > metadata.MOST_NAMES:
            raise Fault("LIMIT_EXCEEDED", f"at most {metadata.MOST_NAMES} names may be read with one call")
        read = metadata.read(world, kinds[0] if kinds else "", names)
        if read is None:
            raise Fault("INVALID_TYPE", f"Unknown type name '{kinds[0] if kinds else ''}' specified")
        kind = kinds[0]
        records = "".join(
            f'<records xsi:type="{kind}">{_xml(each)}</records>' if each else '<records xsi:nil="true"/>'
            for each in read
        )
        return f"<result>{records}</result>"
    if envelope.operation == "listMetadata":
        found = metadata.listed(world, _texts(envelope.element, "type"))
        return "".join(f"<result>{_xml(each)}</result>" for each in found)
    if envelope.operation == "describeMetadata":
        told = "".join(f"<metadataObjects>{_xml({'xmlName': kind})}</metadataObjects>" for kind in metadata.KINDS)
        return f"<result>{told}<organizationNamespace/><partialSaveAllowed>true</partialSaveAllowed></result>"
    raise Fault("INVALID_OPERATION", f"this sandbox does not know the operation {envelope.operation}")


def _xml(value: Any) -> str:
    """A mapping as elements in its order: lists repeat the element, `None` is nil."""
    made = []
    for name, each in value.items():
        for one in each if isinstance(each, list) else [each]:
            if one is None:
                made.append(f'<{name} xsi:nil="true"/>')
            elif isinstance(one, dict):
                made.append(f"<{name}>{_xml(one)}</{name}>")
            else:
                said = str(one).lower() if isinstance(one, bool) else str(one)
                made.append(f"<{name}>{escape(said)}</{name}>")
    return "".join(made)


def _enveloped(inner: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>"
    )


def _fault(fault: Fault, api: str) -> Answer:
    namespace = NAMESPACES["m"] if api == "m" else "urn:fault.partner.soap.sforce.com"
    words = escape(fault.message)
    detail = (
        f'<detail><sf:LoginFault xmlns:sf="{namespace}"><sf:exceptionCode>{fault.code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{words}</sf:exceptionMessage></sf:LoginFault></detail>"
    )
    text = (
        f'<soapenv:Fault><faultcode xmlns:sf="{namespace}">sf:{fault.code}</faultcode>'
        f"<faultstring>{fault.code}: {words}</faultstring>{detail if api != 'm' else ''}</soapenv:Fault>"
    )
    return Answer(500, _enveloped(text), media="text/xml;charset=UTF-8")
