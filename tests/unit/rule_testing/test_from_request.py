"""`spmwatch scenario` of a recorded CDS Hooks request: its orders, its hook, the rules of its cards."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from spmwatch.cds_hooks.answer import respond
from tests.support.scenarios import evaluator, held, strings
from tests.unit.cli.running import run

ROOT = Path(__file__).parents[3]
AS_OF = date(2026, 1, 15)
DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
REQUESTS = sorted((ROOT / "examples" / "hooks").glob("*.json"))
SELECTING = ROOT / "examples" / "hooks" / "order-select-lenalidomide-after-transplant.json"


def rules_of_answer(content: bytes) -> str:
    """The rules that the service's cards stand for, as a sentence of a scenario lists them."""
    found = respond(content, as_of=AS_OF, evaluator=evaluator()).recommendation
    assert found is not None
    told = {f"{one.rule}{one.part or ''}": one.indicator.value for one in found.findings}
    listed = ", ".join(f"{name} ({indicator})" for name, indicator in sorted(told.items()))
    return f"Then exactly these rules fire: {listed}" if listed else "Then no rule fires"


def of_request(path: Path, folder: Path) -> str:
    """What `spmwatch scenario` writes of a request; it comes to the same."""
    feature = folder / f"{path.stem}.feature"
    done = run("scenario", path, "--as-of", AS_OF, "--out", feature, "--title", f"Told {path.stem}")
    assert done.exit_code == 0, done.output
    return feature.read_text(encoding="utf-8")


def test_a_request_becomes_a_scenario_of_its_orders_at_its_hook_with_the_rules_of_its_cards(tmp_path: Path) -> None:
    moments = {
        "patient-view": "the chart is opened",
        "order-select": "the order is selected",
        "order-sign": "the order is signed",
        "medication-refill": "a refill is requested",
        "encounter-start": "the visit begins",
    }
    seen = set[str]()
    for path in REQUESTS:
        content = path.read_bytes()
        text = of_request(path, tmp_path)
        hook = json.loads(content)["hook"]
        assert f"When {moments[hook]}\n" in text
        seen.add(hook)
        assert (" is ordered" in text) == (hook in ("order-select", "order-sign", "medication-refill")), path.stem
        assert f"    {rules_of_answer(content)}\n" in text, path.stem
        for name, value in strings(json.loads(content)):
            if name in ("id", "reference", "fullUrl", "patientId", "userId", "hookInstance", "family"):
                assert value not in text, name
            for day in DATE.findall(value):
                assert day not in re.findall(r"[\d-]+", text), name
    assert seen == set(moments)
    assert held(tmp_path) == []


def selecting(draft: str) -> bytes:
    """A request with an order of lenalidomide and one of dexamethasone, of which one is selected."""
    request = json.loads(SELECTING.read_text(encoding="utf-8"))
    request["context"]["selections"] = [f"MedicationRequest/{draft}"]
    (coding,) = request["context"]["draftOrders"]["entry"][1]["resource"]["medicationCodeableConcept"]["coding"]
    coding |= {"code": "3264", "display": "dexamethasone"}
    request["context"]["draftOrders"]["entry"][1]["resource"]["medicationCodeableConcept"]["text"] = "dexamethasone"
    return json.dumps(request).encode()


@pytest.mark.parametrize(
    ("selected", "rules"), [("draft-1", "exactly these rules fire: SPM-19 (warning)"), ("draft-2", "no rule fires")]
)
def test_orders_that_were_not_selected_stay_in_the_background(tmp_path: Path, selected: str, rules: str) -> None:
    path, content = tmp_path / "request.json", selecting(selected)
    path.write_bytes(content)
    text = of_request(path, tmp_path)
    assert rules_of_answer(content) == f"Then {rules}"
    assert f"    Then {rules}\n" in text
    assert len(re.findall(r"\| no +\|", text)) == 1
    assert held(tmp_path) == []


@pytest.mark.parametrize("option", [("--hook", "order-sign"), ("--patient", "p1"), ("--partial", "Procedure")])
def test_what_a_request_tells_itself_cannot_be_told_beside_it(option: tuple[str, str]) -> None:
    done = run("scenario", SELECTING, "--as-of", AS_OF, *option)
    assert done.exit_code == 2
    assert "a CDS Hooks request tells that itself" in " ".join(done.stderr.split())


def test_a_request_that_the_service_refuses_is_told_without_its_values(tmp_path: Path) -> None:
    request = json.loads(SELECTING.read_text(encoding="utf-8"))
    request["context"]["patientId"] = "Zebedee Quillfeather"
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request), encoding="utf-8")
    done = run("scenario", path, "--as-of", AS_OF)
    assert done.exit_code == 2
    assert "is a request that the service refuses: context.patientId: " in done.stderr
    assert "Quillfeather" not in done.output
