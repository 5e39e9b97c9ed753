"""The pytest plugin: an emulator for the session, a sandbox for each test, and its calls in the report of a failure.

It is active where the package is installed. Options, in `pyproject.toml` below `[tool.pytest.ini_options]` or as `-o`:

- `sectigo_emulator_fixtures`: the fixtures file to start with, from the root of the project;
- `sectigo_emulator_assume`: assumptions, one `NAME=VALUE` a line;
- `sectigo_emulator_args`: more options of `sectigo-emulator serve`;
- `sectigo_emulator_binary`: the program, in place of the one that was installed;
- `sectigo_emulator_control`: the control URL of an emulator that runs already, in place of starting one;
- `sectigo_emulator_workers`: with pytest-xdist, `each` (the default): each worker has an emulator of its own; or
  `shared`: all of them have one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sectigo_emulator._emulator import Emulator, RunningEmulator, connect
from sectigo_emulator._sandbox import Sandbox

SHARED = "sectigo_emulator_shared"
OF_WORKERS = pytest.StashKey[Emulator]()

# So many of the last calls are shown with a failure.
SHOWN = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    parser.addini("sectigo_emulator_fixtures", "fixtures file of the Sectigo emulator, from the root of the project")
    parser.addini("sectigo_emulator_assume", "assumptions of the Sectigo emulator, NAME=VALUE", type="linelist")
    parser.addini("sectigo_emulator_args", "more options of `sectigo-emulator serve`", type="args")
    parser.addini("sectigo_emulator_binary", "the program sectigo-emulator")
    parser.addini("sectigo_emulator_control", "control URL of a Sectigo emulator that runs already")
    parser.addini("sectigo_emulator_workers", "with pytest-xdist: one emulator `each`, or one `shared`", default="each")


@pytest.fixture(scope="session")
def sectigo_emulator(request: pytest.FixtureRequest) -> Iterator[RunningEmulator]:
    """An emulator for all tests of this process: `sectigo_emulator.ca_file`, `sectigo_emulator.sandbox()`, ..."""
    config = request.config
    shared = getattr(config, "workerinput", {}).get(SHARED)
    running = shared or config.getini("sectigo_emulator_control")
    if running:
        yield connect(running)
        return
    with _emulator(config) as emulator:
        yield emulator


@pytest.fixture
def sectigo(sectigo_emulator: RunningEmulator) -> Iterator[Sandbox]:
    """A sandbox of its own for this test, deleted after it: `sectigo.base_url`, `sectigo.orders.create()`, ..."""
    with sectigo_emulator.sandbox() as sandbox:
        yield sandbox


def _emulator(config: pytest.Config) -> Emulator:
    """An emulator with the options of the configuration, not yet started."""
    fixtures = config.getini("sectigo_emulator_fixtures")
    binary = config.getini("sectigo_emulator_binary")
    assume = (one.partition("=") for one in config.getini("sectigo_emulator_assume"))
    return Emulator(
        fixtures=Path(config.rootpath, fixtures) if fixtures else None,
        assume={name.strip(): value.strip() for name, _, value in assume},
        args=config.getini("sectigo_emulator_args"),
        binary=str(Path(config.rootpath, binary)) if os.sep in binary else binary or None,
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Shows the calls of a failed test's sandbox, with their hints."""
    outcome: Any = yield
    report: pytest.TestReport = outcome.get_result()
    sandbox = getattr(item, "funcargs", {}).get("sectigo")
    if call.when == "call" and report.failed and isinstance(sandbox, Sandbox):
        report.sections.append((f"calls of the sandbox {sandbox.name}", _calls(sandbox)))


def _calls(sandbox: Sandbox) -> str:
    try:
        calls = sandbox.calls.list()
    except Exception as error:
        # The failure of the test itself must be told all the same.
        return f"they cannot be read: {error}"
    hidden = [f"({len(calls) - SHOWN} earlier calls)"] if len(calls) > SHOWN else []
    return "\n".join(hidden + [str(call) for call in calls[-SHOWN:]]) or "there were none"


class _ForWorkers:
    """What the process does that starts the workers of pytest-xdist."""

    def pytest_configure_node(self, node: Any) -> None:
        """Tells a worker where the shared emulator is, which is started with the first of them."""
        config: pytest.Config = node.config
        if OF_WORKERS not in config.stash:
            config.stash[OF_WORKERS] = _emulator(config).start()
        node.workerinput[SHARED] = config.stash[OF_WORKERS].control_url


def pytest_configure(config: pytest.Config) -> None:
    """Prepares the emulator that workers share, if they shall."""
    workers = config.getini("sectigo_emulator_workers")
    if workers not in ("each", "shared"):
        raise pytest.UsageError(f"sectigo_emulator_workers is {workers!r}: give each or shared")
    for one in config.getini("sectigo_emulator_assume"):
        if "=" not in one:
            raise pytest.UsageError(f"sectigo_emulator_assume has {one!r}: give NAME=VALUE")
    is_given = config.getini("sectigo_emulator_control")
    if workers == "shared" and not is_given and config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_ForWorkers(), "sectigo_emulator_workers")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops the emulator that workers shared."""
    if OF_WORKERS in config.stash:
        config.stash[OF_WORKERS].stop()
