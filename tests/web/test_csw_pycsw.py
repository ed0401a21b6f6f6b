"""pycsw takes a whole node over /csw, and what changed in it the second time."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

import estran
from estran.model import Text
from tests.catalogue.records import put, some_records
from tests.conftest import lacking
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 90
PAGE = "25"
CSW = "{http://www.opengis.net/cat/csw/2.0.2}"
CLIENT = Path(__file__).with_name("pycsw_client.py")
# Its last release reads its version through pkg_resources and its database through SQLAlchemy 1.4, neither of
# which lives beside ours; uv keeps the environment that it makes of them.
WITH = ("pycsw==2.6.2", "setuptools<81", "sqlalchemy<2")
UNREACHABLE = re.compile(
    r"dns error|client error \(Connect\)|error sending request|Failed to fetch|network was disabled",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def pycsw() -> Callable[..., etree._Element]:
    """Has pycsw harvest an address into a file."""
    uv = shutil.which("uv") or lacking("uv")
    program = [uv, "run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    program += [word for one in WITH for word in ("--with", one)] + ["python", str(CLIENT)]

    bare = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}

    def harvest(address: str, file: Path) -> etree._Element:
        command = [*program, address, str(file), PAGE]
        done = subprocess.run(command, cwd=file.parent, capture_output=True, check=False, env=bare)
        said = done.stderr.decode()
        if done.returncode and UNREACHABLE.search(said):
            lacking("a package registry that uv reaches")
        assert done.returncode == 0, said
        return etree.fromstring(done.stdout)

    return harvest


def taken(file: Path) -> dict[str, tuple[str, str]]:
    """Identifier -> title and namespace of what pycsw holds, the service itself left out."""
    with closing(sqlite3.connect(file)) as held:
        rows = held.execute("SELECT identifier, title, schema, typename FROM records").fetchall()
    return {name: (title, schema) for name, title, schema, kind in rows if kind != "csw:Record"}


def number(answer: etree._Element, name: str) -> int:
    return int(answer.findtext(f".//{CSW}{name}") or answer.xpath("string()"))


def test_pycsw_harvests_us_and_what_changed(pycsw: Callable[..., etree._Element], tmp_path: Path) -> None:
    # A record about a service, pycsw takes for the harvested service itself the second time.
    records = [
        replace(record, visibility="public", kind="collection" if record.kind == "service" else record.kind)
        for record in some_records(COUNT, seed=5)
    ]
    hidden = replace(records.pop(), visibility="restricted")
    file = tmp_path / "pycsw.db"
    with estran.open(tmp_path / "node") as node:
        put(node, [*records, hidden])
        with serving(tmp_path / "node") as (base, _):
            first = pycsw(f"{base}/csw", file)
            # The service is a record of its own there.
            assert number(first, "totalInserted") == COUNT - 1 + 1
            found = taken(file)
            assert {schema for _, schema in found.values()} == {"http://www.isotc211.org/2005/gmd"}
            assert set(found) == {record.identifier for record in records}
            titled = {record.identifier: str(record.title) for record in records if record.title}
            assert {name: found[name][0] for name in titled} == titled

            gone = next(record for record in node.search(limit=1))
            node.remove(gone.id)
            renamed = next(record for record in records if record.identifier != gone.identifier)
            put(node, [replace(renamed, title=Text.of("renommé", "fr"), metadata_date="2026-01-01")], run=2)
            again = pycsw(f"{base}/csw", file)
            assert number(again, "totalUpdated") == COUNT - 1
            assert number(again, "totalDeleted") == 1
            found = taken(file)
            assert set(found) == {record.identifier for record in records} - {gone.identifier}
            assert found[renamed.identifier][0] == "renommé"
