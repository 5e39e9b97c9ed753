"""What the control API writes as JSON, and what Python has in its place: names, times, spans of time, dataclasses."""

from __future__ import annotations

import dataclasses
import re
import sys
import typing
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar, Union

When = Union[datetime, timedelta, str]
"""A datetime with a time zone, a timedelta from the sandbox's present, or a text as the API takes it (`-30d`)."""

Span = Union[timedelta, str]
"""A span of time: a timedelta, or a text as the API takes it (`10m`)."""

TIMES = frozenset({"at", "counted", "due", "expires", "issued", "now", "offset", "since"})
"""The fields of the control API that are times: a timedelta in them is from the present, elsewhere it is a span."""

T = TypeVar("T")

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_NO_SPAN = "{!r} is no span of time: give a timedelta, or a text such as 10m"
_FIRST_WORDS = {"smime": "SMIME"}
_LAST_WORDS = {"id": "ID", "ids": "IDs"}


def to_json_name(name: str) -> str:
    """`order_number` as `orderNumber`, `ca_certificate_id` as `caCertificateID`, `try_` as `try`."""
    first, *others = name.rstrip("_").split("_")
    if not others:
        return first
    last = _LAST_WORDS.get(others[-1], others[-1].capitalize())
    return _FIRST_WORDS.get(first, first) + "".join(word.capitalize() for word in others[:-1]) + last


def when(value: When) -> str:
    """A time as the API takes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, timedelta):
        return f"-{span(-value)}" if value < timedelta() else f"+{span(value)}"
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is no time: give a datetime with a time zone, a timedelta or a text such as -30d")
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone, such as datetime.timezone.utc")
    return value.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span(value: Span) -> str:
    """A span of time as the API takes it, to the millisecond."""
    if isinstance(value, str):
        return value
    if not isinstance(value, timedelta):
        raise TypeError(_NO_SPAN.format(value))
    if value < timedelta():
        raise ValueError(f"{value!r} is negative")
    seconds, millis = value.seconds, value.microseconds // 1000
    parts = [(value.days, "d"), (seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"), (millis, "ms")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def seconds(value: Span | None) -> float:
    """How many seconds a span of time has; None has none."""
    if value is None:
        return 0.0
    if isinstance(value, str):
        value = read_span(value)
    if not isinstance(value, timedelta):
        raise TypeError(_NO_SPAN.format(value))
    return value.total_seconds()


def read_time(text: str) -> datetime:
    """A time of an answer."""
    text = text.replace("Z", "+00:00")
    # Before 3.11, a fraction must have three or six digits.
    text = re.sub(r"\.(\d+)", lambda found: "." + found[1][:6].ljust(6, "0"), text)
    return datetime.fromisoformat(text)


def read_span(text: str) -> timedelta:
    """A span of time of an answer, `1d 2h`, or as the API takes it, `10 m`."""
    found = re.findall(r"(\d+) *(ms|[dhms])", text)
    if not found:
        raise ValueError(f"{text!r} is no span of time, such as 10m")
    return timedelta(**{_UNITS[unit]: int(number) for number, unit in found})


def to_json(value: Any, name: str = "", nulls: bool = False) -> Any:
    """A value of the field `name` as the API takes it: times and spans as texts, dataclasses with its names.

    What a dataclass has not is left out; with `nulls` it is null, which removes what is there in a change.
    """
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(item, name, nulls) for item in value]
    if isinstance(value, datetime) or (name in TIMES and value is not None):
        return when(value)
    if isinstance(value, timedelta):
        return span(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        given = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return fields({name: item for name, item in given.items() if nulls or item is not None}, nulls)
    if isinstance(value, Mapping):
        return {name: to_json(item, name, nulls) for name, item in value.items()}
    return value


def fixtures(given: Mapping[str, Any] | str | Path) -> Any:
    """Fixtures as the API takes them: a mapping with times and spans as texts, or the text of a file."""
    if isinstance(given, Path):
        return given.read_text()
    if isinstance(given, str) and re.fullmatch(r"[^\n#]+\.(toml|json)", given):
        raise ValueError(f"{given!r} is the name of a file, not its text: give pathlib.Path({given!r})")
    return to_json(given)


def fields(given: Mapping[str, Any], nulls: bool = False) -> dict[str, Any]:
    """Fields with Python's names as the API takes them; `nulls` is for changes, see `to_json`."""
    named = {to_json_name(name): value for name, value in given.items()}
    return {name: to_json(value, name, nulls) for name, value in named.items()}


def read(kind: type[T], answer: Mapping[str, Any]) -> T:
    """A dataclass of an answer. What it does not know is left out; a field that is missing has its default."""
    values = {}
    hints = _hints(kind)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        name = to_json_name(field.name)
        if name in answer:
            values[field.name] = _value(hints[field.name], answer[name])
    return kind(**values)


_KNOWN_HINTS: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    if kind not in _KNOWN_HINTS:
        _KNOWN_HINTS[kind] = typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))
    return _KNOWN_HINTS[kind]


def _value(hint: Any, value: Any) -> Any:
    """A value of an answer as the type of its field says."""
    if value is None:
        return None
    choices = typing.get_args(hint)
    if typing.get_origin(hint) is Union:
        return _value(next(choice for choice in choices if choice is not type(None)), value)
    if typing.get_origin(hint) is tuple:
        return tuple(_value(choices[0], item) for item in value)
    if hint is datetime:
        return read_time(value)
    if hint is timedelta:
        return read_span(value)
    if dataclasses.is_dataclass(hint):
        return read(typing.cast(Any, hint), value)
    return value
