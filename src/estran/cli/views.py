"""Views: searches that a project keeps under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, open_node, print_json, say

if TYPE_CHECKING:
    from estran.catalogue.saved_views import SavedView
    from estran.node import Node

view_app = typer.Typer(
    help="Views of the catalogue that projects have: a search with a name, a text, a colour and an address.",
    no_args_is_help=True,
)
_NAME = Annotated[str, typer.Argument(help="Name of the view, as in its address.")]


class _Fields:
    """Options that describe a view, shared by add and change."""

    search = Annotated[
        str,
        typer.Option(help="Address of a search page, or what follows its question mark: hub=ocean&q=salt."),
    ]
    title_fr = Annotated[str, typer.Option(help="Title in French.")]
    title_en = Annotated[str, typer.Option(help="Title in English.")]
    text_fr = Annotated[str, typer.Option(help="What it is about, in French.")]
    text_en = Annotated[str, typer.Option(help="What it is about, in English.")]
    colour = Annotated[
        str, typer.Option(help="#rrggbb; its contrast with the page is checked. The node's own if not given.")
    ]
    site = Annotated[
        list[str] | None,
        typer.Option(help="Web site that may show it in a frame: https://example.org; may be repeated."),
    ]
    centre = Annotated[str, typer.Option(help="Centre whose editors may change it.")]


@view_app.command("list")
def view_list(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List the views."""
    with open_node(node) as opened:
        for view in opened.views.all():
            if json:
                print_json(_told(opened, view))
            else:
                typer.echo(f"{view.name:28} {view.centre:20} {view.title}")


@view_app.command("show")
def view_show(name: _NAME, node: NodeOption = HERE, json: JsonOption = False) -> None:
    """Read one view, and how many records it has."""
    with open_node(node) as opened:
        told = _told(opened, opened.views.show(name))
    if json:
        print_json(told)
        return
    for field, value in told.items():
        typer.echo(f"{field:10} {value}")


@view_app.command("add")
def view_add(
    name: _NAME,
    search: _Fields.search,
    title_fr: _Fields.title_fr,
    title_en: _Fields.title_en,
    node: NodeOption = HERE,
    text_fr: _Fields.text_fr = "",
    text_en: _Fields.text_en = "",
    colour: _Fields.colour = "",
    site: _Fields.site = None,
    centre: _Fields.centre = "",
    json: JsonOption = False,
) -> None:
    """Keep a search under a name."""
    with open_node(node) as opened:
        made = opened.views.add(
            name, search=search, title={"fr": title_fr, "en": title_en}, text={"fr": text_fr, "en": text_en},
            colour=colour, sites=site or (), centre=centre,
        )  # fmt: skip
        print_json(_told(opened, made)) if json else say(f"Added {name}: {opened.links.base}/views/{name}")


@view_app.command("change")
def view_change(
    name: _NAME,
    node: NodeOption = HERE,
    search: _Fields.search = "",
    title_fr: _Fields.title_fr = "",
    title_en: _Fields.title_en = "",
    text_fr: _Fields.text_fr = "",
    text_en: _Fields.text_en = "",
    colour: _Fields.colour = "",
    site: _Fields.site = None,
    centre: _Fields.centre = "",
    json: JsonOption = False,
) -> None:
    """Change what is given of a view; the rest stays. --site "" lets no site show it any more."""
    with open_node(node) as opened:
        held = opened.views.show(name)
        changes: dict[str, Any] = {
            field: value
            for field, value in (("search", search), ("colour", colour), ("centre", centre))
            if value
        }
        for field, before, given in (
            ("title", held.title, {"fr": title_fr, "en": title_en}),
            ("text", held.text, {"fr": text_fr, "en": text_en}),
        ):
            if any(given.values()):
                changes[field] = dict(before.variants) | {
                    code: words for code, words in given.items() if words
                }
        if site is not None:
            changes["sites"] = site
        changed = opened.views.change(name, **changes)
        print_json(_told(opened, changed)) if json else say(f"Changed {name}.")


@view_app.command("remove")
def view_remove(name: _NAME, node: NodeOption = HERE, json: JsonOption = False) -> None:
    """Forget a view; the records that it showed stay."""
    with open_node(node) as opened:
        opened.views.remove(name)
    print_json({"removed": name}) if json else say(f"Removed {name}.")


def _told(node: Node, view: SavedView) -> dict[str, Any]:
    from estran.catalogue.query import Query  # noqa: PLC0415 - listing commands loads no rooms
    from estran.model import plain  # noqa: PLC0415

    matched = node.ask(Query(within=view.query(), limit=0)).matched
    return {**plain(view), "address": f"{node.links.base}/views/{view.name}", "matched": matched}
