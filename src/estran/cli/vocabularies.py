"""The node's vocabularies: what they hold, how sound they are, concepts by words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, QuietOption, open_node, print_json, say
from estran.model import plain

if TYPE_CHECKING:
    from estran.catalogue.concepts import Usage
    from estran.catalogue.vocabularies import LoadedVocabulary
    from estran.vocabulary import Defect, Holding

_REFUSED = 5
_SHOWN = 5

vocabulary_app = typer.Typer(
    help="Vocabularies (SKOS, I-ADOPT, taxonomic lists); “estran load” takes them in like anything else.",
    no_args_is_help=True,
)


@vocabulary_app.command("list")
def vocabulary_list(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List the vocabularies: concepts, languages, and whether they are sound."""
    with open_node(node) as opened:
        for held in opened.vocabulary.holdings():
            if json:
                print_json(_plain(held))
            else:
                spoken = " ".join(language for language, _ in held.languages[:6] if language)
                sound = "" if held.sound else "not sound: see “vocabulary report”"
                typer.echo(
                    f"{held.scheme.name:32} {held.concepts:7}  {spoken:18} {sound or held.scheme.title}"
                )


@vocabulary_app.command("show")
def vocabulary_show(
    name: Annotated[
        str, typer.Argument(help="Name of a vocabulary; name, notation or address of a concept.")
    ],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show a vocabulary, or a concept with what is around it."""
    with open_node(node) as opened:
        vocabulary = opened.vocabulary
        held = next((one for one in vocabulary.holdings() if one.scheme.name == name), None)
        if held is not None:
            print_json(_plain(held)) if json else _tell_holding(held)
            return
        around = vocabulary.around(vocabulary.show(name))
    if json:
        print_json(plain(around))
        return
    entry = around.entry
    typer.echo(f"{entry.title}\n{entry.uri}  ({entry.scheme})")
    for language, words in entry.label.variants:
        typer.echo(f"  {language or '–':3} {words}")
    if entry.definition:
        typer.echo(f"\n{entry.definition}\n")
    for links in (around.broader, around.narrower, around.related, around.mappings, around.parts):
        for link in links:
            typer.echo(f"  {link.predicate:12} {link.entry.title if link.entry else link.uri}")


@vocabulary_app.command("search")
def vocabulary_search(
    text: Annotated[str, typer.Argument(help="Words, in any language; the last may be only begun.")],
    node: NodeOption = HERE,
    scheme: Annotated[str, typer.Option(help="Name of the only vocabulary to look in.")] = "",
    language: Annotated[str, typer.Option(help="Language of the words, such as fr.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many concepts.")] = 20,
    json: JsonOption = False,
) -> None:
    """Find concepts by their labels; accents, capitals and endings do not count."""
    with open_node(node) as opened:
        found = opened.vocabulary.search(text, limit, scheme=scheme, language=language, prefix=True)
    for match in found:
        if json:
            print_json(plain(match))
        else:
            via = f" (“{match.label}”)" if match.label != match.entry.title else ""
            typer.echo(f"{match.entry.scheme:32} {match.entry.title}{via}  {match.entry.uri}")


@vocabulary_app.command("report")
def vocabulary_report(
    name: Annotated[str, typer.Argument(help="Name of a vocabulary.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Say what is wrong with a vocabulary: the conditions of SKOS, circles, orphans, gaps of languages."""
    with open_node(node) as opened:
        held = opened.vocabulary.holding(name)
    for defect in held.defects:
        print_json(plain(defect)) if json else _tell_defect(defect)
    if not held.defects and not json:
        typer.echo("Nothing is wrong.")


@vocabulary_app.command("usage")
def vocabulary_usage(
    name: Annotated[str, typer.Argument(help="Address of a concept, or its name or notation.")],
    node: NodeOption = HERE,
    limit: Annotated[int, typer.Option(min=0, help="At most so many records.")] = 20,
    json: JsonOption = False,
) -> None:
    """List the records that use a concept, or something narrower."""
    with open_node(node) as opened:
        uri = name if "://" in name or name.startswith("urn:") else opened.vocabulary.show(name).uri
        _tell_usage(opened.concepts.usage(uri, limit), json=json)


@vocabulary_app.command("deprecated")
def vocabulary_deprecated(
    node: NodeOption = HERE,
    limit: Annotated[int, typer.Option(min=0, help="At most so many records of each.")] = 20,
    json: JsonOption = False,
) -> None:
    """List the deprecated concepts that records use, the records, and what to use instead."""
    with open_node(node) as opened:
        listed = opened.concepts.deprecated(limit)
    for usage in listed:
        _tell_usage(usage, json=json)
    if not listed and not json:
        typer.echo("No record uses a deprecated concept.")


@vocabulary_app.command("remove")
def vocabulary_remove(
    name: Annotated[str, typer.Argument(help="Name of a vocabulary.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Take a vocabulary out."""
    with open_node(node) as opened:
        opened.vocabulary.remove(name)
    print_json({"removed": name}) if json else say(f"Removed {name}.")


@vocabulary_app.command("load")
def vocabulary_load(
    paths: Annotated[
        list[Path], typer.Argument(help="Files and folders of vocabularies, and of nothing else.")
    ],
    node: NodeOption = HERE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take vocabularies in, plain tables and lists of terms too, which “estran load” cannot tell from data."""
    from estran.catalogue.vocabularies import load  # noqa: PLC0415 - RDF is read only here

    with open_node(node, create=True) as opened:
        loaded, refused = load(opened.vocabulary, [path.expanduser() for path in paths])
    for one in loaded:
        tell_loaded(one, json=json, quiet=quiet)
    for refusal in refused:
        if json:
            print_json({"refused": refusal.file, "line": refusal.line, "why": refusal.why})
        else:
            say(f"refused  {refusal.file}: {refusal.why}", quiet=quiet)
    if refused:
        raise typer.Exit(_REFUSED)


def tell_loaded(one: LoadedVocabulary, *, json: bool, quiet: bool) -> None:
    """Say what became of a vocabulary."""
    held = one.holding
    if json:
        print_json({"outcome": one.outcome, **_plain(held)})
        return
    wrong = sum(defect.count for defect in held.defects)
    say(
        f"{one.outcome:9} vocabulary {one.name}: {held.concepts} concepts, {held.mappings} mappings"
        + (f"; {wrong} remarks, see “estran vocabulary report {one.name}”" if wrong else ""),
        quiet=quiet,
    )


def _tell_usage(usage: Usage, *, json: bool) -> None:
    instead = [entry.uri for entry in usage.successors]
    if json:
        records = [{"id": record.id, "title": str(record.title)} for record in usage.found]
        print_json(
            {
                "uri": usage.uri,
                "label": usage.entry.title if usage.entry else "",
                "deprecated": bool(usage.entry and usage.entry.deprecated),
                "records": usage.itself,
                "matched": usage.found.matched,
                "replaced_by": instead,
                "first": records,
            }
        )
        return
    title = f"{usage.entry.title}  {usage.uri}" if usage.entry else usage.uri
    typer.echo(f"{title}\n  {usage.itself} records carry it, {usage.found.matched} it or something narrower")
    for entry in usage.successors:
        typer.echo(f"  use instead: {entry.title}  {entry.uri}")
    for record in usage.found:
        typer.echo(f"  {record.id}  {record.title}")


def _plain(held: Holding) -> dict[str, object]:
    return {**plain(held), "sound": held.sound}


def _tell_holding(held: Holding) -> None:
    scheme = held.scheme
    typer.echo(f"{scheme.title}\n{scheme.uri}")
    for what, value in (
        ("version", scheme.version),
        ("date", scheme.published),
        ("publisher", scheme.publisher),
        ("licence", scheme.licence),
        ("loaded", held.loaded),
        ("from", ", ".join(held.files)),
        ("concepts", f"{held.concepts}, {held.deprecated} deprecated"),
        ("variables", str(held.variables or "")),
        ("mappings", str(held.mappings or "")),
        ("languages", " ".join(f"{language or '–'}:{count}" for language, count in held.languages)),
    ):
        if value:
            typer.echo(f"  {what:10} {value}")
    for defect in held.defects:
        typer.echo(f"  {defect.rule:10} {defect.count} × {defect.what}")


def _tell_defect(defect: Defect) -> None:
    typer.echo(f"{defect.rule:9} {defect.count:6} × {defect.what}")
    for uri, detail in defect.examples[:_SHOWN]:
        typer.echo(f"{'':18} {uri} {detail}".rstrip())
