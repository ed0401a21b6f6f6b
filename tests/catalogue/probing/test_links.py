"""The links of a node: gathered, asked once each, counted, found, shown to those who may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from estran.access import ANYONE, Actor
from estran.catalogue.probing import probes
from estran.catalogue.probing.standing import HOUR_US
from estran.catalogue.probing.values import Link, Outcome
from estran.catalogue.store.inbound import numbers, packed
from estran.errors import Invalid, NotAllowed
from estran.model import now_us
from estran.storage import put_meta, schema
from tests.catalogue.probing.conftest import record, settle, stored
from tests.fetching.serving import Answer, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.node import Node

GOOD = b"CDF\x01" + b"x" * 50
WMS = (
    b"<WMS_Capabilities><Layer><Name>root</Name><Layer><Name>ws:sst</Name></Layer></Layer></WMS_Capabilities>"
)


def answer(a):
    if a.path == "/robots.txt":
        return Answer(b"", 404)
    if a.path == "/wms":
        return WMS
    return {"/good.nc": Answer(GOOD), "/login.nc": Answer(b"", 401), "/page": Answer(b"<html></html>")}[
        a.path
    ]


def told(node: Node, state: str, **how) -> list[tuple[str, str]]:
    return [
        (link.record.split("-")[1], link.check.url.rpartition("/")[2])
        for link in node.link_checks.list(state, **how).links
    ]


def test_an_address_is_asked_once_for_all_that_lead_there(node: Node, store):
    with serving(answer) as server:
        url = f"{server.url}/good.nc"
        store(*(record(f"r{n}", {"url": url}, {"url": f"{url}#part"}) for n in range(7)))
        report = node.link_checks.check()
        assert (report.checked, report.states, report.waiting, report.gathered) == (1, {"ok": 1}, 0, 7)
        assert server.paths() == ["/robots.txt", "/good.nc"]
        assert node.link_checks.check().checked == 0
        assert node.link_checks.check(again=True).checked == 1
        assert node.search(link="ok").matched == 7


def test_each_state_is_a_facet_that_follows_what_is_found(node: Node, store):
    with serving(answer) as server:
        base = server.url
        store(
            record("fine", {"url": f"{base}/good.nc"}),
            record("mixed", {"url": f"{base}/good.nc"}, {"url": f"{base}/gone.nc"}),
            record("login", {"url": f"{base}/login.nc"}),
            record("wrong", {"url": f"{base}/page", "media_type": "application/x-netcdf"}),
            record("nothing"),
            record("nobody", {"url": "http://127.0.0.1:9/x.nc"}),
        )
        assert node.search(counts=["link"]).facets["link"] == ()
        node.link_checks.gather()
        assert dict(node.search(counts=["link"]).facets["link"]) == {"unknown": 5}
        before = node.revision()
        node.link_checks.check()
        assert node.revision() > before
        counts = dict(node.search(counts=["link"]).facets["link"])
        assert counts == {"ok": 2, "dead": 1, "login": 1, "wrong": 1, "unknown": 1}
        assert {str(r.title) for r in node.search(link=("dead", "wrong"))} == {"Record mixed", "Record wrong"}
        assert dict(node.search(link="dead", counts=["service"]).facets["service"]) == {"file": 1}
        # The same again changes nothing, and so nothing that was remembered.
        before = node.revision()
        node.link_checks.check(again=True)
        assert node.revision() == before


def test_a_layer_that_a_service_lacks_is_wrong_for_its_record_only(node: Node, store):
    with serving(answer) as server:
        url = f"{server.url}/wms"
        for name, layer in (("with", "ws:sst"), ("bare", "sst"), ("both", "root,ws:sst"), ("without", "chl")):
            store(record(name, {"url": url, "protocol": "OGC:WMS", "name": layer}))
        assert node.link_checks.check().states == {"ok": 1}
        assert server.paths().count("/wms") == 1
        assert dict(node.search(counts=["link"]).facets["link"]) == {"ok": 3, "wrong": 1}
        (link,) = node.link_checks.list("wrong").links
        assert (link.layer, link.check.reason, link.check.state) == ("chl", "layer", "wrong")
        (lead,) = node.link_checks.of(next(iter(node.search(link="wrong"))))
        assert lead.check is not None
        assert (lead.check.state, lead.check.reason) == ("wrong", "layer")
        assert len(node.link_checks.list("ok").links) == 3
        # Another layer makes the service due, and a record that says nothing new does not.
        store(record("late", {"url": url, "protocol": "OGC:WMS", "name": "wind"}))
        assert node.link_checks.check().checked == 1
        assert [link.layer for link in node.link_checks.list("wrong").links] == ["chl", "wind"]
        store(record("later", {"url": url, "protocol": "OGC:WMS"}))
        assert node.link_checks.check().checked == 0


def test_records_that_change_or_go_take_their_links_along(node: Node, store):
    with serving(answer) as server:
        store(
            record("one", {"url": f"{server.url}/gone.nc"}), record("two", {"url": f"{server.url}/gone.nc"})
        )
        node.link_checks.check()
        assert told(node, "dead") == [("one", "gone.nc"), ("two", "gone.nc")]
        store(record("one", {"url": f"{server.url}/good.nc"}))
        node.link_checks.check()
        assert told(node, "dead") == [("two", "gone.nc")]
        node.remove(next(r.id for r in node.search(link="dead")))
        assert told(node, "dead") == []
        assert node.search(link="dead").matched == 0
        node.link_checks.check()
        assert node.link_checks.check(again=True).checked == 1


def test_who_may_not_see_a_record_sees_none_of_its_links(node: Node, store: Callable[..., None]):
    with serving(answer) as server:
        for name, visibility in (("open", "public"), ("shut", "restricted"), ("mine", "draft")):
            store(
                record(name, {"url": f"{server.url}/gone.nc"}),
                source=name,
                visibility=visibility,
                centre="coriolis",
            )
        node.link_checks.check()
    everyone, reader = (
        node.acting_as(ANYONE),
        node.acting_as(Actor(name="ana", role="reader", centres=("coriolis",))),
    )
    assert told(everyone, "dead") == [("open", "gone.nc")]
    assert told(reader, "dead") == [("open", "gone.nc"), ("shut", "gone.nc")]
    assert len(told(node, "dead")) == 3
    assert sum(everyone.link_checks.counts().values()) == 1
    assert node.link_checks.counts()["coriolis", "mine", "dead"] == 1
    assert dict(everyone.search(counts=["link"]).facets["link"]) == {"dead": 1}
    for door in (everyone.link_checks, reader.link_checks):
        with pytest.raises(NotAllowed):
            door.check()
        with pytest.raises(NotAllowed):
            door.gather()


def test_lists_have_pages_that_fit_each_other(node: Node, store):
    with serving(answer) as server:
        for centre in ("coriolis", "sismer"):
            given = [
                record(
                    f"{centre}{n}", {"url": f"{server.url}/gone{n % 3}.nc"}, {"url": f"{server.url}/no.nc"}
                )
                for n in range(9)
            ]
            store(*given, source=centre, centre=centre)
        node.link_checks.check()
    whole = node.link_checks.list("dead").links
    assert len(whole) == 36
    found, cursor = [], ""
    while True:
        page = node.link_checks.list("dead", cursor=cursor, limit=7)
        found += page.links
        if not (cursor := page.next):
            break
    assert tuple(found) == whole
    assert [(x.centre, x.source, x.record) for x in whole] == sorted(
        (x.centre, x.source, x.record) for x in whole
    )
    assert {x.centre for x in node.link_checks.list("dead", centre="sismer").links} == {"sismer"}
    assert node.link_checks.list("dead", source="coriolis", centre="sismer").links == ()
    with pytest.raises(Invalid, match="page address"):
        node.link_checks.list("wrong", cursor=node.link_checks.list("dead", limit=7).next)
    with pytest.raises(Invalid, match="no state"):
        node.link_checks.list("lost")


def test_a_host_that_is_silent_is_left_alone_for_a_while(node: Node, store):
    store(*(record(f"r{n:02}", {"url": f"http://127.0.0.1:9/{n}.nc"}) for n in range(30)))
    report = node.link_checks.check()
    assert report.states == {"failing": 3}
    assert report.waiting == 0
    assert node.link_checks.check().checked == 0


def test_one_host_may_be_checked_alone_and_not_too_many(node: Node, store):
    with serving(answer) as server:
        store(
            record("a", {"url": f"{server.url}/good.nc"}, {"url": f"{server.url}/page"}),
            record("b", {"url": "http://localhost:9/x.nc"}),
        )
        assert node.link_checks.check(host="127.0.0.1", limit=1).checked == 1
        assert node.link_checks.check(host="127.0.0.1").checked == 1
        assert node.link_checks.check(host="localhost").states == {"failing": 1}


def test_addresses_of_closed_networks_are_never_asked(open_node, tmp_path):
    with serving(answer) as server, open_node(settle(tmp_path / "shut", "")) as node:
        stored(
            node,
            tmp_path / "g",
            record(
                "a",
                {"url": f"{server.url}/good.nc"},
                {"url": "http://[::1]/x"},
                {"url": "http://169.254.169.254/x"},
            ),
        )
        assert node.link_checks.check().states == {"refused": 3}
        assert server.asked == []
        assert dict(node.search(counts=["link"]).facets["link"]) == {"unknown": 1}


def test_what_breaks_a_probe_breaks_nothing_else(node: Node, store, monkeypatch):
    with serving(answer) as server:
        store(
            record(
                "a",
                {"url": f"{server.url}/good.nc"},
                {"url": f"{server.url}/page", "function": "information"},
            )
        )
        monkeypatch.setattr(probes, "_page", lambda *_: 1 / 0)
        assert node.link_checks.check().states == {"ok": 1, "failing": 1}


def test_what_fails_for_days_is_dead(node: Node, store):
    store(record("a", {"url": "http://127.0.0.1:9/x.nc"}))
    node.link_checks.check()
    links = node._house.catalogue._links
    links.again()
    (link,) = links.due(10)
    for n in range(1, 5):
        links.enter(
            [(link, Outcome("failing", "unreachable"))],
            30 * 24 * HOUR_US,
            "operator",
            now_us() + n * 24 * HOUR_US,
        )
    (found,) = node.link_checks.list("dead").links
    assert (found.check.state, found.check.failures) == ("dead", 5)
    assert found.check.since < found.check.checked
    # An address that nobody leads to any more is not written.
    assert links.enter([(Link(b"x" * 16, "", "file", "", ""), Outcome("ok"))], 1, "operator") == {}


def test_filters_know_links_and_ways_of_access(node: Node, store):
    with serving(answer) as server:
        store(
            record("fine", {"url": f"{server.url}/good.nc"}),
            record("bad", {"url": f"{server.url}/gone.nc"}),
            record("none"),
        )
        node.link_checks.check()

    def found(filter_: str) -> set[str]:
        return {str(r.title).rpartition(" ")[2] for r in node.search(filter=filter_)}

    assert found("A_OVERLAPS(links, ('dead', 'wrong'))") == {"bad"}
    assert found("NOT A_OVERLAPS(links, ('dead'))") == {"fine"}
    assert found("links IS NULL") == {"none"}
    assert found("A_CONTAINS(services, ('file'))") == {"fine", "bad"}


def test_records_of_before_are_marked_with_ways_of_access(open_node, tmp_path):
    folder = settle(tmp_path / "old")
    with open_node(folder) as node:
        stored(node, tmp_path / "g", record("a", {"url": "https://data.example.org/wms"}))
        with node._house.database.write() as connection:
            v, d, b = schema.facet_value.c, schema.record_document, schema.facet_bits
            held = set(connection.execute(select(v.id).where(v.field == "service")).scalars())
            for pk, marks in connection.execute(select(d.c.pk, d.c.marks)).all():
                connection.execute(update(d).where(d.c.pk == pk).values(marks=packed(numbers(marks) - held)))
            connection.execute(delete(b).where(b.c.value.in_(held)))
            put_meta(connection, "concepts-unmarked", b"")
    with open_node(folder) as node:
        assert dict(node.search(counts=["service"]).facets["service"]) == {"WMS": 1}
