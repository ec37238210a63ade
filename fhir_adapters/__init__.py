"""FHIR JSON in, facts out; recommendations in, FHIR resources out."""

from spmwatch.fhir_adapters.authority import validate_resource
from spmwatch.fhir_adapters.bundle import Contents, open_bundle
from spmwatch.fhir_adapters.export import ReadResult, read_path
from spmwatch.fhir_adapters.gather import records_from_bundle
from spmwatch.fhir_adapters.orders import orders_from_draft
from spmwatch.fhir_adapters.problems import Fate, Fault, Problem, Tally
from spmwatch.fhir_adapters.record import record_from_resources

__all__ = [
    "Contents",
    "Fate",
    "Fault",
    "Problem",
    "ReadResult",
    "Tally",
    "open_bundle",
    "orders_from_draft",
    "read_path",
    "record_from_resources",
    "records_from_bundle",
    "validate_resource",
]
