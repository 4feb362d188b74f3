"""Asks BottleCRM's HTTP API: reads are tried again, changes are sent once, and every refusal is sorted by what to do.

BottleCRM answers 403 to an expired or revoked credential as well as to a missing right; the sentence in the body tells
them apart. An HTML page where JSON was due means a wrong address or a fault of the server, never "nothing there".
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import requests

from connectors import pacing
from connectors.bottlecrm.auth import Access, Session, SignIn
from connectors.connector import Keep
from connectors.decoding import decoded
from connectors.errors import ConnectorError, Declined, Denied, Misread, Throttled, Unreachable

SIGN_IN_AGAIN = "Organization context is required"
_PATH = re.compile(r"/api/[A-Za-z0-9_/-]+/")  # a key is a UUID; nothing else may steer where a request goes
ANEW = "sign in to BottleCRM as that admin again and store the new refresh token"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: `body` is its JSON (None for an empty one), `digest` is SHA-256 of the bytes, `at` the server's clock."""

    asked: str
    status: int
    body: Any
    digest: str
    at: datetime | None


class Client:
    """One server and one credential."""

    def __init__(
        self,
        access: Access,
        keep: Keep,
        *,
        budget: pacing.Budget | None = None,
        sleep: pacing.Sleep = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.access = access
        self.now = now
        self.sign_in = SignIn(access, keep, self._refresh, now)
        self._session = pacing.open_session()
        self._budget, self._sleep = budget, sleep

    def get(self, path: str, params: Mapping[str, str | int] | None = None, *, may_lack: bool = False) -> Answer:
        """Read `path`; `may_lack`: a 404 in BottleCRM's own words ("No such Team.") is an answer too.

        Raises Denied with the missing right in BottleCRM's words; a session that was refused is renewed once first.
        """
        asked = f"GET {path}" + (f"?{urlencode(params)}" if params else "")

        def ask() -> Answer:
            answer, sentence = self._send("GET", asked, None)
            if answer.status == 403 and SIGN_IN_AGAIN in sentence and self.sign_in.by_session:
                self.sign_in.renew()
                answer, sentence = self._send("GET", asked, None)
            if answer.status == 200 or (may_lack and answer.status == 404 and sentence.startswith("No ")):
                return answer
            raise self._refusal(answer, sentence, changes=False)

        return pacing.read(ask, self._budget, sleep=self._sleep)

    def change(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Answer:
        """Send one request that changes something, once. Raises Declined with BottleCRM's own sentence."""
        answer, sentence = self._send(method, f"{method} {path}", body)
        if 200 <= answer.status < 300:
            return answer
        raise self._refusal(answer, sentence, changes=True)

    def close(self) -> None:
        self._session.close()

    def _send(self, method: str, asked: str, body: Mapping[str, object] | None) -> tuple[Answer, str]:
        """The answer and, when it is a refusal, the server's sentence ("" if it is not in BottleCRM's words)."""
        header = self.sign_in.header()
        return self._exchange(method, asked, body, {"Authorization": header})

    def _exchange(
        self, method: str, asked: str, body: Mapping[str, object] | None, headers: Mapping[str, str]
    ) -> tuple[Answer, str]:
        path = asked.partition(" ")[2]
        if not _PATH.fullmatch(path.partition("?")[0]):
            raise Misread("BottleCRM: a key that cannot be part of an address; it was not asked for")
        headers = {**headers, "Accept": "application/json"}
        try:
            response = self._session.request(method, self.access.url + path, json=body, headers=headers)
        except requests.RequestException as error:
            raise pacing.sorted_error(error, f"BottleCRM, {asked}", changes=method != "GET") from error
        content = response.content
        at = pacing.server_time(response.headers)
        if response.status_code == 429:
            wait = pacing.retry_after(response.headers, at or datetime.fromtimestamp(self.now(), UTC))
            raise Throttled(f"BottleCRM, {asked}: too many requests", wait=wait)
        parsed, is_json = _parse(content)
        answer = Answer(asked, response.status_code, parsed, hashlib.sha256(content).hexdigest(), at)
        if answer.status < 300 and not is_json and content:
            raise Misread(f"BottleCRM, {asked}: the answer is not JSON; check the server's address")
        sentence = pacing.redact(_sentence(parsed), *self.sign_in.secrets) if answer.status >= 300 else ""
        return answer, sentence

    def _refusal(self, answer: Answer, sentence: str, *, changes: bool) -> ConnectorError:
        what = f"BottleCRM, {answer.asked}"
        if answer.status >= 500:
            return Unreachable(f"{what}: the server failed ({answer.status})", ambiguous=changes)
        if answer.status in (401, 403) and (SIGN_IN_AGAIN in sentence or answer.status == 401):
            return Denied(
                f"{what}: the credential is no longer good: {sentence}",
                missing=f"a credential that is valid: {sentence}",
            )
        if answer.status == 403:
            return Denied(f"{what}: {sentence or 'refused'}", missing=sentence or "permission")
        if changes and answer.status in (400, 404, 409) and sentence:
            return Declined(f"{what}: {sentence}", said=sentence)
        return Misread(f"{what}: unexpected answer {answer.status} {sentence}".rstrip())

    def _refresh(self, refresh: str) -> Session:
        """Exchange the refresh token. Sent once: it is used up even when the answer is lost on the way."""
        asked = "POST /api/auth/refresh-token/"
        answer, sentence = self._exchange("POST", asked, {"refresh": refresh}, {})
        if answer.status == 200 and isinstance(answer.body, dict) and answer.body.get("access"):
            if answer.body.get("refresh"):
                return Session(str(answer.body["access"]), str(answer.body["refresh"]))
            raise Misread("BottleCRM renewed the session without a new refresh token")
        if answer.status in (400, 401, 403):
            raise Denied(f"BottleCRM ended our session ({sentence}); {ANEW}", missing=f"a session: {sentence}")
        raise self._refusal(answer, sentence, changes=True)


def _parse(content: bytes) -> tuple[Any, bool]:
    try:
        return decoded(content), True
    except ValueError:
        return None, False


def _sentence(body: Any) -> str:
    """The words of a refusal, wherever BottleCRM put them: `detail`, `error`, `errors`, `profile_errors`."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return " ".join(filter(None, map(_sentence, body)))
    if isinstance(body, dict):
        for key in ("detail", "errors", "profile_errors", "contact_errors"):
            if words := _sentence(body.get(key)):
                return words
        return " ".join(filter(None, (_sentence(value) for key, value in body.items())))
    return ""
