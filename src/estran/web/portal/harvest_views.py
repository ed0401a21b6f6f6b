"""What the pages of the harvest show: sources, runs, and what they gave, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from estran.catalogue import harvesters
from estran.catalogue.query import Query
from estran.errors import EstranError, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estran.catalogue.harvest import HarvestSource, RunReport
    from estran.catalogue.harvest.values import HarvestEntry
    from estran.jobs import Job
    from estran.node import Node
    from estran.web.portal.i18n import Words

PAGE = 50
STATES = ("new", "changed", "unchanged", "refused", "removed", "missed")
"""What may be asked of a run's things."""
HELD_STATES = ("held", "refused", "gone")
"""What may be asked of a source's things."""
_MOST_JOBS = 200


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """A run in a list; counts are those that are not zero, by the word of the thing that happened."""

    id: int
    href: str
    state: str
    full: bool
    started: str
    ended: str
    counts: tuple[tuple[str, int], ...]
    note: str


@dataclass(frozen=True, kw_only=True)
class SourceLine:
    """A source in the list; url holds no password."""

    name: str
    href: str
    url: str
    protocol: str
    centre: str
    schedule: str
    next: str
    active: bool
    state: str
    last: RunLine | None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Work that was asked for and is not over; told is how far it says that it is."""

    id: str
    state: str
    queued: str
    told: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceView:
    """A source with its runs."""

    source: SourceLine
    options: tuple[tuple[str, str], ...]
    visibility: str
    precedence: int
    complete: str
    complete_full: str
    tally: tuple[tuple[str, int, str], ...]
    asked: tuple[Asked, ...]
    runs: tuple[RunLine, ...]
    more: str
    loss: str


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One thing that a source named: what became of it, and why; document leads to its bytes."""

    key: str
    outcome: str
    state: str
    why: str = ""
    records: tuple[tuple[str, str], ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    document: str = ""
    last_run: str = ""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Things of a run or a source in one state, a page at a time."""

    state: str
    choices: tuple[tuple[str, str, int], ...]
    things: tuple[Thing, ...]
    more: str


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A run; live says that it goes on, later how many of its things a later run has seen since."""

    run: RunLine
    source: str
    source_href: str
    since: str
    seen: int
    had: int
    announced: int | None
    live: bool
    later: int
    listing: Listing


def home(w: Words) -> str:
    """The address of all sources."""
    return f"/{w.language}/harvest"


def source_href(name: str, w: Words) -> str:
    """The address of a source."""
    return f"{home(w)}/sources/{quote(name, safe='')}"


def without_password(url: str) -> str:
    """An address as people may see it."""
    try:
        password = urlsplit(url).password
    except ValueError:
        return url
    return url.replace(f":{password}@", ":…@", 1) if password else url


def source_lines(node: Node, w: Words) -> tuple[SourceLine, ...]:
    """All sources with their last runs."""
    planned, jobs = plans(node, w), _jobs(node)
    found: list[SourceLine] = []
    for source in node.harvest.sources():
        last = next(iter(node.harvest.runs(source.name, 1)), None)
        found.append(_line(node, source, last, planned, jobs, w))
    return tuple(found)


def source_view(node: Node, name: str, before: int, w: Words) -> SourceView:
    """One source and a page of its runs."""
    source, runs = node.harvest.source(name), node.harvest.runs(name, PAGE + 1, before)
    newest = runs if not before else node.harvest.runs(name, 1)
    jobs, here, known = _jobs(node), source_href(name, w), node.harvest.tally(name)
    last = newest[0] if newest else None
    return SourceView(
        source=_line(node, source, last, plans(node, w), jobs, w),
        options=tuple(sorted(source.options.items())),
        visibility=w.label("visibility", source.visibility),
        precedence=source.precedence,
        complete=w.date(source.complete),
        complete_full=w.date(source.complete_full),
        tally=tuple((s, known[s], f"{here}/things?state={s}") for s in HELD_STATES if known.get(s)),
        asked=tuple(_asked(job, w) for job in jobs.get(name, ())),
        runs=tuple(run_line(run, w) for run in runs[:PAGE]),
        more=f"{here}?before={runs[PAGE - 1].id}" if len(runs) > PAGE else "",
        loss=last.note if last is not None and last.state == "refused" else "",
    )


def run_view(node: Node, run: int, state: str, cursor: str, w: Words) -> RunView:
    """One run and a page of what it gave."""
    if state and state not in STATES:
        raise Invalid(f"there is no state “{state[:40]}”; choose one of {', '.join(STATES)}", "state")
    report = node.harvest.show_run(run)
    return _run_view(report, _run_listing(node, report, state, cursor, w), _later(node, report), w)


def live_view(node: Node, run: int, w: Words) -> RunView:
    """How far a run is, and nothing that takes longer to find out."""
    nothing = Listing(state="", choices=(), things=(), more="")
    return _run_view(node.harvest.show_run(run), nothing, 0, w)


def _run_view(report: RunReport, listing: Listing, later: int, w: Words) -> RunView:
    return RunView(
        run=run_line(report, w), source=report.source, source_href=source_href(report.source, w),
        since=w.date(report.since), seen=report.seen, had=report.had, announced=report.announced,
        live=report.state == "running", later=later, listing=listing,
    )  # fmt: skip


def _later(node: Node, report: RunReport) -> int:
    """How many things of a run a later one saw again."""
    if node.harvest.runs(report.source, 1)[0].id == report.id:
        return 0
    return max(0, report.seen + report.removed - sum(node.harvest.tally(report.id).values()))


def _run_listing(node: Node, report: RunReport, state: str, cursor: str, w: Words) -> Listing:
    here = f"{home(w)}/runs/{report.id}"
    counts = [(s, getattr(report, s)) for s in STATES]
    choices = (("", here, report.seen + report.removed), *((s, f"{here}?state={s}", n) for s, n in counts))
    if state == "missed":
        missed = node.harvest.missed(report.id, PAGE + 1, cursor)
        things = tuple(Thing(key=m.place, outcome="missed", state="missed", why=m.why) for m in missed[:PAGE])
        following = things[-1].key if len(missed) > PAGE else ""
    else:
        page = node.harvest.entries(report.id, state, cursor, PAGE)
        things, following = things_of(node, report.source, page.entries, w), page.next
    return Listing(
        state=state, things=things, choices=tuple(c for c in choices if c[2] or c[0] == state),
        more=f"{here}?{_query(state, following)}" if following else "",
    )  # fmt: skip


def source_listing(node: Node, name: str, state: str, cursor: str, w: Words) -> Listing:
    """What a source gave, in one state, a page at a time."""
    if state and state not in HELD_STATES:
        raise Invalid(f"there is no state “{state[:40]}”; choose one of {', '.join(HELD_STATES)}", "state")
    here, known = f"{source_href(name, w)}/things", node.harvest.tally(name)
    page = node.harvest.entries(name, state, cursor, PAGE)
    choices = (
        ("", here, sum(known.values())),
        *((s, f"{here}?state={s}", known.get(s, 0)) for s in HELD_STATES),
    )
    return Listing(
        state=state, things=things_of(node, name, page.entries, w, run=True),
        choices=tuple(c for c in choices if c[2] or c[0] == state),
        more=f"{here}?{_query(state, page.next)}" if page.next else "",
    )  # fmt: skip


def things_of(
    node: Node, source: str, entries: Iterable[HarvestEntry], w: Words, *, run: bool = False
) -> tuple[Thing, ...]:
    """Entries with the titles of their records; with the run that saw them last, if that is wanted."""
    listed = tuple(entries)
    ids = tuple(dict.fromkeys(id_ for one in listed for id_ in one.records))
    found = node.ask(Query(ids=ids, limit=len(ids))).records if ids else ()
    titles = {record.id: w.of(record.title) or record.id for record in found}
    here = source_href(source, w)
    return tuple(
        Thing(
            key=one.key, outcome=one.outcome, state=one.state, why=one.why,
            records=tuple((titles[id_], f"/{w.language}/data/{id_}") for id_ in one.records if id_ in titles),
            items=tuple((item, _item_href(item)) for item in one.items),
            document=f"{here}/document?{urlencode({'key': one.key})}" if _has_document(one) else "",
            last_run=f"{home(w)}/runs/{one.run}" if run else "",
        )
        for one in listed
    )  # fmt: skip


def _has_document(one: HarvestEntry) -> bool:
    """Whether its bytes are kept: an item is its own document."""
    return one.state == "refused" or (one.state == "held" and (bool(one.records) or not one.items))


def run_line(report: RunReport, w: Words) -> RunLine:
    """A run as a list shows it."""
    counted = ((word, getattr(report, word)) for word in (*STATES[:4], "withdrawn", *STATES[4:]))
    return RunLine(
        id=report.id, href=f"{home(w)}/runs/{report.id}", state=report.state, full=report.full,
        started=w.date(report.started), ended=w.date(report.ended), note=report.note,
        counts=tuple((word, number) for word, number in counted if number),
    )  # fmt: skip


def plans(node: Node, w: Words) -> Mapping[str, str]:
    """When sources are due next, in words, as workers know it."""
    try:
        schedules = node.jobs.schedules()
    except EstranError:  # the sources can be read all the same
        return {}
    return {
        str(one.arguments.get("source", "")): w.date(f"{one.next:%Y-%m-%dT%H:%M:%SZ}")
        for one in schedules
        if one.work == "harvest"
    }


def _jobs(node: Node) -> dict[str, list[Job]]:
    """Harvests that were asked for and are not over, by source."""
    found: dict[str, list[Job]] = {}
    try:
        for state in ("running", "queued"):
            for job in node.jobs.list(work="harvest", state=state, limit=_MOST_JOBS).jobs:
                found.setdefault(str(job.arguments.get("source", "")), []).append(job)
    except EstranError:
        return {}
    return found


def _asked(job: Job, w: Words) -> Asked:
    told = tuple((s, int(n)) for s in ("seen", *STATES) if (n := job.progress.get(s)))
    return Asked(id=job.id, state=job.state, queued=w.date(f"{job.queued:%Y-%m-%dT%H:%M:%SZ}"), told=told)


def _line(  # noqa: PLR0917 - what a line is made of
    node: Node,
    source: HarvestSource,
    last: RunReport | None,
    planned: Mapping[str, str],
    jobs: Mapping[str, list[Job]],
    w: Words,
) -> SourceLine:
    waiting = {job.state for job in jobs.get(source.name, ())}
    is_running = "running" in waiting or (last is not None and last.state == "running")
    state = "running" if is_running else "queued" if waiting else last.state if last else "never"
    return SourceLine(
        name=source.name, href=source_href(source.name, w), url=without_password(source.url),
        protocol=_protocol(source.protocol), centre=_centre(node, source.centre, w), schedule=source.schedule,
        next=planned.get(source.name, "") if source.active and source.schedule else "", active=source.active,
        state=state, last=run_line(last, w) if last else None,
    )  # fmt: skip


def _protocol(name: str) -> str:
    try:
        return harvesters.find(name).title
    except EstranError:  # it is not installed any more
        return name


def _centre(node: Node, id: str, w: Words) -> str:  # noqa: A002 - the word of the model
    known = {one.id: one for one in node.organisations.all("centre")}
    return w.of(known[id].name) if id in known else id


def _item_href(item: str) -> str:
    collection, _, id_ = item.partition("/")
    return f"/stac/collections/{quote(collection, safe='')}/items/{quote(id_, safe='')}"


def _query(state: str, cursor: str) -> str:
    return urlencode([(name, value) for name, value in (("state", state), ("cursor", cursor)) if value])
