"""XML Schemas of the standards, from packages that carry them; nothing is fetched."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import _Element

GMD = "http://www.isotc211.org/2005/gmd"
_PYCSW = importlib.util.find_spec("pycsw")
HERE = Path(str(_PYCSW.origin)).parent if _PYCSW else Path()
OGC = HERE / "core/schemas/ogc"
ISO = HERE / "plugins/profiles/apiso/schemas/ogc/iso/19139"
# Debian's python3-gavo; a package for astronomers, so that hardly anyone has it.
OAI = Path("/usr/lib/python3/dist-packages/gavo/resources/schemata")
_NEW, _OLD = ISO / "20070417", ISO / "20060504"
CSW_2 = ("http://www.opengis.net/cat/csw/2.0.2", OGC / "csw/2.0.2/CSW-discovery.xsd")
CSW_3 = ("http://www.opengis.net/cat/csw/3.0", OGC / "cat/csw/3.0/cswAll.xsd")
METADATA = (GMD, _NEW / "gmd/gmd.xsd")
EXTENDED = ("http://www.isotc211.org/2005/gmx", _NEW / "gmx/gmx.xsd")
# Services were never published with the schemas of 2007; those of 2006 name nothing that changed.
SERVICES = ("http://www.isotc211.org/2005/srv", _OLD / "srv/srv.xsd")
OAI_PMH = ("http://www.openarchives.org/OAI/2.0/", OAI / "OAI-PMH.xsd")
OAI_DC = ("http://www.openarchives.org/OAI/2.0/oai_dc/", OAI / "oai_dc.xsd")


class _Local(etree.Resolver):
    """Finds beside a schema what it would look for elsewhere, and the newer of two editions."""

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        address = (system_url or "").removeprefix("file://")
        if address.startswith("http"):
            return self.resolve_filename(str(OAI / address.rpartition("/")[2]), context)
        for room in ("gmd", "gco", "gmx", "gts", "gss", "gsr"):
            if address.startswith(f"{_OLD}/{room}/"):
                return self.resolve_filename(str(_NEW / address.removeprefix(f"{_OLD}/")), context)
        return None


@cache
def schema(*parts: tuple[str, Path]) -> etree.XMLSchema:
    """One schema of several (namespace, file)."""
    for _, file in parts:
        if not file.is_file():
            pytest.skip(f"{file.name} is not here; a package brings it (see tests/web/schemas.py)")
    lines = "".join(f'<xs:import namespace="{name}" schemaLocation="{file}"/>' for name, file in parts)
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local())
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{lines}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(text, parser))


def flaws(document: _Element, *parts: tuple[str, Path]) -> list[str]:
    """What a schema has against a document, each with its line."""
    one = schema(*parts)
    # As a document of its own, which knows its lines.
    one.validate(etree.fromstring(etree.tostring(document, encoding="utf-8")))
    return [f"{error.line}: {error.message}" for error in one.error_log]  # pyright: ignore[reportAttributeAccessIssue]
