"""Measure when the pages of the portal are painted, on a served node, in headless Chromium.

    uv run estran demo --no-serve --node a-node
    uv run python bench/portal.py a-node

Each page is opened in a browser that has nothing kept, then in one that has been there. Prints Markdown:
first paint and largest paint as the browser counts them, the map where there is one, and bytes as they travel.
"""

from __future__ import annotations

import argparse
import socket
import threading
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import sync_playwright

import estran
from estran.web.app import create_app

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

_FLAGS = ("--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_PAGES = {
    "home": "/en/", "search": "/en/search?q=sea+surface&hub=ocean", "record": "/en/data/{id}", "hub": "/en/centres/ocean",
    "APIs": "/en/api", "guide": "/en/publish",
}  # fmt: skip
_PAINTS = """new Promise((done) => {
  const first = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  let largest = 0;
  new PerformanceObserver((list) => (largest = list.getEntries().at(-1).startTime)).observe({type: "largest-contentful-paint", buffered: true});
  const wait = setInterval(() => first() && largest && (clearInterval(wait), done([first(), largest])), 50);
})"""


def opened(context: BrowserContext, url: str) -> tuple[float, float, float, int]:
    """First paint, largest paint and the map in milliseconds, and bytes, of one visit."""
    page = context.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[int] = []

    def received(event: dict[str, Any]) -> None:
        sizes.append(int(event["encodedDataLength"]))

    session.on("Network.loadingFinished", received)
    start = time.perf_counter()
    page.goto(url)
    first, largest = page.evaluate(_PAINTS)
    drawn = 0.0
    if page.query_selector("#map, #globe"):
        page.wait_for_selector("html[data-map-ready]", timeout=120_000)
        drawn = (time.perf_counter() - start) * 1000
    page.close()
    return first, largest, drawn, sum(sizes)


def measured(url: str, ids: dict[str, str], rounds: int) -> None:
    """Open each page several times and print the medians."""
    print(
        "| page | visit | first paint ms | largest paint ms | map drawn ms | kB |\n|---|---|---|---|---|---|"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        for name, path in _PAGES.items():
            seen: dict[str, list[tuple[float, float, float, int]]] = {"first": [], "again": []}
            for _ in range(rounds):
                context = browser.new_context(viewport={"width": 1400, "height": 860})
                for visits in seen.values():
                    visits.append(opened(context, url + path.format(**ids)))
                context.close()
            for visit, taken in seen.items():
                first, largest, drawn, size = (median(column) for column in zip(*taken, strict=True))
                shown = f"{drawn:.0f}" if drawn else ""
                print(f"| {name} | {visit} | {first:.0f} | {largest:.0f} | {shown} | {size / 1000:.0f} |")
        browser.close()


def main() -> None:
    """Serve a node and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("node", help="folder of a node, or the address of a server that runs")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if urlsplit(given.node).scheme:
        measured(given.node.rstrip("/"), {"id": ""}, given.rounds)
        return
    with estran.open(Path(given.node)) as node, socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(node), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        found = node.search("sea surface temperature").records
        measured(
            f"http://127.0.0.1:{listening.getsockname()[1]}",
            {"id": found[0].id if found else ""},
            given.rounds,
        )
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    main()
