"""Settings from a TOML file, the environment and the command line, each stronger than the one before."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from spmwatch.cds_hooks.configuration.faults import SettingsFaultError, known_names, told
from spmwatch.cds_hooks.configuration.file import Place, anchored, line_of, read_file
from spmwatch.cds_hooks.server.settings import Settings

PREFIX = "SPMWATCH_"
OTHER_VARIABLES = frozenset(PREFIX + name for name in ("CONFIG", "DEBUG", "ALL_PROGRAMS", "SANDBOX", "SCREENSHOTS"))
"""Environment variables that are no settings: of the command line, and of tests."""


@dataclass(frozen=True, slots=True)
class Configured:
    """Settings, and where each value came from.

    Attributes:
        settings: ready for use; relative paths in the file are taken from the file's folder.
        sources: by place: a file with line, a variable or an option. What is not named is a default.
    """

    settings: Settings
    sources: Mapping[Place, str] = field(default_factory=dict)


def configured(
    file: Path | None = None,
    options: Mapping[Place, tuple[str, object]] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Configured:
    """The settings in force.

    Args:
        file: a TOML file, or None.
        options: what the command line says, by place: the option's name and the value.
        environment: None takes that of the process; tests pass their own.

    Raises:
        InputError: the file cannot be read.
        SettingsFaultError: values cannot be used; all of them are told.
    """
    values: dict[str, object] = {}
    sources: dict[Place, str] = {}
    if file is not None:
        content, lines = read_file(file)
        _lay(
            values,
            anchored(content, Settings, file.parent.absolute()),
            (),
            sources,
            lambda place: line_of(file, lines, place),
        )
    names, variables = _environment(os.environ if environment is None else environment)
    _lay(values, variables, (), sources, lambda place: _variable(names, place))
    for place, (option, value) in (options or {}).items():
        nested: object = value
        for name in reversed(place):
            nested = {name: nested}
        _lay(values, cast("dict[str, object]", nested), (), sources, partial(_always, option))
    try:
        return Configured(Settings.model_validate(values), sources)
    except ValidationError as error:
        raise SettingsFaultError("\n".join(told(fault, Settings, sources) for fault in error.errors())) from None


def _lay(
    under: dict[str, object],
    over: Mapping[str, object],
    at: Place,
    sources: dict[Place, str],
    source: Callable[[Place], str],
) -> None:
    """Lay values over others, and note where each comes from. A list replaces a list."""
    for name, value in over.items():
        place = (*at, name)
        below = under.get(name)
        if isinstance(value, dict):
            inner = dict(below) if isinstance(below, dict) else {}
            _lay(inner, value, place, sources, source)
            under[name] = inner
            sources.setdefault(place, source(place))
            continue
        for old in [one for one in sources if one[: len(place)] == place]:
            del sources[old]
        under[name] = value
        sources[place] = source(place)
        for number, entry in enumerate(value) if isinstance(value, list) else ():
            sources[*place, number] = source((*place, number))
            for inside in entry if isinstance(entry, dict) else ():
                sources[*place, number, inside] = source((*place, number, inside))


def _environment(environment: Mapping[str, str]) -> tuple[Mapping[Place, str], Mapping[str, object]]:
    """What the environment says, and under which name. Raises SettingsFaultError for a variable that nobody reads."""
    given = {name.upper(): text for name, text in environment.items() if name.upper().startswith(PREFIX)}
    names: dict[Place, str] = {}
    faults: list[str] = []
    for name in sorted(set(given) - OTHER_VARIABLES):
        place: Place = tuple(name.removeprefix(PREFIX).lower().split("__"))
        names[place] = name
        if place[0] not in Settings.model_fields:
            faults.append(f"{name}: there is no such setting. {known_names(Settings, str(place[0]))}")
    if faults:
        raise SettingsFaultError("\n".join(faults))
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): text for name, text in given.items()}
    try:
        return names, source()
    except SettingsError as error:
        named = [name for place, name in names.items() if f'"{place[0]}"' in str(error)]
        fix = 'Lists and tables are written as JSON here, e.g. ["a", "b"]'
        raise SettingsFaultError(f"{', '.join(named) or PREFIX}: this cannot be read. {fix}") from None


def _always(option: str, _: Place) -> str:
    return option


def _variable(names: Mapping[Place, str], place: Place) -> str:
    for end in range(len(place), 0, -1):
        if place[:end] in names:
            return names[place[:end]]
    return PREFIX + "__".join(str(name).upper() for name in place)
