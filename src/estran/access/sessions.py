"""Being signed in: a proof that someone showed a token, signed with the node's secret.

A proof names the token and when it ends. It holds no secret, so that whoever finds one has no token. The node keeps
a hash of each: one that was signed out is good for nothing, whoever has a copy, and a token that is revoked takes
all its proofs with it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estran.access.actors import Actor

SESSION_S = 12 * 3600
"""Seconds after which one signs in again."""
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Someone who is signed in.

    Attributes:
        actor: who they are.
        token: id of the token that they showed.
        until: when it ends, in seconds since 1970.
        proof: what shows it, for a cookie.
        form: what their forms carry, so that no other site can send one in their name.
    """

    actor: Actor
    token: str
    until: int
    proof: str
    form: str


def prove(secret: bytes, token: str, until: int) -> str:
    """A proof that the token of that id was shown; no two are equal.

    Args:
        secret: of the node.
        token: id of the token.
        until: when it ends, in seconds since 1970.
    """
    said = f"{token}.{until}.{secrets.token_urlsafe(12)}"
    return f"{said}.{_signature(secret, 'session', said)}"


def proven(secret: bytes, proof: str) -> tuple[str, int] | None:
    """The token's id and the end of a proof, None where it is not of this node or over."""
    said, _, signature = proof.rpartition(".")
    if len(proof) > _LONGEST or not proof.isascii():
        return None
    if not hmac.compare_digest(signature, _signature(secret, "session", said)):
        return None
    token, until, _ = said.split(".")
    return (token, int(until)) if int(until) > time.time() else None


def trace(proof: str) -> bytes:
    """What the node keeps of a proof, from which nobody can make it."""
    return hashlib.sha256(proof.encode()).digest()


def form_mark(secret: bytes, proof: str) -> str:
    """What the forms of a session carry: nobody can make it who does not know the node's secret."""
    return _signature(secret, "form", proof)


def _signature(secret: bytes, purpose: str, said: str) -> str:
    return hmac.digest(secret, f"estran {purpose} {said}".encode(), "sha256").hex()
