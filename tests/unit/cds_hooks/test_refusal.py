"""OperationOutcomes (cds-hooks.md C057)."""

from __future__ import annotations

from fhir.resources.R4B.operationoutcome import OperationOutcome

from spmwatch.cds_hooks.wire.refusal import Issue, RequestError, operation_outcome


def test_issues_become_a_valid_operation_outcome() -> None:
    outcome = operation_outcome(
        [Issue(code="required", says="is missing", where="context"), Issue(code="value", says="x")]
    )
    assert outcome == {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "required", "diagnostics": "is missing", "expression": ["context"]},
            {"severity": "error", "code": "value", "diagnostics": "x"},
        ],
    }
    OperationOutcome.model_validate(outcome)


def test_a_refusal_reads_as_a_sentence() -> None:
    assert str(RequestError(400, Issue(code="value", says="is null", where="hook"))) == "hook: is null"
