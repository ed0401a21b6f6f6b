"""How the portal works, in a few lines a subject, and the keys that it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estran.web.portal.i18n import Words


@dataclass(frozen=True, kw_only=True)
class Key:
    """Keys that do something: each alternative, and what it does."""

    keys: tuple[str, ...]
    does: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A subject of the help.

    Attributes:
        name: its mark in the page's address; title: its words.
        lines: what to know.
        links: where to go on, as words and address.
        keys: keys of the keyboard.
    """

    name: str
    title: str
    lines: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    keys: tuple[Key, ...] = ()


def help_parts(w: Words) -> tuple[Part, ...]:
    """The subjects of the help, in the order in which one needs them."""
    t, root = w.text, f"/{w.language}"
    return (
        Part(
            name="find", title=t("help.find"),
            lines=(t("help.find_words"), t("help.find_filters"), t("help.find_place"), t("help.find_browse")),
            links=((t("search.title"), f"{root}/search"), (t("site.browse"), f"{root}/browse")),
        ),
        Part(
            name="get", title=t("help.get"), lines=(t("help.get_page"), t("help.get_cite"), t("help.get_closed")),
        ),
        Part(
            name="look", title=t("help.look"), lines=(t("help.look_stations"), t("help.look_curve"), t("help.look_words")),
            links=((t("stations.title"), f"{root}/stations"),),
        ),
        Part(
            name="keep", title=t("help.keep"), lines=(t("help.keep_address"), t("help.keep_follow"), t("help.keep_twin")),
            links=((t("api.title"), f"{root}/api"),),
        ),
        Part(
            name="give", title=t("help.give"), lines=(t("help.give_guide"),),
            links=((t("publish.title"), f"{root}/publish"), (t("centres.title"), f"{root}/centres")),
        ),
        Part(name="keys", title=t("help.keys"), lines=(t("help.keys_lead"),), keys=_keys(w)),
        Part(
            name="plain", title=t("help.plain"), lines=(t("help.plain_script"), t("help.plain_maps"), t("help.plain_print")),
            links=((t("accessibility.title"), f"{root}/accessibility"),),
        ),
    )  # fmt: skip


def _keys(w: Words) -> tuple[Key, ...]:
    t = w.text
    tab, shift, enter, space, escape = (
        t("help.key_tab"), t("help.key_shift"), t("help.key_enter"), t("help.key_space"), t("help.key_escape"),
    )  # fmt: skip
    return (
        Key(keys=(tab, f"{shift} + {tab}"), does=t("help.key_move")),
        Key(keys=(tab, enter), does=t("help.key_skip")),
        Key(keys=(enter,), does=t("help.key_search")),
        Key(keys=("/",), does=t("help.key_words")),
        Key(keys=("↓", "↑"), does=t("help.key_results")),
        Key(keys=(escape,), does=t("help.key_back")),
        Key(keys=(space,), does=t("help.key_tick")),
        Key(keys=("←", "↑", "→", "↓"), does=t("help.key_pan")),
        Key(keys=("+", "−"), does=t("help.key_zoom")),
        Key(keys=("←", "→", "+", "−"), does=t("help.key_curve")),
        Key(keys=(escape,), does=t("help.key_stop")),
    )
