"""The tasks of docs/tasks.md, done in a browser: none needs more clicks than is written there."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import pytest

import estran
from estran.web.app import create_app
from tests.conftest import ROOT
from tests.fetching.serving import serving as files_of
from tests.portal import granules, observed, walking
from tests.portal.conftest import THESAURUS, serving
from tests.portal.harvested import dataset
from tests.portal.walking import Walker, walker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytestmark = pytest.mark.chromium
_TASK = re.compile(
    r"^\*\*(?P<number>\d+)\. (?P<title>[^*]+)\*\*.*?^```toml\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Task:
    """What somebody wants, how they do it, and what it may cost."""

    number: int
    title: str
    clicks: int
    steps: list[list[str]]
    node: str = ""


def tasks() -> list[Task]:
    page = (ROOT / "docs" / "tasks.md").read_text("utf-8")
    found = [(int(t["number"]), t["title"], tomllib.loads(t["body"])) for t in _TASK.finditer(page)]
    return [
        Task(number, title, told["clicks"], told["steps"], told.get("node", ""))
        for number, title, told in found
    ]


TASKS = tasks()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A node with records, items, a vocabulary and a harvest: its address and its operator's token."""
    folder = tmp_path_factory.mktemp("tasks")
    with (
        files_of(walking.answer) as files,
        estran.open(folder / "node", harvest={"allow_private": True}) as node,
        estran.open(folder / "observations") as observing,
    ):
        observed.table(folder / "stations.csv")
        observing.load(folder / "stations.csv", kind="observations")
        granules.fill(node, folder)
        walking.fill(node, folder, files.url)
        (folder / "thesaurus.ttl").write_text(THESAURUS)
        node.load(folder / "thesaurus.ttl")
        theirs = folder / "theirs"
        theirs.mkdir()
        for n in range(2):
            (theirs / f"{n}.json").write_bytes(dataset(n))
        node.harvest.add("neighbour", str(theirs), "folder", visibility="draft")
        node.harvest.run("neighbour")
        token = node.tokens.create("Ada Lovelace", "operator").secret
        with serving(create_app(node)) as url, serving(create_app(observing)) as other:
            yield {"url": url, "observations": other, "token": token}


def test_there_are_twenty_two() -> None:
    assert [task.number for task in TASKS] == list(range(1, 23))


@pytest.mark.parametrize(
    "task", TASKS, ids=lambda task: f"{task.number}-{task.title[:30].strip().replace(' ', '-')}"
)
def test_a_task_costs_no_more_clicks_than_is_written(
    blind: Browser, house: dict[str, str], task: Task
) -> None:
    one = walker(blind, house[task.node or "url"], permissions=["clipboard-read", "clipboard-write"])
    for step in task.steps:
        take(one, [part.format(**house) if "{token}" in part else part for part in step])
    # What a task costs is a promise; where it costs less, the promise is to be a better one.
    assert one.clicks == task.clicks, f"{task.title}: {one.clicks} clicks, {task.clicks} are written"
    one.page.context.close()


def take(one: Walker, step: list[str]) -> None:
    """One step of a task."""
    page = one.page
    match step:
        case ["open", path]:
            one.open(path)
        case ["write", label, text]:
            one.write(label, text)
        case ["press", key]:
            one.press(key)
        case ["click", "text", words]:
            one.click(page.locator("summary:visible", has_text=words))
        case ["click", role, name]:
            one.click(_named(one, role, name))
        case ["tick", name]:
            one.click(
                page.locator("label.check:visible")
                .filter(has=page.get_by_text(name, exact=True))
                .locator("input")
            )
        case ["choose", label, option]:
            page.get_by_label(label, exact=True).select_option(label=option)
            one.clicks += 1
        case ["get", name, file]:
            shown = page.locator(f"main a[href$='{file}']:visible")
            assert fnmatch(one.get(_named(one, "link", name) if name != file else shown), file)
        case ["see" | "at", words]:
            seen(one, step[0], words)
        case _:
            pytest.fail(f"no such step: {step}")


def seen(one: Walker, how: str, words: str) -> None:
    """What must be so after a step: words on the page, or where it is."""
    if how == "see":
        one.page.locator(f"body:has-text({words!r})").wait_for()
    else:
        one.page.wait_for_url(f"{one.home}{words}")


def _named(one: Walker, role: Any, name: str) -> Any:
    """What has this name; else what has a name that begins so, once there is one."""
    begins = one.page.get_by_role(role, name=re.compile(f"^{re.escape(name)}"))
    begins.first.wait_for(state="attached")
    one.page.wait_for_load_state()
    exact = one.page.get_by_role(role, name=name, exact=True)
    return exact if exact.count() else begins
