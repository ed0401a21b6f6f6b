"""The registry of organisations and the tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, open_node, print_json, say
from estran.errors import Invalid

centre_app = typer.Typer(
    help="Hubs, centres and the other organisations of the registry.", no_args_is_help=True
)
token_app = typer.Typer(help="Keys that let others see or edit what is not public.", no_args_is_help=True)


@centre_app.command("list")
def centre_list(
    node: NodeOption = HERE,
    kind: Annotated[str, typer.Option(help="hub, centre, group, infrastructure, service or network.")] = "",
    json: JsonOption = False,
) -> None:
    """List the organisations."""
    from estran.model import plain  # noqa: PLC0415

    with open_node(node, create=False) as opened:
        for organisation in opened.organisations.all(kind):
            if json:
                print_json(plain(organisation))
            else:
                typer.echo(f"{organisation.kind:15} {organisation.id:28} {organisation.name}")


class _Fields:
    """Options that describe an organisation, shared by add and edit."""

    kind = Annotated[str, typer.Option(help="hub, centre, group, infrastructure, service or network.")]
    name_fr = Annotated[str, typer.Option(help="Name in French.")]
    name_en = Annotated[str, typer.Option(help="Name in English.")]
    description_fr = Annotated[str, typer.Option(help="Description in French.")]
    description_en = Annotated[str, typer.Option(help="Description in English.")]
    parent = Annotated[
        list[str] | None, typer.Option(help="Id of an organisation that it belongs to; may be repeated.")
    ]
    contact = Annotated[str, typer.Option(help="E-mail address or URL.")]
    url = Annotated[str, typer.Option(help="Its web site.")]
    status = Annotated[str, typer.Option(help="active, under-construction or closed.")]
    colour = Annotated[str, typer.Option(help="land, atmosphere, ocean, earth, life or #rrggbb.")]
    claim = Annotated[
        list[str] | None,
        typer.Option(help="Words in a record's organisations that give it to this one; may be repeated."),
    ]


@centre_app.command("add")
def centre_add(
    id: Annotated[
        str,
        typer.Argument(help="Id: lower-case letters, digits and hyphens; or a TOML file of organisations."),
    ],
    node: NodeOption = HERE,
    kind: _Fields.kind = "centre",
    name_fr: _Fields.name_fr = "",
    name_en: _Fields.name_en = "",
    description_fr: _Fields.description_fr = "",
    description_en: _Fields.description_en = "",
    parent: _Fields.parent = None,
    contact: _Fields.contact = "",
    url: _Fields.url = "",
    status: _Fields.status = "active",
    colour: _Fields.colour = "",
    claim: _Fields.claim = None,
    json: JsonOption = False,
) -> None:
    """Enter an organisation, or all those of a TOML file."""
    from estran.access.founding import parse  # noqa: PLC0415
    from estran.model import Organisation, Text  # noqa: PLC0415

    with open_node(node, create=True) as opened:
        if id.endswith(".toml"):
            found = parse(Path(id).read_text("utf-8"), id) if Path(id).is_file() else _no_file(id)
        else:
            found = (
                Organisation(
                    id=id, kind=kind, name=Text.many([("fr", name_fr), ("en", name_en)]), parents=tuple(parent or ()),
                    description=Text.many([("fr", description_fr), ("en", description_en)]), contact=contact, url=url,
                    status=status, colour=colour, claims=tuple(claim or ()),
                ),
            )  # fmt: skip
        opened.organisations.add(*found)
    for organisation in found:
        print_json({"added": organisation.id}) if json else say(f"Added {organisation.id}.")


def _no_file(name: str) -> Any:
    raise Invalid("there is no such file", name)


@centre_app.command("edit")
def centre_edit(
    id: Annotated[str, typer.Argument(help="Id of the organisation.")],
    node: NodeOption = HERE,
    kind: _Fields.kind = "",
    name_fr: _Fields.name_fr = "",
    name_en: _Fields.name_en = "",
    description_fr: _Fields.description_fr = "",
    description_en: _Fields.description_en = "",
    parent: _Fields.parent = None,
    contact: _Fields.contact = "",
    url: _Fields.url = "",
    status: _Fields.status = "",
    colour: _Fields.colour = "",
    claim: _Fields.claim = None,
    json: JsonOption = False,
) -> None:
    """Change what is given of an organisation; the rest stays."""
    from estran.model import Text, plain  # noqa: PLC0415

    with open_node(node) as opened:
        before = opened.organisations.show(id)
        changes: dict[str, Any] = {
            "kind": kind,
            "contact": contact,
            "url": url,
            "status": status,
            "colour": colour,
        }
        changes = {key: value for key, value in changes.items() if value}
        for key, french, english, held in (
            ("name", name_fr, name_en, before.name),
            ("description", description_fr, description_en, before.description),
        ):
            if french or english:
                given = {"fr": french, "en": english}
                changes[key] = Text.many(
                    [*((code, given.get(code) or words) for code, words in held.variants), *given.items()]
                )
        changes.update(
            {key: tuple(values) for key, values in (("parents", parent), ("claims", claim)) if values}
        )
        edited = opened.organisations.edit(id, **changes)
    print_json(plain(edited)) if json else say(f"Changed {id}.")


@token_app.command("create")
def token_create(
    name: Annotated[str, typer.Argument(help="Who holds it.")],
    node: NodeOption = HERE,
    role: Annotated[
        Literal["reader", "editor", "operator"],
        typer.Option(
            help="reader sees what is restricted, editor may change it, operator may do everything."
        ),
    ] = "reader",
    centre: Annotated[str, typer.Option(help="Centre that it holds for.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days that it lives.")] = 365,
    json: JsonOption = False,
) -> None:
    """Make a token; its secret is shown this once."""
    with open_node(node) as opened:
        if centre:
            opened.organisations.show(centre)
        token = opened.tokens.create(name, role, centre, days)
    if json:
        print_json(token)
    else:
        typer.echo(token.secret)
        say(
            f"Token {token.id} for {token.name}, {token.role}{' of ' + token.centre if token.centre else ''}, until {token.expires}. The secret is not shown again."
        )


@token_app.command("list")
def token_list(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List the tokens."""
    with open_node(node) as opened:
        for token in opened.tokens.all():
            if json:
                print_json(token)
            else:
                state = f"revoked {token.revoked}" if token.revoked else f"until {token.expires}"
                typer.echo(f"{token.id}  {token.role:9} {token.centre:20} {token.name}  {state}")


@token_app.command("sign-out")
def token_sign_out(
    id: Annotated[str, typer.Argument(help="Id of the token.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Sign out every browser that signed in with a token; the token itself stays good."""
    with open_node(node) as opened:
        ended = opened.tokens.end_sessions(id)
    print_json({"token": id, "ended": ended}) if json else say(
        f"Signed out {ended} browser{'' if ended == 1 else 's'}. “estran token revoke {id}” makes the token itself useless."
    )


@token_app.command("revoke")
def token_revoke(
    id: Annotated[str, typer.Argument(help="Id of the token.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Make a token useless from now on."""
    with open_node(node) as opened:
        opened.tokens.revoke(id)
    print_json({"revoked": id}) if json else say(f"Revoked {id}.")
