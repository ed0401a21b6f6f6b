"""Addresses of pages: signed, so that nobody can send one that the catalogue did not write."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARK_BYTES = 12


class Cursors:
    """Writes and reads the addresses of pages of one node."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, asked: Any, values: Sequence[Any]) -> str:
        """The address of the page that follows a row with these sort values.

        Args:
            asked: what was asked, as plain data: the address serves no other question.
            values: of the last row.
        """
        body = msgspec.json.encode(values)
        return base64.urlsafe_b64encode(self._mark(asked, body) + body).rstrip(b"=").decode()

    def read(self, asked: Any, cursor: str) -> list[Any] | None:
        """The sort values that a page follows, None for the first page.

        Raises:
            Invalid: the address is not one of ours, or belongs to another question.
        """
        if not cursor:
            return None
        try:
            whole = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (ValueError, UnicodeEncodeError):
            whole = b""
        mark, body = whole[:_MARK_BYTES], whole[_MARK_BYTES:]
        if not body or not hmac.compare_digest(mark, self._mark(asked, body)):
            raise Invalid(
                "this page address is not one of ours, or its query was changed; start from the first page",
                "cursor",
            )
        return msgspec.json.decode(body, type=list[Any])

    def _mark(self, asked: Any, body: bytes) -> bytes:
        question = msgspec.json.encode(asked)
        return hmac.digest(self._secret, question + b"\n" + body, hashlib.sha256)[:_MARK_BYTES]
