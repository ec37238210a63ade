"""Make docs/images of the pages and of the screening report anew: `make screenshots`.

Needs Chromium (Debian: `apt-get install chromium`). The service runs on a free loopback port and remembers nothing; the
report is that of the synthetic export in examples/.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
ARGUMENTS = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking")
MOST_BYTES = 250_000
ADDRESS = re.compile(r"(http://\S+?)/cds-services")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture: of which page, how large."""

    name: str
    path: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"


PICTURES = (
    Picture(name="try-it", path="/?patient=p11", width=1280, height=900),
    Picture(name="try-it-dark", path="/?patient=p61", width=1120, height=900, scheme="dark"),
    Picture(name="try-it-phone", path="/?patient=p67", width=390, height=1000),
    Picture(name="rule", path="/rules/SPM-05", width=1280, height=860),
)
REPORTS = (
    Picture(name="report", path="", width=1280, height=900),
    Picture(name="report-findings", path="#findings", width=1280, height=900, scheme="dark"),
)
EXPORT = IMAGES.parents[1] / "examples" / "export"


@contextmanager
def serving() -> Generator[str]:
    """The address of a running service."""
    command = [sys.executable, "-m", "spmwatch.cli", "serve", "--port", "0"]
    environment = os.environ | {"SPMWATCH_STORE__URL": "none"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stderr is not None
        found = next((match for line in process.stderr if (match := ADDRESS.search(line))), None)
        if found is None:
            sys.exit("The service did not start")
        yield found[1]
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def screened() -> Generator[str]:
    """The address of the report on the synthetic export."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "spmwatch.cli",
            "screen",
            str(EXPORT),
            "--as-of",
            "2026-01-15",
            "--out",
            folder,
        ]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        page = Path(folder, "report.html")
        if not page.is_file():
            sys.exit("The screening left no report")
        yield page.as_uri()


def take(browser: Browser, base: str, picture: Picture) -> None:
    """Write one picture."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height}, color_scheme=picture.scheme
    )
    page = context.new_page()
    page.goto(f"{base}{picture.path}")
    file = IMAGES / f"{picture.name}.png"
    page.screenshot(path=file)
    context.close()
    if file.stat().st_size > MOST_BYTES:
        sys.exit(f"{file} has {file.stat().st_size} bytes, more than {MOST_BYTES}: make it smaller")


def main() -> None:
    """All pictures."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        sys.exit("Chromium is missing (Debian: apt-get install chromium)")
    with serving() as base, screened() as report, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS])
        for picture in PICTURES:
            take(browser, base, picture)
        for picture in REPORTS:
            take(browser, report, picture)
        browser.close()


if __name__ == "__main__":
    main()
