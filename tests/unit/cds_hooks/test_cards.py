"""Cards laid out from hand-made recommendations (cds-hooks.md C003, C090-C123)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib.resources import files
from itertools import count
from pathlib import PurePath
from typing import Any

import pytest

from spmwatch.cds_hooks.cards.layout import lay_out, one_line, topic_code
from spmwatch.cds_hooks.cards.record_text import plain, spelt
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.catalogue.evidence import Evidence, evidence_from
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Indicator
from spmwatch.engine.catalogue.texts import Texts, texts_from
from spmwatch.engine.episodes import Course, Disease, Episode, FollowUp, Lab, Span
from spmwatch.engine.facts import Certainty, Gap, Source
from spmwatch.engine.merging import merge
from spmwatch.engine.recommendation import Finding, OpenQuestion, RuleFailure
from spmwatch.engine.yaml_file import read_yaml
from tests.unit.engine.recommendations import check, recommendation
from tests.unit.engine.recommendations import finding as found

RULES = files("spmwatch.rules")
AS_OF = date(2026, 1, 15)
POLICY = load_rule_base().card_policy


def _evidence() -> dict[str, Evidence]:
    return evidence_from(read_yaml(RULES / "evidence.yaml", PurePath("evidence.yaml")), PurePath("evidence.yaml"))


EVIDENCE = _evidence()
TEXTS: Texts = texts_from(read_yaml(RULES / "texts.yaml", PurePath("texts.yaml")), PurePath("texts.yaml"), EVIDENCE)


def finding(rule: str, indicator: Indicator = Indicator.INFO, **changes: Any) -> Finding:
    course = Course(id=f"c-{rule}", drug="lenalidomide", sources=(Source(reference=f"MedicationRequest/for-{rule}"),))
    cited = {"source": EVIDENCE["E02"], "evidence": (EVIDENCE["E01"], EVIDENCE["E02"])}
    return found(rule, indicator, **{**cited, "episodes": (course,), **changes})


def cards(*findings: Finding, **changes: Any) -> list[dict[str, Any]]:
    numbers = count(1)
    whole = recommendation(*findings, **changes)
    return lay_out(
        merge(whole, policy=POLICY),
        whole,
        policy=POLICY,
        texts=TEXTS,
        new_uuid=lambda: uuid.UUID(int=next(numbers)),
    )


def leaves(value: object) -> Iterator[object]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from leaves(inner)


def test_no_finding_no_card() -> None:
    """C091."""
    assert cards() == []


def test_a_card_has_all_that_the_specification_asks_for() -> None:
    """C090-C102, C112: and nothing of its own."""
    (card,) = cards(finding("SPM-05", Indicator.WARNING))
    assert set(card) == {"uuid", "summary", "detail", "indicator", "source", "overrideReasons", "links"}
    assert uuid.UUID(card["uuid"])
    assert (card["summary"], card["indicator"]) == ("Summary of SPM-05", "warning")
    assert card["source"]["label"] == EVIDENCE["E02"].title
    assert card["source"]["url"].startswith("https://")
    assert card["source"]["topic"] == {"system": "urn:spmwatch:rule", "code": "SPM05"}
    assert all(set(reason) == {"code", "system", "display"} for reason in card["overrideReasons"])
    assert len(card["overrideReasons"]) == 4
    assert card["links"]
    for link in card["links"]:
        assert set(link) == {"label", "url", "type"}
        assert link["type"] == "absolute"
        assert link["url"].startswith("https://")
        assert link["url"] != card["source"]["url"]


def test_detail_says_why_on_what_and_how_sure() -> None:
    """C170 and the product's own rule: reasons, records, study, day, certainty, a suggestion."""
    detail = cards(finding("SPM-05"))[0]["detail"]
    for part in (
        "Detail of SPM-05.",
        "MedicationRequest/for-SPM-05",
        "2026-01-15",
        EVIDENCE["E02"].citation,
        TEXTS.certainty["high"],
        TEXTS.grades["B"],
        TEXTS.suggestion,
        "SPM-05 version 1.0.0",
        "0.1.0 (abcdef012345)",
    ):
        assert part in detail
    assert re.search(r"\bmust\b", detail, re.IGNORECASE) is None
    assert TEXTS.certainty["low"] in cards(finding("SPM-05", certainty=Certainty.LOW))[0]["detail"]


def test_nothing_empty_is_ever_sent() -> None:
    """C003: an optional member without a value is left out."""
    bare = replace(EVIDENCE["E02"], links=(), id="E99")
    (card,) = cards(finding("SPM-01", source=bare, evidence=(bare,), episodes=()))
    assert "links" not in card
    assert "url" not in card["source"]
    assert not [leaf for leaf in leaves(card) if leaf is None or leaf in ("", [], {})]


def test_unseen_evidence_is_neither_linked_nor_cited() -> None:
    unseen = next(item for item in EVIDENCE.values() if not item.showable)
    (card,) = cards(finding("SPM-01", evidence=(unseen, EVIDENCE["E02"])))
    assert unseen.citation not in json.dumps(card)


def test_strongest_first_and_the_rest_named_on_the_last_card() -> None:
    """Clinical merge policy: at most four cards a visit; nothing is lost."""
    rules = ["SPM-02", "SPM-04", "SPM-05", "SPM-07", "SPM-08", "SPM-09"]
    found = [finding(rule, Indicator.WARNING if rule in ("SPM-05", "SPM-09") else Indicator.INFO) for rule in rules]
    laid = cards(*found)
    assert [card["source"]["topic"]["code"] for card in laid] == ["SPM05", "SPM09", "SPM02", "SPM04"]
    assert "Summary of SPM-07 (SPM-07, info)" in laid[-1]["detail"]
    assert "Summary of SPM-08 (SPM-08, info)" in laid[-1]["detail"]
    assert not any("Summary of SPM-07" in card["detail"] for card in laid[:-1])


def test_parts_of_a_rule_share_its_card() -> None:
    laid = cards(
        finding("SPM-02", part="a", detail="In induction and maintenance."),
        finding("SPM-02", Indicator.WARNING, part="b", detail="More than 36 months."),
    )
    assert len(laid) == 1
    assert laid[0]["indicator"] == "warning"
    assert laid[0]["detail"].index("More than 36 months.") < laid[0]["detail"].index("In induction and maintenance.")


def test_one_critical_card_for_one_cause() -> None:
    """SPM-03 and SPM-20 tell of the same melphalan; SPM-17 of something else; a warning keeps its own card."""
    critical = Indicator.CRITICAL
    laid = cards(
        finding("SPM-20", critical), finding("SPM-03", critical), finding("SPM-17", critical), finding("SPM-19")
    )
    assert [card["source"]["topic"]["code"] for card in laid] == ["SPM20", "SPM17", "SPM19"]
    assert "**Also:** Summary of SPM-03 (SPM-03)" in laid[0]["detail"]
    assert "Detail of SPM-03." in laid[0]["detail"]
    assert "MedicationRequest/for-SPM-03" in laid[0]["detail"]


def test_context_is_told_inside_the_top_card() -> None:
    """Benefit stands beside risk in full, exposure as such in one line."""
    (card,) = cards(finding("SPM-27"), finding("SPM-01"), finding("SPM-05", Indicator.WARNING))
    assert "**Also:** Summary of SPM-27 (SPM-27)" in card["detail"]
    assert "Detail of SPM-27." in card["detail"]
    assert "**Also:** Summary of SPM-01 (SPM-01)" in card["detail"]
    assert "Detail of SPM-01." not in card["detail"]


def test_what_stays_quiet_is_named_in_one_line() -> None:
    given = recommendation(finding("SPM-05", Indicator.WARNING), finding("SPM-09"))
    seen = merge(given, policy=POLICY).cards[0].advice
    known = [Acknowledgement(rule=seen.rule, on=date(2026, 1, 2), digest=seen.digest)]
    (card,) = lay_out(merge(given, policy=POLICY, acknowledged=known), given, policy=POLICY, texts=TEXTS)
    assert card["summary"] == "Summary of SPM-09"
    assert "Acknowledged earlier, unchanged, so not repeated: Summary of SPM-05 (SPM-05, 2026-01-02)" in str(
        card["detail"]
    )
    assert "Detail of SPM-05" not in str(card["detail"])


PARTS = [finding("SPM-26", part=part, summary=f"Screening of {part}") for part in "abc"]


def test_each_finding_of_a_rule_without_a_card_is_named() -> None:
    """By its own words, whether it stands beyond the cards, in a line or quiet."""
    four = [finding(rule, Indicator.WARNING) for rule in ("SPM-02", "SPM-04", "SPM-05", "SPM-08")]
    beyond = cards(*four, *PARTS)[-1]["detail"]
    assert [f"- Screening of {part} (SPM-26, info)" in beyond for part in "abc"] == [True] * 3
    line = cards(*four, *PARTS, plan=(check("breast"),))[-1]["detail"]
    assert [f"**Also:** Screening of {part} (SPM-26)" in line for part in "abc"] == [True] * 3
    given = recommendation(*PARTS, four[0])
    seen = next(c.advice for c in merge(given, policy=POLICY).cards if c.advice.rule == "SPM-26")
    known = [Acknowledgement(rule=seen.rule, on=AS_OF, digest=seen.digest)]
    (card,) = lay_out(merge(given, policy=POLICY, acknowledged=known), given, policy=POLICY, texts=TEXTS)
    assert "Screening of a, Screening of b, Screening of c (SPM-26, 2026-01-15)" in str(card["detail"])


def with_facts(*episodes: Episode) -> Finding:
    facts = tuple(f"- fact {episode.id}" for episode in episodes)
    detail = "\n".join(["Because:", "", *facts, "", "**Suggested:** this."])
    return finding("SPM-22", episodes=episodes, facts=facts, detail=detail)


def test_many_facts_are_counted_and_no_kind_is_crowded_out() -> None:
    """The latest of each kind stay; the finding itself keeps them all."""
    counts = [Lab(id=f"l{number:02d}", analyte="platelets", value=Span.exactly(200)) for number in range(34)]
    (card,) = cards(with_facts(Course(id="c", drug="lenalidomide"), *counts))
    told = re.findall("- fact (\\w+)", card["detail"])
    assert told == ["c", *(f"l{number}" for number in range(27, 34))]
    assert "- ... and 27 more, see the record references\n\n**Suggested:** this." in card["detail"]
    (few,) = cards(with_facts(*counts[: POLICY.most_facts]))
    assert "more, see" not in few["detail"]


def test_the_card_of_checks_says_what_is_missing_once() -> None:
    """The line of the plan has the words of the finding; neither `Also` nor the matched fact repeats them."""

    def missing(part: str, name: str) -> Finding:
        facts = ("- myeloma", f"- {name} screening, none on record")
        episodes = (Disease(id="d", family="myeloma"), FollowUp(id=f"f-{name}", check=name, state="none-recorded"))
        detail = "\n".join(["Why.", "", *facts, "", "**Suggested:** this."])
        return finding(
            "SPM-26",
            part=part,
            summary=f"None recorded for {name} cancer",
            detail=detail,
            facts=facts,
            episodes=episodes,
        )

    plan = tuple(check(n, "none-recorded", last=None, next=None, overdue_days=None) for n in ("breast", "cervical"))
    (card,) = cards(missing("a", "breast"), missing("b", "cervical"), plan=plan)
    assert "- **None recorded for breast cancer** (SPM-26, info)\n" in card["detail"]
    assert card["detail"].count("cervical") == 1
    assert "Why.\n\n- myeloma\n\n**Suggested:** this." in card["detail"]
    elsewhere = cards(missing("a", "breast"), missing("b", "cervical"))[0]["detail"]
    assert "**Also:** None recorded for cervical cancer" in elsewhere or "cervical screening, none" in elsewhere


def question(topic: str, *rules: str, decisive: bool = True) -> OpenQuestion:
    return OpenQuestion(topic=topic, question=f"What about {topic}?", rules=rules, decisive=decisive, references=())


def test_what_is_unknown_stands_where_it_matters() -> None:
    """Each card tells what is open for its rule; the card of data gaps has its questions in its own words."""
    questions = (question("kind", "SPM-05", "SPM-29"), question("q0", "SPM-09"), question("x", decisive=False))
    laid = cards(finding("SPM-05", Indicator.WARNING), finding("SPM-29"), questions=questions)
    assert "**Not known:** What about kind?" in laid[0]["detail"]
    assert "q0" not in laid[0]["detail"]
    assert "Certainty: open" in laid[1]["detail"]
    assert "Not known" not in laid[1]["detail"]


def test_data_gaps_in_a_line_leave_the_questions_where_they_are() -> None:
    (card,) = cards(finding("SPM-05"), finding("SPM-29"), questions=(question("kind", "SPM-05"),))
    assert "**Not known:** What about kind?" in card["detail"]
    assert "**Also:** Summary of SPM-29 (SPM-29)" in card["detail"]
    assert "Detail of SPM-29" not in card["detail"]


def test_what_a_finding_rests_on_most_is_cited_first_and_conventions_last() -> None:
    first, second, third, fourth, fifth = (EVIDENCE[name] for name in ("E01", "E02", "E03", "E04", "E10"))
    convention = EVIDENCE["convention"]
    (card,) = cards(
        finding("SPM-05", source=first, evidence=(convention, second, third, fourth)),
        finding("SPM-27", source=fifth, evidence=(fifth,)),
    )
    line = next(text for text in card["detail"].split("\n\n") if text.startswith("Evidence:"))
    places = [line.index(each.title) for each in (first, fifth, second, third)]
    assert places == sorted(places)
    assert convention.title not in line
    assert line.endswith("; 2 more with the rule")


def test_few_sources_are_linked_beside_the_cards_own() -> None:
    """Three, as rules/cards.yaml says, though six could be."""
    named = [EVIDENCE[name] for name in ("E01", "E02", "E03", "E04", "E07", "E10", "E21")]
    assert all(each.links for each in named)
    (card,) = cards(finding("SPM-05", source=named[0], evidence=tuple(named)))
    assert [link["label"] for link in card["links"]] == [each.title for each in named[1:4]]


def test_what_was_not_sent_and_what_failed_is_said() -> None:
    gaps = tuple(
        Gap(kind="not-supplied", problem="not sent", advice="Send it", element=t) for t in ("Procedure", "Condition")
    )
    (card,) = cards(finding("SPM-01"), gaps=gaps, failures=(RuleFailure(rule="SPM-08", problem="KeyError"),))
    assert "not known:** Condition, Procedure" in card["detail"]
    assert "fault of this service:** SPM-08" in card["detail"]


def test_many_records_are_counted() -> None:
    sources = tuple(Source(reference=f"MedicationDispense/{n}") for n in range(40))
    (card,) = cards(finding("SPM-01", episodes=(Course(id="c", drug="lenalidomide", sources=sources),)))
    assert "MedicationDispense/11 and 28 more" in card["detail"]


@pytest.mark.parametrize(
    "evil",
    ["Condition/<img src=x onerror=alert(1)>", "Condition/a](javascript:alert(1))", "Condition/**x**\n# y", "a`b|c"],
)
def test_a_reference_from_the_record_cannot_act_as_markup(evil: str) -> None:
    """C096, C122."""
    course = Course(id="c", drug="lenalidomide", sources=(Source(reference=evil),))
    (card,) = cards(finding("SPM-01", episodes=(course,)))
    assert "<" not in card["detail"]
    assert "](javascript" not in card["detail"]
    assert "**x**" not in card["detail"]
    assert "\n# y" not in card["detail"]


def test_plain_text_stays_plain() -> None:
    assert plain("ANC <1.0", []) == "ANC &lt;1.0"
    assert plain("see Condition/a.b-c", ["Condition/a.b-c"]) == "see Condition/a.b-c"
    assert spelt("Condition/a*b\n_ü") == "Condition/a%2Ab%0A%5F%C3%BC"
    assert spelt("Condition/www.a.b https://c") == "Condition/www%2Ea%2Eb%20https%3A//c"
    for kept in ("urn:uuid:0-1", "Condition urn:oid:1.2.3", "Condition without id (0123456789ab)", "Condition/a.b-c"):
        assert plain(kept, [kept]) == kept
    assert plain("Condition/x.www.y", ["Condition/x.www.y"]) == "Condition/x%2Ewww%2Ey"


def test_a_summary_is_one_line_below_140() -> None:
    """C094: counted after everything is filled in."""
    assert one_line("a\n b") == "a b"
    assert one_line("x" * 139) == "x" * 139
    assert len(one_line("x" * 140)) == 139
    assert len(one_line("word " * 60)) <= 139


def test_topics_are_letters_and_digits() -> None:
    """C102."""
    assert topic_code("SPM-05") == "SPM05"
    assert re.fullmatch(r"[A-Za-z0-9]{1,100}", topic_code("SPM-" + "1" * 200))


def test_equal_recommendations_give_equal_cards() -> None:
    """C123: in whatever order the findings stand; only uuids differ between invocations."""
    found = [finding("SPM-01"), finding("SPM-05", Indicator.WARNING), finding("SPM-09")]
    assert cards(*found) == cards(*reversed(found))
    given = recommendation(*found)
    once, again = (lay_out(merge(given, policy=POLICY), given, policy=POLICY, texts=TEXTS) for _ in range(2))
    assert {card["uuid"] for card in once}.isdisjoint(card["uuid"] for card in again)
    assert [card | {"uuid": ""} for card in once] == [card | {"uuid": ""} for card in again]
