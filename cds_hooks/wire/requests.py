"""A CDS Hooks request as the specification has it (2.0.1, and what the 3.0 ballot adds).

The context is parsed by its hook. Nothing that was sent is dropped: unknown members and `extension` stay on the models,
and `model_dump(by_alias=True, exclude_unset=True)` gives the request back. No identifier has a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, SecretStr, ValidationError, model_validator

from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

Json = dict[str, object]

MOST_ISSUES = 10


def _fhir_id(value: str) -> str:
    """`.` and `..` are ids by FHIR's grammar, and steps of a path in any URL made from them."""
    if value.strip(".") == "":
        raise ValueError("is not a FHIR id")
    return value


def _server(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
        raise ValueError("is not an absolute http(s) URL")
    return value


def _bundle(value: Json) -> Json:
    """Real drafts have no `type` (cds-hooks.md C050), so only what makes it a Bundle is asked for."""
    if value.get("resourceType") != "Bundle":
        raise ValueError("is not a FHIR Bundle")
    if not isinstance(value.get("entry", []), list):
        raise ValueError("has an `entry` that is not a list")
    return value


FhirId = Annotated[str, Field(pattern=r"^[A-Za-z0-9\-.]{1,64}$"), AfterValidator(_fhir_id)]
Uuid = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")]
Name = Annotated[str, Field(min_length=1)]
Server = Annotated[str, AfterValidator(_server)]
Bundle = Annotated[Json, AfterValidator(_bundle)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)


class FhirAuthorization(_Wire):
    """A token for the client's FHIR server. It is transient: never stored, logged, shown or passed on."""

    access_token: SecretStr = Field(min_length=1)
    token_type: Literal["Bearer"]
    expires_in: int = Field(ge=0)
    scope: str
    subject: Name
    patient: FhirId | None = None


class PatientContext(_Wire):
    """What every context has: whom it is about."""

    patient_id: FhirId = Field(alias="patientId")


class PatientViewContext(PatientContext):
    """The chart of a patient was opened. `userId` may name a practitioner, a role, a patient or a related person."""

    user_id: Name = Field(alias="userId")
    encounter_id: str | None = Field(default=None, alias="encounterId")


class EncounterStartContext(PatientContext):
    """A visit begins."""

    user_id: Name = Field(alias="userId")
    encounter_id: Name = Field(alias="encounterId")


class MedicationRefillContext(PatientContext):
    """A prescription is to be refilled; often nobody is at work on it, so there may be no user."""

    user_id: Name | None = Field(default=None, alias="userId")
    encounter_id: str | None = Field(default=None, alias="encounterId")
    medications: Bundle


class OrderSignContext(PatientViewContext):
    """Orders are about to be signed, or signed again, so their status need not be `draft`."""

    draft_orders: Bundle = Field(alias="draftOrders")


class OrderSelectContext(OrderSignContext):
    """Orders were selected; advice speaks of `selections`, the other drafts are background."""

    selections: Annotated[list[str], FailFast()]  # not a fault for each of three million


class HookRequest(_Wire):
    """What all hooks have in common beside `hook` itself."""

    hook_instance: Uuid = Field(alias="hookInstance")
    fhir_server: Server | None = Field(default=None, alias="fhirServer")
    fhir_authorization: FhirAuthorization | None = Field(default=None, alias="fhirAuthorization")
    prefetch: Json | None = None
    extension: object = None

    @model_validator(mode="after")
    def _server_with_token(self) -> HookRequest:
        """A token without a server is of no use and a sign of a broken client (invariant cds-r-1)."""
        if self.fhir_authorization is not None and self.fhir_server is None:
            raise ValueError("has fhirAuthorization without fhirServer")
        return self


class PatientViewRequest(HookRequest):
    """hook `patient-view`."""

    hook: Literal["patient-view"]
    context: PatientViewContext


class OrderSelectRequest(HookRequest):
    """hook `order-select`."""

    hook: Literal["order-select"]
    context: OrderSelectContext


class OrderSignRequest(HookRequest):
    """hook `order-sign`."""

    hook: Literal["order-sign"]
    context: OrderSignContext


class MedicationRefillRequest(HookRequest):
    """hook `medication-refill`."""

    hook: Literal["medication-refill"]
    context: MedicationRefillContext


class EncounterStartRequest(HookRequest):
    """hook `encounter-start`."""

    hook: Literal["encounter-start"]
    context: EncounterStartContext


Request = PatientViewRequest | OrderSelectRequest | OrderSignRequest | MedicationRefillRequest | EncounterStartRequest

REQUESTS: Mapping[str, type[Request]] = {
    "patient-view": PatientViewRequest,
    "order-select": OrderSelectRequest,
    "order-sign": OrderSignRequest,
    "medication-refill": MedicationRefillRequest,
    "encounter-start": EncounterStartRequest,
}
"""hook -> its request; what is not here is refused."""


@dataclass(frozen=True, slots=True)
class Drafts:
    """Orders that came in the context: where they stand, and the Bundle."""

    where: str
    bundle: Json


def drafts_of(request: Request) -> Drafts | None:
    """What is being ordered or refilled; None where the hook has no such thing."""
    match request.context:
        case OrderSignContext(draft_orders=bundle):
            return Drafts("context.draftOrders", bundle)
        case MedicationRefillContext(medications=bundle):
            return Drafts("context.medications", bundle)
        case _:
            return None


def request_from(value: object) -> Request:
    """The request that a JSON value is.

    Raises:
        RequestError: 400 when a member is missing, null or of the wrong shape; 422 for a hook that nobody here answers.
    """
    if not isinstance(value, dict):
        raise RequestError(
            400, Issue(code="structure", says="The body is not a JSON object; expected a CDS Hooks request")
        )
    hook = value.get("hook")
    model = REQUESTS.get(hook) if isinstance(hook, str) else _NoHook
    if model is None:
        says = f"No service here answers this hook; known: {', '.join(REQUESTS)}"
        raise RequestError(422, Issue(code="not-supported", says=says, where="hook"))
    try:
        request = model.model_validate(value)
    except ValidationError as error:
        raise RequestError(400, *_issues(error)) from None
    assert isinstance(request, Request)
    return request


class _NoHook(HookRequest):
    """Stands in when `hook` is missing or no text, so that everything else that is wrong is named as well."""

    hook: Name
    context: PatientContext


_SAYS: Mapping[str, str] = {
    "missing": "is missing",
    "string_type": "is not a text",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "does not have the form that the specification asks for",
    "literal_error": "is not the value that the specification fixes",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "dict_type": "is not an object",
    "list_type": "is not a list",
    "int_type": "is not a whole number",
    "too_short": "is empty",
}


def _issues(error: ValidationError) -> list[Issue]:
    """Each fault with its member; pydantic's own texts may quote the input, so they are not used."""
    found = error.errors(include_url=False)
    issues = []
    for fault in found[:MOST_ISSUES]:
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
        kind = fault["type"]
        if kind == "value_error":
            says = str(fault.get("ctx", {}).get("error", "does not fit"))  # our own texts, above
        elif kind != "missing" and fault["input"] is None:
            says = "is null"
        else:
            says = _SAYS.get(kind, "does not fit")
        code = "required" if kind == "missing" or says == "is null" else "value"
        issues.append(Issue(code=code, says=f"{where or 'The request'} {says}", where=where))
    return issues
