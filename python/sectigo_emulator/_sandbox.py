"""A sandbox: a world of its own in an emulator, with accounts, orders, a clock, faults and a journal."""

from __future__ import annotations

import builtins
import ssl
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sectigo_emulator import _convert
from sectigo_emulator._control import Control, segment
from sectigo_emulator._convert import Span, When
from sectigo_emulator._types import (
    Account,
    Call,
    Certificate,
    Clock,
    Count,
    Disconnect,
    Fault,
    Mail,
    MailKind,
    NearCall,
    Order,
    Product,
    SandboxInfo,
    State,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from sectigo_emulator._emulator import RunningEmulator
    from sectigo_emulator._types import AccountChanges, AccountFields, CallFilter, OrderChanges, OrderFields


class NotCalled(AssertionError):  # noqa: N818
    """What was expected was not called; the message has the calls that come nearest, and how they differ.

    Attributes:
        count: how many such calls there were.
        nearest: the calls that come nearest, with the fields in which they differ.
    """

    def __init__(self, message: str, count: int, nearest: tuple[NearCall, ...]) -> None:
        super().__init__(message)
        self.count = count
        self.nearest = nearest


class _Noun:
    """What a sandbox has of one noun."""

    def __init__(self, control: Control, at: str) -> None:
        self._control = control
        self._at = at

    def _send(self, method: str, path: str, body: object = None, **query: Any) -> Any:
        return self._control.send(method, self._at + path, body, query)


class Orders(_Noun):
    """The orders of a sandbox."""

    def create(
        self, product: Product = "smime", *, login_name: str = "login_name", **fields: Unpack[OrderFields]
    ) -> Order:
        """Makes an order: an issued one, unless `state` says otherwise, with the next free number."""
        given = {**fields, "product": product, "login_name": login_name}
        return _convert.read(Order, self._send("POST", "/orders", _convert.fields(given)))

    def get(self, order_number: int) -> Order:
        """One order, in the state that it is in now."""
        return _convert.read(Order, self._send("GET", f"/orders/{order_number}"))

    def list(
        self, *, login_name: str | None = None, state: State | None = None, product: Product | None = None
    ) -> list[Order]:
        """The orders, by rising number."""
        orders: list[Order] = []
        after: int | None = None
        while True:
            answer = self._send("GET", "/orders", loginName=login_name, state=state, product=product, after=after)
            orders.extend(_convert.read(Order, order) for order in answer["orders"])
            after = answer.get("next")
            if after is None:
                return orders

    def update(self, order_number: int, /, **fields: Unpack[OrderChanges]) -> Order:
        """Changes an order into anything; None removes a field."""
        body = _convert.fields(fields, nulls=True)
        return _convert.read(Order, self._send("PATCH", f"/orders/{order_number}", body))

    def delete(self, order_number: int) -> None:
        """Deletes an order."""
        self._send("DELETE", f"/orders/{order_number}")


class Accounts(_Noun):
    """The accounts of a sandbox."""

    def create(
        self, login_name: str, login_password: str = "login_password", **fields: Unpack[AccountFields]
    ) -> Account:
        """Makes an account."""
        given = {**fields, "login_name": login_name, "login_password": login_password}
        return _convert.read(Account, self._send("POST", "/accounts", _convert.fields(given)))

    def get(self, login_name: str) -> Account:
        """One account."""
        return _convert.read(Account, self._send("GET", f"/accounts/{segment(login_name)}"))

    def list(self) -> list[Account]:
        """The accounts, by their login names."""
        return [_convert.read(Account, account) for account in self._send("GET", "/accounts")["accounts"]]

    def update(self, login_name: str, /, **fields: Unpack[AccountChanges]) -> Account:
        """Changes an account; None removes a field.

        A `Push` or a `CallLimit` replaces the one that there is; a mapping in its place changes what it names of it.
        """
        path = f"/accounts/{segment(login_name)}"
        return _convert.read(Account, self._send("PATCH", path, _convert.fields(fields, nulls=True)))

    def delete(self, login_name: str) -> None:
        """Deletes an account that has no orders."""
        self._send("DELETE", f"/accounts/{segment(login_name)}")


class Clocks(_Noun):
    """The clock of a sandbox."""

    def get(self) -> Clock:
        """What it shows."""
        return _convert.read(Clock, self._send("GET", "/clock"))

    def set(self, now: When, *, frozen: bool | None = None) -> Clock:
        """Sets it; a timedelta is from what it shows now."""
        return self._put(now=_convert.when(now), frozen=frozen)

    def freeze(self, now: When | None = None) -> Clock:
        """Lets it stand still, at that time or where it is."""
        return self._put(now=None if now is None else _convert.when(now), frozen=True)

    def unfreeze(self) -> Clock:
        """Lets it go on."""
        return self._put(frozen=False)

    def advance(
        self,
        by: Span | None = None,
        *,
        days: float | None = None,
        hours: float | None = None,
        minutes: float | None = None,
        seconds: float | None = None,
    ) -> Clock:
        """Moves it on: `advance(days=400)`, `advance("30d")`."""
        units = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        given = {unit: number for unit, number in units.items() if number is not None}
        if by is None:
            if not given:
                raise TypeError("give a span of time, such as advance('30d'), or days, hours, minutes, seconds")
            by = timedelta(**given)
        elif given:
            raise TypeError("give a span of time or days, hours, minutes, seconds, not both")
        return _convert.read(Clock, self._send("POST", "/clock/advance", {"by": _convert.span(by)}))

    def _put(self, **setting: Any) -> Clock:
        body = {name: value for name, value in setting.items() if value is not None}
        return _convert.read(Clock, self._send("PUT", "/clock", body))


class Faults(_Noun):
    """The faults of a sandbox: the first that matches a call happens to it."""

    def add(
        self,
        *,
        code: int | None = None,
        argument: str | None = None,
        delay: Span | None = None,
        status: int | None = None,
        body: str | None = None,
        disconnect: Disconnect | None = None,
        garble: bool | None = None,
        throttle: int | None = None,
        endpoint: str | None = None,
        login_name: str | None = None,
        order_number: int | None = None,
        skip: int | None = None,
        times: int | None = None,
        probability: float | None = None,
        ttl: Span | None = None,
    ) -> Fault:
        """Adds a fault behind the others.

        What happens is one of: a `code` of the API (with the `argument` that its message names), a `delay`, an HTTP
        `status` (with a `body`), `disconnect` ("before" the reply or "mid-body"), `garble`, or `throttle`, in bytes a
        second. Which calls: those of an `endpoint`, a `login_name`, an `order_number`; not the first `skip`, only
        `times` of them, each with a `probability` from 0 to 1. After `ttl`, in real time, the fault goes away.
        """
        then = {
            "code": code,
            "argument": argument,
            "delay": delay,
            "status": status,
            "body": body,
            "disconnect": disconnect,
            "garble": garble,
            "throttle": throttle,
        }
        fault = {
            "then": {name: value for name, value in then.items() if value is not None},
            "endpoint": endpoint,
            "login_name": login_name,
            "order_number": order_number,
            "skip": skip,
            "times": times,
            "probability": probability,
            "ttl": ttl,
        }
        given = {name: value for name, value in fault.items() if value is not None}
        return _convert.read(Fault, self._send("POST", "/faults", _convert.fields(given)))

    def list(self) -> list[Fault]:
        """The faults, in their order."""
        return [_convert.read(Fault, fault) for fault in self._send("GET", "/faults")["faults"]]

    def remove(self, fault: Fault | int) -> None:
        """Removes a fault."""
        number = fault.id if isinstance(fault, Fault) else fault
        self._send("DELETE", f"/faults/{number}")

    def clear(self) -> None:
        """Removes every fault."""
        self._send("DELETE", "/faults")


class Calls(_Noun):
    """The journal of a sandbox: the calls that were answered, and the pushes that were sent."""

    def list(self, endpoint: str | None = None, *, limit: int | None = None, **which: Unpack[CallFilter]) -> list[Call]:
        """The calls, the oldest first."""
        return self._list(_filter(endpoint, which), limit)

    def __iter__(self) -> Iterator[Call]:
        return iter(self.list())

    def count(self, endpoint: str | None = None, **which: Unpack[CallFilter]) -> int:
        """How many calls there are."""
        return self._count(_filter(endpoint, which)).count

    def expect(
        self, endpoint: str | None = None, *, at_least: int = 1, within: Span | None = None, **which: Unpack[CallFilter]
    ) -> builtins.list[Call]:
        """These calls, of which there must be at least so many; waits for them for as long as `within`.

        Raises:
            NotCalled: there are fewer; the message has the calls that come nearest, and how they differ.
        """
        wanted = _filter(endpoint, which)
        body = {**wanted, "atLeast": at_least}
        if within is not None:
            body["within"] = _convert.span(within)
        count = self._count(body, _convert.seconds(within))
        if not count.reached:
            raise NotCalled(_not_called(wanted, at_least, count), count.count, count.nearest)
        return self._list(wanted)

    def clear(self) -> None:
        """Forgets every call and every push."""
        self._send("DELETE", "/calls")

    def _list(self, wanted: Mapping[str, Any], limit: int | None = None) -> builtins.list[Call]:
        pages: builtins.list[Any] = []
        before: int | None = None
        while True:
            # The newest come first, a page at a time.
            answer = self._send("GET", "/calls", limit=limit, before=before, **wanted)
            pages.append(answer["calls"])
            before = answer.get("next")
            if limit is not None:
                limit -= len(answer["calls"])
            if before is None or limit == 0:
                return [_convert.read(Call, call) for page in reversed(pages) for call in page]

    def _count(self, body: Mapping[str, Any], wait: float = 0.0) -> Count:
        return _convert.read(Count, self._control.send("POST", f"{self._at}/calls/count", body, wait=wait))


def _filter(endpoint: str | None, which: Mapping[str, Any]) -> dict[str, Any]:
    """Which calls are meant, as the API takes it."""
    named = {} if endpoint is None else {"endpoint": endpoint}
    return {**named, **_convert.fields(which)}


def _not_called(wanted: Mapping[str, Any], at_least: int, count: Count) -> str:
    what = ", ".join(f"{name}={value}" for name, value in wanted.items()) or "any"
    lines = [f"expected at least {at_least} of the calls {what}; there were {count.count}"]
    if count.nearest:
        lines.append("the calls that come nearest:")
    for near in count.nearest:
        lines.append(f"  {near.call}")
        for one in near.differs:
            lines.append(f"      {one.field} is {'missing' if one.found is None else one.found}, not {one.wanted}")
    return "\n".join(lines)


class Outbox(_Noun):
    """The mails that a sandbox would have sent."""

    def list(self, *, order_number: int | None = None, kind: MailKind | None = None) -> list[Mail]:
        """The mails, the oldest first."""
        answer = self._send("GET", "/outbox", orderNumber=order_number, kind=kind)
        return [_convert.read(Mail, mail) for mail in answer["mails"]]

    def clear(self) -> None:
        """Forgets every mail."""
        self._send("DELETE", "/outbox")


class Certificates(_Noun):
    """The certificates of a sandbox's orders, in PEM."""

    def pem(self, order_number: int) -> str:
        """The certificate of an order."""
        return self._read(f"/orders/{order_number}/certificate", format="pem")

    def chain(self, order_number: int) -> str:
        """The CAs above the certificate of an order: the one that signed it, then the root."""
        return self._read(f"/orders/{order_number}/chain", format="pem")

    def key(self, order_number: int) -> str:
        """The private key of an order that was made with `keep_key=True`."""
        return self._read(f"/orders/{order_number}/key")

    def csr(self, order_number: int) -> str:
        """The CSR of an order."""
        return self._read(f"/orders/{order_number}/csr")

    def get(self, order_number: int) -> Certificate:
        """A description of the certificate of an order."""
        return _convert.read(Certificate, self._send("GET", f"/orders/{order_number}/certificate", format="json"))

    def cas(self) -> list[Certificate]:
        """Every CA, the root first."""
        return [_convert.read(Certificate, ca) for ca in self._send("GET", "/ca", format="json")["certificates"]]

    def _read(self, path: str, **query: Any) -> str:
        return self._control.read("GET", self._at + path, query=query)


class Assumptions(_Noun, MutableMapping[str, str]):
    """What a sandbox assumes where Sectigo's documents say nothing: a mapping that can be written to."""

    def __getitem__(self, name: str) -> str:
        return self._all()[name]

    def __setitem__(self, name: str, value: str) -> None:
        self._send("PATCH", "/assumptions", {name: value})

    def __delitem__(self, name: str) -> None:
        raise TypeError("an assumption can be set, but not removed")

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, str]:
        return cast("dict[str, str]", self._send("GET", "/assumptions")["assumptions"])


class Sandbox:
    """A sandbox of a running emulator. As a context manager it is deleted at the end.

    Attributes:
        emulator: the emulator that it is in.
        name: its name.
        base_url: where a client calls the API in it.
        http_url: the same over plain HTTP; None if that listener is off.
    """

    def __init__(self, emulator: RunningEmulator, control: Control, name: str) -> None:
        self.emulator = emulator
        self.name = name
        at = "" if name == "default" else f"/sandboxes/{segment(name)}"
        self.base_url = f"{emulator.base_url}{at}"
        self.http_url = None if emulator.http_url is None else f"{emulator.http_url}{at}"
        self.orders = Orders(control, at)
        self.accounts = Accounts(control, at)
        self.clock = Clocks(control, at)
        self.faults = Faults(control, at)
        self.calls = Calls(control, at)
        self.outbox = Outbox(control, at)
        self.certificates = Certificates(control, at)
        self.assumptions = Assumptions(control, at)
        self._control = control
        self._at = at

    @property
    def ca_file(self) -> str:
        """The path of the certificate that clients should trust, PEM."""
        return self.emulator.ca_file

    @property
    def ca_pem(self) -> str:
        """The certificate that clients should trust, PEM."""
        return self.emulator.ca_pem

    def ssl_context(self) -> ssl.SSLContext:
        """What trusts the emulator, for clients that take a context: httpx, aiohttp, urllib."""
        return self.emulator.ssl_context()

    def env(self) -> dict[str, str]:
        """The variables by which a program finds this sandbox and trusts its CA; see `RunningEmulator.env`."""
        return self.emulator.env(sandbox=self.name)

    def info(self) -> SandboxInfo:
        """The sandbox at a glance."""
        return _convert.read(SandboxInfo, self._control.send("GET", f"/sandboxes/{segment(self.name)}"))

    def snapshot(self) -> dict[str, Any]:
        """All that it is, passwords included, as a fixtures file."""
        return cast("dict[str, Any]", self._control.send("GET", f"{self._at}/snapshot"))

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Makes it what a snapshot says; the journal stays."""
        self._control.send("PUT", f"{self._at}/snapshot", _convert.to_json(snapshot))

    def reset(self, fixtures: Mapping[str, Any] | str | Path | None = None) -> None:
        """Begins again with the fixtures that it started with, or with others: a mapping, the text of a file, or the
        path of one, as a `Path`.
        """
        body = {} if fixtures is None else {"fixtures": _convert.fixtures(fixtures)}
        self._control.send("POST", f"{self._at}/reset", body)

    def delete(self) -> None:
        """Deletes it."""
        self._control.send("DELETE", f"/sandboxes/{segment(self.name)}")

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.delete()

    def __repr__(self) -> str:
        return f"<Sandbox {self.name} at {self.base_url}>"
