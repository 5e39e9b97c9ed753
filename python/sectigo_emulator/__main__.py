"""`python -m sectigo_emulator` is the program `sectigo-emulator`."""

import os
import sys

from sectigo_emulator._binary import BinaryNotFoundError, find_binary

if __name__ == "__main__":
    try:
        program = find_binary()
    except BinaryNotFoundError as error:
        sys.exit(f"error: {error}")
    os.execv(program, [program, *sys.argv[1:]])
