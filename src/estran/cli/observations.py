"""Observations: what datastreams there are, their values, and where they lie."""

from __future__ import annotations

import csv
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, QuietOption, open_node, print_json, say
from estran.errors import Unavailable
from estran.model import moment_us

if TYPE_CHECKING:
    from estran.observations import HeldDatastream

observations_app = typer.Typer(
    help="Observations: series and profiles of stations, floats, ships.", no_args_is_help=True
)
_NAME = Annotated[
    str, typer.Argument(help="Observed property: a CF standard name, its name in the data, or its URI.")
]
_BBOX = Annotated[str, typer.Option(help="west,south,east,north in degrees.")]
_TIME = Annotated[str, typer.Option(help="A date, or START/END; .. leaves an end open.")]
_RECORD = Annotated[str, typer.Option(help="Id of the record of their dataset.")]


@observations_app.command("list")
def observations_list(
    name: _NAME = "",
    node: NodeOption = HERE,
    bbox: _BBOX = "",
    time: _TIME = "",
    record: _RECORD = "",
    json: JsonOption = False,
) -> None:
    """List datastreams, with their number, how many observations they have and from when to when."""
    with open_node(node) as opened:
        for one in opened.observations.datastreams(name, bbox=_corners(bbox), time=time, record=record):
            if json:
                print_json(_told(one))
            else:
                unit, span = one.described.variable.unit, f"{_day(one.first)}/{_day(one.last)}"
                typer.echo(f"{one.number:8}  {one.described.key:40} {unit:16} {one.count:12,}  {span}")


@observations_app.command("read")
def observations_read(
    what: Annotated[str, typer.Argument(help="Observed property, or the number of a datastream.")],
    node: NodeOption = HERE,
    bbox: _BBOX = "",
    time: _TIME = "",
    record: _RECORD = "",
    flags: Annotated[
        str, typer.Option(help="Scheme of the quality: qartod, argo, seadatanet, oceansites, producer.")
    ] = "qartod",
    keep: Annotated[
        str,
        typer.Option(help="Only observations of these QARTOD codes, such as 1, or 1,2 for unknown ones too."),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="File to write: .nc for NetCDF (CF), else CSV; standard output if not given."),
    ] = None,
    as_of: Annotated[str, typer.Option(help="An instant, for the observations as they were then.")] = "",
    quiet: QuietOption = False,
) -> None:
    """Read observations as CSV, or as NetCDF."""
    with open_node(node) as opened:
        asked: str | int = int(what) if what.isdecimal() else what
        found = opened.observations.read(
            asked, bbox=_corners(bbox), time=time, record=record, flags=flags, keep=_codes(keep), as_of=as_of
        )
    if out is not None and out.suffix == ".nc":
        found.to_netcdf(out, engine="netcdf4")
    elif out is not None:
        with out.open("w", encoding="utf-8", newline="") as file:
            _write(found, file)
    else:
        _write(found, sys.stdout)
    say(f"{found.sizes['obs']:,} observations of {found.sizes['datastream']:,} datastreams.", quiet=quiet)


@observations_app.command("history")
def observations_history(
    record: Annotated[str, typer.Argument(help="Id of the record of the dataset.")],
    node: NodeOption = HERE,
    quiet: QuietOption = False,
) -> None:
    """Keep from now on what the observations of a dataset said before they were corrected (see --as-of)."""
    with open_node(node) as opened:
        since = opened.observations.keep_history(record)
    say(f"What it said before is kept since {since}.", quiet=quiet)


@observations_app.command("settle")
def observations_settle(node: NodeOption = HERE, quiet: QuietOption = False) -> None:
    """Move what the database holds of observations into files, where many are read fastest."""
    with open_node(node) as opened:
        moved = opened.observations.settle()
    say(f"{moved:,} observations moved.", quiet=quiet)


@observations_app.command("publish")
def observations_publish(
    node: NodeOption = HERE,
    once: Annotated[bool, typer.Option("--once", help="Tell what is there to be told, and end.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Tell the MQTT broker of the settings (publish.broker) what is written, from now on, until it is stopped."""
    from estran.web.apis.sensorthings.publishing import Publisher  # noqa: PLC0415 - heavy

    stop = threading.Event()
    with open_node(node) as opened:
        if once:
            with Publisher(opened) as publisher:
                say(f"{publisher.step():,} entities told, observations among them.", quiet=quiet)
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        say(f"What is written is told to {opened.settings.publish.broker}.", quiet=quiet)
        while not stop.is_set():
            try:
                with Publisher(opened) as publisher:
                    publisher.follow(stop)
            except Unavailable as error:
                say(f"{error}; it is tried again.", quiet=quiet)
                stop.wait(error.retry_after_s)


def _codes(given: str) -> list[int]:
    if not all(part in ("1", "2", "3", "4", "9", "") for part in given.split(",")):
        raise typer.BadParameter(
            "codes are 1 good, 2 not evaluated, 3 suspect, 4 bad, 9 missing", param_hint="--keep"
        )
    return [int(part) for part in given.split(",") if part]


def _corners(given: str) -> list[float] | None:
    if not given:
        return None
    try:
        corners = [float(part) for part in given.split(",")]
    except ValueError:
        corners = []
    if len(corners) != 4:  # noqa: PLR2004
        raise typer.BadParameter("a box is west,south,east,north in degrees", param_hint="--bbox")
    return corners


def _day(at: int | None) -> str:
    return moment_us(at)[:10] if at is not None else ""


def _told(one: HeldDatastream) -> dict[str, Any]:
    described = one.described
    return {
        "number": one.number,
        "key": described.key,
        "dataset": one.record,
        "thing": described.thing.key,
        "property": described.variable.standard_name or described.variable.name,
        "unit": described.variable.unit,
        "longitude": described.thing.longitude,
        "latitude": described.thing.latitude,
        "count": one.count,
        "first": moment_us(one.first) if one.first is not None else None,
        "last": moment_us(one.last) if one.last is not None else None,
        "last_value": one.last_value,
    }


def _write(found: Any, file: Any) -> None:
    """Rows of what lies along ``obs``, and of each the name of its datastream."""
    names = [name for name in (*found.coords, *found.data_vars) if found[name].dims == ("obs",)]
    names.remove("datastream_index")
    keys = found["datastream_key"].values[found["datastream_index"].values]
    columns = [keys.tolist(), *(_plain(found[name].values) for name in names)]
    writer = csv.writer(file)
    writer.writerow(["datastream", *names])
    writer.writerows(zip(*columns, strict=True))


def _plain(values: Any) -> list[Any]:
    if values.dtype.kind == "M":
        return [moment_us(at) for at in values.astype("datetime64[us]").astype("int64").tolist()]
    return values.tolist()
