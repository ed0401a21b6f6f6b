"""What may be said of a feed besides its address."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from estran import formats
from estran.errors import Invalid
from estran.fetching.brokers import broker
from estran.observations.remote import is_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.observations.feeds.values import Kind

__all__ = ["OPTIONS", "checked", "place", "subject"]

OPTIONS: Mapping[str, tuple[tuple[Kind, ...], str]] = {
    "format": (
        ("folder", "mqtt", "push"),
        "table, json, sensorthings, or a format of files such as netcdf; recognised where it is not said",
    ),
    "header": (("mqtt", "push"), "the line that names the columns, for messages that have rows only"),
    "station": (
        ("folder", "mqtt", "push"),
        "name of the station where rows name none; {2} stands for the second part of a topic",
    ),
    "moving": (("folder", "mqtt", "push"), "yes where each row has its own place, as on a ship"),
    "pattern": (("folder",), "which files of the folder are read, such as *.csv"),
    "rest": (("folder",), "seconds since the last change after which a file is taken for written, 10"),
    "protocol": (("mqtt",), "5, or 3.1.1 for brokers that speak no later MQTT"),
    "client": (("mqtt",), "name by which the broker knows this node; one is made"),
}
"""Name -> (kinds that have it, what it means)."""

_READ_HERE = ("table", "json", "sensorthings")
_LEVEL = re.compile(r"\{(\d{1,2})\}")
_LONGEST = 2000


def place(kind: Kind, address: str) -> str:
    """The address of a feed as it is kept.

    Raises:
        Invalid: it does not fit.
    """
    match kind:
        case "push":
            if address:
                raise Invalid("what is pushed comes to this node; give no address", "address")
        case "folder":
            folder = Path(address).expanduser()
            if not address or not folder.is_dir():
                raise Invalid("give a folder that is there", "address")
            return str(folder.resolve())
        case "mqtt":
            _, topic = broker(address)
            if not topic:
                raise Invalid(
                    "name what to listen to behind the broker: mqtt://host/topic, or mqtt://host/#", address
                )
        case "address":
            if not is_address(address):
                raise Invalid("give the address of a SensorThings service or of an ERDDAP table", "address")
    return address


def checked(kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
    """The options of a feed as they are kept.

    Raises:
        Invalid: a name or a value does not fit; the message lists what there is.
    """
    for name, value in given.items():
        if name not in OPTIONS or kind not in OPTIONS[name][0]:
            known = ", ".join(one for one, (kinds, _) in OPTIONS.items() if kind in kinds) or "none"
            raise Invalid(
                f"a feed of the kind {kind} has no option “{name[:40]}”; there are {known}", "option"
            )
        if len(value) > _LONGEST or "\0" in value:
            raise Invalid(f"an option has {_LONGEST:,} characters at most", f"option {name}")
    found = dict(given)
    form = found.get("format", "")
    if form and form not in _READ_HERE and form not in _observing():
        raise Invalid(f"choose among {', '.join((*_READ_HERE, *_observing()))}", "option format")
    if found.get("moving", "no") not in ("yes", "no"):
        raise Invalid("say yes or no", "option moving")
    if not re.fullmatch(r"\d{1,5}(\.\d+)?", found.get("rest", "0")):
        raise Invalid("give seconds", "option rest")
    if found.get("protocol", "5") not in ("5", "3.1.1"):
        raise Invalid("say 5 or 3.1.1", "option protocol")
    if kind == "mqtt":
        found.setdefault("client", f"estran-{secrets.token_hex(6)}")
    return found


def subject(options: Mapping[str, str], where: str) -> str:
    """The station that a message is of, by what it came by; "" where nothing says it."""
    levels = where.split("/")

    def level(found: re.Match[str]) -> str:
        number = int(found[1])
        return levels[number - 1] if 1 <= number <= len(levels) else ""

    return _LEVEL.sub(level, options.get("station", ""))


def _observing() -> list[str]:
    return [one.name for one in formats.every() if one.observe and one.name != "table"]
