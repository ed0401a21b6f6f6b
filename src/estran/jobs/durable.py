"""DBOS: the library that keeps what was asked for and what steps gave. Loading it takes a second."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer

from estran.jobs.store import IDLE_S

if TYPE_CHECKING:
    from estran.jobs.store import Store

_APPLICATION = "estran"
# Jobs are continued by whatever version of the program works next.
_VERSION = "1"


def client(store: Store) -> DBOSClient:
    """What asks and looks, and executes nothing; DBOS's tables are made where they are missing."""
    DBOS.migrate(store.url, schema=store.schema or "dbos")
    return DBOSClient(
        system_database_url=store.url,
        system_database_engine=store.dbos_engine(),
        dbos_system_schema=store.schema or "dbos",
        # JSON, and not pickles: what lies in a database is no program.
        serializer=DBOSPortableJSONSerializer(),
        application_name=_APPLICATION,
        # Whoever looks is told that the database is away, instead of waiting for it.
        retry_connection_errors=False,
        sys_db_idle_transaction_timeout_sec=IDLE_S,
    )


def _forget_closed_streams() -> None:
    """DBOS writes to the standard error that it met first, which may be closed by now."""
    logger = logging.getLogger("dbos")
    for handler in list(logger.handlers):
        if getattr(getattr(handler, "stream", None), "closed", False):
            logger.removeHandler(handler)


def configure(store: Store, executor: str, look_s: float) -> None:
    """Make this process one that executes, under an id that no other has at the same time."""
    _forget_closed_streams()
    DBOS(
        config=DBOSConfig(
            name=_APPLICATION,
            system_database_url=store.url,
            system_database_engine=store.dbos_engine(),
            dbos_system_schema=store.schema or "dbos",
            serializer=DBOSPortableJSONSerializer(),
            executor_id=executor,
            application_version=_VERSION,
            sys_db_idle_transaction_timeout_sec=IDLE_S,
            # Nobody sends jobs messages; but ending waits for the one who would listen.
            notification_listener_polling_interval_sec=look_s,
            log_level="CRITICAL",
        )
    )
