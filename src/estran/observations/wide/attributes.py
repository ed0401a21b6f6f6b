"""What files and services tell of a dataset and its columns, in the attributes of CF 1.11 and ACDD 1.3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.model import moment, moment_us, now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estran.formats import Links
    from estran.model import Party, Record
    from estran.observations.wide.columns import Column, WideTable

__all__ = ["CONVENTIONS", "QUALITY", "of_column", "of_dataset", "of_extent"]

CONVENTIONS = "CF-1.11, ACDD-1.3"
QUALITY = {1: "pass", 2: "not_evaluated", 3: "suspect_or_of_high_interest", 4: "fail", 9: "missing_data"}
"""QARTOD's codes, in the words of its manual that CF lets stand in an attribute."""
TIME_UNITS = "seconds since 1970-01-01T00:00:00Z"
_NOT_TOLD = "not told"
_NAMES = {
    "platform": "Platform", "platform_name": "Name of the platform", "longitude": "Longitude", "latitude": "Latitude",
    "time": "Time",
}  # fmt: skip
_AXES = {"longitude": "X", "latitude": "Y", "time": "T", "vertical": "Z"}
_KINDS = {
    "timeSeries": "TimeSeries", "profile": "Profile", "trajectory": "Trajectory",
    "timeSeriesProfile": "TimeSeriesProfile", "trajectoryProfile": "TrajectoryProfile",
}  # fmt: skip


def of_column(column: Column, table: WideTable) -> dict[str, Any]:
    """Attributes of a column, as CF names them."""
    if column.role in ("flag", "quality", "id"):
        return _of_companion(column) | _of_scheme(column, table)
    variable = column.variable
    named = str(variable.label) or variable.name or variable.standard_name or column.name
    told: dict[str, Any] = {
        "standard_name": variable.standard_name,
        "long_name": _NAMES.get(column.role) or (f"{named} ({column.note})" if column.note else named),
        "units": TIME_UNITS if column.kind == "time" else variable.unit,
        "axis": _AXES.get(column.role, ""),
        "cell_methods": column.cell_method,
        "comment": str(variable.description) if column.role == "value" else "",
    }
    if column.kind == "time":
        told |= {
            "calendar": "standard",
            "time_origin": "01-JAN-1970 00:00:00",
            "units_metadata": "leap_seconds: utc",
        }
    if "temperature" in variable.standard_name:
        told["units_metadata"] = "temperature: on_scale"
    if column.role == "vertical":
        told["positive"] = positive(column)
    if column.role == "value":
        others = {
            one.name for one in table.columns if one.of == column.name and one.role in ("flag", "quality")
        }
        told["ancillary_variables"] = " ".join(sorted(others))
        told["coverage_content_type"] = "physicalMeasurement"
    elif column.role in _AXES:
        told["coverage_content_type"] = "coordinate"
        told["_CoordinateAxisType"] = {"X": "Lon", "Y": "Lat", "T": "Time", "Z": _vertical_type(column)}[
            told["axis"]
        ]
    told["ioos_category"] = _category(column)
    return {name: value for name, value in told.items() if value != ""}


def _of_companion(column: Column) -> dict[str, Any]:
    if column.role == "quality":
        return {
            "standard_name": "aggregate_quality_flag",
            "long_name": f"Quality of {column.of}, in the codes of QARTOD",
            "flag_values": list(QUALITY),
            "flag_meanings": " ".join(QUALITY.values()),
            "references": "https://cdn.ioos.noaa.gov/media/2020/07/QARTOD-Data-Flags-Manual_version1.2final.pdf",
            "coverage_content_type": "qualityInformation",
            "ioos_category": "Quality",
        }
    if column.role == "flag":
        return {
            "standard_name": "quality_flag",
            "long_name": f"Flag of {column.of} as its producer gave it",
            "coverage_content_type": "qualityInformation",
            "ioos_category": "Quality",
        }
    return {
        "long_name": f"Identifier of the observation of {column.of}, the same in all services of the node",
        "coverage_content_type": "referenceInformation",
        "ioos_category": "Identifier",
    }


def _of_scheme(column: Column, table: WideTable) -> dict[str, str]:
    """The scheme of a column of flags, where all have one that has a name."""
    if column.role != "flag":
        return {}
    streams = [own[column.of] for own in (one.streams for one in table.things) if column.of in own]
    named = {one.described.flags for one in streams if one.described.flags}
    return {"conventions": named.pop()} if len(named) == 1 and named != {"producer"} else {}


def positive(column: Column) -> str:
    """Where the third coordinate grows to."""
    name = f"{column.variable.standard_name} {column.name}".lower()
    return "down" if any(part in name for part in ("depth", "pres", "depression")) else "up"


def _vertical_type(column: Column) -> str:
    return "Pressure" if "pres" in f"{column.variable.standard_name} {column.name}".lower() else "Height"


def _category(column: Column) -> str:
    if column.is_of_thing:
        return "Identifier"
    return {"longitude": "Location", "latitude": "Location", "time": "Time", "vertical": "Location"}.get(
        column.role, "Unknown"
    )


def of_dataset(
    record: Record, table: WideTable, links: Links, email: str = "", made_at: str = ""
) -> dict[str, Any]:
    """Attributes of a dataset as a whole, but for where and when it was observed.

    What the record does not tell and the conventions ask for is said to be not told.

    Args:
        record: that describes it.
        table: its columns and things.
        links: addresses and name of the node that publishes it.
        email: where that node is reached.
        made_at: the instant that the observations are of; now if not given.
    """
    creator = _party(record, ("author", "originator", "principalInvestigator", "owner", "pointOfContact"))
    publisher = _party(record, ("publisher", "distributor", "custodian", "resourceProvider"))
    contributor = _party(record, ("contributor", "collaborator", "processor", "custodian", "sponsor"))
    page, at = links.page(record.id), made_at or moment(now().replace(microsecond=0))
    told: dict[str, Any] = {
        "Conventions": CONVENTIONS,
        "title": str(record.title) or record.id,
        "summary": str(record.abstract) or str(record.title) or record.id,
        "keywords": ", ".join(dict.fromkeys(str(one.label) for one in record.concepts if one.label))
        or _variables(table),
        "keywords_vocabulary": next((one.scheme for one in record.concepts if one.scheme), "") or _NOT_TOLD,
        "id": record.doi or record.id,
        "naming_authority": "doi.org" if record.doi else links.base.partition("://")[2].partition("/")[0],
        "history": f"{at} written from the observations of the node by Estran",
        "source": str(record.lineage) or "in-situ observations",
        "comment": str(record.supplement) or str(record.purpose) or _NOT_TOLD,
        "acknowledgment": str(record.credit) or ", ".join(one.funder for one in record.fundings) or _NOT_TOLD,
        "processing_level": _levels(table) or _NOT_TOLD,
        "license": ", ".join(one.uri or one.spdx or str(one.name) for one in record.licences) or _NOT_TOLD,
        "standard_name_vocabulary": "CF Standard Name Table v93",
        "date_created": _date(record.created or record.published) or record.added or at,
        "date_modified": _date(record.revised) or record.updated or at,
        "date_issued": _date(record.published or record.available) or record.added or at,
        "date_metadata_modified": record.updated or at,
        "project": _of_role(record, "project") or _NOT_TOLD,
        "program": _of_role(record, "project") or _NOT_TOLD,
        "platform": _of_role(record, "platform") or _things(table),
        "platform_vocabulary": _NOT_TOLD,
        "instrument": _of_role(record, "instrument") or _sensors(table) or _NOT_TOLD,
        "instrument_vocabulary": _NOT_TOLD,
        "product_version": record.version or "1",
        "references": page,
        "metadata_link": links.twin(record.id, "xml"),
        "infoUrl": page,
        "sourceUrl": page,
        "institution": (creator or publisher).get("organisation") or links.publisher,
        "publisher_name": publisher.get("name") or links.publisher,
        "publisher_type": publisher.get("type") or "institution",
        "publisher_institution": publisher.get("organisation") or links.publisher,
        "publisher_email": publisher.get("email") or email or _NOT_TOLD,
        "publisher_url": publisher.get("url") or links.base,
        "creator_name": creator.get("name") or _NOT_TOLD,
        "creator_type": creator.get("type") or "institution",
        "creator_institution": creator.get("organisation") or _NOT_TOLD,
        "creator_email": creator.get("email") or _NOT_TOLD,
        "creator_url": creator.get("url") or page,
        "contributor_name": contributor.get("name") or _NOT_TOLD,
        "contributor_role": contributor.get("role") or _NOT_TOLD,
        "cdm_data_type": cdm_type(table),
    }
    return told | _cdm_variables(table)


def cdm_type(table: WideTable) -> str:
    """What the common data model calls how the observations lie."""
    return _KINDS.get(table.sampling, "Point")


def _cdm_variables(table: WideTable) -> dict[str, str]:
    kind = cdm_type(table)
    named = ", ".join(c.name for c in table.columns if c.role in ("platform", "platform_name"))
    place = ", ".join(c.name for c in table.columns if c.role in ("longitude", "latitude"))
    if kind == "Point":
        return {}
    if kind == "Profile":
        return {"cdm_profile_variables": f"{named}, time, {place}"}
    told: dict[str, str] = {}
    if kind.startswith("TimeSeries"):
        told["cdm_timeseries_variables"] = f"{named}, {place}"
    else:
        told["cdm_trajectory_variables"] = named
    if kind.endswith("Profile") and kind != "Profile":
        told["cdm_profile_variables"] = "time" if kind.startswith("TimeSeries") else f"time, {place}"
    return told


def of_extent(found: Mapping[str, tuple[float, float] | None], table: WideTable) -> dict[str, Any]:
    """Where and when rows lie.

    Args:
        found: role of a coordinate -> its lowest and highest value; times in microseconds.
        table: whose rows they are.
    """
    told: dict[str, Any] = {}
    x, y, z, t = (found.get(role) for role in ("longitude", "latitude", "vertical", "time"))
    if x and y:
        told |= {
            "geospatial_lon_min": x[0], "geospatial_lon_max": x[1], "geospatial_lon_units": "degrees_east",
            "geospatial_lat_min": y[0], "geospatial_lat_max": y[1], "geospatial_lat_units": "degrees_north",
            "geospatial_lon_resolution": _NOT_TOLD, "geospatial_lat_resolution": _NOT_TOLD,
            "geospatial_bounds": _polygon(x, y), "geospatial_bounds_crs": "EPSG:4326",
        }  # fmt: skip
    column = table.vertical
    low, high = z or (0.0, 0.0)
    told |= {
        "geospatial_vertical_min": low, "geospatial_vertical_max": high, "geospatial_vertical_resolution": _NOT_TOLD,
        "geospatial_vertical_units": (column.variable.unit if column else "") or "m",
        "geospatial_vertical_positive": positive(column) if column else "up",
        "geospatial_bounds_vertical_crs": _NOT_TOLD,
    }  # fmt: skip
    if t:
        told |= {
            "time_coverage_start": moment_us(int(t[0])), "time_coverage_end": moment_us(int(t[1])),
            "time_coverage_duration": _duration(int(t[1] - t[0])), "time_coverage_resolution": _resolution(table),
        }  # fmt: skip
    return told


def _polygon(x: Sequence[float], y: Sequence[float]) -> str:
    """A box in the order of EPSG:4326: latitude, longitude; a point or a line where it is one."""
    if x[0] == x[1] and y[0] == y[1]:
        return f"POINT ({y[0]} {x[0]})"
    if x[0] == x[1] or y[0] == y[1]:
        return f"LINESTRING ({y[0]} {x[0]}, {y[1]} {x[1]})"
    corners = [(y[0], x[0]), (y[0], x[1]), (y[1], x[1]), (y[1], x[0]), (y[0], x[0])]
    return f"POLYGON (({', '.join(f'{a} {b}' for a, b in corners)}))"


def _duration(us: int) -> str:
    seconds = us // 1_000_000
    days, rest = divmod(seconds, 86_400)
    clock = f"T{rest // 3600}H{rest % 3600 // 60}M{rest % 60}S" if rest else ""
    return f"P{days}D{clock}" if days or clock else "PT0S"


def _resolution(table: WideTable) -> str:
    steps = [one.step for thing in table.things for one in thing.streams.values() if one.step]
    return _duration(min(steps)) if steps else _NOT_TOLD


def _date(given: str) -> str:
    """A date as the checkers read it: years and months alone are the first day of theirs."""
    return {4: f"{given}-01-01", 7: f"{given}-01"}.get(len(given), given)


def _party(record: Record, roles: Sequence[str]) -> dict[str, str]:
    for role in roles:
        for party in record.parties:
            if party.role == role:
                return _told(party)
    return {}


def _told(party: Party) -> dict[str, str]:
    organisation = str(party.organisation)
    return {
        "name": party.name or organisation, "organisation": organisation, "email": party.email, "role": party.role,
        "url": party.url or party.identifier, "type": "person" if party.name else "institution",
    }  # fmt: skip


def _of_role(record: Record, role: str) -> str:
    return ", ".join(
        dict.fromkeys(str(one.label) for one in record.concepts if one.role == role and one.label)
    )


def _variables(table: WideTable) -> str:
    named = [
        column.variable.standard_name or str(column.variable.label) or column.name for column in table.values
    ]
    return ", ".join(dict.fromkeys(named))


def _things(table: WideTable) -> str:
    named = [str(one.thing.name) or one.thing.key for one in table.things[:20]]
    return ", ".join(named) + (f" and {len(table.things) - 20} more" if len(table.things) > 20 else "")  # noqa: PLR2004


def _sensors(table: WideTable) -> str:
    found = [
        str(stream.described.sensor.name) or stream.described.sensor.model or stream.described.sensor.key
        for one in table.things for stream in one.streams.values() if stream.described.sensor
    ]  # fmt: skip
    return ", ".join(list(dict.fromkeys(found))[:20])


def _levels(table: WideTable) -> str:
    found = [stream.described.processing_level for one in table.things for stream in one.streams.values()]
    return ", ".join(dict.fromkeys(level for level in found if level))
