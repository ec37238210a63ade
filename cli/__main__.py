"""Where the process begins. Imports come after the guard, so that Ctrl-C while they load leaves no traceback."""

from __future__ import annotations

import sys


def main() -> None:
    """The command line; its exit code is the process's."""
    try:
        from spmwatch.cli.commands import app_for  # noqa: PLC0415 - see above: this takes most of a second

        app_for(sys.argv[1:])()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
