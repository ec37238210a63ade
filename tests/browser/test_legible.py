"""That the pages can be read: by eyes in light and dark, by screen readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.browsing import Visit

Begin = Callable[..., Visit]
PATHS = (
    "/",
    "/?patient=p36",
    "/?patient=p61&hook=patient-view",
    "/?patient=p25",
    "/rules",
    "/rules/SPM-05",
    "/rules/SPM-99",
)
ENOUGH, ENOUGH_WHEN_LARGE = 4.5, 3.0
"""WCAG 2.2, 1.4.3 (AA)."""

TEXTS = """() => {
  const found = [];
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  for (const details of document.querySelectorAll("details")) details.open = true;
  const seen = new Set();  // what stands in the same places looks the same, so one of them is enough
  const place = (element) => {
    const steps = [];
    for (let at = element; at; at = at.parentElement) steps.push(`${at.tagName}.${at.getAttribute("class")}`);
    return steps.join(" ");
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim()) continue;
    if (seen.has(place(element)) || !element.checkVisibility()) continue;
    if (element.closest("title, desc, noscript, option, .vh, .skip")) continue;
    if (!element.closest("svg")) seen.add(place(element));
    const style = getComputedStyle(element);
    const inSvg = element.closest("svg");
    let behind = [];
    for (let at = element; at; at = at.parentElement) behind.push(channels(getComputedStyle(at).backgroundColor));
    if (inSvg && element.classList.contains("on-bar")) {
      const { x, y, width, height } = element.getBoundingClientRect();
      const bars = [...inSvg.querySelectorAll(".bar rect")].filter((bar) => {
        const box = bar.getBoundingClientRect();
        return box.left <= x + width / 2 && box.right >= x + width / 2 && box.top <= y + height && box.bottom >= y;
      });
      behind = [channels(getComputedStyle(bars[0]).fill)];
    }
    const size = parseFloat(style.fontSize);
    found.push({
      text: walker.currentNode.textContent.trim().slice(0, 40),
      color: channels(inSvg ? style.fill : style.color),
      behind,
      large: size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700),
    });
  }
  return found;
}"""


def over(above: list[float], below: list[float]) -> list[float]:
    alpha = above[3] if len(above) > 3 else 1.0
    return [alpha * a + (1 - alpha) * b for a, b in zip(above[:3], below[:3], strict=True)]


def luminance(color: list[float]) -> float:
    parts = [c / 255 for c in color[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(item: dict[str, Any]) -> float:
    behind = [255.0, 255.0, 255.0]
    for layer in reversed(item["behind"]):
        behind = over(layer, behind)
    light, dark = sorted((luminance(over(item["color"], behind)), luminance(behind)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(visit: Begin, scheme: str) -> None:
    visitor = visit(color_scheme=scheme)
    weak = {}
    for path in PATHS:
        texts = visitor.go(path).evaluate(TEXTS)
        assert len(texts) > 5
        for item in texts:
            if contrast(item) < (ENOUGH_WHEN_LARGE if item["large"] else ENOUGH):
                weak[item["text"]] = (path, round(contrast(item), 2))
    assert weak == {}


def test_dark_and_light_are_two_things(visit: Begin) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme).go("/")
        grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    levels = {scheme: luminance([float(c) for c in re.findall(r"[\d.]+", found)]) for scheme, found in grounds.items()}
    assert levels["light"] > 0.8
    assert levels["dark"] < 0.05


def test_the_api_is_dark_in_the_dark_and_light_on_paper(visit: Begin) -> None:
    page = visit(color_scheme="dark").go("/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    ground = "getComputedStyle(document.querySelector('#api .swagger-ui')).backgroundColor"
    drawn = [float(c) for c in re.findall(r"[\d.]+", page.evaluate(ground))]
    assert luminance(drawn) < 0.05
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).not_to_have_class("dark-mode")
    page.emulate_media(color_scheme="dark", media="print")
    expect(page.locator("html")).not_to_have_class("dark-mode")


@pytest.mark.parametrize("path", PATHS)
def test_everything_that_can_be_used_has_a_name(visit: Begin, path: str) -> None:
    page = visit().go(path)
    told = page.locator("body").aria_snapshot()
    unnamed = re.findall(
        r"^\s*- (?:button|link|textbox|searchbox|combobox|checkbox|article|img|region)(?: \[.*\])?:?$", told, re.M
    )
    assert unnamed == []
    for landmark in ("banner", "main", "contentinfo", "navigation"):
        expect(page.get_by_role(landmark).first).to_be_visible()


def test_the_timeline_is_told_in_words_too(visit: Begin) -> None:
    page = visit().go("/?patient=p01")
    picture = page.get_by_role("img", name=re.compile("Timeline"))
    text = picture.locator("desc").text_content() or ""
    assert "autologous" in text
    page.get_by_text("The same as a table").click()
    table = page.get_by_role("table").filter(has_text="On record")
    expect(table.get_by_role("rowheader", name="Transplants")).to_be_visible()


def test_urgency_is_a_word_and_a_sign_beside_its_colour(visit: Begin) -> None:
    page = visit(forced_colors="active").go("/?patient=p36")
    for card in page.get_by_role("article").all():
        mark = card.locator(".indicator")
        assert mark.inner_text().strip() in ("Critical", "Warning", "Info")
        expect(mark.locator("svg")).to_be_visible()
