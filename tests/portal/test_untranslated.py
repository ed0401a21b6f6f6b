"""No word of the portal stands outside the catalogues: neither in a template nor in a script."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from estran.web.portal import assets

TEMPLATES = sorted((assets.STATIC.parent / "templates").glob("*.html"))
SCRIPTS = sorted(assets.STATIC.glob("*.js"))
# Names of standards, tools and people, the same in every language, and what only machines read.
NAMES = {
    "JSON", "STAC", "Atom", "Python", "curl", "GET", "Estran", "Natural Earth", "API", "RDF", "SKOS", "CSV", "DCAT",
    "OGC API – Records", "GeoJSON", "HTML", "Turtle", "JSON-LD", "RDF/XML",
}  # fmt: skip
_SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-copied", "data-fallback", "data-done", "label")
_WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")


class _Texts(HTMLParser):
    """Texts and spoken attributes of a template whose expressions were taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "svg")
        self.found += [
            v for name, v in attrs if name in _SPOKEN and v and tag not in ("meta", "option", "link")
        ]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "svg")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def untranslated(template: str) -> list[str]:
    """The words that a template says by itself."""
    # A block in a tag, and macros that make attributes, hold no words.
    template = re.sub(r"\{% block body %\}.*?\{% endblock %\}", "", template)
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\N{NULL}", template, flags=re.DOTALL)
    reader = _Texts()
    reader.feed(bare.replace("\N{NULL}", " "))
    reader.close()
    plain = (re.sub(r"&[a-z]+;|[\w-]+=\"[^\"]*\"", " ", text) for text in reader.found)
    texts = (" ".join(text.split()) for text in plain)
    return [text for text in texts if _left(text)]


def _left(text: str) -> bool:
    for name in sorted(NAMES, key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(name)}\b", " ", text)
    return bool(_WORD.search(text))


def unsaid(script: str) -> list[str]:
    """The words that a script shows which no page gave it."""
    shown = (
        r"(?:textContent|innerText|title|ariaLabel|placeholder)\s*[=:]\s*[\"'`]([^\"'`]*)",
        r"setAttribute\(\s*[\"'](?:aria-label|title|placeholder|alt)[\"']\s*,\s*[\"'`]([^\"'`]*)",
        r"(?:append|setText|setHTML|alert|confirm|customAttribution:)\(?\s*[\"'`]([^\"'`]*)",
    )
    found = [text for pattern in shown for text in re.findall(pattern, script)]
    return [text for text in found if _left(re.sub(r"\$\{[^}]*\}", " ", text))]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_by_itself(path):
    assert untranslated(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_nothing_by_itself(path):
    assert unsaid(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("<p>Hello</p>", ["Hello"]), ('<p>{{ t("x") }}: tout va bien</p>', [": tout va bien"]),
        ('<a aria-label="Close" href="/{{ lang }}/x">×</a>', ["Close"]), ('<input placeholder="1990">', []),
        ('{% if x == "Hello" %}{{ t("a.b") }}{% endif %}', []), ("<b>JSON</b> · 3", []), ("<script>const a = 'Hello';</script>", []),
        ('<img alt="Chart of {{ x }}">', ["Chart of"]), ("{# a note #}<p>…</p>&nbsp;", []),
    ],
)  # fmt: skip
def test_what_is_not_translated_is_caught(template: str, words: list[str]):
    assert untranslated(template) == words


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ('note.textContent = "No map";', ["No map"]), ("button.setAttribute('aria-label', `Close ${x}`)", ["Close ${x}"]),
        ("note.textContent = container.dataset.fallback;", []), ("a.textContent = `${n} · ${m}`;", []),
        ('map.addControl(new X({ customAttribution: "Natural Earth" }))', []), ('alert("No")', ["No"]),
    ],
)  # fmt: skip
def test_what_a_script_says_by_itself_is_caught(script: str, words: list[str]):
    assert unsaid(script) == words
