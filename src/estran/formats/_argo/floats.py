"""The float that an Argo file is of, as a record, a thing and its sensors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.formats import Document
from estran.formats._netcdf.opening import opened
from estran.formats._netcdf.values import strings
from estran.model import Concept, Licence, Party, Record, Relation, Sensor, Text, Thing, date

if TYPE_CHECKING:
    from collections.abc import Mapping

    import netCDF4

__all__ = ["ADJUSTED", "DELAYED", "REAL_TIME", "Float", "float_of"]

REAL_TIME, ADJUSTED, DELAYED = "real time", "real time, adjusted", "delayed mode"
"""The versions of a series, which stand side by side."""
_WMO = re.compile(r"[0-9]{4,8}")
_CENTRES = {
    "AO": "AOML", "BO": "BODC", "CS": "CSIRO", "HZ": "CSIO", "IF": "Coriolis", "IN": "INCOIS", "JA": "JMA",
    "KM": "KMA", "KO": "KORDI", "ME": "MEDS", "NM": "NMDIS", "GE": "BSH", "SP": "Spain", "UW": "University of Washington",
}  # fmt: skip
_GDAC_DOI = "10.17882/42182"
_LICENCE = Licence(
    name=Text.of("Creative Commons Attribution 4.0"),
    uri="https://creativecommons.org/licenses/by/4.0/",
    spdx="CC-BY-4.0",
)


@dataclass(frozen=True, slots=True)
class Float:
    """What a file tells of its float.

    Attributes:
        wmo: its number.
        told: other words, by the name of the variable that holds them.
        sensors: by the parameter that they measure.
    """

    wmo: str
    told: Mapping[str, str]
    sensors: Mapping[str, Sensor]

    def thing(self) -> Thing:
        """The float, which has no place of its own."""
        names = ("PLATFORM_TYPE", "FLOAT_SERIAL_NO", "WMO_INST_TYPE", "PROJECT_NAME", "POSITIONING_SYSTEM")
        told = tuple((name.lower(), self.told[name]) for name in names if self.told.get(name))
        return Thing(key=self.wmo, name=Text.of(f"Argo float {self.wmo}"), properties=told)

    def record(self) -> Record:
        """The dataset of the float, to which each of its files adds."""
        kind, project = self.told.get("PLATFORM_TYPE", ""), self.told.get("PROJECT_NAME", "")
        centre, person = self.told.get("DATA_CENTRE", ""), self.told.get("PI_NAME", "")
        words = f"Profiles and positions of float {self.wmo}" + (f" ({kind})" if kind else "")
        parties = [
            Party(role="principalInvestigator", name=person.title() if person.isupper() else person)
        ] * bool(person)
        if centre:
            parties.append(Party(role="distributor", organisation=Text.of(_CENTRES.get(centre, centre))))
        concepts = [Concept(label=Text.of("profiling float"), role="platform")]
        concepts += [Concept(label=Text.of(kind), role="platform")] * bool(kind)
        concepts += [Concept(label=Text.of(project), role="project")] * bool(project)
        return Record(
            identifier=f"argo:{self.wmo}",
            title=Text.of(f"Argo float {self.wmo}"),
            abstract=Text.of(f"{words}, in real time and in delayed mode where it is done."),
            metadata_standard="Argo 3.1",
            revised=_day(self.told.get("DATE_UPDATE", "")),
            landing_page=f"https://fleetmonitoring.euro-argo.eu/float/{self.wmo}",
            parties=tuple(parties),
            concepts=tuple(concepts),
            licences=(_LICENCE,),
            relations=(Relation(kind="IsPartOf", target=_GDAC_DOI, scheme="doi"),),
        )


def float_of(dataset: netCDF4.Dataset, document: Document) -> Float:
    """The float of a file, with the sensors that the file of its metadata names beside it.

    Raises:
        Invalid: no number of a float is found in it, or several are.
    """
    told = {name: _word(dataset, name) for name in dataset.variables if _is_word(dataset, name)}
    numbers = {word for word in _words(dataset, "PLATFORM_NUMBER") if word}
    if len(numbers) > 1:
        listed = ", ".join(sorted(numbers)[:5])
        raise Invalid(f"it is of {len(numbers):,} floats ({listed}…); split it by float", document.name)
    wmo = next(iter(numbers), "")
    if not _WMO.fullmatch(wmo):
        raise Invalid(f"its float has no WMO number: “{wmo[:40]}”", document.name)
    return Float(wmo, told, _sensors(dataset) or _beside(document, wmo))


def _beside(document: Document, wmo: str) -> dict[str, Sensor]:
    """The sensors of the metadata file in the folder of the float, or the one above its profiles."""
    if document.path is None:
        return {}
    for folder in (document.path.parent, document.path.parent.parent):
        path = folder / f"{wmo}_meta.nc"
        if path.is_file():
            try:
                with opened(Document(str(path), path=path)) as dataset:
                    return _sensors(dataset)
            except Invalid:
                return {}
    return {}


def _sensors(dataset: netCDF4.Dataset) -> dict[str, Sensor]:
    names, makers, models, serials = (
        _words(dataset, name) for name in ("SENSOR", "SENSOR_MAKER", "SENSOR_MODEL", "SENSOR_SERIAL_NO")
    )
    measured, by = _words(dataset, "PARAMETER"), _words(dataset, "PARAMETER_SENSOR")
    found: dict[str, Sensor] = {}
    for parameter, name in zip(measured, by, strict=False):
        if not name or name not in names:
            continue
        at = names.index(name)
        model, maker, serial = (part[at] if at < len(part) else "" for part in (models, makers, serials))
        found[parameter] = Sensor(
            key=f"{name} {serial}".strip(), name=Text.of(name), model=model, maker=maker, serial=serial
        )
    return found


def _is_word(dataset: netCDF4.Dataset, name: str) -> bool:
    variable: Any = dataset.variables[name]
    return variable.dtype.kind == "S" and 0 < variable.ndim <= 2 and variable.size < 100_000  # noqa: PLR2004


def _word(dataset: netCDF4.Dataset, name: str) -> str:
    """What a variable says: of several profiles, the last."""
    return next((word for word in reversed(_words(dataset, name)) if word), "")


def _words(dataset: netCDF4.Dataset, name: str) -> list[str]:
    variable: Any = dataset.variables.get(name)
    if variable is None or variable.dtype.kind != "S" or not variable.size:
        return []
    return np.atleast_1d(strings(variable)).ravel().tolist()


def _day(text: str) -> str:
    """A moment such as 20210428200335."""
    try:
        return date(f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}Z")
    except Invalid:
        return ""
