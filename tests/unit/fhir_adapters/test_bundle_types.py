"""What the entries of batch-response, transaction and history Bundles say beside their resources."""

from __future__ import annotations

import pytest

from spmwatch.engine.facts import PatientRecord, Standing
from spmwatch.fhir_adapters import records_from_bundle
from tests.unit.fhir_adapters.fhir import Json, bundle, kinds, patient, request, value_sets

ADDRESS = "https://ehr.example/fhir/MedicationRequest/m1"


def record_of(kind: str, *entries: Json) -> PatientRecord:
    content = {"resourceType": "Bundle", "type": kind, "entry": [{"resource": patient()}, *entries]}
    (record,) = records_from_bundle(content, value_sets=value_sets(), where="bundle")
    return record


@pytest.mark.parametrize(
    ("total", "relation", "complete"), [(2, "self", True), (3, "self", False), (3, "previous", True)]
)
def test_a_search_that_found_more_than_it_sends(total: int, relation: str, complete: bool) -> None:
    link = [{"relation": relation, "url": "https://ehr.example/fhir/MedicationRequest"}]
    content = {**bundle(patient(), request()), "type": "searchset", "total": total, "link": link}
    (record,) = records_from_bundle(content, value_sets=value_sets(), where="bundle")
    assert (record.coverage.unsupplied == ()) is complete
    assert kinds(record) == ([] if complete else ["unreadable"])


def delete(url: str = "MedicationRequest/m1") -> Json:
    return {"request": {"method": "DELETE", "url": url}}


@pytest.mark.parametrize("status", ["404", "500 Internal Server Error"])
def test_a_failed_answer_is_not_an_empty_one(status: str) -> None:
    record = record_of("batch-response", {"response": {"status": status}})
    assert "MedicationRequest" in dict(record.coverage.unsupplied)
    assert kinds(record) == ["unreadable"]


def test_an_answer_that_succeeded_without_a_resource() -> None:
    record = record_of("batch-response", {"response": {"status": "204 No Content"}})
    assert record.coverage.unsupplied == ()
    assert record.gaps == ()


@pytest.mark.parametrize("url", ["MedicationRequest/m1", "/MedicationRequest/m1", ADDRESS])
def test_deleted(url: str) -> None:
    assert record_of("history", delete(url), {"fullUrl": ADDRESS, "resource": request()}).facts == ()


@pytest.mark.parametrize("turned", [False, True])
def test_deleted_and_written_by_one_transaction_is_possible_only(turned: bool) -> None:
    """Which came later is not known: it is neither believed nor left out, and that is told."""
    entries = [delete(), {"fullUrl": ADDRESS, "resource": request()}]
    record = record_of("transaction", *(entries[::-1] if turned else entries))
    assert {fact.standing for fact in record.facts} == {Standing.POSSIBLE}
    assert kinds(record) == ["conflict"]


def test_a_deletion_concerns_older_versions_only() -> None:
    newer = request(meta={"versionId": "3"}, authoredOn="2025-01-01")
    older = request(meta={"versionId": "1"})
    record = record_of("history", {"resource": newer}, delete(), {"resource": older})
    assert len(record.facts) == 1
    assert record.gaps == ()
    assert record_of("history", delete(), {"resource": newer}, delete(), {"resource": older}).facts == ()
