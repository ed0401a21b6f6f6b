"""The metadata formats that OAI-PMH hands out, and records as fragments of its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran import formats

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.formats import Links
    from estran.model import Record

__all__ = ["FORMS", "Form", "find"]


def _bare(body: bytes) -> bytes:
    return body


def _for_datacite(body: bytes) -> bytes:
    """DataCite's own envelope, which says the version of the schema."""
    return (
        b'<oai_datacite xmlns="http://schema.datacite.org/oai/oai-1.1/"><schemaVersion>4.6</schemaVersion>'
        b"<payload>" + body + b"</payload></oai_datacite>"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A metadata format of OAI-PMH.

    Attributes:
        prefix: its metadataPrefix; also: other words for it.
        format: name of the Estran format that writes it.
        enveloped: puts what that writes into an envelope.
    """

    prefix: str
    also: tuple[str, ...] = ()
    schema: str
    namespace: str
    format: str
    enveloped: Callable[[bytes], bytes] = _bare

    def written(self, record: Record, links: Links) -> bytes:
        """A record as a fragment of XML."""
        write = formats.find(self.format).write
        assert write is not None, f"{self.format} writes"
        body = write(record, links).body
        # Within another document it has no declaration.
        return self.enveloped(body[body.index(b"?>") + 2 :].lstrip() if body.startswith(b"<?xml") else body)


_ISO = "http://standards.iso.org/iso/19115/-3/mdb/2.0"
FORMS = (
    Form(
        prefix="oai_dc",
        schema="http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
        namespace="http://www.openarchives.org/OAI/2.0/oai_dc/",
        format="dublin-core",
    ),
    Form(
        prefix="oai_datacite",
        schema="http://schema.datacite.org/oai/oai-1.1/oai.xsd",
        namespace="http://schema.datacite.org/oai/oai-1.1/",
        format="datacite-xml",
        enveloped=_for_datacite,
    ),
    Form(
        prefix="datacite",
        also=("datacite4", "oai_datacite4"),
        schema="http://schema.datacite.org/meta/kernel-4.6/metadata.xsd",
        namespace="http://datacite.org/schema/kernel-4",
        format="datacite-xml",
    ),
    Form(
        prefix="iso19139",
        also=("gmd", "iso19139.2007"),
        schema="http://www.isotc211.org/2005/gmd/gmd.xsd",
        namespace="http://www.isotc211.org/2005/gmd",
        format="iso19139",
    ),
    Form(
        prefix="iso19115-3.2018",
        also=("iso19115-3", "iso19115_3", "mdb"),
        schema=f"{_ISO}/mdb.xsd",
        namespace=_ISO,
        format="iso19115-3",
    ),
)
"""The first is the one that every repository has."""
_BY_PREFIX = {name: form for form in FORMS for name in (form.prefix, *form.also)}


def find(prefix: str) -> Form | None:
    """The format of a metadataPrefix, None where there is none."""
    return _BY_PREFIX.get(prefix)
