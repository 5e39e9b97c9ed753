import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest

from sectigo_emulator import CallLimit, ControlError, Emulator, NotCalled, Push, _convert

LOGIN = {"loginName": "login_name", "loginPassword": "login_password"}


def call(sandbox, endpoint, **fields):
    url = f"{sandbox.base_url}/products/{endpoint}"
    body = urllib.parse.urlencode({**LOGIN, **fields}).encode()
    with urllib.request.urlopen(url, body, context=sandbox.ssl_context()) as reply:
        return reply.read().decode()


def revoke(sandbox, order_number, **fields):
    return call(sandbox, "!autoRevokeCS", orderNumber=order_number, revocationReason="lost", codeReason=1, **fields)


def test_orders(sectigo):
    orders = sectigo.orders
    order = orders.create("code-signing", issued=timedelta(days=-30), expires="+335d", organization="Example Ltd")
    assert (order.product, order.state, order.organization) == ("code-signing", "issued", "Example Ltd")
    assert order.expires - order.issued == timedelta(days=365)
    assert orders.get(order.order_number) == order
    assert order in orders.list(login_name="login_name", state="issued", product="code-signing")
    assert orders.update(order.order_number, organization=None).organization is None
    revocation = {"at": "-1d", "codeReason": 3, "revocationReason": "gone"}
    revoked = orders.update(order.order_number, state="revoked", revocation=revocation)
    assert (revoked.revocation.code_reason, revoked.revocation.revocation_reason) == (3, "gone")
    assert revoked.revocation.at.tzinfo is not None
    again = orders.create("code-signing", state="revoked", revocation=revoked.revocation)
    assert again.revocation == revoked.revocation
    sectigo.clock.freeze()
    for ago in [timedelta(days=1), timedelta(hours=1)]:
        at = orders.update(again.order_number, revocation={"at": -ago, "codeReason": 1}).revocation.at
        assert at == sectigo.clock.get().now - ago
    sectigo.clock.unfreeze()
    orders.delete(order.order_number)
    with pytest.raises(ControlError) as refused:
        orders.get(order.order_number)
    assert refused.value.status == 404
    with pytest.raises(ControlError, match="HTTP status 422: loginName"):
        orders.create(login_name="nobody")


def test_every_order_is_listed_beyond_a_page(sectigo):
    order = {"loginName": "a", "product": "smime", "state": "issued"}
    orders = [{**order, "orderNumber": number} for number in range(1, 2502)]
    sectigo.restore({"accounts": [{"loginName": "a", "loginPassword": "b"}], "orders": orders})
    assert [order.order_number for order in sectigo.orders.list()] == list(range(1, 2502))


def test_accounts(sectigo):
    accounts = sectigo.accounts
    limit = CallLimit(calls=2, per=timedelta(minutes=1))
    account = accounts.create("a/b é", "secret", call_limit=limit, account_id=7, template_ids=[1, 2])
    assert (account.call_limit.calls, account.call_limit.per) == (2, timedelta(minutes=1))
    assert (account.account_id, account.template_ids) == (7, (1, 2))
    assert accounts.get("a/b é") == account
    assert account in accounts.list()
    assert accounts.update("a/b é", locked=True, account_id=None).account_id is None
    accounts.delete("a/b é")
    assert account.login_name not in [one.login_name for one in accounts.list()]


def test_a_push_replaces_another_and_a_mapping_changes_it(sectigo):
    def pushes():
        (account,) = [one for one in sectigo.snapshot()["accounts"] if one["loginName"] == "a"]
        return account["push"]

    secret = {"user": "me", "password": "s3cret"}
    sectigo.accounts.create("a", push=Push("http://127.0.0.1:9/old", certificate=True, collection=False, **secret))
    sectigo.accounts.update("a", push={"url": "http://127.0.0.1:9/moved"})
    assert {"url": "http://127.0.0.1:9/moved", "certificate": True, "collection": False, **secret} == pushes()
    assert sectigo.accounts.update("a", push=Push("http://127.0.0.1:9/new")).push == Push("http://127.0.0.1:9/new")
    assert not {"user", "password"} & set(pushes())
    sectigo.accounts.update("a", push=Push("http://127.0.0.1:9/new", **secret))
    assert secret.items() <= pushes().items()


def test_the_clock(sectigo):
    order = sectigo.orders.create("code-signing")
    clock = sectigo.clock.freeze(datetime(2030, 1, 1, tzinfo=timezone.utc))
    assert (clock.now.isoformat(), clock.frozen) == ("2030-01-01T00:00:00+00:00", True)
    assert sectigo.clock.advance(days=1, hours=2).now == clock.now + timedelta(days=1, hours=2)
    assert sectigo.clock.advance("1d").now == clock.now + timedelta(days=2, hours=2)
    assert sectigo.clock.set(timedelta(hours=-2)).now == clock.now + timedelta(days=2)
    assert not sectigo.clock.unfreeze().frozen
    sectigo.clock.advance(days=400)
    assert sectigo.orders.get(order.order_number).state == "expired"
    assert revoke(sectigo, order.order_number).startswith("-35")
    with pytest.raises(TypeError, match="not both"):
        sectigo.clock.advance("1d", days=1)
    with pytest.raises(TypeError, match="or days, hours, minutes, seconds"):
        sectigo.clock.advance()
    frozen = sectigo.clock.freeze()
    assert sectigo.clock.advance(days=0).now == frozen.now


def test_faults(sectigo):
    order = sectigo.orders.create("code-signing")
    fault = sectigo.faults.add(status=503, body="later", endpoint="!autoRevokeCS", times=1, ttl=timedelta(hours=1))
    assert (fault.then.status, fault.then.body, fault.ttl) == (503, "later", timedelta(hours=1))
    with pytest.raises(urllib.error.HTTPError, match="503"):
        revoke(sectigo, order.order_number)
    other = sectigo.faults.add(code=-14, order_number=order.order_number)
    assert [one.id for one in sectigo.faults.list()][-1] == other.id
    assert revoke(sectigo, order.order_number).startswith("-14")
    sectigo.faults.remove(other)
    assert sectigo.faults.add(delay=timedelta(milliseconds=1)).then.delay == timedelta(milliseconds=1)
    assert sectigo.faults.add(disconnect="mid-body", times=1, skip=9, probability=0.5).probability == 0.5
    sectigo.faults.clear()
    assert sectigo.faults.list() == []
    assert revoke(sectigo, order.order_number).split() == ["0"]


def test_calls(sectigo):
    order = sectigo.orders.create("code-signing")
    revoke(sectigo, order.order_number, test="Y")
    revoke(sectigo, 7)
    first, second = sectigo.calls
    assert (first.code, first.argument("ordernumber"), first.argument("x")) == (0, str(order.order_number), None)
    assert first.argument("loginPassword") == "***"
    assert first.real_time <= datetime.now(timezone.utc) + timedelta(seconds=1)
    assert sectigo.calls.list(code=second.code) == [second]
    assert sectigo.calls.list("!autoRevokeCS", since=timedelta(hours=-1), limit=1) == [second]
    assert sectigo.calls.count("!autoRevokeCS", login_name="login_name") == 2
    assert sectigo.calls.count(kind="push") == 0
    assert sectigo.calls.expect("!autoRevokeCS", order_number=order.order_number) == [first]
    sectigo.calls.clear()
    assert list(sectigo.calls) == []


def test_what_was_not_called_is_told_with_what_comes_nearest(sectigo):
    order = sectigo.orders.create("code-signing")
    revoke(sectigo, 7)
    with pytest.raises(NotCalled) as told:
        sectigo.calls.expect("!autoRevokeCS", order_number=order.order_number, code=0, within="10ms")
    assert told.value.count == 0
    assert {one.field for one in told.value.nearest[0].differs} == {"orderNumber", "code"}
    text = str(told.value)
    assert f"at least 1 of the calls endpoint=!autoRevokeCS, orderNumber={order.order_number}, code=0" in text
    assert f"orderNumber is 7, not {order.order_number}" in text
    assert isinstance(told.value, AssertionError)


def test_the_outbox(sectigo):
    order = sectigo.orders.create(email="jane@example.com")
    call(sectigo, "!ResendCollectionEmailSMIME", orderNumber=order.order_number)
    (mail,) = sectigo.outbox.list(order_number=order.order_number, kind="collection")
    assert (mail.to, mail.order_number) == ("jane@example.com", order.order_number)
    sectigo.outbox.clear()
    assert sectigo.outbox.list() == []


def test_certificates(sectigo):
    number = sectigo.orders.create(email="jane@example.com", keep_key=True).order_number
    certificates = sectigo.certificates
    assert certificates.pem(number).startswith("-----BEGIN CERTIFICATE-----")
    assert certificates.chain(number).count("BEGIN CERTIFICATE") == 2
    assert certificates.chain(number).endswith(sectigo.ca_pem)
    assert certificates.key(number).startswith("-----BEGIN PRIVATE KEY-----")
    about = certificates.get(number)
    assert about.pem == certificates.pem(number)
    assert about.not_before < about.not_after
    assert certificates.cas()[0].pem == sectigo.ca_pem
    with pytest.raises(ControlError, match="404"):
        certificates.csr(number)


def test_assumptions(sectigo):
    assert sectigo.assumptions["spelling"] == "american"
    sectigo.assumptions["spelling"] = "british"
    assert dict(sectigo.assumptions)["spelling"] == "british"
    assert len(sectigo.assumptions) == len(set(sectigo.assumptions))
    with pytest.raises(ControlError, match="422"):
        sectigo.assumptions["spelling"] = "x"


def test_snapshots(sectigo):
    before = sectigo.snapshot()
    number = sectigo.orders.create().order_number
    sectigo.restore(before)
    assert number not in [order.order_number for order in sectigo.orders.list()]
    sectigo.reset('[[accounts]]\nloginName = "me"\nloginPassword = "p"\n')
    assert [account.login_name for account in sectigo.accounts.list()] == ["me"]
    sectigo.reset()
    assert sectigo.accounts.get("login_name").login_name == "login_name"


def test_fixtures_may_have_datetimes_and_timedeltas_wherever_they_are_given():
    start = datetime(2030, 1, 1, tzinfo=timezone.utc)
    day, minute = timedelta(days=1), timedelta(minutes=1)
    account = {"loginName": "me", "loginPassword": "p", "callLimit": {"calls": 2, "per": minute, "counted": [start]}}
    order = {"loginName": "me", "product": "smime", "orderNumber": 7, "issued": start - day, "expires": day}
    revocation = {"at": start, "codeReason": 1}
    fixtures = {
        "accounts": [account],
        "orders": [{**order, "state": "revoked", "revocation": revocation}],
        "faults": [{"then": {"delay": minute}, "endpoint": "!autoRevokeCS", "ttl": day}],
        "clock": {"now": start, "frozen": True},
        "issuanceDelay": minute,
        "nextOrderNumber": 1000,
    }
    with Emulator(fixtures=fixtures) as emulator, emulator.sandbox(fixtures=fixtures) as sandbox:
        for one in (emulator.default, sandbox):
            (account,) = one.accounts.list()
            assert (account.call_limit.per, account.call_limit.counted) == (minute, (start,))
            order = one.orders.get(7)
            assert (order.issued, order.expires, order.revocation.at) == (start - day, start + day, start)
            assert one.clock.get().now == start
        snapshot = sandbox.snapshot()
        assert snapshot["issuanceDelay"] == "1m"
        assert _convert.to_json(snapshot) == snapshot
        for again in (
            lambda: sandbox.reset(fixtures),
            lambda: sandbox.restore(fixtures),
            lambda: sandbox.restore(snapshot),
        ):
            sandbox.reset({})
            again()
            assert sandbox.orders.get(7) == order
            assert sandbox.snapshot()["issuanceDelay"] == "1m"


@pytest.mark.parametrize("name", ["nope.toml", "./some folder/nope.json"])
def test_the_name_of_a_file_is_no_fixtures(sectigo, sectigo_emulator, name):
    for take in (sectigo.reset, sectigo_emulator.sandbox, Emulator):
        with pytest.raises(ValueError, match=rf"is the name of a file, .*: give pathlib.Path\('{name}'\)"):
            take(fixtures=name)
    sectigo.reset("# As in fixtures.toml")


def test_sandboxes_are_apart(sectigo, sectigo_emulator, tmp_path):
    file = tmp_path / "fixtures.toml"
    file.write_text('[[accounts]]\nloginName = "me"\nloginPassword = "p"\n')
    sectigo.reset(file)
    assert [account.login_name for account in sectigo.accounts.list()] == ["me"]
    with sectigo_emulator.sandbox("mine", fixtures=file, logins=["me"], ttl=timedelta(minutes=5)) as mine:
        info = mine.info()
        assert (info.name, info.logins, info.ttl) == ("mine", ("me",), timedelta(minutes=5))
        assert mine.base_url.endswith("/sandboxes/mine")
        assert mine.http_url == mine.base_url.replace(sectigo_emulator.base_url, sectigo_emulator.http_url)
        assert "mine" in [one.name for one in sectigo_emulator.sandboxes()]
    assert "mine" not in [one.name for one in sectigo_emulator.sandboxes()]
    assert "endpoints" in sectigo_emulator.catalogue()


def test_a_name_that_is_too_long_for_a_path_is_refused(sectigo):
    with pytest.raises(ControlError) as refused:
        sectigo.accounts.get("a" * 70_000)
    assert refused.value.status == 414
