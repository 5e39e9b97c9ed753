"""Sends requests to the control API of an emulator."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

BASE = "/control/v1"

_HEAD_TOO_LONG = (414, 431)
"""The HTTP statuses with which a listener refuses what it has not read the whole head of (RFC 9110, RFC 6585)."""


class EmulatorError(Exception):
    """The emulator cannot be started, does not answer, or refuses."""


class ControlError(EmulatorError):
    """The control API refused a request.

    Attributes:
        status: the HTTP status.
        detail: what was wrong, and what is accepted.
        field: the field that it was wrong in, such as `orders.3.loginName`.
    """

    def __init__(self, status: int, detail: str, field: str | None = None) -> None:
        super().__init__(status, detail, field)
        self.status = status
        self.detail = detail
        self.field = field

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"HTTP status {self.status}: {where}{self.detail}"


def segment(text: object) -> str:
    """A text as one segment of a path."""
    return quote(str(text), safe="")


class Control:
    """The control listener of an emulator, at `http://HOST:PORT`."""

    def __init__(self, url: str, token: str | None = None, timeout: float = 30.0) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"{url} is not the URL of a control listener: give http://HOST:PORT")
        self.url = f"http://{parts.netloc}"
        self._host = parts.hostname
        self._port = parts.port or 80
        self.token = token
        self._timeout = timeout

    def send(
        self, method: str, path: str, body: object = None, query: dict[str, Any] | None = None, wait: float = 0.0
    ) -> Any:
        """Sends JSON and returns the JSON of the answer, or None if it has no body.

        Args:
            method: the HTTP method.
            path: the path after `/control/v1`.
            body: what is sent as JSON; nothing if None.
            query: what follows in the query; what is None is left out.
            wait: how many seconds longer than usual the answer may take.

        Raises:
            ControlError: the request is refused.
            EmulatorError: nothing answers there, or no control listener.
        """
        answer = self.read(method, path, body, query, wait)
        try:
            return json.loads(answer) if answer else None
        except ValueError as error:
            raise self._no_listener("the answer is no JSON") from error

    def read(
        self, method: str, path: str, body: object = None, query: dict[str, Any] | None = None, wait: float = 0.0
    ) -> str:
        """Like `send`, but returns the text of the answer as it is."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{BASE}{path}?{urlencode(given)}" if given else f"{BASE}{path}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout + wait)
        try:
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise EmulatorError(f"no answer came from the control API at {self.url}: {error!r}") from error
        finally:
            connection.close()
        if response.status >= 300:
            raise self._refused(response.status, text)
        return text

    def _refused(self, status: int, text: str) -> EmulatorError:
        """The error that a problem (RFC 9457) tells, as which the control API refuses."""
        try:
            problem = json.loads(text)
            return ControlError(status, problem["detail"], problem.get("field"))
        except (ValueError, KeyError, TypeError, AttributeError):
            if status in _HEAD_TOO_LONG:
                return ControlError(status, "the path or a header is too long", None)
            return self._no_listener(f"HTTP status {status}")

    def _no_listener(self, what: str) -> EmulatorError:
        return EmulatorError(f"what answers at {self.url} is no emulator's control listener: {what}")
