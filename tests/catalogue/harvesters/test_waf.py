"""Web-accessible folders: listings of several servers, what changed, and what lies outside."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from estran.catalogue.harvesters import Found, Mark
from estran.catalogue.harvesters._listings import entries
from estran.catalogue.harvesters.waf import HARVESTER, recognise
from estran.errors import Invalid, Unavailable
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import found, kept, missed, visiting
from tests.fetching.serving import Answer, Asked, serving

APACHE = """<!DOCTYPE HTML><html><head><title>Index of /waf</title></head><body><h1>Index of /waf</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td><td>&nbsp;</td></tr>
<tr><td><a href="a.xml">a.xml</a></td><td align="right">2024-01-02 03:04  </td><td align="right"> 12K</td></tr>
<tr><td><a href="sub/">sub/</a></td><td align="right">2024-01-02 03:05  </td><td> - </td></tr></table></body></html>"""
APACHE_PRE = """<html><head><title>Index of /waf</title></head><body><pre><img src="/i.gif"> <a href="?C=N">Name</a>
<hr><img src="/i.gif" alt="[DIR]"> <a href="/">Parent Directory</a>                     -
<img src="/i.gif"> <a href="a.xml">a.xml</a>           02-Jan-2024 03:04   12K
<img src="/i.gif"> <a href="b.xml">b.xml</a>           03-Jan-2024 03:04   13K
</pre></body></html>"""
NGINX = """<html><head><title>Index of /waf/</title></head><body><h1>Index of /waf/</h1><hr><pre><a href="../">../</a>
<a href="sub/">sub/</a>                                     02-Jan-2024 03:04                   -
<a href="a%20b.xml">a b.xml</a>                             02-Jan-2024 03:04                1234
</pre><hr></body></html>"""
IIS = """<html><head><title>host - /waf/</title></head><body><H1>host - /waf/</H1><hr><pre>
<A HREF="/">[To Parent Directory]</A><br><br> 1/22/2024  3:04 AM         1234 <A HREF="/waf/a.xml">a.xml</A><br>
 1/23/2024  3:05 PM        &lt;dir&gt; <A HREF="/waf/sub/">sub</A><br></pre><hr></body></html>"""
THREDDS = """<html><head><title>Catalog</title></head><body><table><tr><th>Dataset</th><th>Size</th></tr>
<tr><td><a href='a.xml'><code>a.xml</code></a></td><td><code>12.3 Kbytes</code></td><td><code>2024-01-02T03:04:05Z</code></td></tr>
<tr bgcolor='#eeeeee'><td><a href='sub/'><code>sub/</code></a></td><td>&nbsp;</td></tr></table></body></html>"""


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (APACHE, {"a.xml": "2024-01-02 03:04 12K", "sub/": "2024-01-02 03:05 -"}),
        (APACHE_PRE, {"a.xml": "02-Jan-2024 03:04 12K", "b.xml": "03-Jan-2024 03:04 13K"}),
        (NGINX, {"a%20b.xml": "02-Jan-2024 03:04 1234", "sub/": "02-Jan-2024 03:04 -"}),
        (IIS, {"a.xml": "1/22/2024 3:04 AM 1234", "sub/": "1/23/2024 3:05 PM <dir>"}),
        (THREDDS, {"a.xml": "12.3 Kbytes 2024-01-02T03:04:05Z", "sub/": ""}),
    ],
    ids=["apache", "apache-pre", "nginx", "iis", "thredds"],
)
def test_listings_of_several_servers_are_read(page, told):
    base = "http://host/waf/"
    assert {one.url.removeprefix(base): one.told for one in entries(base, page, base)} == told


def test_nothing_outside_the_folder_is_followed():
    links = (
        "../up.xml", "/etc.xml", "http://other/waf/a.xml", "//other/a.xml", "%2e%2e/b.xml", "./", "?C=N", "#top",
        "javascript:alert(1)", "mailto:x@y", "http://[bad/", "ok.xml?x=1", "ok.xml#part", "sub/../../c.xml", "sub/d.xml",
    )  # fmt: skip
    page = "".join(f'<a href="{link}">x</a>' for link in links)
    base = "http://host/waf/"
    assert [one.url for one in entries(base, page, base)] == [
        "http://host/waf/ok.xml",
        "http://host/waf/sub/d.xml",
    ]


@dataclass
class Site:
    """Files by path, listed with or without dates."""

    files: dict[str, bytes]
    dates: bool = True
    tags: bool = True
    version: dict[str, int] = field(default_factory=dict)
    broken: dict[str, Answer] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer | bytes:
        path = asked.path
        if path in self.broken:
            return self.broken[path]
        if path.endswith("/"):
            return self.listing(path)
        body = self.files[path]
        tag = f'"{self.version.get(path, 0)}"'
        if self.tags and asked.headers.get("if-none-match") == tag:
            return Answer(status=304)
        self.fetched.append(path)
        return Answer(body, headers={"etag": tag} if self.tags else {})

    def listing(self, folder: str) -> bytes:
        inside = {path.removeprefix(folder) for path in self.files if path.startswith(folder)}
        if not inside:
            raise KeyError(folder)
        names = sorted({name.partition("/")[0] + "/" * ("/" in name) for name in inside})
        rows = "".join(
            f'<a href="{name}">{name}</a>  {f"2024-01-0{1 + self.version.get(folder + name, 0)} 10:00  5K" * self.dates}\n'
            for name in names
        )
        return (
            f"<html><title>Index of {folder}</title><pre><a href='../'>../</a>\n{rows}</pre></html>".encode()
        )


def site(**how) -> Site:
    names = [f"/waf/{i:02}.xml" for i in range(5)] + [
        f"/waf/deep/{j}/{i}.json" for j in range(3) for i in range(4)
    ]
    files = {name: f"<a>{name}</a>".encode() for name in names}
    return Site(files | {"/waf/logo.png": b"x", "/other/z.xml": b"<z/>"}, **how)


def harvest(served, **how):
    with visiting(f"{served.url}/waf/", "waf", **how) as visit:
        return list(HARVESTER.changes(visit))


@pytest.mark.parametrize("dates", [True, False])
def test_it_keeps_its_contract(dates, monkeypatch):
    monkeypatch.setattr("estran.catalogue.harvesters.waf._PORTION", 2)
    place = site(dates=dates)
    with serving(place) as served, visiting(f"{served.url}/waf", "waf") as visit:
        events = check_harvester(HARVESTER, visit, marks=20)
        assert sorted(found(events)) == sorted(
            served.url + path for path in place.files if path.startswith("/waf/") and not path.endswith("png")
        )
    assert len([event for event in events if isinstance(event, Mark)]) == 9


@pytest.mark.parametrize("dates", [True, False])
def test_what_did_not_change_is_not_fetched_again(dates):
    place = site(dates=dates)
    with serving(place) as served:
        stamps = {event.key: event.stamp for event in harvest(served) if isinstance(event, Found)}
        assert all(stamps.values())
        place.fetched.clear()
        place.version["/waf/03.xml"] = 1
        place.files["/waf/03.xml"] = b"<new/>"
        again = harvest(served, stamps=stamps)
        assert [key.removeprefix(served.url) for key in found(again)] == ["/waf/03.xml"]
        assert len(kept(again)) == 16
    assert place.fetched == ["/waf/03.xml"]


def test_without_dates_and_tags_all_is_fetched():
    place = site(dates=False, tags=False)
    with serving(place) as served:
        events = harvest(served, stamps={f"{served.url}/waf/00.xml": ""})
    assert len(found(events)) == 17


def test_what_cannot_be_had_is_missed_and_costs_nothing_else():
    place = site(
        broken={
            "/waf/02.xml": Answer(b"", 403), "/waf/03.xml": Answer(b"", 500), "/waf/deep/1/": Answer(b"", 404),
            "/waf/04.xml": Answer(b"  "),
        }
    )  # fmt: skip
    with serving(place) as served:
        events = harvest(served)
        where = [line.removeprefix(served.url).partition(": ")[0] for line in missed(events)]
    assert where == ["/waf/02.xml", "/waf/03.xml", "/waf/04.xml", "/waf/deep/1/"]
    assert len(found(events)) == 10


def test_a_server_that_goes_away_ends_the_visit():
    place = site()
    with serving(place) as served, visiting(f"{served.url}/waf/", "waf") as visit:
        events = HARVESTER.changes(visit)
        next(events)
        place.broken = {path: Answer(b"", 503) for path in [*place.files, "/waf/"]}
        with pytest.raises(Unavailable, match="503"):
            list(events)


def test_depth_and_suffixes_are_options():
    with serving(site()) as served:
        shallow = harvest(served, options={"depth": "1"})
        assert len(found(shallow)) == 5
        assert len(missed(shallow)) == 3
        assert len(found(harvest(served, options={"suffixes": "json"}))) == 12
        with pytest.raises(Invalid, match="depth is a number"):
            harvest(served, options={"depth": "deep"})


def test_a_folder_that_lists_itself_for_ever_ends():
    def answer(asked):
        return b"<html><a href='again/'>again</a></html>" if asked.path.endswith("/") else Answer(b"", 404)

    with serving(answer) as served:
        events = harvest(served, options={"depth": "5"})
    assert len(missed(events)) == 1


def test_what_is_no_listing_is_refused():
    with (
        serving(lambda _: b"<a/>" if _.path == "/x/" else b'{"json": 1}') as served,
        pytest.raises(Invalid, match="listing"),
    ):
        harvest(served)


def test_it_is_recognised():
    assert recognise("http://host/waf/", APACHE.encode()) == 0.9
    assert recognise("http://host/waf/", b"<html><title>Home</title>") == 0.0
