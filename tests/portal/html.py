"""A page as the tests read it: its elements, without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

_VOID = {"meta", "link", "input", "img", "br", "hr", "source"}


@dataclass
class Element:
    """A tag with its attributes, all the text inside it, and what holds it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    parents: tuple[Element, ...] = field(default=(), repr=False)

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")


class Html(HTMLParser):
    """All elements of a page, in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, parents=tuple(self._open))
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {n: v or "" for n, v in attrs}, parents=tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of a tag ("*" for any) with these attributes; `class_` matches one of the classes."""
        return [
            e
            for e in self.elements
            if tag in (e.tag, "*")
            and all(
                value in e.get("class").split()
                if name == "class_"
                else e.get(name.replace("_", "-")) == value
                for name, value in attributes.items()
            )
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, (tag, attributes, found)
        return found[0]

    def inside(self, holder: Element, tag: str, **attributes: str) -> list[Element]:
        """The same, of those that an element holds."""
        return [e for e in self.all(tag, **attributes) if any(parent is holder for parent in e.parents)]

    def links(self, base: str) -> set[str]:
        """Absolute addresses that anchors lead to, fragments left out."""
        return {
            urlsplit(urljoin(base, a["href"]))._replace(fragment="").geturl()
            for a in self.all("a")
            if a.get("href")
        }
