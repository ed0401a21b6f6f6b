"""What a distribution is, from what the record says of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

import estran
from estran.catalogue.resources import SERVICES, of_record, resource
from estran.model import Distribution, Record

if TYPE_CHECKING:
    from pathlib import Path

WEB = "https://data.example.org"


@pytest.mark.parametrize(
    ("given", "kind", "why"),
    [
        ({"url": f"{WEB}/geoserver/ows", "protocol": "OGC:WMS"}, "WMS", "protocol"),
        ({"url": f"{WEB}/ows", "protocol": "OGC:WMS-1.3.0-http-get-capabilities"}, "WMS", "protocol"),
        ({"url": f"{WEB}/ows", "protocol": "OGC Web Feature Service"}, "WFS", "protocol"),
        # The address knows better than the protocol.
        ({"url": f"{WEB}/kvp?service=SOS&request=GetCapabilities", "protocol": "OGC:WMS"}, "SOS", "query"),
        ({"url": f"{WEB}/wmts/WMTSCapabilities.xml"}, "WMTS", "path"),
        ({"url": f"{WEB}/geodienste/wms", "format": "WMS"}, "WMS", "format"),
        ({"url": f"{WEB}/arcgis/services/X/MapServer/WMSServer?request=GetCapabilities"}, "WMS", "path"),
        ({"url": f"{WEB}/csw/default?service=CSW&request=GetCapabilities"}, "CSW", "query"),
        ({"url": f"{WEB}/wcs?SERVICE=WCS"}, "WCS", "query"),
        # What a service answered is a file.
        ({"url": f"{WEB}/ows?service=WFS&request=GetFeature&typeName=a&outputFormat=csv"}, "file", "query"),
        ({"url": f"{WEB}/wms?request=GetLegendGraphic", "media_type": "image/png"}, "file", "query"),
        ({"url": f"{WEB}/thredds/dodsC/sst/agg", "protocol": "OPeNDAP:OPeNDAP"}, "OPeNDAP", "protocol"),
        ({"url": f"{WEB}/thredds/dodsC/sst/agg.html", "protocol": "WWW:LINK"}, "OPeNDAP", "path"),
        ({"url": f"{WEB}/thredds/catalog/x/catalog.html"}, "THREDDS", "path"),
        ({"url": f"{WEB}/thredds/fileServer/x/a.nc"}, "file", "path"),
        ({"url": f"{WEB}/thredds/wms/x/a.nc"}, "WMS", "path"),
        ({"url": f"{WEB}/erddap/tabledap/buoys.html"}, "ERDDAP", "path"),
        ({"url": f"{WEB}/erddap/tabledap/buoys.csv"}, "file", "path"),
        ({"url": f"{WEB}/FROST-Server/v1.1"}, "SensorThings", "path"),
        ({"url": f"{WEB}/any", "protocol": "OGC:SensorThings"}, "SensorThings", "protocol"),
        ({"url": f"{WEB}/stac/v1"}, "STAC", "path"),
        ({"url": f"{WEB}/x/collections/a/items", "media_type": "application/geo+json"}, "OGC API", "path"),
        ({"url": f"{WEB}/api", "protocol": "OGC API - Records"}, "OGC API", "protocol"),
        ({"url": f"{WEB}/rest/services/A/MapServer", "protocol": "ESRI:REST"}, "ArcGIS REST", "protocol"),
        ({"url": f"{WEB}/sst.zarr"}, "Zarr", "path"),
        ({"url": "abfs://daymet/hi.zarr", "media_type": "application/vnd+zarr"}, "Zarr", "media type"),
        ({"url": "s3://bucket/a.nc"}, "cloud", "scheme"),
        ({"url": "ftp://ftp.example.org/a.nc"}, "file", "scheme"),
        ({"url": "ecogrid://knb/tao.2.1"}, "other", "scheme"),
        (
            {"url": f"{WEB}/a.tif", "media_type": "image/tiff; application=geotiff; profile=cloud-optimized"},
            "COG",
            "media type",
        ),
        ({"url": f"{WEB}/a.nc"}, "file", "extension"),
        ({"url": f"{WEB}/a", "media_type": "application/x-netcdf"}, "file", "media type"),
        ({"url": f"{WEB}/a", "function": "download"}, "file", "function"),
        ({"url": f"{WEB}/a", "function": "information"}, "page", "function"),
        ({"url": f"{WEB}/a.php", "format": "OPeNDAP"}, "page", "extension"),
        ({"url": "https://doi.org/10.1/x", "function": "download"}, "page", "extension"),
        ({"url": f"{WEB}/cas/login?service=https%3A%2F%2Fx", "function": "download"}, "login", "path"),
        ({"url": f"{WEB}/viewer/x", "function": "service"}, "other", "function"),
        ({"function": "offline", "format": "CD"}, "offline", "function"),
    ],
)
def test_who_speaks_first_decides(given, kind, why):
    found = resource(Distribution(**given))
    assert found is not None
    assert (found.kind, found.why) == (kind, why)
    assert 0 < found.confidence <= 1
    assert found.kind in SERVICES


@pytest.mark.parametrize("url", ["", "a.nc", "see our page", "http://", "https://[::1", "http://x:99999/"])
def test_what_leads_nowhere_is_nothing(url):
    assert resource(Distribution(url=url, function="download")) is None


def test_all_that_a_service_serves_is_one_address():
    asked = "?map=/a.map&SERVICE=WMS&version=1.3.0&REQUEST=GetCapabilities"
    one = resource(Distribution(url=f"{WEB}/ows{asked}", protocol="OGC:WMS", name="sst"))
    other = resource(Distribution(url=f"{WEB}/ows?map=/a.map&", protocol="OGC:WMS-1.1.1", name="chl"))
    third = resource(Distribution(url=f"{WEB}/ows?map=/a.map&service=WMS&layers=wind#top"))
    assert one
    assert other
    assert third
    assert {one.address, other.address, third.address} == {f"{WEB}/ows?map=%2Fa.map"}
    assert (one.layer, other.layer, third.layer) == ("sst", "chl", "wind")


def test_the_name_of_an_asset_or_a_sentence_is_no_layer():
    for given in (
        {"url": f"{WEB}/wms", "name": "enclosure_3"},
        {"url": f"{WEB}/ows", "protocol": "OGC:WMS", "name": "visual", "roles": ("visual",)},
        {"url": f"{WEB}/ows", "protocol": "OGC:WMS", "name": "Sea surface temperature"},
    ):
        found = resource(Distribution(**given))
        assert found
        assert found.layer == ""


@pytest.mark.parametrize(
    ("given", "family"),
    [
        ({"url": f"{WEB}/a.NC"}, "NetCDF"),
        ({"url": f"{WEB}/a", "format": "ESRI Shapefile (SHP)"}, "ZIP"),
        ({"url": f"{WEB}/a.zip", "format": "GPKG"}, "GeoPackage"),
        ({"url": f"{WEB}/a", "media_type": "application/geo+json"}, "JSON"),
        ({"url": f"{WEB}/a.csv", "format": "our own"}, ""),
        ({"url": f"{WEB}/a.pdf", "function": "information"}, "PDF"),
        ({"url": f"{WEB}/a", "media_type": "text/html", "function": "download"}, ""),
    ],
)
def test_a_file_has_the_format_that_is_claimed(given, family):
    found = resource(Distribution(**given))
    assert found
    assert found.family == family


def test_a_record_leads_where_its_distributions_and_its_landing_page_do():
    record = Record(
        landing_page=f"{WEB}/page",
        distributions=(
            Distribution(url=f"{WEB}/a.nc"),
            Distribution(url=f"{WEB}/small.png", function="thumbnail"),
            Distribution(url="nowhere"),
        ),
    )
    assert [(d.url, r.kind) for d, r in of_record(record)] == [
        (f"{WEB}/a.nc", "file"),
        (f"{WEB}/page", "page"),
    ]


def test_no_address_is_slow_or_fatal():
    for url in (
        "http://a/" + "x" * 1_000_000,
        "http://a/" + "/stac" * 300,
        "http://a/" + "collections/" * 150,
    ):
        resource(Distribution(url=url, media_type="application/geo+json" * 50))


def test_real_distributions_are_what_they_look_like(shared_data: Path, tmp_path: Path):
    found: Counter[str] = Counter()
    services: dict[str, set[str]] = {}
    with estran.open(tmp_path / "node") as node:
        node.load([shared_data / "catalogue" / part for part in ("iso19139", "iso19115-3", "theia-ozcar")])
        for record in node.scan(limit=2000)[0]:
            for one, what in of_record(record):
                assert what.kind in SERVICES
                assert what == resource(one)
                assert not what.address or what.address.startswith(("http://", "https://"))
                found[what.kind] += 1
                services.setdefault(what.kind, set()).add(one.url.lower())
        counted = dict(node.search(counts=["service"], limit=0).facets["service"])
    assert min(found[kind] for kind in ("WMS", "WFS", "CSW", "file", "page", "OPeNDAP", "WMTS")) > 0
    assert found["WMS"] > 40
    assert set(counted) <= set(SERVICES)
    # What says of itself which service it is, is none of another.
    for kind in ("WMS", "WFS", "WCS"):
        named = {url for url in services[kind] if "service=" in url} if kind in services else set()
        assert all(f"service={kind.lower()}" in url for url in named), kind
