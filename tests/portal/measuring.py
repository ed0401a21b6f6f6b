"""What a page weighs, uses and is made of, measured in the browser that has loaded it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.portal.browser import Watch

HEAVIEST = 600_000
"""Bytes of a first load as they travel, the map included."""

_STRUCTURE = """() => {
  const faults = [], all = (css) => [...document.querySelectorAll(css)], shown = (e) => e.getClientRects().length > 0;
  const one = (css) => { const n = all(css).filter(shown).length; if (n !== 1) faults.push(`${n} of ${css}`); };
  if (all("h1").length !== 1) faults.push(`${all("h1").length} main headings`);
  const levels = all("h1, h2, h3, h4, h5, h6").map((h) => Number(h.tagName[1]));
  if (levels[0] !== 1) faults.push("the first heading is not the main one");
  levels.forEach((level, i) => i && level > levels[i - 1] + 1 && faults.push(`a heading ${level} after a heading ${levels[i - 1]}`));
  one("main");
  if (!document.body.classList.contains("framed")) one("body > header");
  const names = all("nav").filter(shown).map((e) => e.getAttribute("aria-label") ?? "");
  if (names.includes("") || new Set(names).size !== names.length) faults.push(`menus without a name of their own: ${names}`);
  if (!["fr", "en"].includes(document.documentElement.lang)) faults.push("no language");
  if (document.title.length < 5) faults.push("no title");
  for (const image of all("img:not([alt])")) faults.push(`no text for ${image.src}`);
  for (const field of all("input:not([type=hidden]), select, textarea")) if (!field.labels.length && !field.getAttribute("aria-label")) faults.push(`no name for ${field.name}`);
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`${document.documentElement.scrollWidth} pixels wide`);
  const ids = all("[id]").map((e) => e.id), twice = ids.filter((id, i) => ids.indexOf(id) !== i);
  if (twice.length) faults.push(`twice the same id: ${[...new Set(twice)]}`);
  return faults;
}"""
_TWIN = """async (path) => { const answer = await fetch(path); return answer.ok && typeof await answer.json() === "object"; }"""


def structure(watch: Watch) -> list[str]:
    """What is wrong with the bones of the page that is open: headings, landmarks, names, width, weight, its twin."""
    page = watch.page
    faults: list[str] = page.evaluate(_STRUCTURE)
    if watch.bytes > HEAVIEST:
        faults.append(f"{watch.bytes} bytes")
    if not page.query_selector(".problem .code") and "framed" not in (
        page.get_attribute("body", "class") or ""
    ):
        twin = page.query_selector('link[rel="alternate"][type="application/json"]')
        path = (
            urlsplit(twin.get_attribute("href") or "")._replace(scheme="", netloc="").geturl() if twin else ""
        )
        if not path or not page.evaluate(_TWIN, path):
            faults.append(f"no JSON twin at “{path}”")
    return faults


@dataclass
class Usage:
    """Bytes of code that a page loaded and those that it never used, by the name of the file."""

    loaded: dict[str, int] = field(default_factory=dict)
    unused: dict[str, int] = field(default_factory=dict)


class Coverage:
    """Watches which code a page uses; made before the page is opened."""

    def __init__(self, watch: Watch) -> None:
        self._session = session = watch.page.context.new_cdp_session(watch.page)
        self._sheets: dict[str, dict[str, Any]] = {}
        for domain in ("DOM", "CSS", "Profiler", "Debugger"):
            session.send(f"{domain}.enable")
        session.on(
            "CSS.styleSheetAdded", lambda e: self._sheets.setdefault(e["header"]["styleSheetId"], e["header"])
        )
        self._scripts: dict[str, dict[str, Any]] = {}
        session.on("Debugger.scriptParsed", lambda e: self._scripts.setdefault(e["scriptId"], e))
        session.send("Profiler.startPreciseCoverage", {"callCount": False, "detailed": True})
        session.send("CSS.startRuleUsageTracking")

    def taken(self) -> Usage:
        """What was used until now."""
        usage = Usage()
        used: dict[str, int] = {}
        for rule in self._session.send("CSS.stopRuleUsageTracking")["ruleUsage"]:
            used[rule["styleSheetId"]] = (
                used.get(rule["styleSheetId"], 0)
                + int(rule["endOffset"] - rule["startOffset"]) * rule["used"]
            )
        for id_, sheet in self._sheets.items():
            self._count(
                usage, sheet["sourceURL"], int(sheet["length"]), int(sheet["length"]) - used.get(id_, 0)
            )
        for script in self._session.send("Profiler.takePreciseCoverage")["result"]:
            length = int(self._scripts.get(script["scriptId"], {}).get("length", 0))
            self._count(usage, script["url"], length, _unused(script["functions"], length))
        return usage

    @staticmethod
    def _count(usage: Usage, url: str, loaded: int, unused: int) -> None:
        if "/static/" in url:
            name = url.rpartition("/")[2]
            usage.loaded[name] = usage.loaded.get(name, 0) + loaded
            usage.unused[name] = usage.unused.get(name, 0) + unused


def _unused(functions: list[dict[str, Any]], length: int) -> int:
    """Characters of a script that never ran: what lies in a range that was counted zero, inner ranges deciding."""
    ranges = sorted(
        ((r["startOffset"], r["endOffset"], r["count"]) for f in functions for r in f["ranges"]),
        key=lambda r: (r[0], -r[1]),
    )
    ran = bytearray(b"\x01") * length
    for start, end, count in ranges:
        ran[start:end] = (b"\x01" if count else b"\x00") * (min(end, length) - start)
    return length - sum(ran)
