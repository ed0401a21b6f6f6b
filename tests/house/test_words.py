"""The words of the house: each noun of the glossary once, and names in the code that keep to it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from estran import formats, model, vocabulary
from estran.catalogue import query

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/estran"

# Words that say nothing of what a thing is.
EMPTY = {"manager", "helper", "helpers", "utils", "util", "misc", "impl", "dao", "dto"}
EMPTY_CLASS_ENDS = ("Manager", "Helper", "Service", "Handler", "Impl", "Base", "Core", "Util", "Utils")
EMPTY_CLASS_STARTS = ("Base", "Abstract", "Core", "Generic")
# Synonyms and spellings that the glossary replaces; only where no standard uses them as its own word.
REPLACED = {"organization", "organizations", "admin", "superuser", "datacenter", "color"}


def glossary() -> list[tuple[str, str, str, str]]:
    """Word, French word, meaning and what not to say, of every row."""
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ?([^|]*)\|$", (ROOT / "GLOSSARY.md").read_text(), re.MULTILINE
    )
    return [
        (a.strip(), b.strip(), c.strip(), d.strip())
        for a, b, c, d in rows
        if a.strip() not in ("Word", "---")
    ]


def names() -> list[tuple[str, str]]:
    """Every name that the code gives: (file, name)."""
    found: list[tuple[str, str]] = []
    for path in SOURCE.rglob("*.py"):
        where = str(path.relative_to(ROOT))
        found.append((where, path.stem))
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                    found.append((where, node.name))
                case ast.arg():
                    found.append((where, node.arg))
                case ast.Name(ctx=ast.Store()):
                    found.append((where, node.id))
    return found


def test_each_word_stands_once_with_its_french_and_its_meaning() -> None:
    rows = glossary()
    assert len(rows) > 40
    assert [word for word, count in Counter(word.lower() for word, *_ in rows).items() if count > 1] == []
    assert [word for word, french, meaning, _ in rows if not french or len(meaning) < 10] == []


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in model.__all__ if name[0].isupper() and not name.isupper()),
        *(name for name in formats.__all__ if name[0].isupper()),
        *(name for name in vocabulary.__all__),
        *(name for name in vars(query) if name in ("Query", "Bucket", "Results")),
    ],
)
def test_the_nouns_of_the_code_stand_in_the_glossary(name: str) -> None:
    known = {word.replace(" ", "").lower() for word, *_ in glossary()}
    # Parts of a record that are the field's own ISO or DataCite noun, and what needs no explanation.
    known |= {
        "conformity", "constraint", "funding", "identifier", "quality", "relation", "text", "vertical", "links", "written",
        "results", "vocabulary",
    }  # fmt: skip
    assert name.lower() in known


def test_no_name_is_empty_of_meaning() -> None:
    wrong = []
    for where, name in names():
        words = set(re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().strip("_").split("_"))
        if words & (EMPTY | REPLACED):
            wrong.append(f"{where}: {name}")
    assert wrong == []


def test_no_class_is_a_manager_of_things() -> None:
    classes = [
        (path, node.name)
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    ]
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, name in classes
        if re.search(rf"[a-z]({'|'.join(EMPTY_CLASS_ENDS)})$", name)
        or re.match(rf"({'|'.join(EMPTY_CLASS_STARTS)})[A-Z]", name)
    ]
    assert wrong == []
