"""Salesforce's ways of saying no, in its own words and shapes."""

from typing import Any

from connectors.sandbox.wire import Answer

SEE_WSDL = "Please reference your WSDL or the describe call for the appropriate names."


class Refusal(Exception):
    """An error answer: an HTTP status and Salesforce's `errorCode`."""

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def body(self) -> list[dict[str, Any]]:
        """The array that REST answers."""
        said: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [said if self.fields is None else said | {"fields": self.fields}]

    def part(self) -> dict[str, Any]:
        """The same inside a collection, where the key is another."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields or []}

    def answer(self) -> Answer:
        """The whole answer."""
        return Answer(self.status, self.body())


def bad(code: str, message: str, fields: list[str] | None = None) -> Refusal:
    """A 400."""
    return Refusal(400, code, message, fields)


def unauthorized() -> Refusal:
    """The session is not, or no longer, valid."""
    return Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")


def not_found() -> Refusal:
    """No such resource."""
    return Refusal(404, "NOT_FOUND", "The requested resource does not exist")


def no_type(name: str, where: str = "") -> Refusal:
    """The object is not there, or not there for this caller: the same answer."""
    return bad(
        "INVALID_TYPE",
        f"{where}sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
        f"the '__c' after the entity name. {SEE_WSDL}",
    )


def no_column(name: str, entity: str, where: str = "") -> Refusal:
    """The column is not there."""
    return bad(
        "INVALID_FIELD",
        f"{where}No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to "
        f"append the '__c' after the custom field name. {SEE_WSDL}",
    )


def malformed(message: str) -> Refusal:
    """The query is not SOQL, or not a part of it that is known here."""
    return bad("MALFORMED_QUERY", message)


def denied(permission: str) -> Refusal:
    """The caller may see the record but not do this with it."""
    return bad("INSUFFICIENT_ACCESS", f"insufficient access rights on object id: {permission} is required")
