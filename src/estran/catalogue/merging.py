"""JSON Merge Patch (RFC 7396)."""

from __future__ import annotations

from typing import Any

import msgspec

from estran.errors import Invalid

__all__ = ["merged", "merged_document"]


def merged(target: Any, patch: Any) -> Any:
    """What a value becomes: members of the patch take the place of those there, null takes them away."""
    if not isinstance(patch, dict):
        return patch
    made: dict[str, Any] = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merged(made.get(name), value)
    return made


def merged_document(document: bytes, patch: bytes) -> bytes:
    """The same for JSON objects as bytes; members that the patch does not name keep theirs.

    Raises:
        Invalid: the patch is no JSON object.
    """
    try:
        given: Any = msgspec.json.decode(patch)
        members: dict[str, Any] = dict(msgspec.json.decode(document, type=dict[str, msgspec.Raw]))
        if not isinstance(given, dict):
            raise Invalid('it is no JSON object; send the members that change, such as {"properties": {…}}')
        for name, value in given.items():
            raw = members.pop(name, None)
            if value is not None:
                members[name] = merged(None if raw is None else msgspec.json.decode(raw), value)
        return msgspec.json.encode(members)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"it is not JSON ({error}); send a JSON merge patch") from None
