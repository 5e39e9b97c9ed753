from datetime import datetime, timedelta, timezone

import pytest

from sectigo_emulator import _convert


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("order_number", "orderNumber"),
        ("ca_certificate_id", "caCertificateID"),
        ("template_ids", "templateIDs"),
        ("account_id", "accountID"),
        ("id", "id"),
        ("try_", "try"),
        ("issued_after_polls", "issuedAfterPolls"),
        ("sha256_fingerprint", "sha256Fingerprint"),
    ],
)
def test_names(name, expected):
    assert _convert.to_json_name(name) == expected


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(days=400), "400d"),
        (timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5), "1d 2h 3m 4s 5ms"),
        (timedelta(minutes=90), "1h 30m"),
        (timedelta(), "0s"),
    ],
)
def test_spans_there_and_back(span, text):
    assert _convert.span(span) == text
    assert _convert.read_span(text) == span


def test_a_span_may_have_a_space_before_its_unit():
    assert _convert.seconds("10 s") == 10
    assert _convert.read_span("1h30 m") == timedelta(minutes=90)


def test_what_is_no_span():
    with pytest.raises(ValueError, match="negative"):
        _convert.span(timedelta(days=-1))
    with pytest.raises(ValueError, match="such as 10m"):
        _convert.read_span("soon")
    for read in (_convert.span, _convert.seconds):
        with pytest.raises(TypeError, match="400 is no span of time: give a timedelta"):
            read(400)


def test_times():
    at = datetime(2030, 1, 31, 12, 0, 0, 250000, tzinfo=timezone.utc)
    assert _convert.when(at) == "2030-01-31T12:00:00.250Z"
    assert _convert.read_time("2030-01-31T12:00:00.250Z") == at
    assert _convert.read_time("2030-01-31T12:00:00.25Z") == at
    assert _convert.read_time("2030-01-31T13:00:00.25+01:00") == at
    assert _convert.when(timedelta(days=-30)) == "-30d"
    assert _convert.when(timedelta(hours=1)) == "+1h"
    with pytest.raises(ValueError, match="time zone"):
        _convert.when(datetime(2030, 1, 1))
    with pytest.raises(TypeError, match="400 is no time: give a datetime"):
        _convert.when(400)


def test_a_timedelta_is_from_the_present_in_times_alone():
    day = timedelta(days=1)
    given = {"issued": -day, "due": None, "delay": day, "call_limit": {"counted": [-day]}}
    assert _convert.fields(given) == {"issued": "-1d", "due": None, "delay": "1d", "callLimit": {"counted": ["-1d"]}}
    assert _convert.fields({"revocation": {"at": day}}) == {"revocation": {"at": "+1d"}}
    with pytest.raises(TypeError, match="400 is no time"):
        _convert.fields({"revocation": {"at": 400}})
