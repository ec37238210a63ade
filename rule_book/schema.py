"""The form of a rule file as JSON Schema, for editors: they complete keys, verbs and ids, and mark what is wrong.

The schema says what the loader says, as far as JSON Schema can: names bound with `as`, units that fit a comparison and
texts without digits stay with `spmwatch rules lint`.
"""

from __future__ import annotations

from collections.abc import Iterable

from spmwatch.engine.catalogue.checks import HIGHEST, HOOKS, UNITS, Surroundings, known_ids
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import SUMMARY_LIMIT, RuleFile
from spmwatch.engine.episodes import UNKNOWN, VOCABULARY, Found, Missing, Unit, VerbShape

Json = dict[str, object]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DISTANCES = ("at_least", "more_than", "at_most", "less_than")
_ANCHORS = ("before", "after", "not_before", "not_after")
_NAME: Json = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
_PIECE = "(\\{[^{}\\n]*\\}|[^{}\\n])"
_SUMMARY: Json = {
    "type": "string",
    "pattern": f"^\\s*(?=\\S){_PIECE}{{1,{SUMMARY_LIMIT}}}\\s*$",
    "description": f"One line of at most {SUMMARY_LIMIT} characters; a placeholder counts as at least one",
}
_DAY: Json = {"type": "string", "description": "today, or a day of a thing bound before, e.g. len.start"}


def rule_schema(base: RuleBase) -> Json:
    """JSON Schema of one rule file, with the ids of this rule base (drugs, evidence, rules ...) as its words."""
    schema = RuleFile.model_json_schema()
    defs = schema.setdefault("$defs", {})
    verbs: Json = {verb: _verb(shape, base.surroundings) for verb, shape in VOCABULARY.items()}
    defs["Condition"] = _condition(verbs)
    defs["Negative"] = _negative({v: body for v, body in verbs.items() if v not in (Found.verb, Missing.verb)})
    own = schema["properties"]
    own["when"] = {"anyOf": [{"$ref": "#/$defs/Condition"}, {"type": "null"}], "default": None}
    own["unless"] = _list_of({"$ref": "#/$defs/Negative"})
    own["hooks"] = {"type": "array", "minItems": 1, "uniqueItems": True, "items": _one_of(HOOKS)}
    own["evidence"] = {"type": "array", "minItems": 1, "uniqueItems": True, "items": _one_of(base.evidence)}
    own["follow_up"] = {**_list_of(_one_of(base.surroundings.check_schedules)), "default": []}
    own["disagreements"] = {**_list_of(_one_of(base.disagreements)), "uniqueItems": True, "default": []}
    own["tests"] = {"type": "string", "pattern": "^features/[^/]+/[a-z0-9-]+\\.feature$"}
    variant = defs["VariantFile"]["properties"]
    variant["when"], variant["unless"] = {"$ref": "#/$defs/Condition"}, own["unless"]
    parameter = defs["ParameterFile"]["properties"]
    parameter["unit"], parameter["evidence"] = _one_of(UNITS), own["evidence"]
    parameter["value"] |= {"minimum": 0, "maximum": HIGHEST}
    variant["summary"] = {"anyOf": [_SUMMARY, {"type": "null"}], "default": None}
    defs["CardFile"]["properties"]["summary"] = _SUMMARY
    defs["CardFile"]["properties"]["source"] = _one_of(base.evidence)
    head: Json = {"$schema": DIALECT, "title": "spmwatch rule file", "description": "Explained in docs/rule-file.md"}
    return head | schema


def _condition(verbs: Json) -> Json:
    nested = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Condition"}}
    return {
        "type": "object",
        "description": "One `all`, `any` or verb",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {"all": nested, "any": nested, **verbs},
    }


def _negative(verbs: Json) -> Json:
    return {
        "type": "object",
        "description": "An id, and one verb whose condition silences the rule",
        "required": ["id"],
        "minProperties": 2,
        "maxProperties": 2,
        "additionalProperties": False,
        "properties": {"id": {"type": "string"}, **verbs},
    }


def _verb(shape: VerbShape, around: Surroundings) -> Json:
    verb = shape.episode.verb
    fields: Json = {"as": {**_NAME, "description": "A name for this thing, for the conditions after it"}}
    for name, word in shape.words.items():
        ids = known_ids(verb, name, around)
        values = (*word.values, UNKNOWN) if word.values else None if ids is None else (*ids, UNKNOWN)
        one: Json = {"type": "string"} if values is None else _one_of(values)
        fields[name] = {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}
    for name, unit in shape.spans.items():
        fields[name] = _span(unit)
    if {"start", "end"} <= set(shape.spans):
        fields["overlaps"] = {**_NAME, "description": "At least one day in common with that course"}
    about = (shape.episode.__doc__ or "").splitlines()[0]
    return {"type": "object", "description": about, "additionalProperties": False, "properties": fields}


def _span(unit: Unit) -> Json:
    limits: Json = {key: {**_NAME, "description": "A parameter of the rule"} for key in _DISTANCES}
    if unit.is_day:
        limits |= dict.fromkeys((*_ANCHORS, "of"), _DAY)
        limits |= {key: {**_NAME, "description": "A parameter"} for key in ("within", "grace")}
    return {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": limits}


def _one_of(values: Iterable[str]) -> Json:
    return {"type": "string", "enum": sorted(set(values))}


def _list_of(items: Json) -> Json:
    return {"type": "array", "items": items}
