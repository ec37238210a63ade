"""Make the project's virtual environment, or say in one line what is missing.

    python3 tools/setup_env.py [--venv .venv] [--python python3.12]
    python3 tools/setup_env.py --list          every usable Python here, one path a line, newest of each minor version

Called by make before every target; when nothing changed it only compares a stamp. Standard library only, and written so
that Pythons far too old for the project still read it: they get the line that says so, not a traceback.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
# The versions that CI runs, newest first; then one that nobody has tried yet, then whatever python3 is.
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3.14", "python3")
# Only for runs on a cluster, and 450 MB: tools/spark_env.py lays them over the environment.
SPARK_ONLY = ("py4j", "pyspark")
INPUTS = ("constraints.txt", "pyproject.toml", "tools/setup_env.py")

PROBE = """
import importlib.util, json, os, sys, sysconfig
print(json.dumps([
    os.path.realpath(sys.executable),
    sys.implementation.name,
    sys.version_info[:3],
    all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
    os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
]))
"""


class Python(NamedTuple):
    """One installed Python, as it describes itself."""

    path: str
    implementation: str
    version: Tuple[int, int, int]
    has_venv: bool
    has_header: bool

    @property
    def minor(self) -> Tuple[int, int]:
        """Its minor version, e.g. (3, 12)."""
        return self.version[:2]


class SetupError(Exception):
    """Something is missing or failed. The message is the one line that a person reads."""


def probe(command: str) -> Optional[Python]:
    """What `command` is, by running it: a shim may stand in PATH and still fail. None when it does not run."""
    try:
        answer = subprocess.run(
            [command, "-I", "-c", PROBE], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60
        )
        path, implementation, version, has_venv, has_header = json.loads(answer.stdout.decode())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Python(path, implementation, (version[0], version[1], version[2]), has_venv, has_header)


def lacks(python: Python) -> Optional[str]:
    """One line on what keeps this Python from being used, or None when nothing does."""
    minor = "{}.{}".format(*python.minor)
    if python.minor < OLDEST or python.implementation != "cpython":
        return (
            "spmwatch needs CPython 3.11 or newer, found {} {}.{}.{} at {}. Install one (Debian: apt-get install "
            "python3 python3-venv python3-dev; Fedora: dnf install python3-devel; macOS: brew install python@3.13), "
            "or name it: make PYTHON=/path/to/python3.13"
        ).format(python.implementation, *python.version, python.path)
    if not python.has_venv:
        return (
            "{path} has no venv or ensurepip module. Install it (Debian: apt-get install python{minor}-venv; Fedora: "
            "dnf install python{minor}; macOS: brew install python@{minor}), or name another Python: make PYTHON=..."
        ).format(path=python.path, minor=minor)
    if not python.has_header:
        return (
            "{path} has no C header Python.h, and durable_rules is compiled with it. Install it (Debian: apt-get "
            "install python{minor}-dev; Fedora: dnf install python{minor}-devel; macOS: brew install python@{minor})"
        ).format(path=python.path, minor=minor)
    return None


def candidates() -> List[str]:
    """Every executable in PATH that has a candidate's name. All of them: the first may be a shim that fails."""
    folders = os.get_exec_path()
    paths = [str(Path(folder) / name) for name in CANDIDATES for folder in folders]
    return [path for path in dict.fromkeys(paths) if os.access(path, os.X_OK)]


def choose_python(asked: str) -> Python:
    """The Python that was asked for, else the first candidate that runs and has all it needs."""
    if asked:
        found = probe(asked)
        if found is None:
            raise SetupError("PYTHON={} does not run. Name a CPython 3.11 or newer, or leave PYTHON out".format(asked))
        problem = lacks(found)
        if problem:
            raise SetupError(problem)
        return found
    problems: List[str] = []
    too_old: List[str] = []
    for command in candidates():
        found = probe(command)
        if found is None:
            continue
        problem = lacks(found)
        if problem is None:
            return found
        # A good version that lacks a part is nearer to working than an old one: say that first.
        (too_old if found.minor < OLDEST else problems).append(problem)
    if problems or too_old:
        raise SetupError((problems + too_old)[0])
    raise SetupError("No Python in PATH runs (looked for {}). Install CPython 3.11".format(", ".join(CANDIDATES)))


def list_pythons() -> List[str]:
    """One usable Python for each minor version, from PATH first and then from pyenv's folder."""
    pyenv_root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    pyenv = sorted(pyenv_root.glob("versions/*/bin/python3"), reverse=True)
    best: Dict[Tuple[int, int], str] = {}
    for command in candidates() + [str(path) for path in pyenv]:
        found = probe(command)
        if found and lacks(found) is None:
            best.setdefault(found.minor, found.path)
    return [best[minor] for minor in sorted(best)]


def find_compiler() -> str:
    """The C compiler's command, proven by building a program with it."""
    command = os.environ.get("CC") or next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), "")
    hint = "(Debian: apt-get install build-essential; Fedora: dnf install gcc; macOS: xcode-select --install)"
    if not command or not shutil.which(shlex.split(command)[0]):
        raise SetupError("No C compiler ({}); durable_rules is compiled. Install one {}".format(command or "cc", hint))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "try.c"
        source.write_text('#include <stdio.h>\nint main(void) { return puts("") < 0; }\n')
        tried = subprocess.run(
            [*shlex.split(command), str(source), "-o", str(Path(folder) / "try")],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    if tried.returncode != 0:
        last = (tried.stdout.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        raise SetupError(
            "The C compiler `{}` cannot build a small program ({}). Install all of it {}".format(command, last, hint)
        )
    return command


class Environment:
    """One virtual environment and the stamp that says it is whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.stamp = folder / "setup-stamp.json"
        self.log = folder.parent / (folder.name + ".log")

    def digest(self) -> Dict[str, str]:
        """What the environment depends on. Its own path is part: a moved environment does not work."""
        digest = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in INPUTS}
        digest["folder"] = str(self.folder)
        return digest

    def stamped(self) -> Dict[str, str]:
        """The stamp of the last complete setup, or {} when there is none or its Python is gone."""
        try:
            stamp = json.loads(self.stamp.read_text())
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) and os.access(str(self.python), os.X_OK) else {}

    def is_fresh(self, asked: str) -> bool:
        """Is nothing to be done? Cheap, since every make target asks."""
        stamp = self.stamped()
        if {key: stamp.get(key) for key in self.digest()} != self.digest():
            return False
        if asked:
            found = probe(asked)
            return found is not None and found.path == stamp.get("base")
        # The base Python may have been uninstalled or replaced beneath the environment.
        return probe(str(self.python)) is not None

    def run(self, what: str, command: Sequence[Union[str, Path]], env: Optional[Dict[str, str]] = None) -> None:
        """Run one step into the log; on failure say the last error and where the log is."""
        words = [str(word) for word in command]
        with self.log.open("a") as log:
            log.write("\n$ {}\n".format(" ".join(words)))
            log.flush()
            done = subprocess.run(words, check=False, stdout=log, stderr=subprocess.STDOUT, cwd=str(ROOT), env=env)
        if done.returncode != 0:
            raise SetupError("{} failed: {} (full log: {})".format(what, last_error(self.log), self.log))

    def make(self, asked: str) -> None:
        """Bring the environment up to date; from the ground when it is new, half made, moved, or of another Python."""
        stamp = self.stamped()
        made_here = stamp.get("folder") == str(self.folder)
        # Unless told otherwise an environment keeps its Python, also when a newer one turns up.
        kept = stamp["base"] if made_here and not asked and probe(stamp["base"]) else ""
        base = choose_python(asked or kept)
        compiler = find_compiler()
        self.log.write_text("")
        # From here on the environment counts as half made, until the stamp is written again.
        if self.stamp.exists():
            self.stamp.unlink()
        print("Setting up {} with Python {}.{}.{} ...".format(self.folder.name, *base.version), flush=True)
        if not (made_here and stamp.get("base") == base.path):
            self.run("Making the virtual environment", [base.path, "-m", "venv", "--clear", self.folder])
        self.install(compiler, base)
        half = self.stamp.with_name(self.stamp.name + ".new")
        half.write_text(json.dumps(dict(self.digest(), base=base.path), indent=1))
        half.replace(self.stamp)

    def install(self, compiler: str, base: Python) -> None:
        """Install what constraints.txt pins, durable_rules before the others, and the project itself as editable."""
        pip: List[Union[str, Path]] = [self.python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        env = dict(os.environ, CC=compiler)
        if base.minor >= (3, 13):
            # Python 3.13 dropped this function; its successor takes the same arguments. Without the define the module
            # builds and then fails to import.
            env["CC"] = compiler + " -DPyEval_CallObject=PyObject_CallObject"
        with tempfile.TemporaryDirectory() as folder:
            builder, durable = Path(folder) / "setuptools.txt", Path(folder) / "durable-rules.txt"
            builder.write_text(pinned("setuptools"))
            durable.write_text(pinned("durable-rules"))
            self.run("Installing setuptools", [*pip, "--require-hashes", "-r", builder])
            # No isolation: the pinned setuptools builds it. No cache: a build made elsewhere may lack the define above.
            build = [*pip, "--no-build-isolation", "--no-cache-dir", "--no-deps", "--require-hashes", "-r", durable]
            self.run("Compiling durable_rules", build, env)
            everything = Path(folder) / "constraints.txt"
            everything.write_text(without_spark())
            self.run("Importing durable_rules", [self.python, "-c", "import durable_rules_engine"])
            self.run("Installing the dependencies", [*pip, "--require-hashes", "-r", everything])
        self.run("Installing spmwatch", [*pip, "--no-build-isolation", "--no-deps", "-e", ROOT])
        self.run("Importing spmwatch", [self.python, "-c", "import spmwatch.engine, spmwatch.rules"])


def pinned(name: str) -> str:
    """The lines of constraints.txt that pin `name`, with its hashes."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(name + "=="))
    end = next(number for number, line in enumerate(lines[start:], start) if not line.endswith("\\"))
    return "\n".join(lines[start : end + 1]) + "\n"


def without_spark() -> str:
    """constraints.txt but for SPARK_ONLY."""
    text = (ROOT / "constraints.txt").read_text()
    for name in SPARK_ONLY:
        text = text.replace(pinned(name), "")
    return text


def last_error(log: Path) -> str:
    """The line of the log that most likely says why: pip's last ERROR, else the last line that is not empty."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR:", "error:")) or "Error:" in line or " error: " in line]
    return (errors or lines or ["no output"])[-1]


def main() -> int:
    """Set up or list; 0 when all is well, 1 with one line on stderr when something is missing."""
    parser = argparse.ArgumentParser(description="Make the project's virtual environment.")
    parser.add_argument("--venv", default=".venv", help="its folder, inside the clone")
    parser.add_argument("--python", default="", help="the Python to make it with")
    parser.add_argument("--list", action="store_true", help="print the usable Pythons and stop")
    options = parser.parse_args()
    if options.list:
        print("\n".join(list_pythons()))
        return 0
    environment = Environment(ROOT / options.venv)
    try:
        if environment.is_fresh(options.python):
            return 0
        # One setup at a time in a clone; a second make waits here and then finds the work done.
        with (ROOT / (options.venv + ".lock")).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not environment.is_fresh(options.python):
                environment.make(options.python)
    except (SetupError, OSError) as problem:
        print("spmwatch setup: {}".format(problem), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("spmwatch setup: interrupted; the next make repairs what is half made", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
