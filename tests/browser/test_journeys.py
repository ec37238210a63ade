"""What people do on the pages, in a real browser: with mouse, keyboard, without JavaScript, on a phone, on paper."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import Visit
from tests.support.pages import Running

Begin = Callable[..., Visit]
BUNDLES = Path(__file__).parents[2] / "examples" / "bundles"


def pasted(page: Page, text: str) -> None:
    page.get_by_label("Paste JSON").fill(text)
    page.get_by_label("Day of the look").fill("2026-01-15")
    page.get_by_role("button", name="Show the cards").click()


def test_choosing_a_patient_shows_cards(visit: Begin) -> None:
    page = visit().go("/")
    page.get_by_role("link", name=re.compile("A new blood cancer on maintenance")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A new blood cancer on maintenance")
    card = page.get_by_role("article").first
    expect(card).to_contain_text("Critical")
    expect(card.get_by_role("heading")).to_contain_text("New cancer recorded while lenalidomide is active")
    expect(card.get_by_text("Suggested:").first).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Timeline up to 2026-01-15"))).to_be_visible()
    rule = page.locator("details.rule").filter(has=page.locator("summary", has_text="SPM-17"))
    rule.locator("summary").click()
    expect(rule.get_by_text("drug course").first).to_be_visible()


def test_beside_others_only_what_is_urgent_is_unfolded(visit: Begin) -> None:
    page = visit().go("/?patient=p07")
    warning, info = page.get_by_role("article").all()
    expect(warning).to_contain_text("Warning")
    expect(warning.get_by_text("Suggested:").first).to_be_visible()
    expect(info.get_by_text("Suggested:").first).to_be_hidden()
    info.get_by_text("Detail and evidence").click()
    expect(info.get_by_text("Suggested:").first).to_be_visible()


def test_the_moment_changes_what_is_said(visit: Begin) -> None:
    page = visit().go("/?patient=p67&hook=patient-view")
    expect(page.get_by_role("article")).to_have_count(0)
    page.get_by_label("Moment").select_option("order-sign")
    page.get_by_label("Being ordered").select_option("lenalidomide-10")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_role("article").first).to_contain_text("SPM-19")
    expect(page).to_have_url(re.compile("patient=p67&hook=order-sign"))


def test_what_is_not_sent_is_not_known(visit: Begin) -> None:
    page = visit().go("/?patient=p01")
    page.get_by_text("What the EHR does not send").click()
    page.get_by_label("Procedure", exact=True).check()
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_role("heading", name="What is not known")).to_be_visible()
    expect(page.get_by_text("the prefetch key procedures was not sent")).to_be_visible()


def test_pasting_a_bundle(visit: Begin, service: Running) -> None:
    page = visit().go("/")
    pasted(page, (BUNDLES / "p36.json").read_text(encoding="utf-8"))
    expect(page.get_by_role("article").first).to_contain_text("Circulating blasts")
    expect(page.get_by_label("Patient")).to_have_value("")
    page.get_by_role("button", name=re.compile("Dismiss: Lenalidomide maintenance over 24 months")).click()
    expect(page.get_by_role("status")).to_contain_text("Dismissed.")
    expect(page.get_by_role("article")).to_have_count(1)  # the critical one is never quiet
    expect(page.get_by_text("Kept quiet")).to_be_visible()
    assert service.memory.feedback[-1][0] == "try-it"


def test_choosing_a_file(visit: Begin) -> None:
    page = visit().go("/")
    page.get_by_label("or choose a file").set_input_files(BUNDLES / "p11.json")
    page.get_by_label("Day of the look").fill("2026-01-15")
    page.get_by_role("button", name="Show the cards").click()
    expect(page.get_by_role("article").first).to_contain_text("Critical")


def test_what_is_broken_can_be_mended(visit: Begin) -> None:
    page = visit().go("/")
    whole = (BUNDLES / "p36.json").read_text(encoding="utf-8")
    pasted(page, whole[:-20])
    expect(page.get_by_role("alert")).to_contain_text("is not JSON as RFC 8259 has it")
    expect(page.get_by_role("alert")).to_contain_text("line")
    expect(page.get_by_label("Paste JSON")).to_have_value(re.compile("resourceType"))
    pasted(page, whole)
    expect(page.get_by_role("article").first).to_contain_text("Circulating blasts")


def test_dismissed_with_a_reason_and_then_quiet(visit: Begin, service: Running) -> None:
    page = visit().go("/?patient=p33")
    card = page.get_by_role("article").first
    title = card.get_by_role("heading").inner_text()
    card.get_by_label(re.compile("^Reason")).select_option(label="Intended and discussed")
    card.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("status")).to_contain_text("Dismissed.")
    expect(page.get_by_text("Kept quiet")).to_be_visible()
    expect(page.get_by_role("article").get_by_role("heading", name=title)).to_have_count(0)
    _, asked, kept = service.memory.feedback[-1]
    assert (asked, kept.outcome) == ("spmwatch-patient-view", "overridden")
    assert kept.reason is not None
    assert kept.reason[1] == "intended-and-discussed"


def test_accepted_and_then_quiet(visit: Begin, service: Running) -> None:
    page = visit().go("/?patient=p61")
    card = page.get_by_role("article").first
    card.get_by_text("What would be drafted").click()
    draft = json.loads(card.get_by_label("The draft request").inner_text())
    assert (draft["resourceType"], draft["status"], draft["intent"]) == ("ServiceRequest", "draft", "proposal")
    card.get_by_role("button", name=re.compile("Accept: Screening mammography")).click()
    expect(page.get_by_role("status")).to_contain_text("Accepted.")
    expect(page.get_by_role("article")).to_have_count(0)
    expect(page.get_by_text("What there was to say was acknowledged earlier.")).to_be_visible()
    assert service.memory.feedback[-1][2].outcome == "accepted"


def focus(page: Page) -> str:
    """What has the focus, as one would say it."""
    text: str = page.evaluate(
        "(() => { const e = document.activeElement; return e.getAttribute('aria-label') || e.innerText || e.id })()"
    )
    return text


def tab_to(page: Page, wanted: str, most: int = 80) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted in focus(page):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"nobody sees that {wanted} has the focus"
            return
    raise AssertionError(f"{wanted} cannot be reached with Tab")


def test_with_the_keyboard_alone(visit: Begin) -> None:
    page = visit().go("/")
    page.keyboard.press("Tab")
    assert focus(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    tab_to(page, "Falling blood counts")
    page.keyboard.press("Enter")
    page.wait_for_url("**patient=p37**")
    tab_to(page, "Detail and evidence")
    first = page.get_by_role("article").first
    expect(first.get_by_text("Suggested:").first).to_be_visible()  # a warning is unfolded
    page.keyboard.press("Enter")
    expect(first.get_by_text("Suggested:").first).to_be_hidden()
    tab_to(page, "Dismiss: ")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")  # the reason
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=dismissed**")
    expect(page.get_by_role("status")).to_contain_text("Dismissed.")


def test_without_javascript(visit: Begin) -> None:
    page = visit(java_script_enabled=False).go("/")
    pasted(page, (BUNDLES / "p32.json").read_text(encoding="utf-8"))
    expect(page.get_by_role("article").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Dismiss")).first.click()
    expect(page.get_by_role("status")).to_contain_text("Dismissed.")
    page.get_by_role("link", name="Rules").click()
    page.get_by_label("Search").fill("donor")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("listitem").filter(has_text="SPM-07")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="SPM-09")).to_be_hidden()
    page.goto(page.url.split("/rules")[0] + "/docs")
    expect(page.get_by_text("Where that is off, the description itself is at")).to_be_visible()


def test_rules_are_found_while_typing(visit: Begin) -> None:
    page = visit().go("/rules")
    page.get_by_label("Search").press_sequentially("blast")
    expect(page.get_by_role("listitem").filter(has_text="SPM-21")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="SPM-07")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/rules\?q=blast"))
    page.get_by_label("Urgency").select_option("info")
    expect(page.get_by_text("No rule fits.")).to_be_visible()
    page.get_by_label("Urgency").select_option("")
    page.get_by_role("link", name=re.compile("SPM-21")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("SPM-21")
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Evidence").click()
    expect(page.get_by_role("heading", name="Evidence", exact=True)).to_be_in_viewport()


def test_the_link_of_a_card_leads_to_its_rule(visit: Begin) -> None:
    page = visit().go("/?patient=p11")
    page.get_by_role("link", name=re.compile("Why: SPM-17")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("SPM-17")


def test_the_api_is_drawn_without_the_internet(visit: Begin) -> None:
    page = visit().go("/docs")
    expect(page.get_by_text("/cds-services/{service_id}", exact=True)).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/?patient=p01", "/?patient=p61", "/rules", "/rules/SPM-05", "/docs"])
def test_on_a_phone_nothing_is_cut_off(visit: Begin, path: str) -> None:
    page = visit(viewport={"width": 375, "height": 800}).go(path)
    for details in page.locator("main details").all()[:40]:
        details.evaluate("element => element.open = true")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


CUT_OFF = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  const arrow = 18;
  const cut = [];
  for (const select of document.querySelectorAll("select")) {
    const style = getComputedStyle(select);
    if (style.appearance === "base-select" && style.whiteSpace === "normal") continue;  // it wraps
    pen.font = style.font;
    const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - arrow;
    for (const option of select.options) {
      if (pen.measureText(option.text).width > room) cut.push(`${select.id}: ${option.text}`);
    }
  }
  return cut;
}"""


@pytest.mark.parametrize("path", ["/", "/?patient=p61", "/rules"])
@pytest.mark.parametrize("width", [375, 1280])
def test_every_choice_can_be_read_whole(visit: Begin, path: str, width: int) -> None:
    page = visit(viewport={"width": width, "height": 800}).go(path)
    assert page.get_by_role("combobox").count() > 1
    assert page.evaluate(CUT_OFF) == []


def test_a_long_reason_takes_two_lines_on_a_phone(visit: Begin) -> None:
    page = visit(viewport={"width": 320, "height": 800}).go("/?patient=p07")
    reason = page.get_by_label(re.compile("^Reason")).first
    before = reason.bounding_box()
    reason.select_option(label="Recommended action was already completed")
    after = reason.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"]
    assert after["x"] + after["width"] <= 320


@pytest.mark.parametrize("patient", ["p07", "p33"])
def test_the_reason_stands_above_the_links(visit: Begin, patient: str) -> None:
    page = visit().go(f"/?patient={patient}")
    for card in page.get_by_role("article").all():
        urgent = card.locator(".indicator").inner_text().strip() != "Info"
        reason, links = card.locator(".detail p").first, card.get_by_role("link", name=re.compile("^Why: "))
        expect(reason).to_be_visible(visible=urgent or page.get_by_role("article").count() == 1)
        expect(links).to_be_visible(visible=reason.is_visible())
        if reason.is_visible():
            above, below = reason.bounding_box(), links.bounding_box()
            assert above is not None
            assert below is not None
            assert above["y"] < below["y"]


def test_on_paper_there_is_what_was_said_and_nothing_to_press(visit: Begin) -> None:
    page = visit(color_scheme="dark").go("/?patient=p01")
    page.emulate_media(media="print")
    for button in page.get_by_role("button").all():
        expect(button).to_be_hidden()
    expect(page.get_by_role("navigation")).to_be_hidden()
    for card in page.get_by_role("article").all():  # whole, although it is folded on the screen
        expect(card.get_by_text("Suggestion for clinical judgement").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(page.pdf()) > 10_000
    rules = "[...document.styleSheets].flatMap(sheet => [...sheet.cssRules])"
    margins = page.evaluate(f"{rules}.filter(rule => rule instanceof CSSPageRule).map(rule => rule.style.marginLeft)")
    assert margins == ["14mm"]  # a PDF has no margin unless the page asks for one
