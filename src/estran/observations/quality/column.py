"""The quality of observations, made when they are read: a verdict, else the worst of tests and producer's flag.

It is one of QARTOD's codes. A value that is not there is missing, whatever is said of it. Nothing of this is
stored: a verdict holds for rows that come late, and ends when it is undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.observations.quality.meanings import BAD, GOOD, MISSING, NOT_EVALUATED, SUSPECT
from estran.observations.quality.outcomes import worst
from estran.observations.quality.schemes import QARTOD, SCHEMES, Scheme, of_producer
from estran.observations.store.columns import array, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.model import Datastream
    from estran.observations.store.quality import QualityStore
    from estran.observations.store.registry import HeldDatastream
    from estran.observations.store.verdicts import Verdict

__all__ = ["NEEDED", "Judging", "graded", "in_scheme", "judged"]

NEEDED = ("datastream", "time", "value", "words", "flag", "tested")
"""The columns of which the quality is made."""
_NO_SCHEME = Scheme("producer", "the producer's flags", "", ())
_RANK = {NOT_EVALUATED: 0, GOOD: 1, SUSPECT: 2, BAD: 3, MISSING: 4}
_QUALITY = np.array([NOT_EVALUATED, GOOD, SUSPECT, BAD, MISSING], np.int8)


@dataclass(frozen=True, slots=True)
class Judging:
    """What is known beside the rows of some datastreams to say how good each is.

    Attributes:
        schemes: number of a datastream -> the scheme of its producer's flags.
        verdicts: those that stand, the newest last.
    """

    schemes: Mapping[int, Scheme]
    verdicts: Sequence[Verdict] = ()

    @classmethod
    def of(
        cls, streams: Sequence[HeldDatastream], store: QualityStore, version: int | None = None
    ) -> Judging:
        """What is known of some datastreams now, or what was at a version, which is an instant."""
        schemes = {one.number: of_producer(one.described) for one in streams}
        if version is None:
            return cls(schemes, store.verdicts(list(schemes)))
        stood = [
            one
            for one in store.verdicts(list(schemes), undone=True)
            if one.at <= version and (one.undone_at is None or one.undone_at > version)
        ]
        return cls(schemes, stood)

    def scheme(self, name: str) -> Scheme:
        """The scheme of that name; "producer" means the one that the producers of all datastreams have.

        Raises:
            Invalid: there is none of that name, or the producers have several, or say nothing of theirs.
        """
        if name != "producer":
            if name not in SCHEMES:
                raise Invalid(
                    f"there is no such scheme; choose among {', '.join(SCHEMES)}, producer", "flags"
                )
            return SCHEMES[name]
        own = list({id(one): one for one in self.schemes.values()}.values())
        if len(own) != 1 or not own[0].flags:
            raise Invalid(
                "the producers' flags differ, or nothing tells what they mean; ask for qartod", "flags"
            )
        return own[0]

    def column(self, rows: pa.Table) -> NDArray[np.int8]:
        """The quality of each row; rows have the columns `NEEDED`."""
        rank = worst(array(rows, "tested"))
        if rows["flag"].null_count < rows.num_rows:
            said = _of_flags(rows, self.schemes, lambda scheme, flag: _RANK[scheme.quality(flag)], np.uint8)
            np.maximum(rank, said, out=rank)
        found = _QUALITY[rank]
        datastream, time = array(rows, "datastream"), array(rows, "time")
        for verdict in self.verdicts:
            own = (datastream == verdict.datastream) & (time >= verdict.start) & (time < verdict.end)
            found[own] = verdict.code
        found[_is_missing(rows)] = MISSING
        return found

    def told(self, rows: pa.Table, keep: Collection[int] = ()) -> pa.Table:
        """Rows with a column ``quality``, where codes are named only those of these."""
        import pyarrow as pa  # noqa: PLC0415 - heavy

        quality = self.column(rows)
        told = rows.append_column(pa.field("quality", pa.int8(), nullable=False), pa.array(quality))
        return kept(told, np.isin(quality, list(keep))) if keep else told

    def portions(
        self, found: Iterable[pa.Table], names: Sequence[str], keep: Collection[int] = ()
    ) -> Iterator[pa.Table]:
        """Portions of rows with some columns, ``quality`` among them, and of these codes only; none is empty."""
        for rows in found:
            told = self.told(rows, keep)
            if told.num_rows:
                yield told.select(list(names))


def graded(rows: pa.Table, known: Mapping[int, Datastream]) -> NDArray[np.int8]:
    """The quality of rows by their producers and tests, without what experts say; of what datastreams are known."""
    # Rows of a datastream that was removed lie there until files are written; no flag of theirs means anything.
    schemes = dict.fromkeys(np.unique(array(rows, "datastream")).tolist(), _NO_SCHEME)
    return Judging(schemes | {number: of_producer(one) for number, one in known.items()}).column(rows)


def judged(rows: pa.Table, store: QualityStore) -> pa.Table:
    """Rows of any datastreams, with the columns `NEEDED`, and a column ``quality`` beside them."""
    numbers = np.unique(array(rows, "datastream")).tolist()
    is_any_flag = rows["flag"].null_count < rows.num_rows
    known = store.described(numbers) if is_any_flag else {}
    schemes = {number: of_producer(one) for number, one in known.items()}
    return Judging(schemes, store.verdicts(numbers)).told(rows)


def in_scheme(rows: pa.Table, schemes: Mapping[int, Scheme], wanted: Scheme) -> NDArray[np.int16]:
    """The quality of rows as codes of a scheme.

    Where the quality is that of the producer's flag, its finer meaning is kept: a value that Argo calls probably
    good is so in SeaDataNet's words too.
    """
    quality = rows["quality"].to_numpy()
    plain = {code: wanted.nearest(QARTOD.by_word[str(code)].meaning).code for code in _QUALITY.tolist()}
    found = np.zeros(rows.num_rows, np.int16)
    for code, said in plain.items():
        found[quality == code] = said
    if rows["flag"].null_count == rows.num_rows or wanted is QARTOD:
        return found
    theirs = _of_flags(rows, schemes, lambda scheme, flag: scheme.quality(flag), np.int16)
    finer = _of_flags(rows, schemes, lambda scheme, flag: scheme.translated(flag, wanted).code, np.int16)
    # Only what a known flag says is finer; of none nothing is known beyond the quality.
    has_flag = _of_flags(rows, schemes, lambda scheme, flag: scheme.flag(flag) is not None, np.bool_)
    return np.where((theirs == quality) & has_flag, finer, found)


def _of_flags(
    rows: pa.Table, schemes: Mapping[int, Scheme], say: Callable[[Scheme, str | None], Any], kind: type[Any]
) -> NDArray[Any]:
    """What is said of the producer's flag of each row; each flag of a scheme is asked for once."""
    flags = rows["flag"].combine_chunks().dictionary_encode()
    words: list[str | None] = [*flags.dictionary.to_pylist(), None]
    index = np.asarray(flags.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False))
    datastream = array(rows, "datastream")
    found = np.zeros(rows.num_rows, kind)
    of_scheme: dict[int, list[int]] = {}
    for number in np.unique(datastream).tolist():
        of_scheme.setdefault(id(schemes[number]), []).append(number)
    for numbers in of_scheme.values():
        scheme = schemes[numbers[0]]
        said = np.array([say(scheme, word) for word in words], kind)
        if len(of_scheme) == 1:
            return said[index]
        own = np.isin(datastream, numbers)
        found[own] = said[index[own]]
    return found


def _is_missing(rows: pa.Table) -> NDArray[np.bool_]:
    missing = np.isnan(array(rows, "value"))
    if rows["words"].null_count < rows.num_rows:
        missing &= np.asarray(rows["words"].is_null().to_numpy())
    return missing
