"""The pivot: what every metadata standard is read into and written from.

Each value is frozen, has a default for every field, and compares by content. An empty text, tuple or
string means "not said". Codes are those of the standard named in each docstring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from estran.model.place import Box, hull
from estran.model.text import Text
from estran.model.time import EVER_US, NEVER_US, Period

KINDS = (
    "dataset", "collection", "service", "software", "publication", "model", "image", "event", "project",
    "sample", "item", "other",
)  # fmt: skip

ROLES = (
    "author", "publisher", "pointOfContact", "owner", "custodian", "distributor", "originator",
    "principalInvestigator", "processor", "resourceProvider", "user", "sponsor", "funder", "contributor",
    "editor", "collaborator", "rightsHolder", "coAuthor", "mediator", "stakeholder",
)  # fmt: skip

CONCEPT_ROLES = (
    "keyword", "theme", "topic", "place", "time", "variable", "platform", "instrument", "project", "level",
    "discipline", "stratum", "taxon", "infrastructure",
)  # fmt: skip


class Identifier(NamedTuple):
    """A name given elsewhere: scheme is "doi", "uuid", "uri", "isbn"…, "" where it is not known.

    A DOI is kept bare and in lower case (``10.12770/abc``).
    """

    value: str
    scheme: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person or an organisation and the part it played (ISO 19115-1 CI_Responsibility).

    Attributes:
        role: an ISO 19115-1 CI_RoleCode, from `ROLES`; another code is kept as it came.
        name: the person's name, "Family, Given" where the parts are known.
        organisation: the organisation's name, the only one where the party is an organisation.
        identifier: an ORCID, ROR or other address that names the party, as an URL.
    """

    role: str = ""
    name: str = ""
    organisation: Text = Text()
    position: Text = Text()
    email: str = ""
    phone: str = ""
    address: str = ""
    city: str = ""
    country: str = ""
    url: str = ""
    identifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A reference to a concept of a vocabulary, or a free keyword (SKOS).

    Attributes:
        role: what the word says about the record, from `CONCEPT_ROLES`.
        uri: the concept's address, "" for a free keyword.
        scheme: name of the vocabulary; scheme_uri its address.
    """

    label: Text = Text()
    role: str = "keyword"
    uri: str = ""
    scheme: str = ""
    scheme_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A measured or computed quantity that the data hold.

    Attributes:
        name: its short name in the data, such as ``sst``.
        standard_name: the CF standard name, "" if it has none.
        unit: the unit in UDUNITS notation, as given.
    """

    name: str = ""
    label: Text = Text()
    description: Text = Text()
    standard_name: str = ""
    unit: str = ""
    uri: str = ""


class Vertical(NamedTuple):
    """A range of heights; positive upwards unless the CRS says otherwise. Metres where unit is ""."""

    minimum: float
    maximum: float
    unit: str = ""
    crs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Where and when.

    Attributes:
        boxes: all bounding boxes, in degrees.
        geometries: exact footprints as WKT in longitude, latitude.
        places: names of places.
        periods: all periods.
    """

    boxes: tuple[Box, ...] = ()
    geometries: tuple[str, ...] = ()
    places: tuple[Text, ...] = ()
    periods: tuple[Period, ...] = ()
    vertical: tuple[Vertical, ...] = ()

    @property
    def box(self) -> Box | None:
        """The smallest box around all boxes, None without any."""
        return hull(self.boxes)

    @property
    def period(self) -> Period | None:
        """From the earliest start to the latest end, None without any period."""
        if not self.periods:
            return None
        start = min(self.periods, key=lambda p: p.bounds()[0]).start
        end = max(self.periods, key=lambda p: p.bounds()[1]).end
        return Period(start, end)

    def bounds(self) -> tuple[int, int] | None:
        """First and last microsecond (half-open) of all periods together, None without any."""
        if not self.periods:
            return None
        every = [p.bounds() for p in self.periods]
        return min((s for s, _ in every), default=EVER_US), max((e for _, e in every), default=NEVER_US)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One way to the data: a file, a service, a page (DCAT Distribution, STAC Asset, CI_OnlineResource).

    Attributes:
        url: address of the thing itself, or of a page or service that leads to it.
        function: "download", "information", "service", "search", "order", "offline", "thumbnail",
            "metadata" or "" where it is not said.
        protocol: as given, such as ``OGC:WMS`` or ``WWW:LINK``.
        media_type: an IANA media type; format: the name of the format as given.
        name: layer, file or asset key; size_bytes: -1 where it is not known.
        checksum: ``algorithm:hexadecimal``, such as ``sha256:…``.
        conforms_to: addresses of the standards that it follows.
        roles: STAC asset roles.
    """

    url: str = ""
    title: Text = Text()
    description: Text = Text()
    function: str = ""
    protocol: str = ""
    media_type: str = ""
    format: str = ""
    name: str = ""
    size_bytes: int = -1
    checksum: str = ""
    conforms_to: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A licence or other terms under which the data may be used.

    Attributes:
        spdx: SPDX identifier such as ``CC-BY-4.0``, "" if it has none.
    """

    name: Text = Text()
    uri: str = ""
    spdx: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A limit on use or access that is not a licence.

    Attributes:
        kind: "use", "access" or "security".
        code: an ISO 19115-1 MD_RestrictionCode or MD_ClassificationCode, "" if none.
        uri: address of the code or text (INSPIRE registries).
    """

    kind: str = "use"
    code: str = ""
    text: Text = Text()
    uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A tie to another resource.

    Attributes:
        kind: a DataCite 4 relationType, such as ``IsPartOf``, ``IsDerivedFrom``, ``References``.
        target: its identifier or address; scheme as in `Identifier`.
        type: general type of the target (DataCite resourceTypeGeneral), "" if not said.
    """

    kind: str = ""
    target: str = ""
    scheme: str = ""
    title: Text = Text()
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """A grant (DataCite fundingReference)."""

    funder: str = ""
    funder_identifier: str = ""
    award: str = ""
    award_title: str = ""
    award_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformity:
    """The outcome of a check against a specification (ISO 19157 DQ_ConformanceResult).

    Attributes:
        passed: "yes", "no" or "" for not evaluated.
    """

    title: Text = Text()
    uri: str = ""
    date: str = ""
    explanation: Text = Text()
    passed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Resolution of the data; each number as given, 0 where it is not."""

    distance_m: float = 0.0
    distance_degrees: float = 0.0
    scale_denominator: float = 0.0
    step: str = ""
    """Temporal resolution as an ISO 8601 duration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one resource: dataset, collection, service, software, publication, and so on.

    The first group is what the node adds; formats leave it alone.

    Attributes:
        id: the node's permanent identifier, "" before the record is stored.
        centre: id of the centre it belongs to; source: name of the source it came from.
        visibility: "public", "restricted" or "draft".
        added, updated: when the node first stored it and last changed it (canonical instants).
        warnings: what is wrong with the source document, kept with the record.

        identifier: the source's own identifier, verbatim.
        identifiers: other names, DOI included.
        kind: one of `KINDS`; kind_label: the source's own word for it.
        doi: see `doi`, derived from the identifiers.
        language: of the data (ISO 639-1, else 639-2/T); metadata_language: of this description.
        status: an ISO 19115-1 MD_ProgressCode; frequency: an ISO MD_MaintenanceFrequencyCode.
        access: "open", "restricted", "embargoed", "closed" or "" (COAR access rights).
        representation: an ISO MD_SpatialRepresentationTypeCode: vector, grid, textTable, tin, video…
        crs: coordinate reference systems, as ``EPSG:2154`` or an address.
        service_type: kind of a service, such as ``view`` or ``OGC:WMS``.
        created, published, revised, available: dates of the resource; metadata_date: of the description.
        lineage: sources and processing, in words.
        thumbnails: addresses of pictures.
    """

    id: str = ""
    centre: str = ""
    source: str = ""
    visibility: str = "public"
    added: str = ""
    updated: str = ""
    warnings: tuple[str, ...] = ()

    identifier: str = ""
    identifiers: tuple[Identifier, ...] = ()
    kind: str = "dataset"
    kind_label: str = ""
    title: Text = Text()
    alternate_titles: tuple[Text, ...] = ()
    abstract: Text = Text()
    purpose: Text = Text()
    supplement: Text = Text()
    credit: Text = Text()
    lineage: Text = Text()
    version: str = ""
    language: tuple[str, ...] = ()
    metadata_language: str = ""
    status: str = ""
    frequency: str = ""
    access: str = ""
    representation: tuple[str, ...] = ()
    crs: tuple[str, ...] = ()
    service_type: str = ""
    created: str = ""
    published: str = ""
    revised: str = ""
    available: str = ""
    metadata_date: str = ""
    metadata_standard: str = ""
    landing_page: str = ""
    parties: tuple[Party, ...] = ()
    metadata_parties: tuple[Party, ...] = ()
    concepts: tuple[Concept, ...] = ()
    variables: tuple[Variable, ...] = ()
    extent: Extent = Extent()
    quality: Quality = Quality()
    distributions: tuple[Distribution, ...] = ()
    thumbnails: tuple[str, ...] = ()
    licences: tuple[Licence, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    relations: tuple[Relation, ...] = ()
    fundings: tuple[Funding, ...] = ()
    conformities: tuple[Conformity, ...] = ()

    @property
    def doi(self) -> str:
        """The record's own DOI, bare, "" if it has none."""
        return next((i.value for i in self.identifiers if i.scheme == "doi"), "")

    def of_role(self, *roles: str) -> tuple[Party, ...]:
        """The parties that play one of `roles`, in the record's order."""
        return tuple(p for p in self.parties if p.role in roles)

    def words(self, role: str) -> tuple[Concept, ...]:
        """The concepts of one role, in the record's order."""
        return tuple(c for c in self.concepts if c.role == role)


NODE_FIELDS = frozenset({"id", "centre", "source", "visibility", "added", "updated", "warnings"})
"""Fields of a Record that the node fills; formats neither read nor write them."""
