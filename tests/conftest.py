"""What all tests share."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import HealthCheck, settings

import estran
from estran.storage import Database, prepare
from tests.mosquitto import Mosquitto
from tests.postgresql import PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estran.node import Node

ROOT = Path(__file__).resolve().parent.parent

# Whoever runs the tests may have a node of their own; the tests must not see it.
for name in [name for name in os.environ if name.startswith("ESTRAN_") and name != "ESTRAN_REQUIRE_ALL"]:
    del os.environ[name]


# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("estran", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("estran")


# Files that take longest, although some have few tests: a process that begins one last is what all wait for.
LONG = (
    "portal/test_accessible.py", "docs/test_pages.py", "observations/test_together.py", "catalogue/test_moving.py",
    "portal/test_observations_browser.py", "portal/test_browser.py", "portal/test_search_browser.py", "portal/test_tasks.py",
    "portal/test_items_browser.py", "portal/test_quality_browser.py", "portal/test_harvest_browser.py",
    "catalogue/test_items_together.py", "catalogue/test_parquet.py", "observations/test_door.py", "observations/test_batches.py",
    "observations/test_store.py", "web/test_oaipmh_clients.py", "web/test_stac_clients.py", "web/test_csw_clients.py",
    "observations/feeds/test_listening.py", "catalogue/harvest/test_kills.py", "catalogue/test_load.py", "vocabulary/test_loading.py",
    "demo/test_build.py", "jobs/test_workers.py", "web/test_definition.py",
    "catalogue/test_clusters.py", "catalogue/test_items.py", "catalogue/harvesters/test_faults.py", "portal/test_build.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, then those with many tests; each stays in its own order."""
    ranks = {ROOT / "tests" / name: rank for rank, name in enumerate(LONG)}
    counts = Counter(item.path for item in items)
    items.sort(key=lambda item: (ranks.get(item.path, len(LONG)), -counts[item.path]))


def lacking(what: str) -> NoReturn:
    """Skip a test for want of a program, or fail it where ESTRAN_REQUIRE_ALL says that all must be there."""
    if os.environ.get("ESTRAN_REQUIRE_ALL"):
        pytest.fail(f"{what} is required here (ESTRAN_REQUIRE_ALL is set) and absent", pytrace=False)
    pytest.skip(f"{what} is absent; Debian has it")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the checkout; a test that needs it skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real files are not here ({folder} is absent)")
    return folder


@pytest.fixture(scope="session")
def open_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Node]:
    """Opens the node of a folder on SQLite; a new one begins with a copy of tables that were made once."""
    prepared = tmp_path_factory.mktemp("prepared") / "estran.db"
    with closing(Database(f"sqlite:///{prepared}")) as database:
        prepare(database)

    def open_(folder: Path) -> Node:
        if not (folder / prepared.name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(prepared, folder / prepared.name)
        return estran.open(folder)

    return open_


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def open_node(request: pytest.FixtureRequest) -> Callable[[Path], Node]:
    """Opens the node of a folder, on each engine; the same folder is the same node."""
    if request.param == "sqlite":
        return request.getfixturevalue("open_file")
    server: PostgreSQL = request.getfixturevalue("postgresql")
    urls: dict[Path, str] = {}

    def open_(folder: Path) -> Node:
        if folder not in urls:
            # Hundreds of databases would fill the disk; pytest has removed the folders of what has passed.
            for gone in [one for one in urls if not one.exists()]:
                server.drop(urls.pop(gone))
            urls[folder] = server.prepared()
        return estran.open(folder, storage={"database": urls[folder]})

    return open_


@pytest.fixture
def node(tmp_path: Path, open_file: Callable[[Path], Node]) -> Iterator[Node]:
    """An empty node of its own, acting as its operator."""
    with open_file(tmp_path / "node") as opened:
        yield opened


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Debian's Chromium."""
    found = shutil.which("chromium")
    return Path(found) if found else lacking("Chromium (chromium)")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """An empty PostgreSQL of its own with PostGIS, stopped when the tests end."""
    server = PostgreSQL.found()
    if server is None:
        lacking("PostgreSQL 15 with PostGIS (postgresql-15, postgresql-15-postgis-3)")
    with server:
        yield server


@pytest.fixture(scope="session")
def mosquitto_program() -> Path:
    """Debian's Mosquitto, for a broker that is made in some other way than `mosquitto`."""
    return Mosquitto.found() or lacking("Mosquitto (mosquitto)")


@pytest.fixture(scope="session")
def mosquitto(mosquitto_program: Path) -> Iterator[Mosquitto]:
    """An MQTT broker that lets everyone in, for all tests of a process; each takes topics of its own."""
    with Mosquitto(mosquitto_program) as broker:
        yield broker
