"""Every error that spmwatch raises.

    CdsError                    code, message for a person
      RuleFileError             a file under rules/ or an overlay is wrong: nothing starts
      InputError                a path, file or line of input cannot be read: named, the rest goes on
      EvaluationError           one rule failed on one patient: that rule's outcome, the others go on
      NetworkFactError          a fact of ours is not fit for the rule network: our bug, caught before C code sees it

A missing datum is not an error: it is UNKNOWN (engine/truth.py).
"""

from __future__ import annotations

from pathlib import PurePath


class CdsError(Exception):
    """The root. `code` is stable for programs; the text is for a person and holds no patient data."""

    code = "error"


class RuleFileError(CdsError):
    """A rule file is wrong. Raised while loading, so a bad catalogue never serves."""

    code = "rule-file"

    def __init__(self, path: PurePath | str, field: str, problem: str, fix: str) -> None:
        self.path, self.field, self.problem, self.fix = path, field, problem, fix
        self.others: tuple[RuleFileError, ...] = ()
        """Faults of the same file that were seen at once."""
        super().__init__(f"{path}: {field}: {problem}. {fix}")


class InputError(CdsError):
    """Input that cannot be read at all.

    Attributes:
        where: file, with line where there is one, e.g. `export/Patient.ndjson:12`.
        element: the element or `-` for the whole.
        problem: what was found and what was expected, without patient data.
        fix: what to do.
    """

    code = "input"

    def __init__(self, where: str, element: str, problem: str, fix: str) -> None:
        self.where, self.element, self.problem, self.fix = where, element, problem, fix
        super().__init__(f"{where}: {element}: {problem}. {fix}")


class EvaluationError(CdsError):
    """A rule failed on a patient, through a bug of ours; the other rules still ran."""

    code = "evaluation"

    def __init__(self, rule: str, problem: str) -> None:
        self.rule, self.problem = rule, problem
        super().__init__(f"{rule}: {problem}. Report this with the rule base version; the other rules were evaluated.")


class NetworkFactError(CdsError):
    """A value was about to reach the C rule network that it cannot take safely."""

    code = "network-fact"
