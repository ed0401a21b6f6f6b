"""Tokens and organisations in the database."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, insert, select, update

from estran.access.actors import ROLES, Actor, Role
from estran.access.sessions import SESSION_S, Session, form_mark, prove, proven, trace
from estran.errors import Conflict, Invalid, NotAllowed, NotFound
from estran.model import ORGANISATION_KINDS, STATUSES, Organisation, moment_us, now_us, plain
from estran.storage import changes, get_meta, schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import sqlalchemy as sa

    from estran.storage import Database

_DAY_US = 86_400_000_000
_PREFIX = "estran_"
_OVER = "you are not signed in any more; sign in again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A key handed to someone; the secret itself is never kept.

    Attributes:
        secret: only on the value that `Tokens.create` returns.
        created, expires, revoked: canonical instants; revoked is "" while it is good.
    """

    id: str
    name: str
    role: Role
    centre: str
    created: str
    expires: str
    revoked: str = ""
    secret: str = ""


class Tokens:
    """The node's tokens, and who is signed in with one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, role: Role = "reader", centre: str = "", days: int = 365) -> Token:
        """A new token; its secret is shown this once.

        Raises:
            Invalid: no such role, a lifetime out of 1…3650 days, or a reader without a centre.
        """
        if role not in ROLES:
            raise Invalid(f"there is no role “{role}”; choose one of {', '.join(ROLES)}", "role")
        if not 1 <= days <= 3650:  # noqa: PLR2004
            raise Invalid("a token lives 1 to 3650 days", "days")
        if role != "operator" and not centre:
            raise Invalid(f"a {role}'s token holds for one centre; name it", "centre")
        if not name.strip():
            raise Invalid("give the token a name that says who holds it", "name")
        secret = _PREFIX + secrets.token_urlsafe(32)
        at = now_us()
        row = {
            "id": secrets.token_hex(4), "hash": _hash(secret), "name": name.strip(), "role": role,
            "centre": centre, "created": at, "expires": at + days * _DAY_US, "revoked": None,
        }  # fmt: skip
        with self._database.write() as connection:
            connection.execute(insert(schema.token).values(row))
        return replace(_token(row), secret=secret)

    def all(self) -> tuple[Token, ...]:
        """Every token, the newest first, revoked and expired ones included."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(schema.token).order_by(schema.token.c.created.desc(), schema.token.c.id)
            )
            return tuple(_token(row) for row in rows.mappings())

    def revoke(self, id: str) -> None:  # noqa: A002 - the word of the model
        """Make a token useless from now on.

        Raises:
            NotFound: there is no such token.
        """
        t = schema.token
        with self._database.write() as connection:
            done = connection.execute(
                update(t).where(t.c.id == id, t.c.revoked.is_(None)).values(revoked=now_us())
            )
            if not done.rowcount and not connection.execute(select(t.c.id).where(t.c.id == id)).first():
                raise NotFound("token", id)

    def actor(self, secret: str) -> Actor:
        """Who holds a secret.

        Raises:
            NotAllowed: it is unknown, expired or revoked (the answer does not say which).
        """
        return _actor(self._good(schema.token.c.hash == _hash(secret)))

    def sign_in(self, secret: str) -> Session:
        """Someone shows a token and need not show it again for a while.

        Raises:
            NotAllowed: it is unknown, expired or revoked.
        """
        row = self._good(schema.token.c.hash == _hash(secret))
        at = int(time.time())
        until = min(at + SESSION_S, row["expires"] // 1_000_000)
        proof = prove(self._secret, row["id"], until)
        s = schema.session
        with self._database.write() as connection:
            connection.execute(delete(s).where(s.c.until <= at))
            connection.execute(insert(s).values(id=trace(proof), token=row["id"], until=until))
        return self._session(row, proof, until)

    def session(self, proof: str) -> Session:
        """Who shows a proof of `sign_in`.

        Raises:
            NotAllowed: it is none, it is over, it was ended, or its token is not good any more.
        """
        found = proven(self._secret, proof)
        if found is None:
            raise NotAllowed(_OVER)
        s = schema.session
        kept = select(s.c.token).where(s.c.id == trace(proof), s.c.token == found[0])
        with self._database.read() as connection:
            row = (
                connection.execute(select(schema.token).where(schema.token.c.id.in_(kept))).mappings().first()
            )
        if row is None:
            raise NotAllowed(_OVER)
        return self._session(_checked(row), proof, found[1])

    def sign_out(self, proof: str) -> None:
        """End the session that a proof shows, for whoever has a copy of it as well."""
        with self._database.write() as connection:
            connection.execute(delete(schema.session).where(schema.session.c.id == trace(proof)))

    def end_sessions(self, id: str) -> int:  # noqa: A002 - the word of the model
        """End all sessions of a token, which itself stays good; gives how many there were.

        Raises:
            NotFound: there is no such token.
        """
        s, t = schema.session, schema.token
        with self._database.write() as connection:
            if not connection.execute(select(t.c.id).where(t.c.id == id)).first():
                raise NotFound("token", id, "“estran token list” shows them all.")
            ended = connection.execute(delete(s).where(s.c.token == id, s.c.until > int(time.time())))
            connection.execute(delete(s).where(s.c.token == id))
            return ended.rowcount

    @cached_property
    def _secret(self) -> bytes:
        """The node's own, which signs what shows that someone is signed in."""
        with self._database.read() as connection:
            found = get_meta(connection, "secret")
        if not found:
            raise NotAllowed("this node has no secret to sign with; open it anew")
        return found

    def _session(self, row: Mapping[str, Any], proof: str, until: int) -> Session:
        mark = form_mark(self._secret, proof)
        return Session(actor=_actor(row), token=row["id"], until=until, proof=proof, form=mark)

    def _good(self, condition: sa.ColumnElement[bool]) -> Mapping[str, Any]:
        """The row of a token that is good."""
        with self._database.read() as connection:
            return _checked(connection.execute(select(schema.token).where(condition)).mappings().first())


def _checked(row: sa.RowMapping | None) -> Mapping[str, Any]:
    """The row of a token, if it is good."""
    if row is None or row["revoked"] is not None or row["expires"] <= now_us():
        raise NotAllowed("this token is not good; ask the node's operator for a new one")
    return {str(name): value for name, value in row.items()}


def _hash(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()


def _actor(row: Mapping[str, Any]) -> Actor:
    return Actor(name=row["name"], role=row["role"], centres=(row["centre"],) if row["centre"] else ())


def _token(row: Any) -> Token:
    return Token(
        id=row["id"], name=row["name"], role=row["role"], centre=row["centre"],
        created=moment_us(row["created"]), expires=moment_us(row["expires"]),
        revoked=moment_us(row["revoked"]) if row["revoked"] is not None else "",
    )  # fmt: skip


class Organisations:
    """The registry of hubs, centres, groups, infrastructures, services and networks."""

    def __init__(self, database: Database, *, writable: bool = True) -> None:
        self._database, self._writable = database, writable
        self._held: dict[str, Organisation] = {}
        self._hubs: dict[str, tuple[str, ...]] = {}
        self._revision = -1

    def all(self, kind: str = "") -> tuple[Organisation, ...]:
        """Every organisation, or those of one kind, sorted by kind as listed in the model and by id."""
        chosen = [o for o in self._known().values() if not kind or o.kind == kind]
        return tuple(sorted(chosen, key=lambda o: (ORGANISATION_KINDS.index(o.kind), o.id)))

    def show(self, id: str) -> Organisation:  # noqa: A002
        """One organisation.

        Raises:
            NotFound: there is none of that id.
        """
        found = self._known().get(id)
        if found is None:
            raise NotFound("organisation", id, "“estran centre list” shows them all.")
        return found

    def add(self, *organisations: Organisation) -> None:
        """Enter new organisations.

        Raises:
            Conflict: an id is taken.
            Invalid: a value does not fit, or a parent is unknown.
        """
        self._put(organisations, new=True)

    def edit(self, id: str, **changes: Any) -> Organisation:  # noqa: A002
        """Change fields of one organisation.

        Raises:
            NotFound: there is none of that id.
            Invalid: a value does not fit, or a parent is unknown.
        """
        edited = replace(self.show(id), **changes)
        self._put((edited,), new=False)
        return edited

    def hubs_of(self, id: str) -> tuple[str, ...]:  # noqa: A002
        """The hubs that an organisation belongs to, itself included where it is one."""
        return self.hubs().get(id, ())

    def hubs(self) -> dict[str, tuple[str, ...]]:
        """The hubs of every organisation, directly or through others."""
        known = self._known()
        if not self._hubs and known:
            self._hubs = {id_: _hubs_of(id_, known) for id_ in known}
        return self._hubs

    def children(self, id: str) -> tuple[Organisation, ...]:  # noqa: A002
        """The organisations whose parent it is."""
        return tuple(o for o in self.all() if id in o.parents)

    def _put(self, organisations: tuple[Organisation, ...], *, new: bool) -> None:
        if not self._writable:
            raise NotAllowed("only the node's operator may change the registry of organisations")
        table = schema.organisation
        with self._database.write() as connection:
            known = _organisations(connection)
            coming = {o.id: o for o in organisations}
            for o in organisations:
                _check(o, known.keys() | coming.keys())
                if new and o.id in known:
                    raise Conflict(
                        f"there is an organisation “{o.id}” already; use “estran centre edit {o.id}”"
                    )
            _check_no_circle({**known, **coming})
            connection.execute(delete(table).where(table.c.id.in_(coming)))
            if organisations:
                connection.execute(
                    insert(table), [{"id": o.id, "document": _encoded(o)} for o in organisations]
                )
            changes.log(
                connection,
                [("organisation", o.id, "add" if new else "change") for o in organisations],
                "operator",
            )

    def _known(self) -> dict[str, Organisation]:
        with self._database.read() as connection:
            revision = changes.revision(connection)
            if revision != self._revision:
                self._held, self._hubs, self._revision = _organisations(connection), {}, revision
        return self._held


def _hubs_of(start: str, known: dict[str, Organisation]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    seen, waiting = set[str](), [start]
    while waiting:
        here = waiting.pop(0)
        if here in seen or here not in known:
            continue
        seen.add(here)
        if known[here].kind == "hub":
            found[here] = None
        waiting += known[here].parents
    return tuple(found)


def _encoded(value: Organisation) -> bytes:
    return msgspec.json.encode(plain(value))


def _organisations(connection: sa.Connection) -> dict[str, Organisation]:
    rows = connection.execute(select(schema.organisation.c.document))
    found = [msgspec.json.decode(document, type=Organisation) for (document,) in rows]
    return {o.id: o for o in found}


def _check(o: Organisation, known: set[str]) -> None:
    if not o.id or not all(c.isascii() and (c.isdigit() or c.islower() or c == "-") for c in o.id):
        raise Invalid("an id is made of lower-case letters, digits and hyphens", f"organisation “{o.id}”")
    if o.kind not in ORGANISATION_KINDS:
        raise Invalid(f"there is no kind “{o.kind}”; choose one of {', '.join(ORGANISATION_KINDS)}", o.id)
    if o.status not in STATUSES:
        raise Invalid(f"there is no status “{o.status}”; choose one of {', '.join(STATUSES)}", o.id)
    if not o.name:
        raise Invalid("give it a name", o.id)
    for parent in o.parents:
        if parent not in known:
            raise Invalid(f"its parent “{parent}” is not in the registry; add it first", o.id)


def _check_no_circle(known: dict[str, Organisation]) -> None:
    for start, organisation in known.items():
        seen, here = {start}, list(organisation.parents)
        while here:
            parent = here.pop()
            if parent == start:
                raise Invalid("it would be its own parent, directly or through others", start)
            if parent not in seen and parent in known:
                seen.add(parent)
                here += known[parent].parents
