"""Names that say "this resource" make keys; what a record is only tied to does not."""

from __future__ import annotations

import pytest

from estran.catalogue.identities import keys, most_of_a_source
from estran.model import Identifier, Record, Relation, Text

UUID = "04bcec79-5b25-4b16-b635-73115f7456e4"


def of(**given: object) -> set[str]:
    return set(keys(Record(title=Text.of("Title"), **given)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "written",
    ["10.17882/ABC", "https://doi.org/10.17882/abc", "http://dx.doi.org/10.17882/Abc", "doi:10.17882/abc"],
)
def test_a_doi_is_one_key_however_it_is_written(written: str) -> None:
    assert of(identifier=written) == {"doi:10.17882/abc"}
    assert of(identifiers=(Identifier(written, "uri" if "://" in written else ""),)) == {"doi:10.17882/abc"}
    assert of(landing_page=written) == ({"doi:10.17882/abc"})


@pytest.mark.parametrize(
    "written", [UUID, UUID.upper(), f"{{{UUID}}}", f"urn:uuid:{UUID}", f"urn:isogeo:metadata:uuid:{UUID}"]
)
def test_a_uuid_is_one_key_however_it_is_written(written: str) -> None:
    assert of(identifier=written) == {f"uuid:{UUID}"}


def test_a_uuid_with_words_of_its_catalogue_is_another() -> None:
    assert of(identifier=f"fr-120066022-jdd-{UUID}") == {f"uuid:fr-120066022-jdd-{UUID}"}
    assert of(identifier=f"FR-120066022-JDD-{UUID.upper()}") == {f"uuid:fr-120066022-jdd-{UUID}"}


def test_an_address_that_ends_with_a_uuid_is_a_name_only_where_it_is_one() -> None:
    page = f"https://www.geo.example/geonetwork/srv/fre/catalog.search#/metadata/{UUID}"
    canonical = f"page:geo.example/geonetwork/srv/fre/catalog.search#/metadata/{UUID}"
    assert of(identifiers=(Identifier(page, "uri"),)) == {f"uuid:{UUID}", canonical}
    assert of(landing_page=page) == {canonical}


@pytest.mark.parametrize(
    "written",
    [
        "http://www.portal.example/data/12",
        "https://portal.example/data/12/",
        "https://PORTAL.example:443/data/12?utm_source=x&lang=fr#top",
        "https://portal.example/data/12/index.html;jsessionid=0F",
        "https://portal.example/data/1%32",
    ],
)
def test_a_page_is_one_key_however_it_is_written(written: str) -> None:
    assert of(landing_page=written) == {"page:portal.example/data/12"}


@pytest.mark.parametrize(
    "generic",
    [
        "https://portal.example",
        "https://portal.example/",
        "https://portal.example/index.html",
        "https://www.portal.example/fr/",
        "http://portal.example/geonetwork",
        "ftp://portal.example/data/12",
        "https://[portal/data/12",
        "https://portal.example:x/data/12",
        "not an address",
        "https://portal.example/data/12%00",
        "https://portal.example/data/12%0A",
        "https://doi.org/10.1234/a%00b",
    ],
)
def test_a_front_page_is_no_key(generic: str) -> None:
    assert of(landing_page=generic) == set()


def test_what_a_page_is_asked_belongs_to_it() -> None:
    one = of(landing_page="https://portal.example/view?id=1&year=2020")
    assert one == of(landing_page="https://portal.example/view?year=2020&id=1")
    assert one != of(landing_page="https://portal.example/view?id=2&year=2020")


def test_a_whole_that_is_cited_is_no_name_of_the_part() -> None:
    cited = (Relation(kind="IsPartOf", target="10.1/series", scheme="doi"),)
    doi = Identifier("10.1234/series", "doi")
    part = Relation(kind="IsPartOf", target="https://doi.org/10.1234/series")
    assert of(identifiers=(doi,), relations=(part,)) == set()
    assert of(identifiers=(doi,), relations=cited) == {"doi:10.1234/series"}
    parent = Relation(kind="IsPartOf", target=UUID, scheme="uuid")
    assert of(identifier="child", relations=(parent,)) == set()


def test_what_it_says_to_be_identical_to_is_a_name() -> None:
    same = Relation(kind="IsIdenticalTo", target="10.1234/other", scheme="doi")
    assert of(relations=(same,)) == {"doi:10.1234/other"}


def test_a_service_shares_nothing_with_its_data() -> None:
    doi = (Identifier("10.1234/a", "doi"),)
    assert of(identifiers=doi, kind="service") == {"service-doi:10.1234/a"}
    assert of(identifiers=doi, kind="collection") == of(identifiers=doi) == {"doi:10.1234/a"}


def test_names_that_are_only_known_at_home_are_no_keys() -> None:
    assert (
        of(identifier="dataset-12", identifiers=(Identifier("sentinel-2", "stac"), Identifier("7"))) == set()
    )
    assert of(identifier=f"https://portal.example/{'x/1' * 300}") == set()


def test_how_many_of_a_source_may_share_a_key() -> None:
    assert most_of_a_source("page:a/b/c") == most_of_a_source("service-page:a/b/c") == 1
    assert most_of_a_source("doi:10.1/page:") == most_of_a_source("uuid:x") == 3
