"""`spmwatch replay`: requests decided again by the rules in force now, and what would be different."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spmwatch.cds_hooks.configuration.reading import configured
from spmwatch.cds_hooks.store.decision import Json
from spmwatch.cds_hooks.store.decisions import Kept, decisions, decisions_of_facts
from spmwatch.cds_hooks.store.opening import Store
from spmwatch.cds_hooks.store.recording import facts_digest, utc
from spmwatch.cds_hooks.store.replaying import Replayed, answer_again, hook_instance_of, replay, replay_answer
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cli.configuration import ConfigFile
from spmwatch.cli.decisions import no_decision
from spmwatch.cli.edge import ALL_EVALUATED, SOME_FAILED, complain, console, parse_day, tidy, today, visible, write_out
from spmwatch.cli.reading import Overlays, load_evaluator, pretty
from spmwatch.cli.stores import OfClient, Since, StoreUrl, Until, cells, table_of, the_store
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator

MOST_WORDS = 400
"""Characters of a changed text that the table shows; JSON has all of it."""


class Format(StrEnum):
    """What goes to standard output."""

    TABLE = "table"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class _Case:
    """One replay, and how to name it."""

    name: str
    replayed: Replayed


Named = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID|FILE.json]...",
        help="Kept decisions by an id as `decisions show` takes them, or recorded requests.",
        show_default=False,
    ),
]
EveryOne = Annotated[bool, typer.Option("--all", help="Every decision whose request is kept.")]
RecordedAnswer = Annotated[
    Path | None,
    typer.Option(
        "--answer",
        metavar="FILE.json",
        help="The answer that was recorded with the one request given: its cards are compared.",
        show_default=False,
    ),
]
OnDay = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        parser=parse_day,
        metavar="DATE",
        help="Decide as of this day, e.g. 2026-01-15. Default: the day of the decision; with --answer today.",
        show_default=False,
    ),
]


@tidy
def replay_command(  # each argument is an option
    what: Named = None,
    all_: EveryOne = False,
    since: Since = None,
    until: Until = None,
    client: OfClient = None,
    answer: RecordedAnswer = None,
    as_of: OnDay = None,
    overlay: Overlays = None,
    config: ConfigFile = None,
    store: StoreUrl = None,
    form: Annotated[Format, typer.Option("--format", help="json: every difference with its values.")] = Format.TABLE,
) -> None:
    """Decide requests again by the rules of this version, and print what differs from what was decided.

    Stored requests are there while store.keep_requests is set. A recorded request is compared with its recorded answer,
    or with the kept decision of the same hookInstance, or of the same facts. Without --overlay the overlays are those
    of the settings, as the service has them. Without --as-of the day is that of the decision; for a request with a
    recorded answer it is today.

    Exit code 0 when nothing differs, 1 when something does, 2 when nothing could be replayed.
    """
    named = what or []
    _check_named(named, all_, answer)
    evaluator = load_evaluator(overlay or configured(config, {}).settings.overlays)
    if answer is not None:
        cases = [_answered(named[0], answer, evaluator, as_of or today())]
    else:
        with the_store(config, store) as opened:
            cases = [case for name in named for case in _named(name, opened, evaluator, as_of)]
            if all_:
                kept = decisions(opened.engine, since=since, until=until, client=client, with_requests_only=True)
                cases += [_stored(one, opened, evaluator, as_of) for one in kept if one.request is not None]
    if not cases:
        raise InputError("--all", "-", "no request is kept", "Set store.keep_requests, or name recorded requests")
    _tell(cases, form)


def _check_named(named: Sequence[str], all_: bool, answer: Path | None) -> None:
    """Something is named, and an answer belongs to one request. Raises InputError."""
    if not named and not all_:
        raise InputError("replay", "-", "nothing is named", "Name a decision or a file, or say --all")
    if answer is not None and (len(named) != 1 or all_):
        raise InputError("--answer", "-", "belongs to one recorded request", "Name that request alone")


def _tell(cases: Sequence[_Case], form: Format) -> None:
    """Print what differs, and end with the code that says whether something does."""
    if form is Format.JSON:
        write_out([pretty([_as_json(case) for case in cases])])
    else:
        _print(console(), cases)
    differ = sum(bool(case.replayed.changes) for case in cases)
    complain(f"{len(cases)} replayed: {len(cases) - differ} the same, {differ} different.")
    raise typer.Exit(SOME_FAILED if differ else ALL_EVALUATED)


def _answered(name: str, answer: Path, evaluator: Evaluator, as_of: date) -> _Case:
    """The replay of a recorded request beside its recorded answer."""
    cards = _cards(answer)
    return _Case(name, replay_answer(_read(Path(name)), cards, evaluator, as_of=as_of))


def _named(name: str, store: Store, evaluator: Evaluator, as_of: date | None) -> Iterator[_Case]:
    """The replays of a decision, or of a recorded request."""
    path = Path(name)
    if name.endswith(".json") or path.is_file():
        body = _read(path)
        yield _Case(
            name, replay(_decision_of(name, body, store, evaluator, as_of), body, evaluator, store.key, as_of=as_of)
        )
        return
    found = decisions(store.engine, id_=name)
    if not found:
        raise no_decision(name)
    for kept in found:
        if kept.request is None:
            fix = "Requests are kept while store.keep_requests is set; a recorded request can be named as a file"
            raise InputError(visible(name), "-", "the request of this decision is not kept", fix)
        yield _stored(kept, store, evaluator, as_of)


def _stored(kept: Kept, store: Store, evaluator: Evaluator, as_of: date | None) -> _Case:
    assert kept.request is not None
    name = f"{utc(kept.at)} {kept.client} {kept.hook} {kept.correlation[:8]}"
    return _Case(name, replay(kept, kept.request, evaluator, store.key, as_of=as_of))


def _decision_of(name: str, body: bytes, store: Store, evaluator: Evaluator, as_of: date | None) -> Kept:
    """The kept decision on a recorded request. Raises InputError."""
    instance = hook_instance_of(body)
    found = decisions(store.engine, id_=instance, most=1) if instance else ()
    if not found:
        day = as_of or today()
        answer = answer_again(body, evaluator, as_of=day)
        if answer.recommendation is None:
            raise InputError(
                visible(name), "-", f"would be refused with HTTP {answer.status}", "`spmwatch hook` says why"
            )
        found = decisions_of_facts(store.engine, facts_digest(answer.recommendation.timeline, store.key), day)
    if not found:
        fix = "Give its recorded answer with --answer, or the day of the decision with --as-of"
        raise InputError(visible(name), "-", "no decision on this request is kept", fix)
    return found[0]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise InputError(visible(str(path)), "-", problem, "Name a recorded request, or a decision") from None


def _cards(path: Path) -> Sequence[Json]:
    """The cards of a recorded answer. Raises InputError."""
    try:
        value = strict_json.parse(strict_json.without_byte_order_mark(_read(path)))
    except RequestError as refusal:
        raise InputError(str(path), "-", refusal.issues[0].says, "Give the answer as the service sent it") from None
    cards = value.get("cards") if isinstance(value, dict) else None
    if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
        raise InputError(str(path), "cards", "is no list of cards", "Give the answer as the service sent it")
    return cards


def _as_json(case: _Case) -> Json:
    one = case.replayed
    return {
        "name": case.name,
        "as_of": one.as_of.isoformat(),
        "rules_before": one.before,
        "rules_now": one.after,
        "same_facts": one.same_facts,
        "changes": [asdict(change) for change in one.changes],
    }


def _print(out: Console, cases: Sequence[_Case]) -> None:
    for case in cases:
        one = case.replayed
        if not one.changes and one.same_facts is not False:
            continue
        out.print(visible(case.name), style="bold")
        out.print(visible(f"  Rules {one.before or 'not known'} -> {one.after}, as of {one.as_of.isoformat()}"))
        if one.same_facts is False:
            out.print(
                "  The facts are not those of the decision: it had more than the request (what is fetched from a FHIR "
                "server is not kept), or value sets and conventions read it otherwise now."
            )
        table = table_of("", "What", "Name", "Before", "Now")
        for change in one.changes:
            what = f"{change.of} {change.field}".strip()
            table.add_row(*cells(change.what, what, change.name, _short(change.before), _short(change.after)))
        out.print(table)
        out.print()


def _short(text: str) -> str:
    return text if len(text) <= MOST_WORDS else text[: MOST_WORDS - 1] + "…"
