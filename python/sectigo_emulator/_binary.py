"""Where the program is."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from sectigo_emulator._control import EmulatorError

NAME = "sectigo-emulator"
VARIABLE = "SECTIGO_EMULATOR_BINARY"


class BinaryNotFoundError(EmulatorError, FileNotFoundError):
    """There is no program `sectigo-emulator`; the message says how to get it."""


def find_binary() -> str:
    """The path of the program: what SECTIGO_EMULATOR_BINARY names, what was installed with this module, or what is on
    the PATH.

    Raises:
        BinaryNotFoundError: it is in none of these places.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return named_binary(named, VARIABLE)
    for folder in _folders():
        program = folder / NAME
        if program.is_file() and os.access(program, os.X_OK):
            return str(program)
    found = shutil.which(NAME)
    if found is None:
        raise BinaryNotFoundError(
            f"the program {NAME} is neither installed with this module nor on the PATH. In its repository, "
            "`pip install ./python` builds and installs it with this module, and `cargo install --path .` "
            f"alone; or name it in {VARIABLE}"
        )
    return found


def named_binary(named: str, by: str) -> str:
    """The path of the program that an option or a variable names.

    Raises:
        BinaryNotFoundError: it is none that can be run.
    """
    found = shutil.which(named)
    if found is None:
        raise BinaryNotFoundError(f"{by} is {named}, which is no program that can be run")
    return found


def _folders() -> Iterator[Path]:
    """Where pip puts programs: of this environment, of this user, and beside a module of `pip install --target`."""
    yield Path(sysconfig.get_path("scripts"))
    has_schemes = sys.version_info >= (3, 10)
    user = sysconfig.get_preferred_scheme("user") if has_schemes else f"{os.name}_user"  # novermin
    if user in sysconfig.get_scheme_names():
        yield Path(sysconfig.get_path("scripts", scheme=user))
    yield Path(__file__).parent.parent / "bin"
