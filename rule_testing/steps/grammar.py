"""The parts that sentences of the step language are made of, as named pieces of regular expressions.

A sentence is always: what - was done how - in which phase or for what - when. The same words for time stand in all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from pytest_bdd import parsers

from spmwatch.rule_testing.builder import Period
from spmwatch.rule_testing.dates import DATE, HOW_TO_WRITE_A_DATE, ON
from spmwatch.rule_testing.failures import refused
from spmwatch.rule_testing.vocabulary import StepError, one_of

WHEN = (
    rf"(?P<when>from {DATE} to {DATE}|from {DATE} and continues|from {DATE} with no recorded end"
    rf"|until {DATE} with no recorded start|{ON}{DATE}|at no recorded time)"
)
NUMBER = r"\d+(?:\.\d+)?"
DRUG = r"(?P<drug>[a-z][a-z ]*?)"
DOSE = rf"(?: (?P<dose>{NUMBER}) (?P<unit>mg/m2|mg/kg|mg))?"
PHASE = r"(?: as (?P<phase>induction|consolidation|maintenance))?"
REASON = r"(?: for (?P<reason>[A-Za-z][\w\-() ]*?))?"
CODED = r"(?:, coded in (?P<system>[A-Z][\w\- ]*))?"
BECAUSE = r'(?: because "(?P<because>[^"]+)")?'
RULE = r"(?P<rule>it|part [a-z]|[A-Z][A-Z0-9]*-\d{2,4}[a-z]?)"
INDICATOR = r'"(?P<indicator>info|warning|critical)"'

_PERIODS = (
    (re.compile(rf"from ({DATE}) to ({DATE})"), lambda a, b: Period(start=a, end=b)),
    (re.compile(rf"from ({DATE}) and continues"), lambda a: Period(start=a, continues=True)),
    (re.compile(rf"from ({DATE}) with no recorded end"), lambda a: Period(start=a)),
    (re.compile(rf"until ({DATE}) with no recorded start"), lambda b: Period(end=b)),
    (re.compile(rf"on ({DATE})"), lambda a: Period(on=a)),
    (re.compile("at no recorded time"), Period),
)


def sentence(pattern: str) -> parsers.re:
    """A step that is exactly this sentence."""
    return parsers.re(pattern)


def period(words: str) -> Period:
    """The words for time as a Period. Raises StepError."""
    for pattern, build in _PERIODS:
        if found := pattern.fullmatch(words):
            result: Period = build(*found.groups())
            return result
    raise StepError(f"`{words}` is no time. Write e.g. `from 2024-01-01 to 2024-06-30` or `from 2024 and continues`.")


def rows(datatable: Sequence[Sequence[str]], *columns: str, optional: Sequence[str] = ()) -> list[Mapping[str, str]]:
    """The rows of a data table by column.

    Raises:
        StepError: a column is missing, stands there twice or is none of these, or there is no row.
    """
    heading = [cell.strip() for cell in datatable[0]]
    for number, column in enumerate(heading):
        one_of("column of this table", column, (*columns, *optional))
        if column in heading[:number]:
            raise StepError(f"the table has the column {column} twice. Leave one of the two out.")
    if missing := [column for column in columns if column not in heading]:
        raise StepError(f"the table has no column {', '.join(missing)}. It has: {', '.join(heading)}.")
    if not datatable[1:]:
        raise StepError("the table has a heading and no row, so it tells nothing. Write a row below it.")
    return [dict(zip(heading, (cell.strip() for cell in row), strict=True)) for row in datatable[1:]]


def for_each_row(
    datatable: Sequence[Sequence[str]],
    read: Callable[[Mapping[str, str]], None],
    *columns: str,
    optional: Sequence[str] = (),
) -> None:
    """Read the rows one by one. Raises StepError, which names the row where a cell is wrong."""
    for number, row in enumerate(rows(datatable, *columns, optional=optional), start=1):
        try:
            read(row)
        except (StepError, ValueError) as error:
            raise StepError(f"row {number} (`{' | '.join(row.values())}`): {refused(error)}") from None


def number_in(words: str, what: str) -> float:
    """The number that is written there. Raises StepError; `what` says of what it should be."""
    if re.fullmatch(NUMBER, words) is None:
        raise StepError(f"`{words}` is no {what}. Write a number such as 9.4.")
    return float(words)


def date_in(cell: str) -> str:
    """The date of a cell, whole or partial. Raises StepError."""
    if re.fullmatch(DATE, cell) is None:
        raise StepError(f"`{cell}` is no date. {HOW_TO_WRITE_A_DATE}")
    return cell
