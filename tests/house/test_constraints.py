"""constraints.txt pins, with hashes, all that pyproject.toml asks for, and says nothing about where it was made.

So does the list of the FHIR server that tests ask, which has an environment of its own.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PINS: dict[str, str] = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", TEXT, flags=re.MULTILINE))
OF_THE_FHIR_SERVER = (ROOT / "tests" / "fhir_server" / "constraints.txt").read_text(encoding="utf-8")
both = pytest.mark.parametrize("text", [TEXT, OF_THE_FHIR_SERVER], ids=["spmwatch", "FHIR server of the tests"])


def asked_for() -> list[Requirement]:
    """Every dependency that pyproject.toml names, the project's own extras left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return [requirement for requirement in map(Requirement, lines) if requirement.name != project["name"]]


@pytest.mark.parametrize("requirement", asked_for(), ids=str)
def test_pin_fits_what_the_project_asks_for(requirement: Requirement) -> None:
    pin = PINS.get(canonicalize_name(requirement.name))
    assert pin is not None, f"{requirement.name} is not pinned; run `make lock-deps`"
    assert pin in requirement.specifier, f"{requirement} but {pin} is pinned; run `make lock-deps`"


@both
def test_every_pin_has_hashes(text: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", text)
    assert len(entries) > 1
    assert [entry.splitlines()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []


@both
def test_no_place_is_named(text: str) -> None:
    """No index, no address, no path: only versions and hashes."""
    strange = [line for line in text.splitlines() if re.search(r"://|^\s*--(?!hash)|^-|(?<![a-z0-9])/", line)]
    assert strange == []


def test_the_fhir_server_is_pinned_as_asked() -> None:
    asked = (ROOT / "tests" / "fhir_server" / "requirements.in").read_text(encoding="utf-8").splitlines()[-1]
    assert f"\n{asked} \\\n" in OF_THE_FHIR_SERVER
