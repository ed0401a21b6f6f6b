"""Who asks: the operator of the folder, the holder of a token, or anyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["reader", "editor", "operator"]
ROLES: tuple[Role, ...] = ("reader", "editor", "operator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Someone and what they may see.

    Attributes:
        name: for the change log.
        role: "reader" sees the restricted records of `centres`; "editor" may also write there;
            "operator" sees and does everything; "" is anyone, who sees what is public.
        centres: ids of the centres that the role holds for.
    """

    name: str = "anyone"
    role: Role | Literal[""] = ""
    centres: tuple[str, ...] = ()

    @property
    def is_operator(self) -> bool:
        """Whether nothing is hidden from them."""
        return self.role == "operator"

    def may_write(self, centre: str) -> bool:
        """Whether they may change what belongs to a centre."""
        return self.is_operator or (self.role == "editor" and centre in self.centres)


ANYONE = Actor()
OPERATOR = Actor(name="operator", role="operator")
