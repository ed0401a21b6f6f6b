"""Chromium as the tests drive it, and what they watch for on every page."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

PATIENCE_MS = 60_000
"""How long a page may take on a machine that others use: what is asked of a page is waited for, never looked at once."""
expect.set_options(timeout=PATIENCE_MS)

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip
# Software rendering says this of every picture that is taken of a map.
_KNOWN = ("GL Driver Message", "GPU stall", "No interactive map", "WebGL")


# What the content policy stops is said on the console, whether the browser says it or not.
_LISTEN = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`content policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"""


@contextmanager
def launched(chromium: Path, *flags: str) -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium), args=[*FLAGS, *flags], headless=True
        )
        yield browser
        browser.close()


@dataclass
class Watch:
    """What went wrong on a page: its own errors, and requests that leave the node."""

    page: Page
    home: str
    faults: list[str] = field(default_factory=list)
    bytes: int = 0

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(_LISTEN)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", lambda m: self._heard(m.type, m.text))
        self.page.on("request", lambda r: self._asked(r.url))
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._received)

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(known in text for known in _KNOWN):
            self.faults.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.home, "data:", "blob:")):
            self.faults.append(f"request to {url}")

    def _received(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])

    def open(self, path: str) -> None:
        """Go to a page."""
        self.page.goto(self.home + path)

    def drawn(self, path: str = "") -> None:
        """Wait for the page's map, if it has one; a path is opened first."""
        if path:
            self.open(path)
        self.page.wait_for_load_state("domcontentloaded")
        if self.page.query_selector("#map, #globe"):
            self.page.wait_for_selector("html[data-map-ready]")


def watched(context: BrowserContext, home: str) -> Watch:
    """A new page of a context, watched."""
    return Watch(context.new_page(), home)


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for what no locator says."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not holds():
        assert time.monotonic() < end, "it did not come"
        page.wait_for_timeout(50)


def changed(canvas: Locator, *before: bytes) -> bytes:
    """Wait until a canvas shows something else; gives its picture."""
    shown: list[bytes] = []

    def other() -> bool:
        shown[:] = [canvas.screenshot()]
        return shown[0] not in before

    until(canvas.page, other)
    return shown[0]
