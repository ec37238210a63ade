"""A request that is not answered: which HTTP status, and an OperationOutcome that says why without repeating what came.

Nothing of the request's values ever enters a refusal: a faulty identifier, a foreign patient or a token would otherwise
travel into logs and issue trackers. Members are named, values are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhir.resources.R4B.operationoutcome import OperationOutcome

from spmwatch.engine.errors import CdsError

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One fault.

    Attributes:
        code: of FHIR's issue types, e.g. `structure`, `required`, `value`.
        says: what is wrong and what would be right, for a person; holds no value of the request.
        where: path of the member, e.g. `context.patientId`, or "".
    """

    code: str
    says: str
    where: str = ""


class RequestError(CdsError):
    """The request cannot be answered. The edge turns it into `status` and an OperationOutcome."""

    code = "refused"

    def __init__(self, status: int, *issues: Issue) -> None:
        self.status, self.issues = status, issues
        super().__init__("; ".join(f"{issue.where}: {issue.says}" if issue.where else issue.says for issue in issues))


def operation_outcome(issues: Sequence[Issue]) -> Json:
    """The issues as an R4 OperationOutcome, ready for a JSON writer; built by fhir.resources, so it is valid."""
    resource = OperationOutcome.model_validate(
        {
            "issue": [
                {"severity": "error", "code": issue.code, "diagnostics": issue.says}
                | ({"expression": [issue.where]} if issue.where else {})
                for issue in issues
            ]
        }
    )
    return {
        "resourceType": "OperationOutcome",
        "issue": [dict(issue) for issue in resource.model_dump(exclude_none=True)["issue"]],
    }
