"""Where the process begins. Imports come after the guard, so that Ctrl-C while they load leaves no traceback."""

from __future__ import annotations

import gc
import sys


class _WithoutPandas:
    """PyArrow loads pandas wherever it is installed, to see whether it was given any; nothing of ours has any."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Not here, if it is pandas; else others are asked."""
        if name == "pandas":
            raise ModuleNotFoundError(name=name)


def main() -> None:
    """The command line; its exit code is the process's."""
    if sys.argv[1:2] == ["screen"] and not any("spark" in one for one in sys.argv):  # half a second of each start
        sys.meta_path.insert(0, _WithoutPandas)
    try:
        from spmwatch.cli.commands import app_for  # noqa: PLC0415 - see above: this takes most of a second

        gc.disable()  # what is loaded stays, so looking for what may go is a tenth of the start
        app = app_for(sys.argv[1:])
        gc.freeze()
        gc.enable()
        app()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    finally:
        gc.freeze()  # all of it ends with the process; to look through it once more takes as long as many commands


if __name__ == "__main__":
    main()
