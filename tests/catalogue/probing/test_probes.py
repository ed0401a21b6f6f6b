"""What comes of asking one address, for each kind and each way to fail, against real servers."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Any

import pytest

from estran.catalogue.probing import capabilities
from estran.catalogue.probing.heads import fits, is_cog, recognise
from estran.catalogue.probing.probes import probe
from estran.catalogue.probing.values import Link
from estran.fetching import Fetcher, Policy
from tests.fetching.serving import Answer, serving

if TYPE_CHECKING:
    from pathlib import Path

    from estran.catalogue.probing.values import Outcome

QUICK: dict[str, Any] = {
    "private": True, "per_second": 0.0, "attempts": 1, "timeout_s": 30.0, "whole_s": 60.0, "robots": False,
}  # fmt: skip
PAGE = b"<!DOCTYPE html><html><body>Hello</body></html>"
FORM = b'<!doctype html><html><form><input name="p" type="password"></form></html>'
CAPABILITIES = "catalogue/ogc-capabilities"


def ask(answer, path="/a", kind="file", family="", **policy) -> Outcome:
    with serving(answer) as server, Fetcher(Policy(**QUICK | policy)) as fetcher:
        return probe(Link(b"k", f"{server.url}{path}", kind, family, "127.0.0.1"), fetcher)


def tiff(*tags: int) -> bytes:
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, 256) for tag in tags)
    return b"II*\x00" + struct.pack("<IH", 8, len(tags)) + entries + b"\x00" * 64


@pytest.mark.parametrize(
    ("body", "family", "expected"),
    [
        (b"CDF\x01" + b"\x00" * 50, "NetCDF", ("ok", "")),
        (b"\x89HDF\r\n\x1a\n" + b"\x00" * 50, "NetCDF", ("ok", "")),
        (b"PK\x03\x04" + b"\x00" * 50, "NetCDF", ("ok", "")),
        (b"a,b\n1,2\n", "CSV", ("ok", "")),
        (b'{"type": "FeatureCollection"}', "JSON", ("ok", "")),
        (b"\x01\x02\x00anything", "NetCDF", ("ok", "")),
        (PAGE, "", ("ok", "")),
        (PAGE, "NetCDF", ("wrong", "instead")),
        (PAGE, "CSV", ("wrong", "instead")),
        (b'{"error": "no"}', "TIFF", ("wrong", "instead")),
        (b"%PDF-1.4", "NetCDF", ("wrong", "instead")),
        (FORM, "NetCDF", ("login", "form")),
        (FORM, "", ("ok", "")),
        (b"", "NetCDF", ("wrong", "empty")),
    ],
)
def test_a_file_is_what_it_claims_to_be(body, family, expected):
    outcome = ask(lambda _: body, family=family)
    assert (outcome.state, outcome.reason) == expected
    if outcome.reason == "instead":
        assert outcome.detail == recognise(body)


def test_what_came_is_told():
    outcome = ask(lambda _: Answer(PAGE, headers={"Content-Type": "Text/HTML; charset=x"}), family="NetCDF")
    assert (outcome.status, outcome.media_type, outcome.size, outcome.detail) == (
        200,
        "text/html",
        len(PAGE),
        "HTML",
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "login"), (407, "login"), (403, "refused"), (451, "refused"), (404, "gone"), (410, "gone"),
        (400, "failing"), (429, "failing"), (500, "failing"), (503, "failing"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["file", "page", "WMS", "STAC", "ERDDAP", "OPeNDAP", "Zarr"])
def test_a_status_says_what_became_of_it(status, expected, kind):
    outcome = ask(lambda _: Answer(b"said", status), kind=kind)
    assert (outcome.state, outcome.reason, outcome.status) == (expected, "status", status)


@pytest.mark.parametrize(("status", "state"), [(301, "moved"), (308, "moved"), (302, "ok"), (307, "ok")])
def test_only_lasting_redirects_move(status, state):
    def answer(a):
        return PAGE if a.path == "/b" else Answer(status=status, headers={"location": "/b"})

    outcome = ask(answer, kind="page")
    assert outcome.state == state
    assert outcome.detail.endswith("/b") is (state == "moved")


@pytest.mark.parametrize(
    "to", ["/cas/login?service=x", "/idp/profile/SAML2", "/auth/realms/x", "/oauth2/authorize"]
)
def test_to_be_sent_where_one_signs_in_is_to_want_a_login(to):
    def answer(a):
        return PAGE if a.path != "/a.nc" else Answer(status=302, headers={"location": to})

    outcome = ask(answer, "/a.nc", family="NetCDF")
    assert (outcome.state, outcome.reason) == ("login", "redirected")
    assert outcome.detail.endswith(to.partition("?")[0])
    # A page that is about signing in is not sent there.
    assert ask(lambda _: PAGE, "/login", kind="page").state == "ok"
    assert ask(lambda _: PAGE, "/login", kind="login")[:2] == ("login", "portal")


def test_the_size_is_that_of_the_whole_file():
    body = b"CDF\x01" + b"x" * 100_000

    def ranged(a):
        last = int(a.headers["range"].rpartition("-")[2])
        return Answer(body[: last + 1], 206, {"content-range": f"bytes 0-{last}/{len(body)}"})

    for answer in (ranged, lambda _: body):
        outcome = ask(answer, family="NetCDF")
        assert (outcome.state, outcome.size) == ("ok", len(body))


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: Answer([None], headers={"content-length": "9"}),
        lambda _: Answer(status=301, headers={"location": "/a"}),
    ],
)
def test_what_cannot_be_asked_fails(answer):
    outcome = ask(answer)
    assert (outcome.state, outcome.reason) in {("failing", "unreachable"), ("failing", "redirects")}
    assert outcome.detail


def test_nobody_there_and_no_such_name_are_failures():
    with Fetcher(Policy(**QUICK)) as fetcher:
        for url in ("http://127.0.0.1:9/a", "http://no-such-name.invalid/a"):
            outcome = probe(Link(b"k", url, "file", "", ""), fetcher)
            assert (outcome.state, outcome.reason) == ("failing", "unreachable")


def test_silence_is_not_waited_for():
    def slow(_):
        time.sleep(2)
        return b""

    assert ask(slow, timeout_s=0.2)[:2] == ("failing", "unreachable")


def test_rules_and_closed_networks_leave_it_unknown():
    robots = lambda a: b"User-agent: *\nDisallow: /" if a.path == "/robots.txt" else PAGE  # noqa: E731
    assert ask(robots, robots=True)[:2] == ("refused", "robots")
    assert ask(lambda _: PAGE, private=False)[:2] == ("refused", "closed")


@pytest.mark.parametrize(
    ("file", "kind", "layer"),
    [
        ("fr/insee-wms-getcapabilities.xml", "WMS", "part_men_5_ind_plus"),
        ("wms_geoserver-cap.xml", "WMS", "opengeo:poi"),
        ("fr/insee-wfs-getcapabilities.xml", "WFS", "insee:part_men_5_ind_plus"),
        ("wfs_mapserver_demo_getcapabilities_100.xml", "WFS", "cities"),
        ("eosdis-wmts-cap.xml", "WMTS", "MODIS_Terra_CorrectedReflectance_TrueColor"),
        ("sos_ngwd.xml", "SOS", "GW_LEVEL"),
        ("wps_USGSCapabilities.xml", "WPS", ""),
    ],
)  # fmt: skip
def test_real_services_describe_themselves(shared_data: Path, file, kind, layer):
    body = (shared_data / CAPABILITIES / file).read_bytes()
    asked = []

    def answer(a):
        asked.append(a)
        return Answer(body, headers={"content-type": "text/xml"})

    outcome = ask(answer, "/ows?map=/a", kind=kind)
    assert outcome.state == "ok"
    assert asked[0].query == {"map": "/a", "service": kind, "request": "GetCapabilities"}
    assert outcome.layers is not None
    assert not layer or layer in outcome.layers
    # It is no other service, and half of it is enough to know it, but not to know what is missing.
    assert ask(answer, kind="CSW")[:2] == ("wrong", "not_service")
    half = ask(lambda _: body[: len(body) // 2], kind=kind)
    assert (half.state, half.layers) == ("ok", None)


@pytest.mark.parametrize("name", ["capabilities.xml"])
def test_a_real_catalogue_service(shared_data: Path, name):
    body = (shared_data / "catalogue/csw/geonetwork-harvest/csw" / name).read_bytes()
    assert ask(lambda _: body, kind="CSW").state == "ok"


def test_an_error_a_page_or_a_bomb_is_no_service():
    error = b'<ExceptionReport xmlns="http://www.opengis.net/ows/1.1"><Exception><ExceptionText>No such service</ExceptionText></Exception></ExceptionReport>'
    for status in (200, 400, 500):
        outcome = ask(lambda _, status=status: Answer(error, status), kind="WFS")
        assert (outcome.state, outcome.reason, outcome.detail) == ("wrong", "exception", "No such service")
    assert ask(lambda _: PAGE, kind="WMS")[:3] == ("wrong", "not_service", "HTML")
    assert ask(lambda _: FORM, kind="WMS")[:2] == ("login", "form")
    entities = b"".join(b'<!ENTITY %c "%s">' % (98 + i, (b"&%c;" % (97 + i)) * 10) for i in range(9))
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + entities + b"]><x><Layer><Name>&j;</Name></Layer></x>"
    assert ask(lambda _: bomb, kind="WMS")[:2] == ("wrong", "not_service")
    deep = b"<WMS_Capabilities>" + b"<Layer>" * 100_000
    assert ask(lambda _: deep, kind="WMS").layers is None


def test_a_service_without_end_is_read_to_a_bound():
    def endless():
        yield b"<WMS_Capabilities>"
        for n in range(1 << 20):
            yield f"<Layer><Name>{n}{'x' * 5000}</Name></Layer>".encode()

    outcome = ask(lambda _: Answer(endless()), kind="WMS", timeout_s=30.0, whole_s=120.0)
    assert (outcome.state, outcome.layers) == ("ok", None)


@pytest.mark.parametrize(
    ("kind", "path", "asked", "good", "bad"),
    [
        ("STAC", "/stac", "/stac", b'{"stac_version": "1.1.0"}', b'{"a": 1}'),
        ("OGC API", "/ogc", "/ogc", b'{"links": []}', b"[]"),
        ("SensorThings", "/v1.1", "/v1.1", b'{"value": [{"name": "Things"}]}', b'{"value": 3}'),
        ("ArcGIS REST", "/MapServer", "/MapServer", b'{"currentVersion": 11}', b'{"error": {"code": 500}}'),
        ("OPeNDAP", "/dodsC/a.nc.html", "/dodsC/a.nc.dds", b"Dataset {\n} a;", b"Error {}"),
        ("ERDDAP", "/erddap/tabledap/b.html", "/erddap/tabledap/b.das", b"Attributes {\n}", b"Error {}"),
        ("ERDDAP", "/erddap/info/x/index.html", "/erddap/version", b"ERDDAP_version=2.2", b"hello"),
        ("Zarr", "/a.zarr/", "/a.zarr/.zmetadata", b'{"metadata": {}}', b"hello"),
    ],
)
def test_each_service_is_asked_for_what_only_it_has(kind, path, asked, good, bad):
    def only(body):
        return lambda a: {asked: body}[a.path]

    assert ask(only(good), path, kind).state == "ok"
    assert ask(only(bad), path, kind)[:2] == ("wrong", "not_service")
    assert ask(only(PAGE), path, kind)[:2] == ("wrong", "not_service")
    assert ask(only(FORM), path, kind)[0] == ("wrong" if kind == "Zarr" else "login")
    assert ask(lambda _: Answer(b"", 404), path, kind).state == "gone"


@pytest.mark.parametrize(
    "file",
    [
        "fr/ogcapi.json",
        "fr/ogcapi_collections.json",
        "fr/ogcapi_conformance.json",
        "fr/stac-items-page-1.json",
    ],
)
def test_real_landing_documents(shared_data: Path, file):
    body = (shared_data / CAPABILITIES / file).read_bytes()
    for kind in ("OGC API", "STAC"):
        assert ask(lambda _: body, kind=kind).state == "ok"


@pytest.mark.parametrize("name", [".zmetadata", "zarr.json", ".zgroup", ".zarray"])
def test_a_store_of_any_version_of_zarr(name):
    def answer(a):
        # Object stores forbid what is not there.
        return b"{}" if a.path == f"/a.zarr/{name}" else Answer(b"<Error/>", 403)

    assert ask(answer, "/a.zarr", "Zarr").state == "ok"


def test_a_cog_is_laid_out_as_one():
    assert is_cog(tiff(256, 257, 322, 323))
    assert is_cog(b"II*\x00" + struct.pack("<I", 1 << 30) + b"GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes")
    assert not is_cog(tiff(256, 257, 273))
    assert not is_cog(b"MM\x00*" + struct.pack(">I", 1 << 30) + b"x" * 100)
    assert ask(lambda _: tiff(256, 322), kind="COG", family="TIFF")[:2] == ("ok", "")
    assert ask(lambda _: tiff(256, 273), kind="COG", family="TIFF")[:2] == ("ok", "not_cog")
    assert ask(lambda _: PAGE, kind="COG", family="TIFF")[:2] == ("wrong", "instead")


def test_real_files_are_recognised(shared_data: Path):
    for suffix, family in (
        (".nc", ("NetCDF", "HDF")),
        (".tif", ("TIFF",)),
        (".zip", ("ZIP",)),
        (".xml", ("XML",)),
    ):
        files = [f for f in sorted(shared_data.rglob(f"*{suffix}"))[:20] if f.stat().st_size > 100]
        found = {recognise(f.read_bytes()[:4096]) for f in files}
        assert found <= {*family, "HTML", "", "Text"}, suffix
        assert not found or found & {*family}


def test_what_is_not_known_is_believed():
    assert fits("", "HTML")
    assert fits("NetCDF", "")
    assert not fits("ZIP", "HTML")
    assert fits("ZIP", "HDF")


def test_of_more_layers_than_are_kept_none_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(capabilities, "_MOST_NAMES", 3)
    layers = b"".join(b"<Layer><Name>%d</Name></Layer>" % n for n in range(9))
    assert ask(lambda _: b"<WMS_Capabilities>" + layers + b"</WMS_Capabilities>", kind="WMS").layers is None


@pytest.mark.parametrize("to", ["/author/2024", "/cascade/x", "/occasion", "/data/authors", "/tools/sso2"])
def test_words_that_only_look_like_signing_in(to):
    outcome = ask(
        lambda a: PAGE if a.path == to else Answer(status=302, headers={"location": to}), kind="page"
    )
    assert outcome.state == "ok"


def test_an_empty_file_has_nothing_to_give():
    empty = Answer(b"no such range", 416, {"content-range": "bytes */0"})
    assert ask(lambda _: empty, family="NetCDF")[:2] == ("wrong", "empty")
