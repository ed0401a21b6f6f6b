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
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

import estran
from estran.demo import build
from estran.web.app import create_app
from tests.conftest import ROOT
from tests.portal import granules, observed
from tests.portal.browser import launched, watched
from tests.portal.png import lighten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

LARGEST_BYTES = 150_000
WIDE, NARROW = {"width": 1400, "height": 860}, {"width": 360, "height": 740}
PICTURES = ROOT / "docs" / "pictures"
_GUIDE = "what=data&bound=unsure&earth=yes&hub=ocean&shape=finished&size=large&access=open"
# Name -> path, theme, size, and what is seen; the language is the path's.
DOCUMENTED = {
    "home": ("/en/", "light", WIDE, "The first page: a search, the globe of resources, the hubs"),
    "home-dark": ("/fr/", "dark", WIDE, "The same in French, dark"),
    "search": ("/en/search?q=sea+surface&hub=ocean", "light", WIDE, "A search: results beside a map, with facets that count"),
    "search-dark": ("/fr/search?bbox=-15,35,20,60", "dark", WIDE, "An area that was asked, in French, dark"),
    "search-poles": ("/en/search?q=ice&bbox=-60,70,60,89", "light", WIDE, "An area near a pole, drawn around the pole by the server"),
    "search-narrow": ("/fr/search?q=sentinel-2", "light", NARROW, "A search on a phone"),
    "record": ("/en/data/{id}", "light", WIDE, "A resource: get, plot, map, cite"),
    "record-narrow": ("/fr/data/{id}", "dark", NARROW, "A resource on a phone, in French, dark"),
    "compare": ("/en/data/{id}/compare", "light", WIDE, "A record beside the document that it came from"),
    "centres": ("/en/centres", "light", WIDE, "Hubs and centres"),
    "centre": ("/en/centres/coriolis", "light", WIDE, "A centre"),
    "hubs": ("/en/hubs", "light", WIDE, "The hubs"),
    "hub": ("/fr/hubs/ocean", "dark", WIDE, "A hub, in French, dark"),
    "themes": ("/en/themes", "light", WIDE, "Themes"),
    "applications": ("/fr/applications", "light", WIDE, "Uses, in French"),
    "organisations": ("/en/organisations", "light", WIDE, "Organisations"),
    "browse": ("/en/browse", "light", WIDE, "Ways in by science and by application"),
    "views": ("/en/views", "light", WIDE, "Views of projects"),
    "vocabularies": ("/en/vocabulary", "light", WIDE, "Vocabularies"),
    "api": ("/en/api", "light", WIDE, "The APIs, with requests that run where they stand"),
    "publish": ("/fr/publish?what=data&bound=no&earth=yes", "light", WIDE, "Where to publish: one question after the other, in French"),
    "published": (f"/en/publish?{_GUIDE}", "light", WIDE, "Where to publish: the outcome"),
    "help": ("/en/help", "dark", WIDE, "Help, dark"),
    "accessibility": ("/en/accessibility", "light", WIDE, "The accessibility statement"),
    "lost": ("/en/data/arctic-ocean-sea-and-ice", "light", WIDE, "An address that leads nowhere"),
    "links": ("/en/links", "light", WIDE, "Links and whether they answer"),
    "sign-in": ("/en/sign-in", "light", WIDE, "Signing in"),
}  # fmt: skip
"""The pictures of the documentation, of the demo's node."""
WITH_ITEMS = {
    "items": ("/en/data/{scenes}/items", "light", WIDE, "Items of a collection by month, on the map and in a list (invented scenes)"),
    "item": ("/fr/data/{scenes}/items/scene-007", "light", WIDE, "One item, in French (an invented scene)"),
}  # fmt: skip
"""Those that need items, which the demo has none of."""
WITH_OBSERVATIONS = {
    "datastream": ("/en/datastreams/{brest}?with={sete}", "light", WIDE, "Two series of observations on one plot, with what they show in words (invented values)"),
    "datastream-dark": ("/fr/datastreams/{probe}?period=month", "dark", WIDE, "A month of a series with doubtful values and a calibration of its sensor, in French, dark (invented values)"),
    "datastream-narrow": ("/fr/datastreams/{brest}?period=week", "light", NARROW, "A week of a series on a phone, in French (invented values)"),
    "profiles": ("/en/datastreams/{cast}", "light", WIDE, "Profiles, the depth downward (invented values)"),
    "stations": ("/en/stations", "light", WIDE, "Stations: the newest values, how late and how complete they are (invented values)"),
    "stations-dark": ("/fr/stations?complete=95", "dark", WIDE, "Stations whose series are 95 % complete at least, in French, dark (invented values)"),
    "record-series": ("/en/data/{stations}#datastreams", "light", WIDE, "The series of a dataset, on its page (invented values)"),
}  # fmt: skip
"""Those that need observations."""
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
    "publish": f"publish?{_GUIDE}",
    "help": "help",
    "accessibility": "accessibility",
    "problem": "nothing",
}
OBSERVED_PAGES = {
    "datastream": "datastreams/{brest}?with={salt},{sete}",
    "week": "datastreams/{probe}?period=week",
    "profiles": "datastreams/{cast}",
    "stations": "stations",
    "series": "data/{many}/datastreams",
    "record-series": "data/{stations}",
}


@contextmanager
def served(*, items: bool = False, observations: bool = False) -> Iterator[tuple[str, dict[str, str]]]:
    """The demo's node on a socket: its address, and ids of records to show; with invented items if wanted.

    Or a node with invented observations, and nothing else.
    """
    with tempfile.TemporaryDirectory() as folder, estran.open(Path(folder) / "node") as node:
        if observations:
            ids = observed.fill(node, Path(folder) / "files", buoy="Buoy of the bay")
        else:
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
    """One picture, as someone sees it who knows the hints."""
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    context.add_init_script("localStorage.setItem('hints', 'home search record items')")
    watch = watched(context, url)
    watch.drawn(path)
    if watch.page.query_selector("#plot"):
        watch.page.wait_for_selector("html[data-plot-ready]")
    # Close to the ground the finer coast comes after.
    watch.page.wait_for_load_state("networkidle")
    watch.page.wait_for_timeout(1500)
    watch.page.screenshot(path=file, full_page=whole)
    context.close()
    lighten(file)
    print(f"{file}  {file.stat().st_size // 1000} kB  {' '.join(watch.faults)}")  # noqa: T201 - a script


def document(chromium: Path) -> None:
    """Take the pictures of the documentation, and write the page that shows them."""
    needs: tuple[tuple[dict[str, Any], dict[str, bool]], ...] = (
        (DOCUMENTED, {}), (WITH_ITEMS, {"items": True}), (WITH_OBSERVATIONS, {"observations": True})
    )  # fmt: skip
    for listed, held in needs:
        with served(**held) as (url, ids), launched(chromium) as browser:
            for name, (path, theme, size, _) in listed.items():
                file = PICTURES / f"{name}.png"
                take(browser, url, path.format(**ids), theme, size, file)
                if file.stat().st_size > LARGEST_BYTES:
                    sys.exit(f"{file} is larger than {LARGEST_BYTES} bytes")
    (PICTURES / "README.md").write_text(gallery(), encoding="utf-8")


def gallery() -> str:
    """The page of the pictures."""
    shown = (
        f"## {said}\n\n![{said}]({name}.png)\n"
        for name, (*_, said) in (DOCUMENTED | WITH_ITEMS | WITH_OBSERVATIONS).items()
    )
    head = "# The portal in pictures\n\n<!-- Written by python -m tests.portal.pictures. -->\n\nTaken of the demo's node.\n"
    return "\n".join((head, *shown))


def every(folder: Path, chromium: Path) -> None:
    """Every page in both languages and themes, wide and narrow, to be looked at."""
    for pages, held in ((PAGES, {"items": True}), (OBSERVED_PAGES, {"observations": True})):
        with served(**held) as (url, ids), launched(chromium) as browser:
            for name, path in pages.items():
                _in_all(browser, folder, name, path, (url, ids))


def _in_all(browser: Browser, folder: Path, name: str, path: str, at: tuple[str, dict[str, str]]) -> None:
    """A page in both languages and themes, wide and narrow."""
    url, ids = at
    for language, theme, (label, size) in product(
        ("fr", "en"), ("light", "dark"), (("wide", WIDE), ("narrow", NARROW))
    ):
        file = folder / f"{name}-{language}-{theme}-{label}.png"
        take(browser, url, f"/{language}/{path.format(**ids)}", theme, size, file, whole=True)


def main() -> None:
    """Take the pictures that the command line asks for."""
    chromium = Path("/usr/bin/chromium")
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        every(folder, chromium)
    else:
        document(chromium)


if __name__ == "__main__":
    main()
