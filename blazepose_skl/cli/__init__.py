"""The command line: a file for each command. A user's error is one sentence and exit status 1."""

from __future__ import annotations

import sys

# Each registers its command, in the order in which the help lists them.
# isort: off
from blazepose_skl.cli import (  # noqa: F401
    extract,
    models,
    convert,
    inspect,
    remap,
    repack,
    export,
    fuse,
    report,
    pck,
    configs,
    demo,
    contact_sheet,
    synthesize,
    doctor,
)

# isort: on
from blazepose_skl.cli.app import app
from blazepose_skl.errors import InputError

__all__ = ['app', 'main']


def main() -> None:
    """Run the command line."""
    try:
        app()
    except InputError as error:
        print(f'blazepose-skl: {error}', file=sys.stderr)
        sys.exit(1)
