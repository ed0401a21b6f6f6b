"""Vocabularies among what is loaded: what no metadata format reads is offered to those who read vocabularies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from estran.catalogue.documents import files
from estran.errors import Invalid
from estran.formats import Refusal
from estran.formats._vocabularies import SUFFIXES, may_be, read
from estran.vocabulary.merging import merged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.catalogue.inbox import LoadReport
    from estran.vocabulary import Holding, Original, Reading, Vocabulary

__all__ = ["LoadedVocabulary", "load", "take_refused"]

_HEAD = 1 << 16
_MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedVocabulary:
    """A vocabulary that a load entered, or found as it was."""

    outcome: Literal["new", "changed", "unchanged"]
    holding: Holding

    @property
    def name(self) -> str:
        """What the node calls it."""
        return self.holding.scheme.name


def load(
    vocabulary: Vocabulary, paths: Iterable[Path]
) -> tuple[tuple[LoadedVocabulary, ...], tuple[Refusal, ...]]:
    """Take vocabularies in from files and folders; lists that only somebody who knows can tell from data too.

    Raises:
        Invalid: a path is not there.
        NotAllowed: the vocabularies are only read.
    """
    listed = list(paths)
    for path in listed:
        if not path.exists():
            raise Invalid("there is no such file or folder", str(path))
    gathered, refused = _Gathered(), list[Refusal]()
    for path, size in files(listed):
        if isinstance(size, Refusal):
            refused.append(size)
            continue
        try:
            gathered.add(path)
        except Invalid as error:
            refused.append(Refusal(str(path), error.why))
    return gathered.enter(vocabulary), tuple(refused)


def take_refused(vocabulary: Vocabulary, report: LoadReport) -> None:
    """Enter the vocabularies among the files that a load of records has refused; its report is corrected."""
    gathered = _Gathered()
    taken: set[Path] = set()
    for path in dict.fromkeys(_file_of(refusal.file) for refusal in report.refused):
        if path is None or not _worth_reading(path):
            continue
        try:
            gathered.add(path, certain=True)
            taken.add(path)
        except Invalid:
            continue
    if taken:
        report.vocabularies += gathered.enter(vocabulary)
        report.refused[:] = [r for r in report.refused if _file_of(r.file) not in taken]


class _Gathered:
    """The vocabularies of several files by their address: one may come in many files."""

    def __init__(self) -> None:
        self._parts: dict[str, list[tuple[Reading, Original]]] = {}

    def add(self, path: Path, *, certain: bool = False) -> None:
        if path.stat().st_size > _MOST_BYTES:
            raise Invalid(
                f"it is larger than {_MOST_BYTES >> 20} MiB, which is more than a vocabulary", str(path)
            )
        try:
            found = list(read(str(path), path.read_bytes(), certain=certain))
        except (ValueError, TypeError, LookupError, AttributeError, OSError) as error:
            # A reader's own mistake on a strange document: the file is named, the load goes on.
            raise Invalid(
                f"it could not be understood ({type(error).__name__}: {error})"[:500], str(path)
            ) from None
        for reading, original in found:
            self._parts.setdefault(reading.scheme.uri, []).append((reading, original))

    def enter(self, vocabulary: Vocabulary) -> tuple[LoadedVocabulary, ...]:
        loaded: list[LoadedVocabulary] = []
        for parts in self._parts.values():
            reading, originals = merged(parts)
            outcome, holding = vocabulary.take(reading, originals)
            loaded.append(LoadedVocabulary(outcome=outcome, holding=holding))
        return tuple(loaded)


def _file_of(name: str) -> Path | None:
    """The file that a refusal speaks of: of a member of an archive, the archive."""
    path = Path(name)
    return next((one for one in (path, *path.parents) if one.is_file()), None)


def _worth_reading(path: Path) -> bool:
    if path.suffix.lower() not in SUFFIXES:
        return False
    with path.open("rb") as file:
        return may_be(path.name, file.read(_HEAD))
