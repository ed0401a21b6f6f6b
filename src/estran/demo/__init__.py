"""The demo: a node filled with real open metadata that installed packages carry, without any network."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from estran.access.founding import parse
from estran.catalogue import LoadReport
from estran.demo.collections import collections
from estran.errors import Invalid
from estran.vocabulary import cf_standard_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.catalogue import Progress
    from estran.node import Node

__all__ = ["build"]

_CF_TABLE = "data/cf-standard-name-table.xml"


def build(node: Node, progress: Callable[[Progress], None] | None = None) -> LoadReport:
    """Fill a node with the demo's records, organisations and vocabulary; a second run changes nothing.

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
    return LoadReport(
        read=report.read + grids.read,
        new=report.new + grids.new,
        changed=report.changed + grids.changed,
        unchanged=report.unchanged + grids.unchanged,
        refused=[*report.refused, *grids.refused],
    )


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
