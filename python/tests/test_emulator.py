import http.server
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from sectigo_emulator import BinaryNotFoundError, Emulator, EmulatorError, connect, find_binary


def call(sandbox, endpoint="!autoRevokeCS", body=b""):
    url = f"{sandbox.base_url}/products/{endpoint}"
    with urllib.request.urlopen(url, body, context=sandbox.ssl_context()) as reply:
        return reply.read().decode()


def test_it_serves_until_the_end_of_the_block():
    with Emulator() as emulator:
        assert call(emulator.default).startswith("-3")
        ca_file = Path(emulator.ca_file)
        assert ca_file.read_text() == emulator.ca_pem
    assert "!autoRevokeCS" in emulator.log()
    assert not ca_file.exists()
    with pytest.raises(EmulatorError, match="no answer"):
        emulator.sandboxes()


def test_it_starts_and_stops_and_starts_again():
    emulator = Emulator()
    for _ in range(2):
        emulator.start()
        try:
            assert Path(emulator.ca_file).read_text() == emulator.ca_pem
            with pytest.raises(EmulatorError, match="already"):
                emulator.start()
        finally:
            emulator.stop()
    emulator.stop()


def test_what_needs_a_start_says_so():
    emulator = Emulator()
    for ask in (
        emulator.catalogue,
        emulator.env,
        emulator.sandbox,
        emulator.sandboxes,
        emulator.ssl_context,
        lambda: emulator.base_url,
        lambda: emulator.ca_file,
        lambda: emulator.ca_pem,
        lambda: emulator.control_url,
        lambda: emulator.default,
        lambda: emulator.http_url,
    ):
        with pytest.raises(RuntimeError, match=r"not started: use it in a with block, or call start\(\)"):
            ask()
    assert emulator.log() == ""
    with pytest.raises(AttributeError, match="'Emulator' object has no attribute 'url'"):
        emulator.url  # noqa: B018


def test_options_reach_it(tmp_path):
    fixtures = {"accounts": [{"loginName": "me", "loginPassword": "p"}]}
    options = {"seed": 1, "assume": {"spelling": "british"}, "plain_http": True, "ca_dir": tmp_path / "ca"}
    numbers = set()
    for given in (fixtures, '[[accounts]]\nloginName = "me"\nloginPassword = "p"\n'):
        with Emulator(fixtures=given, args=["--journal", "1"], **options) as emulator:
            sandbox = emulator.default
            assert [account.login_name for account in sandbox.accounts.list()] == ["me"]
            assert sandbox.assumptions["spelling"] == "british"
            numbers.add(sandbox.orders.create(login_name="me").order_number)
            for _ in range(2):
                with urllib.request.urlopen(f"{emulator.http_url}/products/!autoRevokeCS", b"") as reply:
                    assert reply.read().startswith(b"-3")
            assert len(sandbox.calls.list()) == 1
            assert emulator.ca_pem == (tmp_path / "ca" / "ca.pem").read_text()
    assert len(numbers) == 1


def test_a_client_may_use_plain_http_alone():
    with Emulator(plain_http=True, args=["--https", "off"]) as emulator:
        assert emulator.base_url == emulator.http_url
        assert call(emulator.default).startswith("-3")


def test_the_environment_of_the_tests_sets_no_options(monkeypatch):
    monkeypatch.setenv("SECTIGO_EMULATOR_CONTROL", "off")
    with Emulator() as emulator:
        assert emulator.default.info().name == "default"


def test_what_does_not_start_says_why(tmp_path):
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec cat\n")
    silent.chmod(0o755)
    with pytest.raises(EmulatorError, match="--journal"):
        Emulator(args=["--journal", "many"]).start()
    with pytest.raises(EmulatorError, match="loginNames"):
        Emulator(fixtures={"accounts": [{"loginNames": "me"}]}).start()
    with pytest.raises(EmulatorError, match="control API is off"):
        Emulator(args=["--control", "off"]).start()
    with pytest.raises(EmulatorError, match="serve within"):
        Emulator(binary=str(silent), timeout=0.1).start()


@pytest.mark.parametrize("assume", [["spelling=british"], "spelling=british"])
def test_assumptions_are_a_mapping(assume):
    with pytest.raises(TypeError, match=r"assume is .*: give a mapping such as"):
        Emulator(assume=assume)


def test_the_binary_may_be_named(monkeypatch, tmp_path):
    named = tmp_path / "another"
    named.write_text(f'#!/bin/sh\necho started > {tmp_path}/said\nexec {find_binary()} "$@"\n')
    named.chmod(0o755)
    monkeypatch.setenv("SECTIGO_EMULATOR_BINARY", str(named))
    with Emulator():
        assert (tmp_path / "said").read_text() == "started\n"
    monkeypatch.setenv("SECTIGO_EMULATOR_BINARY", str(tmp_path / "nothing"))
    with pytest.raises(BinaryNotFoundError, match=r"SECTIGO_EMULATOR_BINARY is .*nothing"):
        Emulator().start()
    with pytest.raises(BinaryNotFoundError, match=r"^binary is .*nothing, which is no program that can be run"):
        Emulator(binary=str(tmp_path / "nothing")).start()


def test_without_a_binary_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.delenv("SECTIGO_EMULATOR_BINARY", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sectigo_emulator._binary._folders", lambda: iter([tmp_path]))
    with pytest.raises(BinaryNotFoundError, match=r"pip install \./python.*SECTIGO_EMULATOR_BINARY"):
        find_binary()


def test_it_is_found_by_its_control_url():
    with Emulator(token="s3cret") as started:
        assert started.env()["SECTIGO_BASE_URL"] == started.base_url
        with pytest.raises(EmulatorError, match="401"):
            connect(started.control_url)
        emulator = connect(started.control_url, token="s3cret")
        assert (emulator.base_url, emulator.http_url) == (started.base_url, started.http_url)
        with emulator.sandbox() as sandbox:
            assert call(sandbox).startswith("-3")
        assert connect(started.control_url, token="s3cret", base_url="https://x/").base_url == "https://x"
    with Emulator(args=["--https", "0.0.0.0:0"]) as started:
        port = started.base_url.rpartition(":")[2]
        assert connect(started.control_url).base_url == f"https://127.0.0.1:{port}"
        with pytest.raises(EmulatorError, match=r"at http://\S+ is no emulator's control listener: HTTP status 404$"):
            connect(started.http_url)


def test_an_answer_that_is_no_json_is_no_emulators():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n<p>\xff")

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(EmulatorError, match="is no emulator's control listener: the answer is no JSON"):
            connect(f"http://127.0.0.1:{server.server_port}")


def test_another_program_finds_the_sandbox_by_its_variables():
    program = (
        "import os, urllib.request as u\n"
        "print(u.urlopen(os.environ['SECTIGO_BASE_URL'] + '/products/!autoRevokeCS', b'').read())"
    )
    with Emulator() as emulator, emulator.sandbox() as sandbox:
        env = {**os.environ, **sandbox.env()}
        done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True)
        assert done.stdout.startswith(b'b"-3')
        assert sandbox.calls.count() == 1
        assert Path(env["CURL_CA_BUNDLE"]).read_text() == emulator.ca_pem


def test_the_module_is_the_program():
    done = subprocess.run([sys.executable, "-m", "sectigo_emulator", "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"sectigo-emulator ")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_a_parent_that_is_killed(how):
    program = (
        "import time; from sectigo_emulator import Emulator; e = Emulator().start();"
        "print(e._process.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.send_signal(how)
    parent.wait()
    wait_until_gone(pid)


def wait_until_gone(pid):
    """Returns when a process that is no child of this one has ended; its reaper may leave it as a zombie."""
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
