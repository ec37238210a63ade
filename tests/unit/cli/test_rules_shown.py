"""`spmwatch rules list`, `show` and `docs`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spmwatch.cli.commands import app
from spmwatch.engine.catalogue.load import load_rule_base

RULES = load_rule_base().all_rules


def run(*arguments: str, **env: str) -> Result:
    """The command line."""
    return CliRunner().invoke(app, ["rules", *arguments], env=env)


def test_the_list_tells_every_rule() -> None:
    result = run("list", COLUMNS="80")
    assert result.exit_code == 0
    assert all(rule.id in result.stdout for rule in RULES)
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_the_list_for_programs() -> None:
    listed = json.loads(run("list", "--format", "json").stdout)
    assert [row["id"] for row in listed] == [rule.id for rule in RULES]
    rows = list(csv.DictReader(io.StringIO(run("list", "--format", "csv").stdout)))
    assert [row["version"] for row in rows] == [rule.version for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_can_be_shown_at_80_columns(rule: object) -> None:
    result = run("show", getattr(rule, "id", ""), COLUMNS="80")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    assert all(title in result.stdout for title in ("When it speaks", "Parameters", "Evidence", "How it was tested"))


def test_show_takes_the_id_in_any_case_and_names_what_there_is() -> None:
    assert "Autologous transplant" in run("show", "spm-05").stdout
    result = run("show", "SPM-99")
    assert result.exit_code == 2
    assert "SPM-05" in result.stderr


def test_show_with_all_steps() -> None:
    assert "multiple myeloma was diagnosed on" not in run("show", "SPM-05").stdout
    assert "multiple myeloma was diagnosed on" in run("show", "SPM-05", "--scenarios").stdout


def test_show_as_json() -> None:
    page = json.loads(run("show", "SPM-05", "--format", "json").stdout)
    assert page["id"] == "SPM-05"
    assert page["parameters"][0]["unit"] == "days"
    assert page["feature"]["scenarios"]


def test_show_as_markdown_has_no_links_to_other_pages() -> None:
    text = run("show", "SPM-05", "--format", "markdown").stdout
    assert text.startswith("# SPM-05 ")
    assert "evidence.md" not in text


def test_features_that_are_no_folder_are_refused(tmp_path: Path) -> None:
    result = run("show", "SPM-05", "--features", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert "is no folder" in result.stderr


def test_docs_are_written_and_checked(tmp_path: Path) -> None:
    out = tmp_path / "pages"
    assert run("docs", "--out", str(out)).exit_code == 0
    assert run("docs", "--check", "--out", str(out)).exit_code == 0
    (out / "index.md").write_text("old")
    (out / "spm-00.md").write_text("of a rule that is gone")
    result = run("docs", "--check", "--out", str(out))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [f"stale: {out / 'index.md'}", f"stale: {out / 'spm-00.md'}"]
    assert run("docs", "--out", str(out)).exit_code == 0
    assert not (out / "spm-00.md").exists()
    assert run("docs", "--check", "--out", str(out)).exit_code == 0


def test_show_as_html_is_one_page() -> None:
    text = run("show", "SPM-05", "--format", "html").stdout
    assert text.startswith("<!DOCTYPE html>")
    assert "<h1>SPM-05 " in text


def test_the_book_is_written_with_the_day_that_was_named(tmp_path: Path) -> None:
    out = tmp_path / "book.html"
    assert run("book", "--out", str(out), "--date", "2026-01-15").exit_code == 0
    assert '<time datetime="2026-01-15">' in out.read_text(encoding="utf-8")


def test_the_picture_of_one_rule(tmp_path: Path) -> None:
    out = tmp_path / "one.svg"
    assert run("graph", "--rule", "spm-09", "--out", str(out)).exit_code == 0
    assert "SPM-09 builds on SPM-03" in out.read_text(encoding="utf-8")


def test_the_picture_is_svg_alone(tmp_path: Path) -> None:
    result = run("graph", "--out", str(tmp_path / "rules.png"))
    assert result.exit_code == 2
    assert "SVG" in result.stderr


def test_an_overlay_is_named_where_rules_are_shown(tmp_path: Path) -> None:
    (tmp_path / "overlay.yaml").write_text(
        "name: ours\nversion: 1.0.0\ntitle: Ours\nresponsible: Ward pharmacist\nbecause: So that there is one\n"
        "switched_off:\n  SPM-06: {because: We look at this elsewhere}\n"
    )
    shown = run("show", "SPM-06", "--overlay", str(tmp_path)).stdout
    assert "We look at this elsewhere" in shown
