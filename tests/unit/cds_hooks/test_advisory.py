"""What an analyst types into the EHR agrees with what the service does (C021, C027, C102, C112, C116, C159)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from rich.console import Console

from spmwatch.cds_hooks.answer import respond
from spmwatch.cds_hooks.wire.advisory import Advisory, advisory, as_json
from spmwatch.cds_hooks.wire.discovery import discovery
from spmwatch.cli.advisory import print_advisory
from spmwatch.engine.catalogue.load import load_rule_base
from tests.unit.cds_hooks.test_answer import AS_OF

PUBLIC = "https://cds.example.org/spm"
HOOKS = Path(__file__).parents[3] / "examples/hooks"


@pytest.fixture(scope="module")
def found() -> Advisory:
    return advisory(load_rule_base(), PUBLIC)


def test_it_is_what_discovery_says(found: Advisory) -> None:
    """C021, C027: analysts copy by hand what others read."""
    services: Any = discovery(load_rule_base().service_texts)["services"]
    assert [(one.id, one.hook, one.hook_version, one.title) for one in found.endpoints] == [
        (service["id"], service["hook"], service["hookVersion"], service["title"]) for service in services
    ]
    assert {key.key: key.query for key in found.prefetch} == services[0]["prefetch"]
    assert found.endpoints[0].url == f"{PUBLIC}/cds-services/spmwatch-patient-view"
    assert found.endpoints[0].feedback_url == f"{PUBLIC}/cds-services/spmwatch-patient-view/feedback"


@pytest.mark.parametrize("path", sorted(HOOKS.glob("*.json")), ids=lambda path: path.stem)
def test_everything_on_cards_was_announced(path: Path, found: Advisory) -> None:
    """C102, C112, C113, C116, C159: an EHR strips links and topics that nobody registered."""
    answer = respond(path.read_bytes(), as_of=AS_OF, rule_pages=f"{PUBLIC}/rules")
    assert answer.status in (200, 412)
    cards: Any = answer.body.get("cards", [])
    service = next(one for one in found.endpoints if one.hook == orjson.loads(path.read_bytes())["hook"])
    links = {(link.url, link.label) for link in found.links}
    reasons = [{"code": r.code, "system": r.system, "display": r.display} for r in found.override_reasons]
    for card in cards:
        topic = card["source"]["topic"]
        (known,) = [one for one in found.topics if one.code == topic["code"]]
        assert known.system == topic["system"]
        assert known.code in service.topics
        assert card["indicator"] in known.indicators
        assert card["overrideReasons"] == reasons
        assert {(link["url"], link["label"]) for link in card["links"]} <= links
        assert card["links"][0]["url"] == f"{PUBLIC}/rules/{known.rule}"
        addresses = [card["source"].get("url", PUBLIC), *(link["url"] for link in card["links"])]
        assert {urlsplit(url).netloc for url in addresses} <= set(found.hosts)


def test_scopes_are_those_of_the_queries(found: Advisory) -> None:
    """C078: the patient in context, reading alone."""
    assert {scope.smart_v2 for scope in found.scopes} == {
        "patient/Patient.r",
        "patient/Medication.r",
        *(f"patient/{key.type}.rs" for key in found.prefetch if key.key != "patient"),
    }


def test_for_programs_it_is_json(found: Advisory) -> None:
    told = orjson.loads(orjson.dumps(as_json(found)))
    assert [one["url"] for one in told["endpoints"]] == [one.url for one in found.endpoints]
    assert set(told) == set(found.__slots__)


@pytest.mark.parametrize("width", [60, 200])
def test_for_people_nothing_is_cut(width: int, found: Advisory) -> None:
    paper = io.StringIO()
    print_advisory(Console(file=paper, width=width), found)
    text = "".join(paper.getvalue().split())
    wanted = [key.query for key in found.prefetch] + [r.code for r in found.override_reasons] + list(found.hosts)
    if width > 100:
        wanted += [one.url for one in found.endpoints] + [topic.code for topic in found.topics]
        assert [one for one in wanted if "".join(one.split()) not in text] == []
    assert "…" not in text
