"""An emulator: one that runs already, or one that is started here and ends with this process."""

from __future__ import annotations

import json
import os
import queue
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from sectigo_emulator import _convert
from sectigo_emulator._binary import find_binary, named_binary
from sectigo_emulator._control import Control, EmulatorError
from sectigo_emulator._convert import Span
from sectigo_emulator._sandbox import Sandbox
from sectigo_emulator._types import Health, SandboxInfo

PREFIX = "SECTIGO_EMULATOR_"


class RunningEmulator:
    """An emulator that runs; see `connect`.

    Attributes:
        control_url: the URL of the control API.
        base_url: where a client calls the API in the default sandbox.
        http_url: the same over plain HTTP; None if that listener is off.
    """

    def __init__(self, control: Control, base_url: str, http_url: str | None, binary: str | None = None) -> None:
        self._binary = binary
        self._folder: Path | None = None
        self._reach(control, base_url, http_url)

    def _reach(self, control: Control, base_url: str, http_url: str | None) -> None:
        self.control_url = control.url
        self.base_url = base_url
        self.http_url = http_url
        self._control = control

    @property
    def ca_pem(self) -> str:
        """The certificate that clients should trust, PEM."""
        return self._control.read("GET", "/tls/ca.pem")

    @property
    def ca_file(self) -> str:
        """The path of a file with this certificate, which is deleted with this object."""
        file = self._own_folder() / "ca.pem"
        if not file.exists():
            file.write_text(self.ca_pem)
        return str(file)

    def ssl_context(self) -> ssl.SSLContext:
        """What trusts the emulator, for clients that take a context: httpx, aiohttp, urllib."""
        return ssl.create_default_context(cadata=self.ca_pem)

    def env(self, sandbox: str = "default") -> dict[str, str]:
        """The variables by which a program finds a sandbox and trusts its CA: SECTIGO_BASE_URL, SSL_CERT_FILE,
        NODE_EXTRA_CA_CERTS, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, and what Java and PHP need. The files that they name
        are deleted with this object.
        """
        words = [self._program(), "env", "--format", "json", "--control", self.control_url, "--sandbox", sandbox]
        words += ["--dir", str(self._own_folder()), "--base-url", self.base_url]
        done = subprocess.run(words, capture_output=True, check=False, env=_clean_environment(self._control.token))
        if done.returncode:
            raise EmulatorError(done.stderr.decode().strip())
        return cast("dict[str, str]", json.loads(done.stdout))

    @property
    def default(self) -> Sandbox:
        """The sandbox that always exists."""
        return Sandbox(self, self._control, "default")

    def sandbox(
        self,
        name: str | None = None,
        *,
        fixtures: Mapping[str, Any] | str | Path | None = None,
        logins: Iterable[str] = (),
        ttl: Span | None = None,
    ) -> Sandbox:
        """Makes a sandbox; without a name, it is given one.

        Args:
            name: letters, digits, `-` and `_`, at most 64.
            fixtures: accounts, orders and more to start with, in place of the emulator's: a mapping, the text of a
                fixtures file (TOML or JSON), or the path of one, as a `Path`.
            logins: login names whose calls at the plain path shall be its, for clients whose URL cannot be changed.
            ttl: how long it lives since its last use; without it, as long as the emulator.
        """
        body: dict[str, Any] = {"logins": list(logins)}
        if name is not None:
            body["name"] = name
        if fixtures is not None:
            body["fixtures"] = _convert.fixtures(fixtures)
        if ttl is not None:
            body["ttl"] = _convert.span(ttl)
        return Sandbox(self, self._control, self._control.send("POST", "/sandboxes", body)["name"])

    def sandboxes(self) -> list[SandboxInfo]:
        """Every sandbox, the default one first."""
        answer = self._control.send("GET", "/sandboxes")
        return [_convert.read(SandboxInfo, sandbox) for sandbox in answer["sandboxes"]]

    def catalogue(self) -> dict[str, Any]:
        """Every endpoint's arguments and codes, and the assumptions."""
        return cast("dict[str, Any]", self._control.send("GET", "/endpoints"))

    def _program(self) -> str:
        return named_binary(self._binary, "binary") if self._binary else find_binary()

    def _own_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="sectigo-emulator-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder


def connect(control_url: str, *, token: str | None = None, base_url: str | None = None) -> RunningEmulator:
    """An emulator that runs already.

    Args:
        control_url: the URL of its control API, such as `http://localhost:8081`.
        token: what it demands (`--control-token`).
        base_url: where clients reach the API, if it is not where the emulator listens, as with a container's ports.

    Raises:
        EmulatorError: nothing answers there, or no control listener, or it serves no HTTPS and no `base_url` is given.
    """
    control = Control(control_url, token)
    health = _convert.read(Health, control.send("GET", "/health"))
    # Health is told to everybody: this is refused if the token is wrong.
    control.send("GET", "/sandboxes/default")
    base_url = base_url or health.https
    if base_url is None:
        raise EmulatorError("the emulator serves no HTTPS (--https off): give base_url")
    return RunningEmulator(control, base_url.rstrip("/"), health.http)


class _NotStartedError(RuntimeError, AttributeError):
    """An emulator that is not started was asked for what only one that runs has; to `hasattr` it is not there."""


class Emulator(RunningEmulator):
    """An emulator that is started here, on free ports, and ends with this process, even if that is killed.

    A context manager; or call `start` and `stop`.
    """

    def __init__(
        self,
        *,
        fixtures: Mapping[str, Any] | str | Path | None = None,
        assume: Mapping[str, str] | None = None,
        seed: int | None = None,
        issuance_delay: Span | None = None,
        plain_http: bool = False,
        ca_dir: str | Path | None = None,
        token: str | None = None,
        args: Sequence[str] = (),
        binary: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        """Takes the options of the emulator; nothing is started yet.

        Args:
            fixtures: accounts, orders and more to start with, in place of the built-in ones: a mapping, the text of a
                fixtures file (TOML or JSON), or the path of one, as a `Path`.
            assume: assumptions, such as `{"spelling": "british"}`.
            seed: makes the numbers of new orders and the dice of faults repeatable.
            issuance_delay: how long a new order is being issued.
            plain_http: whether plain HTTP is answered as HTTPS is, for clients that cannot trust a CA.
            ca_dir: the directory that keeps the CA, as `sectigo-emulator ca init` makes it.
            token: what the control API demands (`--control-token`).
            args: more options of `sectigo-emulator serve`.
            binary: the program, in place of the one that `find_binary` finds.
            timeout: how many seconds the start may take; the default is 30.
        """
        if assume is not None and not isinstance(assume, Mapping):
            raise TypeError(f'assume is {assume!r}: give a mapping such as {{"spelling": "british"}}')
        self._binary = binary
        self._token = token
        self._fixtures = fixtures if fixtures is None or isinstance(fixtures, Path) else _convert.fixtures(fixtures)
        self._timeout = timeout
        self._folder: Path | None = None
        self._process: subprocess.Popen[str] | None = None
        self._log: Path | None = None
        self._last_log = ""
        self._words = ["--https", "127.0.0.1:0", "--http", "127.0.0.1:0", "--control", "127.0.0.1:0"]
        for name, value in (assume or {}).items():
            self._words += ["--assume", f"{name}={value}"]
        if seed is not None:
            self._words += ["--seed", str(seed)]
        if issuance_delay is not None:
            self._words += ["--issuance-delay", _convert.span(issuance_delay)]
        if plain_http:
            self._words += ["--plain-http", "accept"]
        if ca_dir is not None:
            self._words += ["--ca-dir", str(ca_dir)]
        self._words += args

    # To a type checker, a class with this method would have every attribute.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Tells what to do where something is asked for that is known from the start on."""
            if name in ("control_url", "base_url", "http_url", "_control"):
                raise _NotStartedError("the emulator is not started: use it in a with block, or call start()")
            return super().__getattribute__(name)

    def start(self) -> Emulator:
        """Starts it, and returns when it serves.

        Raises:
            BinaryNotFoundError: there is no program `sectigo-emulator`.
            EmulatorError: it does not start; the message has what it said.
        """
        if self._process is not None:
            raise EmulatorError("the emulator runs already")
        binary = self._program()
        self._log = self._own_folder() / "log.txt"
        words = [binary, "serve", "--exit-with-stdin", *self._words, *self._given_fixtures()]
        with self._log.open("wb") as log:
            # Its standard input is a pipe that this process alone holds: it ends when this process does.
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=_clean_environment(self._token),
                # Ctrl-C is for this process, which then stops it.
                start_new_session=True,
            )
        try:
            urls = self._wait_until_ready(self._process)
            if "control" not in urls:
                raise EmulatorError("the control API is off, by which the emulator is driven")
            http_url = urls.get("http")
            base_url = urls.get("https") or http_url
            if base_url is None:
                raise EmulatorError("--https and --http are both off")
            self._reach(Control(urls["control"], self._token), base_url, http_url)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stops it, and returns when it has ended. It may be started again."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._last_log, self._log = self.log(), None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def log(self) -> str:
        """What it has logged, a line for each call, with a hint; all of it after its stop."""
        return self._last_log if self._log is None else self._log.read_text(errors="replace")

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _given_fixtures(self) -> list[str]:
        if self._fixtures is None:
            return []
        if isinstance(self._fixtures, Path):
            return ["--fixtures", str(self._fixtures)]
        text = self._fixtures if isinstance(self._fixtures, str) else json.dumps(self._fixtures)
        file = self._own_folder() / ("fixtures.json" if text.lstrip().startswith("{") else "fixtures.toml")
        file.write_text(text)
        return ["--fixtures", str(file)]

    def _wait_until_ready(self, process: subprocess.Popen[str]) -> dict[str, str]:
        """The URL of each listener, from the lines before `ready`."""
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_read_lines, args=(process.stdout, lines), daemon=True).start()
        urls: dict[str, str] = {}
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise EmulatorError(f"the emulator does not serve within {self._timeout} s: {self.log()}") from None
            if line is None:
                process.wait()
                raise EmulatorError(f"the emulator did not start: {self.log().strip()}")
            if line == "ready":
                return urls
            name, _, url = line.partition(" ")
            urls[name] = url


def _read_lines(stdout: IO[str], lines: queue.Queue[str | None]) -> None:
    """Each line, then None at the end."""
    try:
        for line in stdout:
            lines.put(line.rstrip("\n"))
    except ValueError:
        # It was closed, as the emulator was stopped.
        pass
    lines.put(None)


def _clean_environment(token: str | None) -> dict[str, str]:
    """This process's variables without those that set options of the program: the arguments do. The token is none of
    them, as everybody can read the words of a command line.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return clean if token is None else {**clean, f"{PREFIX}CONTROL_TOKEN": token}
