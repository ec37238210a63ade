"""Which modules hold steps, in the order in which a scenario tells things, and what each is about."""

from __future__ import annotations

from collections.abc import Mapping

PACKAGE = "spmwatch.rule_testing.steps"

STEP_MODULES: Mapping[str, str] = {
    "given_patient": "The day, and who the patient is",
    "given_cancers": "Myeloma, other diseases and cancers, responses",
    "given_drugs": "Drugs that were prescribed, dispensed, taken or given",
    "given_transplants": "Transplants, and what looks like one",
    "given_labs": "Laboratory values, and radiotherapy",
    "given_checks": "Checks that were done, and smoking",
    "given_record": "What the record lacks, and which rules are looked at",
    "given_facts": "Facts, as a record tells them",
    "given_orders": "Orders that are about to be signed, and plans",
    "when_then": "When the rules are asked, and what they say",
    "then_questions": "What is asked",
    "then_plan": "The screening and monitoring plan",
    "then_cards": "The cards of a visit",
}
