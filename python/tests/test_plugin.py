"""The pytest plugin, in a pytest of its own."""

import re

import pytest

from sectigo_emulator import Emulator

TEST = """
    import urllib.request

    def call(sectigo):
        url = sectigo.base_url + "/products/!autoRevokeCS"
        return urllib.request.urlopen(url, b"", context=sectigo.ssl_context()).read()

    def test_one(sectigo):
        assert call(sectigo).startswith(b"-3")
        assert sectigo.calls.count() == 1

    def test_two(sectigo, sectigo_emulator):
        assert sectigo.calls.count() == 0
        assert [one.name for one in sectigo_emulator.sandboxes()] == ["default", sectigo.name]
"""


def test_each_test_has_a_sandbox(pytester):
    pytester.makepyfile(TEST)
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_the_report_of_a_failure_shows_the_calls(pytester):
    pytester.makepyfile(TEST.replace("-3", "0"))
    result = pytester.runpytest_subprocess("-k", "one")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines([r"-+ calls of the sandbox \S+ -+", r"#1 !autoRevokeCS -> -3: .+"])


def test_options_stand_in_pyproject(pytester):
    pytester.makefile(".toml", fixtures='[[accounts]]\nloginName = "me"\nloginPassword = "p"\n')
    pytester.makepyprojecttoml("""
        [tool.pytest.ini_options]
        sectigo_emulator_fixtures = "fixtures.toml"
        sectigo_emulator_assume = ["spelling=british"]
        sectigo_emulator_args = ["--seed", "1"]
    """)
    pytester.makepyfile("""
        def test_it(sectigo):
            assert [account.login_name for account in sectigo.accounts.list()] == ["me"]
            assert sectigo.assumptions["spelling"] == "british"
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    result = pytester.runpytest_subprocess("-o", "sectigo_emulator_args=--seed x")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*EmulatorError: the emulator did not start: *--seed*"])
    result = pytester.runpytest_subprocess("-o", "sectigo_emulator_binary=/nope")
    result.stdout.fnmatch_lines(["*BinaryNotFoundError: binary is /nope, which is no program*"])


def test_an_emulator_that_runs_already(pytester):
    pytester.makepyfile(TEST)
    with Emulator() as emulator:
        option = f"sectigo_emulator_control={emulator.control_url}"
        pytester.runpytest_subprocess("-o", option, "-p", "no:xdist").assert_outcomes(passed=2)
    assert "!autoRevokeCS" in emulator.log()


@pytest.mark.parametrize(("how", "emulators"), [("each", 2), ("shared", 1)])
def test_workers_of_xdist(pytester, how, emulators):
    pytest.importorskip("xdist")
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("n", range(8))
        def test_it(sectigo, sectigo_emulator, record_property, n):
            record_property("control", sectigo_emulator.control_url)
            assert sectigo.orders.create().state == "issued"
    """)
    report = pytester.path / "report.xml"
    result = pytester.runpytest_subprocess(
        "-n", "2", "-o", f"sectigo_emulator_workers={how}", f"--junit-xml={report}", "-o", "junit_family=xunit1"
    )
    result.assert_outcomes(passed=8)
    assert len(set(re.findall(r'value="(http://[^"]+)"', report.read_text()))) == emulators


def test_an_assumption_without_its_value_is_refused(pytester):
    result = pytester.runpytest_subprocess("-o", "sectigo_emulator_assume=spelling")
    result.stderr.fnmatch_lines(["*sectigo_emulator_assume has 'spelling': give NAME=VALUE*"])


def test_an_unknown_way_for_workers_is_refused(pytester):
    result = pytester.runpytest_subprocess("-o", "sectigo_emulator_workers=some")
    result.stderr.fnmatch_lines(["*give each or shared*"])
