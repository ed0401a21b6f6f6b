"""Several requests in one, as JSON or as multipart/mixed; a change set is done as a whole or not at all."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from estran.errors import EstranError, Invalid
from estran.web.apis.sensorthings.answers import PATH, self_link
from estran.web.apis.sensorthings.writing import Change, decoded
from estran.web.problems import problem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

    from estran.observations.making import Making
    from estran.observations.sensing import Sensing

__all__ = ["Asked", "Batch", "Told", "of_json", "of_multipart"]

_MOST_REQUESTS = 1000
_REFERENCE = re.compile(r"\$(\w[\w.-]*)")
_STATUSES = {200: "OK", 201: "Created", 204: "No Content"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        id: by which others of its change set name what it makes.
        group: of the change set, "" for none.
    """

    id: str
    method: str
    url: str
    body: bytes = b""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One answer."""

    id: str
    status: int
    body: bytes = b""
    location: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Does what a batch asks for.

    Args:
        read: (path, query) -> status and body of a GET.
        root: address of the service.
        is_known: whether the asker has said who they are.
    """

    sensing: Sensing
    read: Callable[[str, str], tuple[int, bytes]]
    root: str
    is_known: bool
    _made: dict[str, str] = field(default_factory=dict[str, str])

    def answers(self, asked: list[Asked]) -> Iterator[Told]:
        """What each request is told, in their order.

        Raises:
            Invalid: there are too many.
        """
        if len(asked) > _MOST_REQUESTS:
            raise Invalid(f"at most {_MOST_REQUESTS:,} requests are answered at once", "$batch")
        at = 0
        while at < len(asked):
            group = (
                [one for one in asked[at:] if one.group == asked[at].group]
                if asked[at].group
                else [asked[at]]
            )
            yield from self._together(group)
            done = {id(one) for one in group}
            asked = [one for one in asked[at:] if id(one) not in done]

    def _together(self, group: list[Asked]) -> list[Told]:
        if len(group) == 1 and group[0].method == "GET":
            return [self._read(group[0])]

        def work(making: Making) -> list[Told]:
            for one in group:
                self._made.pop(one.id, None)
            return [self._change(making, one) for one in group]

        try:
            return self.sensing.change(work)
        except EstranError as error:
            problem = problem_of(error, known=self.is_known)
            return [Told(one.id, problem.status, problem.body(), group=one.group) for one in group]

    def _read(self, one: Asked) -> Told:
        path, query = _path(one.url)
        status, body = self.read(path, query)
        return Told(one.id, status, body)

    def _change(self, making: Making, one: Asked) -> Told:
        path, _ = _path(_REFERENCE.sub(lambda found: self._made.get(found[1], found[0]), one.url))
        document = self._referred(decoded(one.body)) if one.body else None
        change = self._at(one.method, path, document)
        number = change.do(making)
        link = self_link(self.root, change.kind, number)
        if one.id:
            self._made[one.id] = f"{change.kind}({number})"
        is_new = one.method == "POST"
        return Told(one.id, 201 if is_new else 200, location=link if is_new else "", group=one.group)

    def _at(self, method: str, path: str, document: Any) -> Change:
        """What an address means; what was made in the same change set is not yet there for others to see."""
        if method not in {"POST", "PATCH", "DELETE"}:
            raise Invalid(
                f"{method[:10]} does not stand in a batch; GET, POST, PATCH and DELETE do", "method"
            )
        home, _, rest = path.partition("/")
        if home in self._made.values():
            kind, _, number = home.partition("(")
            return Change.within(method, kind, int(number[:-1]), rest, document)
        return Change.of(self.sensing, method, path, document)

    def _referred(self, value: Any) -> Any:
        """A document with the ids of what was made before in the place of their names."""
        if isinstance(value, dict):
            return {
                name: self._id(inner) if name == "@iot.id" else self._referred(inner)
                for name, inner in value.items()
            }
        return [self._referred(inner) for inner in value] if isinstance(value, list) else value

    def _id(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("$") and (made := self._made.get(value[1:])):
            return int(made.partition("(")[2][:-1])
        return value


def _path(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    path = parts.path.partition(PATH)[2] if PATH in parts.path else parts.path
    return path.strip("/"), parts.query


# JSON


def of_json(body: bytes, answer: Callable[[list[Asked]], Iterator[Told]]) -> bytes:
    """A batch in JSON, answered.

    Raises:
        Invalid: it cannot be read.
    """
    document = decoded(body)
    requests = document.get("requests") if isinstance(document, dict) else None
    if not isinstance(requests, list):
        raise Invalid('it is {"requests": [{"id": "1", "method": "get", "url": "Things"}]}', "$batch")
    asked = [_of_member(one) for one in requests]
    return msgspec.json.encode({"responses": [_member(one) for one in answer(asked)]})


def _of_member(one: Any) -> Asked:
    if (
        not isinstance(one, dict)
        or not isinstance(one.get("url"), str)
        or not isinstance(one.get("method"), str)
    ):
        raise Invalid("each request has an id, a method and a url", "$batch")
    body = msgspec.json.encode(one["body"]) if one.get("body") is not None else b""
    return Asked(
        str(one.get("id", "")), one["method"].upper(), one["url"], body, str(one.get("atomicityGroup") or "")
    )


def _member(one: Told) -> dict[str, Any]:
    made: dict[str, Any] = {"id": one.id, "status": one.status}
    if one.location:
        made["location"] = one.location
    return made | ({"body": msgspec.Raw(one.body)} if one.body else {})


# Multipart


def of_multipart(
    content_type: str, body: bytes, answer: Callable[[list[Asked]], Iterator[Told]]
) -> tuple[str, bytes]:
    """A batch of parts, answered: the media type and the body.

    Raises:
        Invalid: it cannot be read.
    """
    whole = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body
    )
    if not whole.is_multipart():
        raise Invalid("it is no multipart/mixed with a boundary", "$batch")
    asked: list[Asked] = []
    for n, part in enumerate(_parts(whole)):
        if part.is_multipart():
            asked += [_of_part(inner, f"changes-{n}") for inner in _parts(part)]
        else:
            asked.append(_of_part(part, ""))
    boundary = f"batch_{secrets.token_hex(8)}"
    lines: list[bytes] = []
    group = ""
    for told in answer(asked):
        if told.group != group:
            lines += [b"--%b--\r\n" % group.encode()] if group else []
            if told.group:
                lines.append(
                    b"--%b\r\nContent-Type: multipart/mixed; boundary=%b\r\n\r\n"
                    % (boundary.encode(), told.group.encode())
                )
            group = told.group
        lines.append(b"--%b\r\n%b" % ((group or boundary).encode(), _part(told)))
    lines += [b"--%b--\r\n" % group.encode()] if group else []
    return f"multipart/mixed; boundary={boundary}", b"".join([*lines, b"--%b--\r\n" % boundary.encode()])


def _parts(message: Message) -> list[Message]:
    held = message.get_payload()
    return [part for part in held if not isinstance(part, str)] if isinstance(held, list) else []


def _of_part(part: Message, group: str) -> Asked:
    if part.get_content_type() != "application/http":
        raise Invalid("each part is application/http, or multipart/mixed of some", "$batch")
    held = part.get_payload(decode=True)
    text = held if isinstance(held, bytes) else b""
    head, _, body = text.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n\n")
    words = head.partition(b"\n")[0].decode("utf-8", "replace").rsplit(" HTTP/", 1)[0].split(" ", 1)
    if len(words) != 2:  # noqa: PLR2004 - method and address
        raise Invalid("a request begins with its method and its address: GET Things HTTP/1.1", "$batch")
    return Asked(
        str(part.get("Content-ID") or "").strip("<>"), words[0].upper(), words[1].strip(), body.strip(), group
    )


def _part(told: Told) -> bytes:
    head = [b"Content-Type: application/http"]
    if told.id:
        head.append(b"Content-ID: " + told.id.encode())
    inner = [b"HTTP/1.1 %d %b" % (told.status, _STATUSES.get(told.status, "Refused").encode())]
    if told.location:
        inner.append(b"Location: " + told.location.encode())
    if told.body:
        inner.append(b"Content-Type: application/json")
    return b"\r\n".join([*head, b"", *inner, b"", told.body, b""])
