"""Overlays laid over the parsed files of a rule base, in order; the loader then checks the outcome like any other."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path, PurePath, PurePosixPath

from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.overlays.fields import CHANGEABLE_CARDS, SHARED_TEXTS, may_change, replace_field, value_at
from spmwatch.engine.overlays.folder import CHECKS, EVIDENCE, RULES, Folder, read_folder
from spmwatch.engine.overlays.form import Overlay, ParameterChange
from spmwatch.engine.overlays.places import Places

TOP = PurePosixPath("rules")
CARDS = TOP / "cards.yaml"
_NEAREST = 3


@dataclass(slots=True)
class Layers:
    """The files of a rule base with overlays on them, and who changed what.

    Attributes:
        files: every file's content by path.
        places: for messages, conflicts and reasons.
        overlays: in the order in which they were laid.
        off: switched-off rule -> (overlay, why).
        changed: rule or check -> overlays that changed it, as `acs 1.0.0`.
        added: path in the catalogue -> where the overlay's file really stands.
    """

    files: dict[PurePosixPath, object]
    places: Places = field(default_factory=Places)
    overlays: list[Folder] = field(default_factory=list)
    off: dict[str, tuple[str, str]] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    added: dict[PurePosixPath, PurePath] = field(default_factory=dict)

    def named(self) -> tuple[Overlay, ...]:
        """The overlays as results name them."""
        return tuple(
            Overlay(
                name=each.file.name,
                version=each.file.version,
                title=each.file.title,
                responsible=each.file.responsible,
                because=each.file.because,
                digest=each.digest,
                folder=str(each.path),
                reasons=self.places.reasons.get(str(each), {}),
            )
            for each in self.overlays
        )


def lay_over(files: Mapping[PurePosixPath, object], overlays: Sequence[Path]) -> Layers:
    """The files with every overlay on them, the last one uppermost.

    Raises:
        RuleFileError: an overlay that names what is not there, changes what may not be changed, or hides an id.
    """
    layers = Layers(dict(files))
    original = dict(files)
    for path in overlays:
        folder = read_folder(path)
        if any(folder.file.name == other.file.name for other in layers.overlays):
            fix = "Give each overlay its own name, and name each folder once"
            raise RuleFileError(folder.overlay_file, "name", f"`{folder.file.name}` was laid on already", fix)
        layers.overlays.append(folder)
        _Laying(layers, folder, original).lay()
    return layers


class _Laying:
    """One overlay on its way onto the layers."""

    def __init__(self, layers: Layers, folder: Folder, original: Mapping[PurePosixPath, object]) -> None:
        self._layers, self._folder, self._original = layers, folder, original

    def lay(self) -> None:
        """Additions first, so that changes may name what the overlay itself brings."""
        self._add_evidence()
        self._add_rules()
        self._put_checks()
        self._add_codes()
        self._change_parameters()
        self._change_texts()
        self._change_cards()
        self._switch_off()

    # -- what is added ----------------------------------------------------------------------------------------------

    def _add_evidence(self) -> None:
        path, at = TOP / EVIDENCE, self._folder.path / EVIDENCE
        for id_, entry in self._folder.evidence.items():
            present = self._mapping(path)
            if id_ in present:
                raise RuleFileError(at, id_, "stands in the rules or an earlier overlay already", "Choose another id")
            self._own(path)[id_] = entry
            self._layers.places.add(path, id_, self._folder, at, id_)

    def _add_rules(self) -> None:
        for place, data in self._folder.rules.items():
            path, at = TOP / place, self._folder.path / RULES / place
            if path in self._layers.files:
                raise RuleFileError(at, "-", "stands in the rules or an earlier overlay already", "Name it otherwise")
            self._layers.files[path] = data
            self._layers.added[path] = at
            self._layers.places.add(path, "-", self._folder, at, "-")
            if isinstance(data, dict):
                self._mark(str(data.get("id")))

    def _put_checks(self) -> None:
        replaces = self._folder.file.replaces
        for place, data in self._folder.checks.items():
            path, at, id_ = TOP / CHECKS / place, self._folder.path / CHECKS / place, place.stem
            present = path in self._layers.files
            if present and id_ not in replaces:
                problem = f"replaces the check `{id_}`, and {self._folder.overlay_file.name} does not say so"
                fix = f"Write there `replaces: {{{id_}: {{because: ...}}}}`"
                raise RuleFileError(at, "-", problem, fix)
            self._layers.files[path] = data
            self._layers.added[path] = at
            self._layers.places.replace(path, self._folder, at)
            self._layers.changed[id_] = [str(self._folder)]
        for id_, reason in replaces.items():
            place = PurePosixPath(f"{id_}.yaml")
            if TOP / CHECKS / place not in self._original or place not in self._folder.checks:
                fix = f"Bring {CHECKS}/{id_}.yaml for a check of that name{self._near(id_, self._check_ids())}"
                raise RuleFileError(self._folder.overlay_file, f"replaces.{id_}", "replaces nothing", fix)
            self._because(f"check {id_}", reason.because)

    def _add_codes(self) -> None:
        concepts = {p.stem: p for p in self._layers.files if p.parts[1:2] == ("value_sets",) and len(p.parts) == 4}
        for concept, codes in self._folder.file.codes.items():
            if concept not in concepts:
                self._refuse(f"codes.{concept}", f"there is no value set `{concept}`", self._near(concept, concepts))
            path = concepts[concept]
            for index, code in enumerate(codes):
                entry = {"system": code.system, "code": code.code, "display": code.display}
                rows = self._own(path).setdefault("local_codes", [])
                assert isinstance(rows, list)
                self._place(path, f"local_codes[{len(rows)}]", f"codes.{concept}[{index}]")
                rows.append(entry)
                self._because(f"code {code.system}|{code.code}", "")

    # -- what is changed --------------------------------------------------------------------------------------------

    def _change_parameters(self) -> None:
        targets = self._targets()
        for target, changes in self._folder.file.parameters.items():
            if target not in targets:
                problem = f"there is no rule, check or other file `{target}` with parameters"
                self._refuse(f"parameters.{target}", problem, self._near(target, targets))
            for name, change in changes.items():
                self._change_parameter(target, targets[target], name, change)

    def _change_parameter(self, target: str, path: PurePosixPath, name: str, change: ParameterChange) -> None:
        at = f"parameters.{target}.{name}"
        known = value_at(self._mapping(path), "parameters")
        if not isinstance(known, dict) or name not in known:
            names = known if isinstance(known, dict) else ()
            self._refuse(at, f"{target} has no parameter `{name}`", self._near(name, names))
        now, setter = self._parameter(path, name), self._layers.places.setter(path, f"parameters.{name}")
        if change.unit != now.get("unit"):
            self._refuse(f"{at}.unit", f"`{change.unit}` is not the unit of `{name}`", f"Write `{now.get('unit')}`")
        if change.instead_of is not None and change.instead_of != now.get("value"):
            who = "the rules" if setter is None else f"overlay {setter}, which lies below,"
            fix = f"Read it again, then write `instead_of: {now.get('value')}`"
            self._refuse(f"{at}.instead_of", f"is {change.instead_of:g}; {who} set `{name}` to {now.get('value')}", fix)
        data = self._own(path)
        parameters = data["parameters"]
        assert isinstance(parameters, dict)
        parameters[name] = {**now, "value": change.value, "evidence": change.evidence}
        self._cite(data, change.evidence)
        self._place(path, f"parameters.{name}", at)
        self._mark(target)
        self._because(f"{target} parameters.{name}", change.because, setter)

    def _change_texts(self) -> None:
        targets = {**self._targets(), **{name: TOP / f"{name}.yaml" for name in SHARED_TEXTS}}
        for target, change in self._folder.file.texts.items():
            at = f"texts.{target}"
            if target not in targets:
                fix = f"{self._near(target, targets)} or one of: {', '.join(SHARED_TEXTS)}".strip()
                self._refuse(at, f"there is no rule, check or shared text `{target}`", fix)
            path, fields = targets[target], change.__pydantic_extra__
            data = self._copy(path)
            if not fields and not change.evidence:
                self._refuse(at, "changes nothing", "Name a field, e.g. `card.summary: ...`")
            if change.evidence and not isinstance(value_at(data, "evidence"), list):
                self._refuse(f"{at}.evidence", f"{target} cites no evidence of its own", "Leave it out")
            for name, text in fields.items():
                if not may_change(path, name):
                    self._refuse(f"{at}.{name}", "is no text that an overlay may change", "See docs/overlays.md")
                if not replace_field(data, name, text):
                    self._refuse(f"{at}.{name}", f"{target} has no such text", "Write the field as its file has it")
                setter = self._layers.places.setter(path, name)
                self._place(path, name, f"{at}.{name}")
                self._because(f"{target} {name}", change.because, setter)
            if change.evidence:
                self._cite(data, change.evidence)
                self._place(path, "evidence", f"{at}.evidence")
            self._mark(target)

    def _change_cards(self) -> None:
        for name, value in self._folder.file.cards.items():
            at = f"cards.{name}"
            old = value_at(self._mapping(CARDS), name)
            if old is None or name.split(".")[0] not in CHANGEABLE_CARDS:
                self._refuse(at, "is no setting of the cards", self._near(name, CHANGEABLE_CARDS))
            if type(old) is not type(value):
                self._refuse(at, f"`{value}` is of another kind than `{old}`", "Write it as rules/cards.yaml has it")
            replace_field(self._own(CARDS), name, value)
            self._place(CARDS, name, at)
            self._because(f"cards {name}", self._folder.file.because)

    def _switch_off(self) -> None:
        rules = self._rules()
        for id_, reason in self._folder.file.switched_off.items():
            if id_ not in rules:
                self._refuse(f"switched_off.{id_}", f"there is no rule `{id_}`", self._near(id_, rules))
            data = self._mapping(rules[id_])
            if data.get("status") != "active":
                self._refuse(f"switched_off.{id_}", f"{id_} is not active anyway", "Leave it out")
            self._because(f"{id_} off", reason.because)
            self._layers.off[id_] = (str(self._folder), reason.because)
            self._place(rules[id_], "status", f"switched_off.{id_}")

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _rules(self) -> dict[str, PurePosixPath]:
        """Rule id -> file."""
        return {
            str(data["id"]): path
            for path, data in self._layers.files.items()
            if isinstance(data, dict) and "id" in data and "variants" in data
        }

    def _targets(self) -> dict[str, PurePosixPath]:
        """Everything that has parameters: rules and checks by id, other files by name."""
        return {
            str(data.get("id", path.stem)): path
            for path, data in self._layers.files.items()
            if isinstance(data, dict) and isinstance(data.get("parameters"), dict)
        }

    def _check_ids(self) -> list[str]:
        return [path.stem for path in self._layers.files if path.parent == TOP / CHECKS]

    def _mapping(self, path: PurePosixPath) -> dict[str, object]:
        data = self._layers.files.get(path)
        return data if isinstance(data, dict) else {}

    def _own(self, path: PurePosixPath) -> dict[str, object]:
        """The mapping of a file, as a copy that may be changed."""
        own = self._copy(path)
        assert isinstance(own, dict)
        return own

    def _copy(self, path: PurePosixPath) -> object:
        """The file's content as a copy that may be changed; what was read from disk stays as it was."""
        data = self._layers.files.get(path)
        if data is None or data is self._original.get(path) or path in self._layers.added:
            self._layers.files[path] = copy.deepcopy(data if data is not None else {})
        return self._layers.files[path]

    def _parameter(self, path: PurePosixPath, name: str) -> dict[str, object]:
        found = value_at(self._mapping(path), f"parameters.{name}")
        return found if isinstance(found, dict) else {}

    def _cite(self, data: object, evidence: Iterable[str]) -> None:
        """The rule's own list of evidence names the overlay's sources too."""
        cited = value_at(data, "evidence")
        if isinstance(cited, list):
            cited.extend(id_ for id_ in evidence if id_ not in cited)

    def _mark(self, target: str) -> None:
        names = self._layers.changed.setdefault(target, [])
        if str(self._folder) not in names:
            names.append(str(self._folder))

    def _place(self, path: PurePosixPath, field_: str, at_field: str) -> None:
        self._layers.places.add(path, field_, self._folder, self._folder.overlay_file, at_field)

    def _because(self, what: str, because: str, brought_by: str | None = None) -> None:
        self._layers.places.explain(self._folder, what, because, brought_by)

    def _refuse(self, field_: str, problem: str, fix: str) -> None:
        raise RuleFileError(self._folder.overlay_file, field_, problem, fix)

    def _near(self, name: str, known: Iterable[str]) -> str:
        """The names that come nearest, to choose from."""
        names = sorted(known)
        near = get_close_matches(name, names, n=_NEAREST, cutoff=0.5) or names[: 2 * _NEAREST]
        return f"Did you mean {', '.join(near)}?" if near else "There is none"
