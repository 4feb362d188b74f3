"""The SOAP door, which is closed: `login()` is refused as newer versions refuse it, and for older ones no password fits."""

import re
from xml.sax.saxutils import escape

from connectors.sandbox.wire import Answer

VERSION = re.compile(r"/services/soap/\w/(\d+)\.\d", re.IGNORECASE)
FIRST_WITHOUT_LOGIN, OLDEST = 65, 31


def answer(path: str) -> Answer:
    """A SOAP fault."""
    found = VERSION.match(path)
    version = int(found[1]) if found else 0
    if version >= FIRST_WITHOUT_LOGIN:
        return _fault(
            "INVALID_OPERATION", f"The SOAP Login operation is not available in the API version specified ({version}.0)"
        )
    if version >= OLDEST:
        return _fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    return _fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")


def _fault(code: str, message: str) -> Answer:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(message)}</faultstring>"
        f"<detail><sf:ApiFault><sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{escape(message)}</sf:exceptionMessage>"
        "</sf:ApiFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    return Answer(500, text, media="text/xml;charset=UTF-8")
