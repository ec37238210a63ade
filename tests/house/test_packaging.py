"""The packages are named in five places; all five say the same, and the built wheel holds what they promise."""

from __future__ import annotations

import ast
import importlib
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
TOP = sorted(folder.parent.name for folder in ROOT.glob("*/py.typed"))


def packages_below(folder: Path) -> Iterator[Path]:
    """The folder itself and every package inside it."""
    return (init.parent for init in folder.rglob("__init__.py"))


def dotted(folder: Path) -> str:
    """The import name of a package's folder."""
    return ".".join(("spmwatch", *folder.relative_to(ROOT).parts))


def test_every_package_is_listed() -> None:
    """A package that `packages` leaves out works in a clone and is missing from the wheel."""
    found = {dotted(folder) for top in TOP for folder in packages_below(ROOT / top)}
    assert set(SETUPTOOLS["packages"]) == found


def test_every_top_level_folder_has_its_import_name() -> None:
    assert SETUPTOOLS["package-dir"] == {f"spmwatch.{top}": top for top in TOP}


def test_layers_name_every_package() -> None:
    linter = PROJECT["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers")
    named = [name.strip() for layer in layers for name in layer.split("|")]
    assert sorted(named) == [f"spmwatch.{top}" for top in TOP]
    assert sorted(linter["root_packages"]) == sorted(named)


def test_type_checkers_see_every_package() -> None:
    links = {link.name: link.readlink().as_posix() for link in (ROOT / "typings" / "spmwatch").iterdir()}
    assert links == {top: f"../../{top}" for top in TOP}
    assert set(TOP) <= set(PROJECT["tool"]["basedpyright"]["include"])


def test_bare_folder_names_are_refused() -> None:
    """`import engine` would work in a clone's folder and nowhere else."""
    assert set(TOP) <= set(PROJECT["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"])


@pytest.mark.parametrize("top", TOP)
def test_package_has_one_docstring_line_first(top: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / top / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert docstring.splitlines()[:1], f"{top}/__init__.py says in one line what the package is"


def test_rules_holds_no_code() -> None:
    assert [path.relative_to(ROOT).as_posix() for path in (ROOT / "rules").rglob("*.py")] == ["rules/__init__.py"]
    assert len(ast.parse((ROOT / "rules" / "__init__.py").read_text(encoding="utf-8")).body) == 1


@pytest.mark.parametrize("top", TOP)
def test_clone_is_what_gets_imported(top: str) -> None:
    module = importlib.import_module(f"spmwatch.{top}")
    assert Path(module.__file__ or "").parent == ROOT / top


def test_catalogue_is_found_through_its_package() -> None:
    assert files("spmwatch.rules").joinpath("__init__.py").is_file()


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What a wheel built from a copy of the sources contains; the clone itself stays untouched."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    for top in TOP:
        shutil.copytree(ROOT / top, source / top, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source)],
        capture_output=True,
        text=True,
        check=False,
        cwd=target,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    with zipfile.ZipFile(next(target.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


def test_wheel_holds_every_source_file(wheel_names: set[str]) -> None:
    """Every file of every package, rule files and page templates with the Python; and no test, tool or typing link."""
    sources = {
        f"spmwatch/{path.relative_to(ROOT).as_posix()}"
        for top in TOP
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    inside = {name for name in wheel_names if ".dist-info/" not in name}
    assert sources == inside


def test_wheel_carries_licence_notice_and_command(wheel_names: set[str]) -> None:
    meta = {name.split(".dist-info/", 1)[1] for name in wheel_names if ".dist-info/" in name}
    assert {"licenses/LICENSE", "licenses/NOTICE", "entry_points.txt"} <= meta


def test_the_container_gets_every_package_and_no_hashes_for_a_folder() -> None:
    """Pip refuses a folder while a file of versions has hashes, since a folder has none."""
    recipe = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    copied = {line.split()[1] for line in recipe.splitlines() if line.startswith("COPY ") and len(line.split()) == 3}
    assert set(TOP) <= copied
    assert "--constraint constraints.txt" not in recipe
    script = recipe.partition("RUN sed -E '")[2].partition("'")[0]
    made = subprocess.run(
        ["sed", "-E", script, "constraints.txt"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pins = [line for line in made.stdout.splitlines() if not line.startswith("#")]
    assert len(pins) > 50
    assert not [line for line in pins if "hash" in line or line.endswith("\\")]
