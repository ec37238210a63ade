"""Write examples/bundles and examples/export from the worked patients of features/worked_patients.

    make examples

Each scenario builds its patient's FHIR resources (rule_testing/builder.py); this keeps them: one Bundle a patient, and
all of them together as a FHIR Bulk Data export. So the examples and the scenarios cannot drift apart. All patients are
invented. Those that cds_hooks/pages/patients/index.json names go there too, for the service's try-it page.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from spmwatch.rule_testing.builder import Json
from spmwatch.rule_testing.scenario import Scenario

EXAMPLES = Path(__file__).parent
TRY_IT = EXAMPLES.parent / "cds_hooks" / "pages" / "patients"
SCENARIOS = EXAMPLES.parent / "tests" / "features" / "test_features.py"
FOLDER = "worked_patients"
WORKED_PATIENT = re.compile(r"(P\d{2})\b")


class Keeper:
    """A pytest plugin that keeps the resources of every worked patient."""

    def __init__(self) -> None:
        self.patients: dict[str, list[Json]] = {}

    def pytest_bdd_after_scenario(self, request: pytest.FixtureRequest, feature: object, scenario: object) -> None:
        """Take the patient over, under an id made of the scenario's name: p01, then p01-b for another telling of it."""
        match = WORKED_PATIENT.match(getattr(scenario, "name", ""))
        if match is None or FOLDER not in Path(str(getattr(feature, "filename", ""))).parts:
            return
        base, built = match[1].lower(), request.getfixturevalue("scenario")
        assert isinstance(built, Scenario)
        patient = next(name for name in (base, *(f"{base}-{c}" for c in "bcdefgh")) if name not in self.patients)
        self.patients[patient] = [renamed(resource, patient) for resource in built.builder.resources()]


def renamed(resource: Json, patient: str) -> Json:
    """The resource with ids that are unique in an export: `p01` for the patient, `p01-condition-1` for the rest."""
    text = json.dumps(resource)
    text = re.sub(r'"([A-Z]\w+)/([\w-]+)"', lambda m: f'"{m[1]}/{_new_id(m[1], m[2], patient)}"', text)
    result: Json = json.loads(text)
    result["id"] = _new_id(str(result["resourceType"]), str(result["id"]), patient)
    return result


def _new_id(resource_type: str, old: str, patient: str) -> str:
    return patient if resource_type == "Patient" else f"{patient}-{old}"


def write(patients: dict[str, list[Json]], folder: Path) -> None:
    """Write bundles/ and export/ under `folder`; what stood there before is replaced."""
    for name in ("bundles", "export"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    lines: dict[str, list[str]] = defaultdict(list)
    for patient, resources in sorted(patients.items()):
        entries = [{"fullUrl": f"urn:spmwatch:example:{r['resourceType']}:{r['id']}", "resource": r} for r in resources]
        bundle = {"resourceType": "Bundle", "id": patient, "type": "collection", "entry": entries}
        (folder / "bundles" / f"{patient}.json").write_text(json.dumps(bundle, indent=1) + "\n", encoding="utf-8")
        for resource in resources:
            lines[str(resource["resourceType"])].append(json.dumps(resource, separators=(",", ":")))
    for resource_type, found in lines.items():
        (folder / "export" / f"{resource_type}.ndjson").write_text("\n".join(found) + "\n", encoding="utf-8")


def write_try_it(bundles: Path, folder: Path) -> None:
    """Copy the Bundles of the patients that the try-it page tells of, without the space that people read them by."""
    for patient in json.loads((TRY_IT / "index.json").read_text(encoding="utf-8"))["patients"]:
        bundle = json.loads((bundles / f"{patient['id']}.json").read_text(encoding="utf-8"))
        text = json.dumps(bundle, separators=(",", ":"))
        (folder / f"{patient['id']}.json").write_text(text + "\n", encoding="utf-8")


def collect() -> dict[str, list[Json]]:
    """Run the scenarios and give every worked patient's resources by patient id."""
    keeper = Keeper()
    pytest.main(["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-k", "test_p", str(SCENARIOS)], plugins=[keeper])
    return keeper.patients


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write(collect(), Path(sys.argv[1]))
    else:
        write(collect(), EXAMPLES)
        write_try_it(EXAMPLES / "bundles", TRY_IT)
