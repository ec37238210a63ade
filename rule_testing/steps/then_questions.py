"""Then: what is asked of the clinician."""

from __future__ import annotations

from pytest_bdd import then

from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import RULE, sentence
from spmwatch.rule_testing.vocabulary import look_up


@then(sentence(rf"{RULE} asks about (?:the )?(?P<topic>[a-z -]+)"))
def asks_about(scenario: Scenario, rule: str, topic: str) -> None:
    """The question is put to the clinician, and this rule is why.

    Example:
        Then it asks about the lenalidomide dates
    """
    speaker, wanted = scenario.speaker(rule), _topic(scenario, topic)
    asked = {question.topic: question for question in scenario.recommendation.decisive_questions}
    if wanted not in asked:
        scenario.fail(f"nothing is asked about {wanted}; asked: {', '.join(asked) or 'nothing'}", speaker)
    if speaker.rule not in asked[wanted].rules:
        scenario.fail(f"{wanted} is asked, but not for {speaker.rule}: {', '.join(asked[wanted].rules)}", speaker)


@then(sentence(r"something is asked about (?:the )?(?P<topic>[a-z -]+)"))
def something_is_asked(scenario: Scenario, topic: str) -> None:
    """The question is put to the clinician, whichever rule is why.

    Example:
        Then something is asked about the lenalidomide dates
    """
    wanted = _topic(scenario, topic)
    asked = [question.topic for question in scenario.recommendation.decisive_questions]
    if wanted not in asked:
        scenario.fail(f"nothing is asked about {wanted}; asked: {', '.join(asked) or 'nothing'}")


@then(sentence(r"nothing is asked(?: about (?:the )?(?P<topic>[a-z -]+))?"))
def asks_nothing(scenario: Scenario, topic: str | None) -> None:
    """No question, or none about that topic, is put to the clinician.

    Example:
        Then nothing is asked
        Then nothing is asked about the transplant kind
    """
    wanted = None if topic is None else _topic(scenario, topic)
    asked = [question.topic for question in scenario.recommendation.decisive_questions]
    strange = [name for name in asked if wanted in (None, name)]
    if strange:
        rules = {rule for q in scenario.recommendation.decisive_questions if q.topic in strange for rule in q.rules}
        scenario.fail(f"asked: {', '.join(strange)}", *(scenario.speaker(rule) for rule in sorted(rules)))


def _topic(scenario: Scenario, words: str) -> str:
    """The id of what is asked about. Raises StepError where the rules never ask about such a thing."""
    known = {topic.id.replace("-", " "): topic.id for topic in scenario.evaluator.rule_base.topics}
    return look_up("question", words.strip().replace("-", " "), known)
