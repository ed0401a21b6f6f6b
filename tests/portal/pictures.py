"""Pictures of the portal, taken of the demo's node.

python -m tests.portal.pictures            writes those of the documentation, into docs/pictures
python -m tests.portal.pictures FOLDER     every page in both languages and themes, wide and narrow
"""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

import estran
from estran.demo import build
from estran.web.app import create_app
from tests.conftest import ROOT
from tests.portal import granules
from tests.portal.browser import launched, watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

LARGEST_BYTES = 300_000
WIDE, NARROW = {"width": 1400, "height": 860}, {"width": 360, "height": 740}
DOCUMENTED = {
    "home": ("/en/", "light", WIDE),
    "home-dark": ("/fr/", "dark", WIDE),
    "search": ("/en/search?q=sea+surface&hub=ocean", "light", WIDE),
    "search-dark": ("/fr/search?bbox=-15,35,20,60", "dark", WIDE),
    "search-narrow": ("/fr/search?q=sentinel-2", "light", NARROW),
    "record": ("/en/data/{id}", "light", WIDE),
}
PAGES = {
    "home": "",
    "search": "search?q=sea+surface&hub=ocean",
    "nothing": "search?q=snow&hub=biodiversity&from=2020",
    "wrong": "search?from=2024-02-30",
    "record": "data/{id}",
    "compare": "data/{id}/compare",
    "sign-in": "sign-in",
    "collection": "data/{scenes}",
    "items": "data/{scenes}/items",
    "month": "data/{scenes}/items?from=2023-05&to=2023-05&cloud=90",
    "no-items": "data/{scenes}/items?bbox=0,60,1,61&from=2023",
    "item": "data/{scenes}/items/scene-007",
    "centres": "centres",
    "centre": "centres/ocean",
    "api": "api",
    "accessibility": "accessibility",
    "problem": "nothing",
}


@contextmanager
def served(*, items: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """The demo's node on a socket: its address, and ids of records to show; with invented items if wanted."""
    with tempfile.TemporaryDirectory() as folder, estran.open(Path(folder) / "node") as node:
        build(node)
        found = node.search("sentinel-2 level-2a theia") or node.search("sentinel-2")
        ids = {"id": found.records[0].id}
        if items:
            granules.fill(node, Path(folder))
            ids["scenes"] = node.items.collection("scenes").id
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = uvicorn.Server(uvicorn.Config(create_app(node), log_level="warning", lifespan="off"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.02)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", ids
            server.should_exit = True
            thread.join(10)


def take(  # noqa: PLR0917 - what a picture is of
    browser: Browser,
    url: str,
    path: str,
    theme: str,
    size: dict[str, int],
    file: Path,
    *,
    whole: bool = False,
) -> None:
    """One picture."""
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    watch = watched(context, url)
    watch.drawn(path)
    # Close to the ground the finer coast comes after.
    watch.page.wait_for_load_state("networkidle")
    watch.page.wait_for_timeout(1500)
    watch.page.screenshot(path=file, full_page=whole)
    context.close()
    print(f"{file}  {file.stat().st_size // 1000} kB  {' '.join(watch.faults)}")  # noqa: T201 - a script


def main() -> None:
    """Take the pictures that the command line asks for."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with served(items=len(sys.argv) > 1) as (url, ids), launched(Path("/usr/bin/chromium")) as browser:
        if len(sys.argv) > 1:
            for name, path in PAGES.items():
                for language in ("fr", "en"):
                    for theme in ("light", "dark"):
                        for label, size in (("wide", WIDE), ("narrow", NARROW)):
                            file = folder / f"{name}-{language}-{theme}-{label}.png"
                            take(
                                browser,
                                url,
                                f"/{language}/{path.format(**ids)}",
                                theme,
                                size,
                                file,
                                whole=True,
                            )
            return
        for name, (path, theme, size) in DOCUMENTED.items():
            file = folder / f"{name}.png"
            take(browser, url, path.format(**ids), theme, size, file)
            if file.stat().st_size > LARGEST_BYTES:
                sys.exit(f"{file} is larger than {LARGEST_BYTES} bytes")


if __name__ == "__main__":
    main()
