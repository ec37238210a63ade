"""What the service for each hook says of itself in discovery: the part `services` of rules/hooks.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from pydantic import BaseModel, ConfigDict

from spmwatch.engine.catalogue.texts import Line, Texts, Writer, placeholders
from spmwatch.engine.errors import RuleFileError

HOOKS = ("patient-view", "order-select", "order-sign", "medication-refill", "encounter-start")
IN_NEEDS = ("keys", "status")
"""What `needs` takes: the keys for medication records, and the status of an answer without any of them."""


class AtHook(BaseModel):
    """The service of one hook; `adds` follows what is said about all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Line
    adds: Line | None = None


class ServicesPart(BaseModel):
    """`services` in rules/hooks.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: Line
    needs: Line
    at: dict[Literal["patient-view", "order-select", "order-sign", "medication-refill", "encounter-start"], AtHook]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTexts:
    """What discovery tells.

    Attributes:
        titles: by hook.
        descriptions: by hook.
        needs: what every service wants; holds `{keys}` and `{status}`.
    """

    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    needs: str


def service_texts(part: ServicesPart, name: PurePath, texts: Texts) -> ServiceTexts:
    """The texts, which say nothing that `texts` forbid.

    Raises:
        RuleFileError: a hook is left out, a placeholder stands for nothing, a number or a forbidden word is written.
    """
    writer = Writer(name, {}, {}, texts.forbidden, texts.digits_allowed)
    technical = Writer(name, {}, {}, (), texts.digits_allowed)  # tells of the wire; it gives no advice
    if missing := [hook for hook in HOOKS if hook not in part.at]:
        raise RuleFileError(name, "services.at", f"has nothing for {', '.join(missing)}", "Give each hook its title")
    if placeholders(part.needs) != set(IN_NEEDS):
        wanted = ", ".join(f"{{{each}}}" for each in IN_NEEDS)
        raise RuleFileError(name, "services.needs", "has other placeholders than it takes", f"Use exactly: {wanted}")
    about = writer.fill(part.about, "services.about")
    at = {hook: (told, f"services.at.{hook}") for hook, told in part.at.items()}
    added = {hook: writer.fill(told.adds or "", f"{field}.adds") for hook, (told, field) in at.items()}
    return ServiceTexts(
        titles={hook: writer.fill(told.title, f"{field}.title") for hook, (told, field) in at.items()},
        descriptions={hook: f"{about} {text}".strip() for hook, text in added.items()},
        needs=technical.fill(part.needs, "services.needs", keep=IN_NEEDS),
    )
