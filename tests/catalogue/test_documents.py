"""Paths in, documents out: folders, archives, harvests, lines, and everything that is hostile or useless."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import resource
import socket
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest

from estran import formats
from estran.catalogue import archives, json_streams
from estran.catalogue.documents import Total, count_hint, documents
from estran.errors import Invalid
from estran.formats import Document, Refusal
from estran.model import Record

GMD = "http://www.isotc211.org/2005/gmd"
ISO = f'<gmd:MD_Metadata xmlns:gmd="{GMD}"><gmd:fileIdentifier/></gmd:MD_Metadata>'
DIF = "<DIF><Entry_ID>{0}</Entry_ID></DIF>"
ITEM = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "id": "a",
    "geometry": None,
    "properties": {},
    "links": [],
    "assets": {},
}


def put(path: Path, body: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    return path


def zipped(path: Path, entries: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            archive.writestr(name, body)
    return path


def split(*paths: Path) -> tuple[list[Document], list[Refusal]]:
    found = list(documents(paths))
    return [d for d in found if isinstance(d, Document)], [r for r in found if isinstance(r, Refusal)]


def refused(path: Path) -> Refusal:
    kept, (refusal,) = split(path)
    assert kept == []
    assert refusal.file.startswith(str(path))
    return refusal


# Folders


def test_folders_are_walked_in_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.xml", "a/z.xml", "a/y.xml", ".hidden.xml", ".git/x.xml", "__MACOSX/a.xml"):
        put(tmp_path / name, ISO)
    kept, refusals = split(tmp_path)
    assert [d.name for d in kept] == [str(tmp_path / name) for name in ("a/y.xml", "a/z.xml", "b.xml")]
    assert [d.path for d in kept] == [Path(d.name) for d in kept]
    assert refusals == []
    assert len(split(tmp_path / ".hidden.xml")[0]) == 1  # what is named is meant


def test_links_are_followed_once_and_loops_end(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside/o.xml", ISO).parent
    inside = put(tmp_path / "in/i.xml", ISO).parent
    (inside / "loop").symlink_to(inside)
    (inside / "out").symlink_to(outside)
    (inside / "out2").symlink_to(outside)
    (inside / "broken").symlink_to(tmp_path / "nowhere")
    kept, (refusal,) = split(inside, inside / "i.xml")
    assert [Path(d.name).name for d in kept] == ["i.xml", "o.xml"]
    assert "no such file" in refusal.why
    assert refusal.file.endswith("broken")


def test_what_is_no_file_is_refused_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "sock"))
        for refusal in split(tmp_path)[1]:
            assert "device or pipe" in refusal.why


def test_file_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = put(Path(folder) / "a.xml", ISO)
        path.chmod(0)
        me = os.geteuid()
        try:
            if me == 0:
                os.seteuid(65534)  # root may read everything
            refusal = refused(path)
        finally:
            os.seteuid(me)
    assert "may not be read" in refusal.why


def test_missing_path_and_zarr_store_and_empty_files(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none.xml").why
    assert refused(put(tmp_path / "e.json", "")).why == "it is empty"
    assert "nothing but blanks" in refused(put(tmp_path / "b.json", "\n \n")).why
    put(tmp_path / "s.zarr/zarr.json", "{}")
    put(tmp_path / "s.zarr/c/0", b"\x00")
    assert "Zarr store" in refused(tmp_path / "s.zarr").why


def test_names_that_are_not_utf8_can_be_said(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.xml"))
    put(path, ISO)
    ((document,), _) = split(tmp_path)
    assert document.name.endswith("\ufffd.xml")
    document.name.encode()


def test_count_hint_and_advance_agree(tmp_path: Path) -> None:
    put(tmp_path / "a.xml", ISO)
    put(tmp_path / "b.bin", os.urandom(300_000))
    zipped(tmp_path / "c.zip", {"x.xml": ISO})
    (tmp_path / "d.json.gz").write_bytes(gzip.compress(json.dumps(ITEM).encode()))
    total = count_hint([tmp_path])
    assert total == Total(4, sum(p.stat().st_size for p in tmp_path.iterdir()))
    told: list[int] = []
    list(documents([tmp_path], told.append))
    assert sum(told) == total.bytes


def test_bytes_pass_untouched_in_any_encoding(tmp_path: Path) -> None:
    for name, encoding in (("l", "latin-1"), ("u", "utf-16"), ("b", "utf-8-sig")):
        body = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><DIF><Entry_Title>é</Entry_Title></DIF>'
        put(tmp_path / f"{name}.xml", body.encode(encoding))
    kept, refusals = split(tmp_path)
    assert refusals == []
    assert all(d.body == (tmp_path / d.name).read_bytes() for d in kept)
    assert {str(r.title) for d in kept for r in formats.read(d) if isinstance(r, Record)} == {"é"}


def test_netcdf_is_given_by_its_path_and_never_read(tmp_path: Path) -> None:
    for magic in (b"CDF\x01", b"CDF\x05", b"\x89HDF\r\n\x1a\n"):
        path = put(tmp_path / "n.nc", magic + bytes(100))
        ((document,), ()) = split(path)
        assert (document.body, document.path) == (b"", path)
    assert "NetCDF" in refused(zipped(tmp_path / "n.zip", {"n.nc": b"CDF\x01"})).why


# Archives


def test_gzip_keeps_the_name_and_the_bytes(tmp_path: Path) -> None:
    path = put(tmp_path / "a.xml.gz", gzip.compress(gzip.compress(ISO.encode())))
    ((document,), ()) = split(path)
    assert (document.name, document.body, document.path) == (str(path), ISO.encode(), None)


def test_zip_gives_its_files_in_order_and_refuses_the_bad_ones(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "i.zip", {"deep.xml": ISO}).read_bytes()
    path = zipped(
        tmp_path / "a.zip",
        {
            "b/2.xml": ISO,
            "1.xml": ISO,
            "i.zip": inner,
            "../up.xml": ISO,
            "/root.xml": ISO,
            "C:\\x.xml": ISO,
            ".h.xml": ISO,
        },
    )
    kept, refusals = split(path)
    assert [d.name.removeprefix(f"{path}/") for d in kept] == ["1.xml", "b/2.xml", "i.zip/deep.xml"]
    assert sorted(r.file.removeprefix(f"{path}/") for r in refusals) == [
        "../up.xml",
        "/root.xml",
        "C:\\x.xml",
    ]
    assert all("out of the archive" in r.why for r in refusals)


def test_encrypted_and_broken_zips(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.xml": ISO, "b.xml": ISO})
    body = bytearray(path.read_bytes())
    for at in (body.find(b"PK\x03\x04") + 6, body.find(b"PK\x01\x02") + 8):
        body[at] |= 1
    kept, (refusal,) = split(put(path, bytes(body)))
    assert [Path(d.name).name for d in kept] == ["b.xml"]
    assert "encrypted" in refusal.why
    assert "broken" in refused(put(path, bytes(body[: len(body) // 2]))).why
    assert "no file" in refused(zipped(tmp_path / "e.zip", {})).why
    assert "office" in refused(zipped(tmp_path / "o.docx", {"[Content_Types].xml": "<Types/>"})).why


def test_zip_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.xml": ISO})
    body = bytearray(path.read_bytes())
    at = body.find(b"PK\x01\x02") + 16
    body[at : at + 4] = b"\x00\x00\x00\x00"
    assert "compressed data are broken" in refused(put(path, bytes(body))).why


@pytest.mark.parametrize(
    ("entries", "wanted"),
    [
        (("info.xml", "metadata.xml", "public/p.xml"), ["metadata.xml"]),
        (("u/info.xml", "u/metadata/metadata.xml", "u/metadata/metadata-iso19139.xml", "u/private/d.xml"), ["u/metadata/metadata.xml"]),
        (("u/info.xml", "u/metadata/metadata-dc.xml", "u/metadata/metadata-iso19139.xml"), ["u/metadata/metadata-iso19139.xml"]),
        (("a/info.xml", "a/metadata/metadata.xml", "b/info.xml", "b/metadata/metadata.xml"), ["a/metadata/metadata.xml", "b/metadata/metadata.xml"]),
    ],
)  # fmt: skip
def test_mef_gives_one_original_for_each_record(
    tmp_path: Path, entries: tuple[str, ...], wanted: list[str]
) -> None:
    path = zipped(tmp_path / "a.mef", dict.fromkeys(entries, ISO))
    kept, refusals = split(path)
    assert [d.name.removeprefix(f"{path}/") for d in kept] == wanted
    assert refusals == []


def test_containers_within_containers_are_bounded(tmp_path: Path) -> None:
    body = ISO.encode()
    for _ in range(archives.MAX_DEPTH + 1):
        body = gzip.compress(body)
    assert f"more than {archives.MAX_DEPTH} archives" in refused(put(tmp_path / "a.gz", body)).why


def _compressed(start: bytes, filler: bytes, mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(start), *(packer.compress(filler) for _ in range(mebibytes)), packer.flush()]
    return b"".join(parts)


def test_gzip_bombs_are_refused_early(tmp_path: Path) -> None:
    nonsense = put(tmp_path / "n.gz", _compressed(b"", b"a" * archives.MEBIBYTE, 80))
    assert "no metadata format" in refused(nonsense).why  # the head is enough
    document = put(tmp_path / "d.xml.gz", _compressed(ISO[:-20].encode(), b" " * archives.MEBIBYTE, 80))
    assert "300 times its size" in refused(document).why or "64 MB" in refused(document).why
    line = json.dumps(ITEM).encode().ljust(archives.MEBIBYTE - 1) + b"\n"
    lines = put(tmp_path / "l.ndjson.gz", _compressed(b"", line, 80))
    kept, (refusal,) = split(lines)
    assert kept
    assert "300 times its size" in refusal.why
    assert refusal.line == len(kept) + 1


def test_a_dump_of_millions_of_items_is_no_bomb() -> None:
    gibibyte = 1 << 30
    dump = archives.Meter(packed=5 * gibibyte, unpacked=70 * gibibyte)
    assert not dump.is_over
    assert archives.Meter(packed=gibibyte // 16, unpacked=17 * gibibyte).is_over
    dump.count(200 * gibibyte, "dump.ndjson.gz")
    with pytest.raises(Invalid, match="60 times"):
        dump.count(100 * gibibyte, "dump.ndjson.gz")


def test_zip_bomb_stops_the_whole_archive(tmp_path: Path) -> None:
    space = " " * (30 * archives.MEBIBYTE)
    path = zipped(
        tmp_path / "z.zip", {f"{n}.xml": ISO.replace("<gmd:file", f"{space}<gmd:file") for n in range(5)}
    )
    kept, refusals = split(path)
    assert len(kept) < 4
    assert "300 times its size" in refusals[0].why
    assert "not read" in refusals[-1].why
    assert len(refusals) == 2


def test_zip_with_an_endless_table_of_contents_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a.xml": ISO})
    body = bytearray(path.read_bytes())
    at = body.rfind(b"PK\x05\x06")
    body[at + 12 : at + 16] = (1 << 30).to_bytes(4, "little")
    assert "too many files" in refused(put(path, bytes(body))).why


def test_truncated_gzip_keeps_the_lines_before(tmp_path: Path) -> None:
    body = gzip.compress(
        b"".join(
            json.dumps(ITEM | {"id": str(n) + os.urandom(40).hex()}).encode() + b"\n" for n in range(2000)
        )
    )
    kept, (refusal,) = split(put(tmp_path / "l.ndjson.gz", body[: len(body) // 2]))
    assert len(kept) > 100
    assert refusal.line == len(kept) + 1
    assert "broken" in refusal.why


# Lines and collections of JSON


@pytest.mark.parametrize("name", ["a.ndjson", "a.jsonl", "a.geojsonseq", "a.json", "a.txt"])
def test_lines_are_documents_with_their_number(tmp_path: Path, name: str) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(ITEM).encode() + b"\r\n\n" + json.dumps(ITEM | {"id": "b"}).encode()
    kept, refusals = split(put(tmp_path / name, body))
    assert [(d.line, json.loads(d.body)["id"]) for d in kept] == [(1, "a"), (3, "b")]
    assert refusals == []


def test_text_sequence_may_spread_its_texts_over_lines(tmp_path: Path) -> None:
    body = "".join("\x1e" + json.dumps(ITEM | {"id": i}, indent=2) + "\n" for i in "ab")
    kept, refusals = split(put(tmp_path / "a.json", body))
    assert [json.loads(d.body)["id"] for d in kept] == ["a", "b"]
    assert kept[1].line == body[: body.rfind("\x1e")].count("\n") + 1
    assert refusals == []


def test_bad_line_is_refused_with_its_number_and_the_rest_is_kept(tmp_path: Path) -> None:
    body = f"{json.dumps(ITEM)}\nnot json\n{json.dumps(ITEM)}\n"
    kept, (refusal,) = split(put(tmp_path / "a.ndjson", body))
    assert [d.line for d in kept] == [1, 3]
    assert (refusal.line, "not a JSON object" in refusal.why) == (2, True)


def test_line_that_is_too_long_is_refused_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_streams, "MAX_DOCUMENT_BYTES", 1000)
    body = f"{json.dumps(ITEM)}\n{json.dumps(ITEM | {'id': 'x' * 5000})}\n{json.dumps(ITEM)}\n"
    kept, (refusal,) = split(put(tmp_path / "a.ndjson", body))
    assert [d.line for d in kept] == [1, 3]
    assert (refusal.line, "too long" in refusal.why) == (2, True)


def test_noise_in_lines_is_left_after_a_few(tmp_path: Path) -> None:
    for body in ("noise\n" * 50_000, "{}\n" * 50_000):
        kept, refusals = split(put(tmp_path / "a.ndjson", body))
        assert len(kept) + len(refusals) < 250
        assert "not read" in refusals[-1].why


def test_huge_collection_of_something_else_is_left_after_a_few() -> None:
    body = b"[" + b",".join([b'{"type": "Feature", "geometry": null}'] * 10_000) + b"]"
    found = list(json_streams.members("c.json", io.BytesIO(body), lambda _body: 0.0))
    assert len(found) == 101
    assert isinstance(found[-1], Refusal)


def test_broken_json_is_refused_with_the_place_of_the_fault(tmp_path: Path) -> None:
    assert "line 2, column 3" in refused(put(tmp_path / "a.json", "{\n  a: 1\n}")).why


def test_collection_that_lists_nothing_is_said_to(tmp_path: Path) -> None:
    assert (
        "lists nothing"
        in refused(
            put(tmp_path / "a.json", '{"type": "FeatureCollection", "features": [], "links": [{}]}')
        ).why
    )


def test_collections_stay_whole(tmp_path: Path) -> None:
    body = json.dumps({"type": "FeatureCollection", "features": [ITEM, ITEM]}, indent=1)
    ((document,), ()) = split(put(tmp_path / "c.json", body))
    assert document.body == body.encode()


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_huge_collections_are_streamed_byte_by_byte(tmp_path: Path, suffix: str, *, wrapped: bool) -> None:
    item = json.dumps(ITEM | {"note": "é" * 10_000, "n": 1.50}, ensure_ascii=False)
    count = archives.MAX_DOCUMENT_BYTES // len(item.encode()) + 10
    rows = ",\n".join([item] * count)
    text = (
        f'{{"type":"FeatureCollection","context":{{"x":[1]}},"features":[{rows}],"links":[]}}'
        if wrapped
        else f"[{rows}]"
    )
    body = text.encode()
    path = put(tmp_path / f"c.json{suffix}", gzip.compress(body, 1) if suffix else body)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = 0
    for document in documents([path]):
        assert isinstance(document, Document), document
        assert document.body == item.encode()
        assert document.line == seen + 1
        seen += 1
    assert seen == count
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < 4 * archives.MAX_DOCUMENT_BYTES


def test_broken_huge_collection_keeps_what_came_before() -> None:
    body = b'{"features": [{"a": 1},\n {"b": 2},\n {"c": oops}]}'
    first, second, refusal = json_streams.members("c.json", io.BytesIO(body), lambda _body: 1.0)
    assert [d.body for d in (first, second) if isinstance(d, Document)] == [b'{"a": 1}', b'{"b": 2}']
    assert isinstance(refusal, Refusal)
    assert refusal.line == 3
    assert "not JSON at line 3" in refusal.why
    assert "2 documents" in refusal.why


@pytest.mark.parametrize(
    "body", ['{"a": [1]}', '{"features": 3', '{"features": [', "[1", '{"a"', "{", '[{"a": "\udcff"}]']
)
def test_strange_huge_json_is_refused(body: str) -> None:
    found = list(
        json_streams.members("c.json", io.BytesIO(body.encode("utf-8", "surrogateescape")), lambda _body: 1.0)
    )
    assert isinstance(found[-1], Refusal)


# Envelopes in XML


def answer(*inside: str) -> str:
    return (
        '<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:x="urn:x">'
        f"<csw:SearchResults>\n{'\n'.join(inside)}\n</csw:SearchResults></csw:GetRecordsResponse>"
    )


def test_answer_of_csw_gives_each_record_with_its_namespaces_and_line(tmp_path: Path) -> None:
    record = '<csw:Record xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>T<!-- c --></dc:title><x:y/></csw:Record>'
    kept, refusals = split(put(tmp_path / "a.xml", answer(record, ISO, record)))
    assert refusals == []
    assert [d.line for d in kept] == [2, 3, 4]
    assert b'xmlns:x="urn:x"' in kept[0].body
    (read,) = formats.read(kept[0])
    assert isinstance(read, Record)
    assert str(read.title) == "T"


def test_unknown_payloads_of_an_answer_are_not_lost(tmp_path: Path) -> None:
    other = "<x:Thing><x:part/></x:Thing>"
    kept, _ = split(put(tmp_path / "a.xml", answer(other, ISO, other)))
    assert [b"Thing" in d.body for d in kept] == [True, False, True]
    (refusal,) = formats.read(kept[0])
    assert isinstance(refusal, Refusal)
    assert refusal.line == 2


def test_answer_of_oai_pmh_skips_deleted_records(tmp_path: Path) -> None:
    dc = '<d:dc xmlns:d="http://www.openarchives.org/OAI/2.0/oai_dc/"><t xmlns="http://purl.org/dc/elements/1.1/">T</t></d:dc>'
    body = (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>'
        f"<record><header/><metadata>{dc}</metadata><about>{dc}</about></record>"
        '<record><header status="deleted"/></record>'
        '<record><header/><metadata><o:oai_datacite xmlns:o="urn:o"><payload><resource xmlns="http://datacite.org/schema/kernel-4"/>'
        "</payload></o:oai_datacite></metadata></record></ListRecords></OAI-PMH>"
    )
    kept, refusals = split(put(tmp_path / "o.xml", body))
    assert refusals == []
    assert [b":dc " in d.body for d in kept] == [True, False]
    assert kept[1].body.partition(b"?>")[2].strip().startswith(b"<resource")
    gone = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header status="deleted"/></record></ListRecords></OAI-PMH>'
    assert split(put(tmp_path / "g.xml", gone)) == ([], [])


def test_wrapper_of_any_name_is_split(tmp_path: Path) -> None:
    kept, refusals = split(
        put(tmp_path / "w.xml", f"<records><row><v>{ISO}</v></row>{DIF.format(1)}</records>")
    )
    assert [d.body.count(b"MD_Metadata") > 0 for d in kept] == [True, False]
    assert refusals == []


def test_answer_that_breaks_off_keeps_the_records_before(tmp_path: Path) -> None:
    records = [DIF.format(n) + "\n" for n in range(5000)]
    body = answer(*records)
    kept, (refusal,) = split(put(tmp_path / "a.xml", body[: len(body) // 2]))
    assert 2000 < len(kept) < 2600
    assert refusal.line >= kept[-1].line
    assert f"the {len(kept)} documents before it were read" in refusal.why


def test_bombs_inside_an_answer_are_refused(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    bomb = f"<!DOCTYPE x [{laughs}]>" + answer(DIF.format("&l9;"))
    assert "DTD" in refused(put(tmp_path / "l.xml", bomb)).why
    outside = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + answer(DIF.format("&e;"))
    assert "DTD" in refused(put(tmp_path / "x.xml", outside)).why
    undefined, _ = split(put(tmp_path / "u.xml", answer(DIF.format("&e;"))))
    assert undefined == []


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    deep = "<a>" * 5000 + "</a>" * 5000
    kept, (refusal,) = split(put(tmp_path / "a.xml", answer(ISO, f"<DIF>{deep}</DIF>")))
    assert len(kept) == 1
    assert "depth" in refusal.why
    brackets = '{"type": "Feature", "stac_version": "1.0.0", "id": ' + "[" * 100_000
    (document,), _ = split(put(tmp_path / "j.json", brackets))
    (result,) = formats.read(document)
    assert isinstance(result, Refusal)


def test_one_record_of_an_answer_may_not_be_endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estran.catalogue.envelopes.MAX_DOCUMENT_BYTES", 200_000)
    endless = DIF.format("<x/>" * 200_000)
    kept, (refusal,) = split(put(tmp_path / "a.xml", answer(*[ISO] * 100, endless)))
    assert len(kept) == 100
    assert "64 MB" in refusal.why


def test_memory_stays_flat_on_a_large_harvest(tmp_path: Path) -> None:
    record = DIF.format("<Summary>" + "w " * 10_000 + "</Summary>")
    path = tmp_path / "h.xml"
    with path.open("w") as file:
        start, _, end = answer("HERE").partition("HERE")
        file.write(start)
        for _ in range(4000):
            file.write(record)
        file.write(end)
    assert path.stat().st_size > 75 * archives.MEBIBYTE
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(isinstance(d, Document) for d in documents([path])) == 4000
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 20 * archives.MEBIBYTE


# What is no metadata


def sparse(path: Path, mebibytes: int, head: bytes) -> Path:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(mebibytes * archives.MEBIBYTE)
    return path


def test_large_nonsense_is_refused_by_its_head(tmp_path: Path) -> None:
    for n, head in enumerate((b"\x00\x01\x02", b"words " * 20_000, b"<a>", b'{"a": 1,', os.urandom(70_000))):
        told: list[int] = []
        path = sparse(tmp_path / f"{n}.bin", 100, head)
        (refusal,) = documents([path], told.append)
        assert isinstance(refusal, Refusal)
        assert told[0] <= archives.HEAD_BYTES
        assert len(told) == 2  # the head was read, the rest was only counted


def test_document_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = sparse(tmp_path / "a.xml", 100, ISO[:-20].encode() + b" " * archives.HEAD_BYTES)
    assert "64 MB" in refused(path).why


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<WMS_Capabilities xmlns="http://www.opengis.net/wms"/>', "WMS"),
        ("<!DOCTYPE WMT_MS_Capabilities SYSTEM 'x.dtd'><WMT_MS_Capabilities/>", "WMS"),
        ('<c:Capabilities xmlns:c="http://www.opengis.net/wmts/1.0"/>', "WMTS"),
        ('<c:Capabilities xmlns:c="http://www.opengis.net/cat/csw/3.0"/>', "CSW"),
        ('<c:GetRecords xmlns:c="http://www.opengis.net/cat/csw/2.0.2"/>', "request to a CSW"),
        ('<o:ExceptionReport xmlns:o="http://www.opengis.net/ows"><o:ExceptionText>No such id</o:ExceptionText></o:ExceptionReport>', "No such id"),
        ('<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="noRecordsMatch"/></OAI-PMH>', "noRecordsMatch"),
        ('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>', "XML schema"),
        ('<kml xmlns="http://www.opengis.net/kml/2.2"/>', "KML"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"/>', "Atom feed"),
        ('<gfc:FC_FeatureCatalogue xmlns:gfc="http://www.isotc211.org/2005/gfc"/>', "ISO 19110"),
        ("<metadata><idinfo/></metadata>", "FGDC"),
        ('<collection xmlns="http://www.loc.gov/MARC21/slim"/>', "MARC 21"),
        ('<TRANSFER xmlns="http://www.interlis.ch/INTERLIS2.3"/>', "GM03"),
        ('<att:attributeList xmlns:att="https://eml.ecoinformatics.org/attribute-2.2.0"/>', "part of an EML"),
        ('<thing xmlns="urn:t"/>', "<thing> of urn:t"),
        ("<!-- nothing -->", "no element starts"),
        ("PAR1\x00\x00", "Parquet"),
        ("%PDF-1.7", "PDF"),
        ('{"openapi": "3.1.0"}', "OpenAPI"),
        ('{"one": 1, "two": {"three": 3}}', "its members are one, two"),
    ],
)  # fmt: skip
def test_what_is_no_metadata_is_named_with_advice(tmp_path: Path, body: str, said: str) -> None:
    why = refused(put(tmp_path / "f", body)).why
    assert said in why
    assert ";" in why  # what it is; what to do


def test_dtd_before_a_metadata_document_is_named(tmp_path: Path) -> None:
    assert "DTD" in refused(put(tmp_path / "a.xml", f"<!DOCTYPE x []>{ISO}")).why


def test_every_file_ends_as_something(tmp_path: Path) -> None:
    """Cut and mixed real kinds: never an exception, never silence."""
    seeds = [ISO.encode(), answer(ISO).encode(), gzip.compress(ISO.encode()), json.dumps(ITEM).encode() * 3]
    seeds.append(zipped(tmp_path / "s.zip", {"a.xml": ISO, "b.ndjson": json.dumps(ITEM) + "\n"}).read_bytes())
    chance = random.Random(7)
    for n in range(300):
        seed = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(0, 4)):
            seed[chance.randrange(len(seed))] = chance.randrange(256)
        path = put(tmp_path / f"f{n}", bytes(seed[: chance.randint(1, len(seed))]))
        found = list(documents([path]))
        assert found, bytes(seed)
        assert all(isinstance(f, Document) or f.why for f in found)
