"""A PostgreSQL server for the tests: made, started and thrown away in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Self

from estran.storage import Database, prepare

_ROOT_USER = 0
# What is thrown away needs no safety; and who sweeps hundreds of databases all the time takes a core.
_CARELESS = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")


class PostgreSQL:
    """A server that listens on a socket in its own folder only."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # initdb refuses to run as root, and the folder must be one that the other user may enter.
        self._user = "postgres" if os.geteuid() == _ROOT_USER else None
        self._folder = Path()
        self._made = 0
        self._prepared = ""

    @classmethod
    def found(cls) -> PostgreSQL | None:
        """The newest server of the machine that has PostGIS."""
        for programs in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
            version = programs.parent.name
            if (programs / "initdb").exists() and Path(
                f"/usr/share/postgresql/{version}/extension/postgis.control"
            ).exists():
                return cls(programs)
        return None

    @property
    def url(self) -> str:
        """Where its database is, as libpq and SQLAlchemy write it."""
        return f"postgresql:///postgres?host={self._folder}&user=postgres"

    def fresh(self, more: str = "") -> str:
        """The URL of a new, empty database."""
        self._made += 1
        self.psql(f"CREATE DATABASE node{self._made} {more}")
        return f"postgresql:///node{self._made}?host={self._folder}&user=postgres"

    def prepared(self) -> str:
        """The URL of a new database that has the tables of a node already, copied from one that was made once."""
        if not self._prepared:
            url = self.fresh()
            with closing(Database(url)) as database:
                prepare(database)
            self._prepared = f"node{self._made}"
            # Nearly half of its bytes are reference systems, which nobody asks for.
            self.psql("DELETE FROM spatial_ref_sys WHERE srid <> 4326", self._prepared)
            self.psql("VACUUM FULL ANALYZE", self._prepared)
        return self.fresh(f"TEMPLATE {self._prepared} STRATEGY file_copy")

    def drop(self, url: str) -> None:
        """Throw a database away, whoever still holds it."""
        name = url.partition("///")[2].partition("?")[0]
        self.psql(f"DROP DATABASE {name} WITH (FORCE)")

    def psql(self, sql: str, database: str = "postgres") -> str:
        """The answer to some SQL: rows in lines, columns apart by bars."""
        program = [
            self._programs / "psql",
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            self._folder,
        ]
        return self._run([*map(str, program), "-U", "postgres", database], sql).strip()

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="estran-postgresql-", dir="/tmp"))
        if self._user:
            shutil.chown(self._folder, self._user)
        careless = " ".join(f"-c {name}=off" for name in _CARELESS)
        data, bare = self._folder / "data", f"-c listen_addresses='' {careless} -k {self._folder}"
        self._run(
            [
                f"{self._programs}/initdb",
                "-D",
                str(data),
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ]
        )
        self._run(
            [
                f"{self._programs}/pg_ctl",
                "-D",
                str(data),
                "-o",
                bare,
                "-l",
                f"{self._folder}/log",
                "-w",
                "start",
            ]
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._run([f"{self._programs}/pg_ctl", "-D", f"{self._folder}/data", "-m", "immediate", "stop"])
        shutil.rmtree(self._folder)

    def _run(self, command: list[str], given: str = "") -> str:
        done = subprocess.run(
            command, input=given, text=True, capture_output=True, user=self._user, group=self._user, cwd="/", check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout
