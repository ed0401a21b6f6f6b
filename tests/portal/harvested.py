"""A node that has harvested a folder and a server with faults, and who may look at it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estran import formats
from estran.formats import Links
from tests.fetching.serving import Answer, serving
from tests.portal.conftest import hostile, rich

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from estran.node import Node
    from tests.fetching.serving import Asked
    from tests.web.client import Client

BAD_KEY = "<b>bad & odd.xml"
BAD = b'<?xml version="1.0"?><gmd:MD_Metadata xmlns:gmd="x"><gmd:title><script>alert(1)</script></gmd:title>'
SERIES = 70


def dataset(n: int, title: str = "Turbidity") -> bytes:
    said = {"@context": "https://schema.org/", "@type": "Dataset", "identifier": f"series-{n:02d}"}
    return json.dumps({**said, "name": f"{title} {n:02d}", "description": "It was measured."}).encode()


@dataclass
class Slow:
    """A server of a folder of files, one of which is not there, one comes when `go` is set."""

    go: threading.Event = field(default_factory=threading.Event)

    def answer(self, asked: Asked) -> Answer | bytes:
        names = ("a.json", "gone.json", "bad.xml", "slow.json")
        listing = "".join(f'<a href="{name}">{name}</a>' for name in names)
        if asked.path == "/slow.json":
            self.go.wait(30)
        return {
            "/": Answer(f"<html><head><title>Index of /</title></head><body><h1>Index of /</h1>{listing}</body></html>".encode(), headers={"content-type": "text/html"}),
            "/a.json": dataset(1, "Salinity"), "/slow.json": dataset(2, "Salinity"), "/bad.xml": BAD,
        }[asked.path]  # fmt: skip


def harvest(node: Node, folder: Path, url: str) -> dict[str, int]:
    """Sources of every state; gives numbers of runs by what they show."""
    theirs = folder / "theirs"
    theirs.mkdir()
    for n in range(SERIES):
        (theirs / f"{n:02d}.json").write_bytes(dataset(n))
    write = formats.find("iso19115-3").write
    assert write
    for name, record in (("rich", rich()), ("hostile", hostile())):
        (theirs / f"{name}.xml").write_bytes(write(record, Links()).body)
    (theirs / BAD_KEY).write_bytes(BAD)
    node.harvest.add("theirs", str(theirs), "folder", schedule="0 3 * * *", centre="coriolis")
    first = node.harvest.run("theirs").id
    (theirs / "00.json").write_bytes(dataset(0, "Clarity"))
    (theirs / "01.json").unlink()
    second = node.harvest.run("theirs").id
    node.harvest.add("server", url, "waf", options={"depth": "1"})
    missed = node.harvest.run("server").id
    lossy = folder / "lossy"
    lossy.mkdir()
    for n in range(8):
        (lossy / f"{n}.json").write_bytes(dataset(100 + n))
    node.harvest.add("lossy", str(lossy), "folder")
    node.harvest.run("lossy")
    for n in range(6):
        (lossy / f"{n}.json").unlink()
    loss = node.harvest.run("lossy").id
    node.harvest.add(
        "never", "https://someone:secret@catalogue.example/oai", "oai-pmh", options={"set": "sea"}
    )
    node.harvest.change("never", active=False)
    return {"first": first, "second": second, "missed": missed, "loss": loss}


def slow() -> Generator[tuple[str, Slow]]:
    """The server; what is slow waits for nobody unless told."""
    held = Slow()
    held.go.set()
    with serving(held.answer) as served:
        yield served.url, held


def signed_in(client: Client, secret: str) -> dict[str, str]:
    """The header of someone who is signed in."""
    found = client.ask("POST", "/en/sign-in", data={"token": secret})
    assert found.status_code == 303, found.text
    return {"Cookie": found.headers["set-cookie"].partition(";")[0]}
