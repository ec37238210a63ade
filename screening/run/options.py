"""What is asked of a run, and the signature under which its work is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

from spmwatch.engine.dates import DateRange, add_months
from spmwatch.engine.evaluate import PATIENT_VIEW
from spmwatch.screening.scan.blocks import CHUNK
from spmwatch.screening.scan.sources import Inventory

FORMAT_OF_WORK = 5
"""Changes when the files of the work folder change their meaning, so that no run goes on with those of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked of a run. All but `paths` goes to every worker.

    Attributes:
        paths: files, folders, URLs or `-`, as given.
        as_of: the day of evaluation.
        hook: whose rules apply.
        partial: resource types said to be incomplete by hand.
        strict: hold every relevant resource against fhir.resources too.
        fhir: make FHIR resources of the results too.
        sha256: take the SHA-256 of every file of the input; changes nothing else.
        chunk_bytes: of a plain file that one task reads.
        oldest_age: years above which a birth date is not believed.
        many: patients of a cohort above which lines are no longer found by patient.
        patients_to_a_part: about how many patients of the cohort one task evaluates.
    """

    paths: tuple[str, ...]
    as_of: date
    hook: str = PATIENT_VIEW
    partial: tuple[str, ...] = ()
    strict: bool = False
    fhir: bool = False
    sha256: bool = False
    chunk_bytes: int = CHUNK
    oldest_age: int = 130
    many: int = 5_000
    patients_to_a_part: int = 200

    @property
    def born(self) -> DateRange:
        """Days of birth that are plausible."""
        return DateRange(add_months(self.as_of, -12 * (self.oldest_age + 1)), self.as_of)

    def as_json(self) -> dict[str, object]:
        """Those that change results."""
        return {
            "hook": self.hook,
            "partial": list(self.partial),
            "strict": self.strict,
            "fhir": self.fhir,
        }


def signature_of(options: Options, inventory: Inventory, rules_digest: str, version: str) -> str:
    """The same for the same input, rules, options and version; nothing else goes on where this one stopped."""
    told = {
        "format": FORMAT_OF_WORK,
        "version": version,
        "rules": rules_digest,
        "as_of": options.as_of.isoformat(),
        **options.as_json(),
        "chunk": options.chunk_bytes,
        "sources": [
            [one.name, one.path if "://" in one.path else str(Path(one.path).absolute()), one.size, one.stamp]
            for one in inventory.sources
        ],
        "many": options.many,
        "part": options.patients_to_a_part,
    }
    return hashlib.sha256(orjson.dumps(_spelt(told), option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]


def _spelt(value: object) -> object:
    """The same with lone surrogates (of odd file names) as escapes: orjson refuses them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {name: _spelt(member) for name, member in value.items()}
    return [_spelt(member) for member in value] if isinstance(value, list) else value
