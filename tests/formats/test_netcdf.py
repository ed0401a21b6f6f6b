"""NetCDF: small files made here for each rule, then real files of models, floats, gliders and radars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import iris_sample_data
import netCDF4
import numpy as np
import pytest

from estran import formats
from estran.formats import Document, Refusal
from estran.formats.netcdf import FORMAT
from estran.model import (
    Box,
    Concept,
    Distribution,
    Licence,
    Party,
    Period,
    Record,
    Relation,
    Text,
    Variable,
    Vertical,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def document(path: Path) -> Document:
    return Document(str(path), b"", path)


def one(path: Path) -> Record:
    (record,) = formats.read(document(path), FORMAT)
    assert isinstance(record, Record), record
    return record


class Made:
    """A NetCDF file under construction."""

    def __init__(self, folder: Path, kind: str = "NETCDF4", **attributes: Any) -> None:
        self.path = folder / "made.nc"
        self.file = netCDF4.Dataset(self.path, "w", format=kind)
        self.file.setncatts(attributes)

    def axis(self, name: str, values: Any, **attributes: Any) -> Made:
        self.file.createDimension(name, len(values))
        return self.variable(name, values, (name,), **attributes)

    def variable(self, name: str, values: Any, dimensions: tuple[str, ...] = (), **attributes: Any) -> Made:
        array = np.asarray(values)
        fill = attributes.pop("fill", None)
        variable = self.file.createVariable(name, array.dtype, dimensions, fill_value=fill)
        variable.setncatts(attributes)
        variable.set_auto_maskandscale(False)
        variable[...] = array
        return self

    def record(self) -> Record:
        self.file.close()
        return one(self.path)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Any]:
    files: list[Made] = []

    def make(kind: str = "NETCDF4", **attributes: Any) -> Made:
        files.append(Made(tmp_path, kind, **attributes))
        return files[-1]

    yield make
    for file in files:
        if file.file.isopen():
            file.file.close()


def test_acdd_attributes(made: Any) -> None:
    record = made(
        title="Sea surface temperature",
        summary="Daily fields",
        id="sst-1",
        naming_authority="fr.ifremer",
        doi="https://doi.org/10.17882/42182",
        Conventions="CF-1.8, ACDD-1.3",
        keywords="SST, ocean",
        keywords_vocabulary="GCMD",
        creator_name="Li Ng",
        creator_email="li@example.org",
        creator_institution="Ifremer",
        publisher_name="Data Centre",
        publisher_url="https://d.example.org",
        contributor_name="Jo Ray; Al Bo",
        contributor_role="PI; welder",
        institution="IUEM",
        license="https://creativecommons.org/licenses/by/4.0/",
        history="2020 made",
        source="float",
        references="see https://doi.org/10.5555/ABC.",
        platform="Thalassa",
        instrument="CTD",
        project="PIRATA",
        processing_level="L2",
        date_created="2020-01-02",
        date_issued="20200103",
        date_modified="2020-01-04T00:00:00Z",
        comment="Nice",
        acknowledgement="Thanks",
        product_version="2",
        sea_name="Iroise Sea",
        geospatial_lat_min=47.0,
        geospatial_lat_max="48.5",
        geospatial_lon_min=-6.0,
        geospatial_lon_max=-4.0,
        geospatial_vertical_min=5.0,
        geospatial_vertical_max=100.0,
        geospatial_vertical_positive="down",
        geospatial_lat_resolution=0.25,
        time_coverage_start="2019-01-01T00:00:00Z",
        time_coverage_end="2019-12-31",
        time_coverage_resolution="P1D",
    ).record()
    assert (str(record.title), str(record.abstract)) == ("Sea surface temperature", "Daily fields")
    assert (record.identifier, record.doi) == ("fr.ifremer:sst-1", "10.17882/42182")
    assert record.metadata_standard == "CF-1.8, ACDD-1.3"
    assert record.parties == (
        Party(role="author", name="Li Ng", organisation=Text.of("Ifremer"), email="li@example.org"),
        Party(role="publisher", organisation=Text.of("Data Centre"), url="https://d.example.org"),
        Party(role="principalInvestigator", name="Jo Ray"),
        Party(role="contributor", name="Al Bo"),
        Party(role="originator", organisation=Text.of("IUEM")),
    )
    assert record.concepts == (
        Concept(label=Text.of("SST"), role="theme", scheme="GCMD"),
        Concept(label=Text.of("ocean"), role="theme", scheme="GCMD"),
        Concept(label=Text.of("Thalassa"), role="platform"),
        Concept(label=Text.of("CTD"), role="instrument"),
        Concept(label=Text.of("PIRATA"), role="project"),
        Concept(label=Text.of("L2"), role="level"),
    )
    assert record.licences == (Licence(uri="https://creativecommons.org/licenses/by/4.0/", spdx="CC-BY-4.0"),)
    assert str(record.lineage) == "float\n2020 made"
    assert record.relations == (Relation(kind="References", target="10.5555/abc", scheme="doi"),)
    assert (record.created, record.published, record.revised) == (
        "2020-01-02",
        "2020-01-03",
        "2020-01-04T00:00:00Z",
    )
    assert (str(record.supplement), str(record.credit), record.version) == ("Nice", "Thanks", "2")
    assert record.extent.boxes == (Box(-6.0, 47.0, -4.0, 48.5),)
    assert record.extent.periods == (Period("2019-01-01T00:00:00Z", "2019-12-31"),)
    assert record.extent.vertical == (Vertical(-100.0, -5.0, "m"),)
    assert [str(place) for place in record.extent.places] == ["Iroise Sea"]
    assert (record.quality.distance_degrees, record.quality.step) == (0.25, "P1D")
    assert record.warnings == ()
    (file,) = record.distributions
    assert file == Distribution(
        function="download",
        media_type="application/netcdf",
        format="NetCDF",
        name="made.nc",
        size_bytes=file.size_bytes,
    )
    assert file.size_bytes > 1000


def grid(made: Any, longitudes: Any, **attributes: Any) -> Made:
    file = made(**attributes).axis("y", [10.0, 20.0], standard_name="latitude", units="degrees_north")
    return file.axis("x", longitudes, units="degrees_east")


@pytest.mark.parametrize(
    ("longitudes", "west", "east"),
    [
        ([-5.0, 0.0, 5.0], -5, 5),
        ([200.0, 210.0], -160, -150),
        ([170.0, 180.0, 190.0], 170, -170),
        (np.arange(0.0, 360.0, 0.5), -180, 180),
        (np.arange(-179.75, 180.0, 0.5), -180, 180),
        (np.arange(0.0, 360.0, 45.0), -180, 180),
        ([179.5, -179.5], 179.5, -179.5),
        ([100.0, 140.0, 180.0, 220.0, 260.0], 100, -100),
        ([12.0], 12, 12),
    ],
)
def test_boxes_of_coordinates(made: Any, longitudes: Any, west: float, east: float) -> None:
    assert grid(made, longitudes).record().extent.boxes == (Box(west, 10, east, 20),)


def test_fill_values_and_scales_are_heeded(made: Any) -> None:
    file = made(kind="NETCDF3_CLASSIC")
    file.file.createDimension("n", 3)
    file.variable(
        "lat",
        np.array([100, -9999, 200], "i2"),
        ("n",),
        units="degrees_north",
        scale_factor=0.1,
        missing_value=np.int16(-9999),
    )
    file.variable("lon", np.array([1.0, 9.96921e36, 2.0], "f4"), ("n",), units="degrees_east")
    assert file.record().extent.boxes == (Box(1, 10, 2, 20),)


def test_attributes_that_miss_the_data_give_way_to_the_coordinates(made: Any) -> None:
    stated = {f"geospatial_{axis}_{end}": 0.0 for axis in ("lat", "lon") for end in ("min", "max")}
    record = grid(made, [-5.0, 5.0], **stated).record()
    assert record.extent.boxes == (Box(-5, 10, 5, 20),)
    assert "the coordinates count" in record.warnings[0]


@pytest.mark.parametrize(
    ("units", "calendar", "values", "period"),
    [
        (
            "days since 2000-01-01",
            "standard",
            [0, 366],
            Period("2000-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
        ),
        (
            "hours since 1970-01-01 00:00:0.0",
            "gregorian",
            [1.0 / 3, 2],
            Period("1970-01-01T00:20:00Z", "1970-01-01T02:00:00Z"),
        ),
        ("days since 2000-01-01", "noleap", [58, 59], Period("2000-02-28T00:00:00Z", "2000-03-01T00:00:00Z")),
        ("days since 2000-01-01", "360_day", [0, 59], Period("2000-01-01T00:00:00Z", "2000-02")),
        (
            "seconds since 2020-01-01T00:00:00Z",
            None,
            [5],
            Period("2020-01-01T00:00:05Z", "2020-01-01T00:00:05Z"),
        ),
    ],
)
def test_periods_of_time_axes(
    made: Any, units: str, calendar: str | None, values: Any, period: Period
) -> None:
    attributes = {"units": units, "standard_name": "time"} | ({"calendar": calendar} if calendar else {})
    record = made(title="x").axis("time", np.asarray(values, "f8"), **attributes).record()
    assert record.extent.periods == (period,)
    assert bool(record.warnings) == (calendar == "360_day")


@pytest.mark.parametrize("units", ["fortnights since yesterday", "days since 2000-13-45", "days since"])
def test_times_that_cannot_be_decoded_are_told(made: Any, units: str) -> None:
    record = made(title="x").axis("time", [1.0], units=units, standard_name="time").record()
    assert record.extent.periods == ()
    assert record.warnings or units.endswith("since")


def test_a_stated_period_that_is_none_gives_way(made: Any) -> None:
    file = made(title="x", time_coverage_start="2024-02-30").axis(
        "time", [0.0], units="days since 2000-01-01", axis="T"
    )
    record = file.record()
    assert record.extent.periods == (Period("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),)
    assert "2024-02-30" in record.warnings[0]


def test_variables_are_what_is_measured(made: Any) -> None:
    file = grid(made, [0.0, 1.0]).axis(
        "depth", [5.0, 10.0], units="m", standard_name="depth", positive="down"
    )
    file.variable("sst", np.zeros((2, 2), "f4"), ("y", "x"), long_name="Temperature", standard_name="sea_surface_temperature",
                  units="K", coordinates="aux", grid_mapping="crs", ancillary_variables="sst_qc")  # fmt: skip
    file.variable("aux", np.zeros((2, 2), "f4"), ("y", "x"), units="1")
    file.variable("crs", np.int32(0), epsg_code="EPSG:2154", long_name="CRS")
    file.variable("sst_qc", np.zeros((2, 2), "i1"), ("y", "x"), long_name="Quality")
    file.variable("bare", np.zeros((2, 2), "f4"), ("y", "x"))
    record = file.record()
    assert record.variables == (
        Variable(name="sst", label=Text.of("Temperature"), standard_name="sea_surface_temperature", unit="K"),
    )
    assert str(record.title) == "Temperature"
    assert record.crs == ("EPSG:2154",)
    assert record.extent.vertical == (Vertical(-10.0, -5.0, "m"),)


def test_the_title_falls_back_to_the_file_name(made: Any) -> None:
    assert str(made().axis("n", [1.0]).record().title) == "made"


def test_groups_hold_variables_too(made: Any) -> None:
    file = made(title="x")
    group = file.file.createGroup("science")
    group.createDimension("n", 1)
    variable = group.createVariable("ssh", "f4", ("n",))
    variable.long_name = "Height"
    assert [v.name for v in file.record().variables] == ["science/ssh"]


def test_attributes_in_latin_1_and_of_odd_types(made: Any) -> None:
    file = made(kind="NETCDF3_CLASSIC", title="T")
    file.file.setncattr("summary", np.bytes_("Température".encode("latin-1")))
    file.file.setncattr("keywords", ["a", "b"] if file.file.data_model == "NETCDF4" else "a, b")
    file.file.setncattr("valid_range", np.array([1, 2], "i2"))
    record = file.record()
    assert str(record.abstract) == "Température"
    assert [str(c.label) for c in record.concepts] == ["a", "b"]


def test_terms_that_are_no_licence_are_a_constraint(made: Any) -> None:
    record = made(title="x", license="Ask the captain").record()
    assert record.licences == ()
    assert [str(c.text) for c in record.constraints] == ["Ask the captain"]


def test_a_file_in_memory(made: Any) -> None:
    file = made(title="In memory")
    file.file.close()
    (record,) = formats.read(Document("deep/m.nc", file.path.read_bytes()), FORMAT)
    assert isinstance(record, Record)
    assert (str(record.title), record.distributions[0].name) == ("In memory", "m.nc")
    assert record.distributions[0].size_bytes == file.path.stat().st_size


def test_huge_coordinates_are_sampled_with_their_edges(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estran.formats._netcdf.values.MOST_VALUES", 10)
    record = grid(made, np.linspace(-5.0, 7.0, 1001)).record()
    assert record.extent.boxes == (Box(-5, 10, 7, 20),)


@pytest.mark.parametrize(
    "body", [b"", b"CDF\x01", b"CDF\x02" + b"\xff" * 100, b"\x89HDF\r\n\x1a\n" + b"\0" * 100, b"hello"]
)
def test_what_is_no_netcdf_is_refused(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "bad.nc"
    path.write_bytes(body)
    for source in (document(path), Document("bad.nc", body)):
        (found,) = formats.read(source, FORMAT)
        assert isinstance(found, Refusal)
        assert "could not be understood" not in found.why


def test_a_file_cut_short_is_refused_or_read(made: Any, tmp_path: Path) -> None:
    file = grid(made, [0.0, 1.0], title="Whole")
    file.file.close()
    body = file.path.read_bytes()
    for length in range(8, len(body), max(1, len(body) // 25)):
        (tmp_path / "cut.nc").write_bytes(body[:length])
        found = list(formats.read(document(tmp_path / "cut.nc"), FORMAT))
        assert len(found) == 1
        if isinstance(found[0], Refusal):
            assert "could not be understood" not in found[0].why


# ---------------------------------------------------------------- real files


def test_every_real_file_is_read_or_refused_with_a_reason(shared_data: Path) -> None:
    read = 0
    for path in sorted(p for p in shared_data.rglob("*") if p.suffix in (".nc", ".h5")):
        with path.open("rb") as file:
            assert FORMAT.recognise(file.read(4096), path.name) >= 0.6
        (found,) = formats.read(document(path), FORMAT)
        if isinstance(found, Refusal):
            assert path.name == "no_band.h5", found.why
            continue
        assert isinstance(found, Record)
        assert found.title
        assert found.distributions[0].size_bytes == path.stat().st_size
        assert all(
            -180 <= box.west <= 180 and -90 <= box.south <= box.north <= 90 for box in found.extent.boxes
        )
        read += 1
    assert read >= 120


def test_argo_profiles_say_where_and_when(shared_data: Path) -> None:
    folder = shared_data / "observations/argo/dac"
    paths = sorted(folder.rglob("profiles/*.nc"))
    placed = [record for path in paths if (record := one(path)).extent.boxes and record.extent.periods]
    assert len(placed) >= 0.9 * len(paths) > 40
    record = one(folder / "coriolis/3902131/profiles/D3902131_001.nc")
    assert record.extent.period
    assert record.extent.period.start.startswith("2018-03-15")
    assert {"sea_water_temperature", "sea_water_salinity"} <= {v.standard_name for v in record.variables}


def test_grids_of_iris() -> None:
    folder = Path(iris_sample_data.path)
    found = {path.name: one(path) for path in sorted(folder.rglob("*.nc"))}
    assert len(found) >= 15
    america = found["A1B_north_america.nc"]
    assert str(america.title) == "Air temperature"
    assert america.extent.boxes == (Box(-135, 15, -45, 60),)
    # A calendar of 360 days.
    assert america.extent.periods == (Period("1860-06-01T00:00:00Z", "2099-06-01T00:00:00Z"),)
    assert found["orca2_votemper.nc"].extent.boxes[0][::2] == (-180, 180)
    toa = found["toa_brightness_stereographic.nc"]
    assert "the coordinates count" in toa.warnings[0]
    assert str(toa.parties[0].organisation) == "Satellite Applications, Met Office"
