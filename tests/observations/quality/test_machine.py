"""The machine's tests as observations come: whatever the order, they say what ioos_qc says of the whole at once."""

from __future__ import annotations

import random
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gsw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from estran.model import Datastream, Thing, Variable
from estran.observations import Machine, SeriesStore
from estran.observations import store as stored
from estran.observations.quality import Judging
from estran.observations.quality import machine as machines
from estran.observations.quality.outcomes import TESTS, unpacked
from estran.observations.quality.plans import Plan, parsed
from estran.observations.store.testing import StoredPlan
from estran.observations.store.verdicts import Verdict
from estran.storage import Database, prepare
from tests.observations.conftest import rows

if TYPE_CHECKING:
    from collections.abc import Callable

# Typed as if they took no arrays.
argo: Any = import_module("ioos_qc.argo")
qartod: Any = import_module("ioos_qc.qartod")

HOUR = 3_600_000_000
START = 1_577_836_800_000_000
EVER, NEVER = -(2**62), 2**62
SERIES = {
    "gross_range_test": {"fail_span": [0, 9], "suspect_span": [1, 8]},
    "spike_test": {"suspect_threshold": 2.5, "fail_threshold": 4.5},
    "rate_of_change_test": {"threshold": 2.5 / 3600, "fail_threshold": 5.5 / 3600},
    "flat_line_test": {"suspect_count": 2, "fail_count": 4, "tolerance": 0.5},
}
WINDOWED = {
    "attenuated_signal_test": {
        "suspect_threshold": 1.2,
        "fail_threshold": 0.3,
        "test_period": 5 * 3600,
        "min_obs": 2,
    },
    "climatology_test": {"config": [{"tspan": [1, 1], "period": "month", "vspan": [2, 6]}]},
}
TRACK = {
    "location_test": {"range_max": 150_000},
    "speed_test": {"suspect_threshold": 20, "fail_threshold": 60},
    "spike_test": {"suspect_threshold": 2.5, "fail_threshold": 4.5, "method": "differential"},
}
WATER = {"density_inversion_test": {"suspect_threshold": -0.03, "fail_threshold": -0.5}}
PLANS = {
    "one": {"rules": [
        {"property": "air_temperature", **SERIES}, {"property": "wind_speed", **TRACK},
        {"property": "sea_water_temperature", **WATER},
    ]},
    "other": {"rules": [{"property": "air_temperature", **WINDOWED}, {"property": "wind_speed", **SERIES}]},
}  # fmt: skip


def streams() -> list[Datastream]:
    """A series, a series at two heights, a track, and the profiles of a float."""
    depth = Variable(name="PRES", standard_name="sea_water_pressure", unit="dbar")
    mast, ship = Thing(key="mast", longitude=3.0, latitude=43.0), Thing(key="ship")
    buoy = Thing(key="float", longitude=3.0, latitude=43.0)
    air = Variable(name="T", standard_name="air_temperature", unit="degC")
    return [
        Datastream(key="series", thing=mast, variable=air, flags="argo"),
        Datastream(key="levels", thing=mast, variable=air, vertical=Variable(name="z", unit="m"), flags="argo"),
        Datastream(
            key="track", thing=ship, variable=Variable(name="W", standard_name="wind_speed"), sampling="trajectory"
        ),
        *(
            Datastream(
                key=name, thing=buoy, sampling="profile", vertical=depth,
                variable=Variable(name=name, standard_name=standard, unit=unit),
            )
            for name, standard, unit in (
                ("TEMP", "sea_water_temperature", "degC"), ("PSAL", "sea_water_practical_salinity", "1"),
            )
        ),
    ]  # fmt: skip


type Row = tuple[float | None, str | None, float | None]
"""Value, producer's flag, longitude."""
type Rows = dict[tuple[int, int, float], Row]


def of_run(test: str, told: dict[str, Any], time: list[int], value: list[float]) -> list[int]:
    """What ioos_qc says of one whole series."""
    values, times = np.array(value), np.array(time).astype("datetime64[us]")
    match test:
        case "gross_range_test":
            found = qartod.gross_range_test(values, **told)
        case "climatology_test":
            found = qartod.climatology_test(told["config"], values, times, np.full(len(values), np.nan))
        case "spike_test":
            found = qartod.spike_test(values, **told)
        case "rate_of_change_test":
            found = qartod.rate_of_change_test(values, times, **told)
        case "attenuated_signal_test":
            found = qartod.attenuated_signal_test(values, times, **told)
        case "flat_line_test":
            seconds = np.arange(len(values)).astype("datetime64[s]")
            found = qartod.flat_line_test(
                values, seconds, told["suspect_count"], told["fail_count"], told["tolerance"]
            )
        case _:
            raise AssertionError(test)
    return np.ma.getdata(found).tolist()


def of_density(own: list[tuple[float, float, float]]) -> list[int]:
    """The test of (pressure, temperature, salinity) of one profile."""
    if len(own) < 2:
        return [2] * len(own)
    p, t, s = (np.array(column) for column in zip(*own, strict=True))
    sa = gsw.SA_from_SP(s, p, 3.0, 43.0)
    ct = gsw.CT_from_t(sa, t, p)
    middle = (p[1:] + p[:-1]) / 2
    steps = gsw.rho(sa[1:], ct[1:], middle) - gsw.rho(sa[:-1], ct[:-1], middle)
    density = 1000 + np.append(0, np.cumsum(steps))
    return np.ma.getdata(
        qartod.density_inversion_test(density, p, **WATER["density_inversion_test"])
    ).tolist()


def brute(
    held: Rows, number: int, key: str, tests: dict[str, Any], others: Rows
) -> dict[Any, dict[str, int]]:
    """Test -> code of each observation of a datastream, by ioos_qc on all of it at once."""
    own = {k: row for k, row in sorted(held.items()) if k[0] == number}
    there = [k for k, row in own.items() if row[0] is not None]
    found: dict[Any, dict[str, int]] = {k: dict.fromkeys(tests, 9) for k in own}
    for test, told in tests.items():
        if test in ("location_test", "speed_test"):
            said = of_places(test, told, {k[1]: own[k][2] for k in reversed(own) if own[k][2] is not None})
            codes = {k: said.get(k[1], 2) for k in own}
        elif test == "density_inversion_test":
            codes = of_profiles(own, there, others, is_warm=key == "TEMP")
        else:
            codes = {}
            for z in [None] if key == "track" else sorted({k[2] for k in there}):
                run = [k for k in there if z is None or k[2] == z]
                if run:
                    values: list[Any] = [own[k][0] for k in run]
                    codes |= dict(zip(run, of_run(test, told, [k[1] for k in run], values), strict=True))
        for k, code in codes.items():
            found[k][test] = code
    return found


def of_places(test: str, told: dict[str, Any], placed: dict[int, Any]) -> dict[int, int]:
    """What is said of each time, of the longitudes at all of them."""
    times = sorted(placed)
    if not times:
        return {}
    lon, lat = np.array([placed[t] for t in times]), np.full(len(times), 40.0)
    if test == "location_test":
        codes = qartod.location_test(lon, lat, **told)
    else:
        codes = argo.speed_test(lon, lat, np.array(times).astype("datetime64[us]"), **told)
    return dict(zip(times, np.ma.getdata(codes).tolist(), strict=True))


def of_profiles(own: Rows, there: list[Any], others: Rows, *, is_warm: bool) -> dict[Any, int]:
    """What is said of the values of all profiles, of which the others have the other half."""
    codes = dict.fromkeys(there, 2)
    for at in {k[1] for k in there}:
        whole = [(k, others[k][0]) for k in there if k[1] == at and k in others and others[k][0] is not None]
        levels: list[Any] = [
            (k[2], own[k][0] if is_warm else other, other if is_warm else own[k][0]) for k, other in whole
        ]
        codes |= {k: code for (k, _), code in zip(whole, of_density(levels), strict=True)}
    return codes


class Stations(RuleBasedStateMachine):
    """Observations come late, twice and wrong, tests are changed, experts judge; a dictionary has it all."""

    make: Callable[[], tuple[Database, str]]

    def __init__(self) -> None:
        super().__init__()
        self.database, address = self.make()
        self.store = SeriesStore(self.database, address)
        self.machine = Machine(self.store)
        self.numbers, _ = self.store.enter("record", streams())
        self.held: Rows = {}
        self.plan: dict[str, Any] = {"rules": []}
        self.verdicts: list[list[Any]] = []
        self.take(False)

    @rule(seed=st.integers(0, 10**9), is_alive=st.booleans(), into_files=st.booleans())
    def put(self, seed: int, is_alive: bool, into_files: bool) -> None:
        # Many at once, which Hypothesis would rarely make.
        some = random.Random(seed)
        first, span = some.randrange(40), some.choice((1, 3, 12, 40))
        batch = [
            (
                some.choice([one.key for one in streams()]),
                first + some.randrange(span),
                some.choice((0.0, 10.0)),
                some.choice((None, 0, 2, 3, 3, 3, 3, 4, 5, 7, 10)),
                some.choice((None, "1", "2", "3", "4", "9")),
            )
            for _ in range(some.choice((1, 4, 20, 60)))
        ]
        given: Rows = {}
        for key, hour, z, value, flag in batch:
            is_track, flags = key == "track", flag if key in ("series", "levels") else None
            level = z if key in ("levels", "TEMP", "PSAL") else 0.0
            # Ships jump now and then, and do not always say where they are.
            longitude = None if not is_track or value is None else hour * 0.5 + (3.0 if value == 7 else 0.0)
            number = value if key != "PSAL" or value is None else 34 + value / 20
            given[self.numbers[key], START + hour * HOUR, level] = (
                None if number is None else float(number), flags, longitude,
            )  # fmt: skip
        table = pa.concat_tables([row(k, told) for k, told in given.items()])
        self.store.arrived = self.machine.arrived if is_alive else None
        self.store.at_once = self.machine.at_once if is_alive else None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stored, "_INTO_FILES", 1 if into_files else 10**9)
            counts = self.store.put(table)
        assert counts.changed == sum(k in self.held and self.held[k] != told for k, told in given.items())
        self.held |= given

    @rule(other=st.booleans())
    def take(self, other: bool) -> None:
        """Another plan counts."""
        name = "other" if other else "one"
        plan = parsed(PLANS[name], "plan")
        self.plan = PLANS[name]
        self.store.quality.put_plan(StoredPlan(plan.name, plan.document(), name, "operator", 0))
        self.machine.expect(self.store.datastreams([1]))

    @rule()
    def forget(self) -> None:
        self.plan = {"rules": []}
        self.store.quality.remove_plan("plan")
        self.machine.expect(self.store.datastreams([1]))

    @rule(again=st.booleans())
    def run(self, again: bool) -> None:
        if again:
            self.machine.expect(self.store.datastreams([1]), again=True)
        self.machine.run()

    @rule(seed=st.integers(0, 10**9))
    def remove(self, seed: int) -> None:
        some = random.Random(seed)
        gone = some.sample(sorted(self.held), min(len(self.held), some.choice((1, 3))))
        if gone:
            assert self.store.remove(pa.concat_tables([row(k, self.held[k]) for k in sorted(gone)])) == len(
                gone
            )
            self.held = {k: told for k, told in self.held.items() if k not in gone}

    @rule()
    def settle(self) -> None:
        self.store.settle()

    @rule(key=st.sampled_from(("series", "levels")), span=st.tuples(*[st.integers(0, 80)] * 2), code=st.sampled_from((1, 2, 3, 4)))  # fmt: skip
    def judge(self, key: str, span: tuple[int, int], code: int) -> None:
        start, end = (START + hour * HOUR for hour in sorted(span))
        given = Verdict(
            number=0, datastream=self.numbers[key], start=start, end=end, code=code, reason="x", by="e", at=0
        )
        made = self.store.quality.judge(given)
        self.verdicts.append([made.number, self.numbers[key], start, end, code])

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        if self.verdicts:
            gone = data.draw(st.sampled_from(self.verdicts))
            assert self.store.quality.undo(gone[0], "e", 1)
            assert not self.store.quality.undo(gone[0], "e", 1)
            self.verdicts.remove(gone)

    @invariant()
    def says_what_the_whole_series_says(self) -> None:
        self.machine.run()
        assert not [one for one in self.store.quality.states().values() if one.first is not None]
        found = self.store.datastreams([1])
        told = Judging.of(found, self.store.quality).told(
            self.store.read(list(self.numbers.values()), EVER, NEVER)
        )
        keys = list(zip(*(told[n].to_pylist() for n in ("datastream", "time", "vertical")), strict=True))
        said = dict(
            zip(keys, zip(told["tested"].to_pylist(), told["quality"].to_pylist(), strict=True), strict=True)
        )
        assert said.keys() == self.held.keys()
        for key, number in self.numbers.items():
            tests = planned(self.plan, key)
            pair = {"TEMP": "PSAL", "PSAL": "TEMP"}.get(key, "")
            others = {(number, t, z): r for (d, t, z), r in self.held.items() if d == self.numbers.get(pair)}
            wanted = brute(self.held, number, key, tests, others)
            for k, codes in wanted.items():
                assert unpacked(said[k][0] or 0) == codes, (key, k)
                assert said[k][1] == self.quality(k, codes)

    def quality(self, k: tuple[int, int, float], codes: dict[str, int]) -> int:
        value, flag, _ = self.held[k]
        if value is None:
            return 9
        for _, number, start, end, code in reversed(self.verdicts):
            if number == k[0] and start <= k[1] < end:
                return code
        producer = {None: 2, "1": 1, "2": 1, "3": 3, "4": 4, "9": 9}[flag]
        return max(
            [producer, *(2 if code == 9 else code for code in codes.values())], key=[2, 1, 3, 4, 9].index
        )


def planned(plan: dict[str, Any], key: str) -> dict[str, Any]:
    """The tests of a datastream, in the order of their bits."""
    name = {"series": "air_temperature", "levels": "air_temperature", "track": "wind_speed"}.get(
        key, "sea_water_temperature"
    )
    told: dict[str, Any] = {}
    for one in plan["rules"]:
        if one["property"] == name:
            told |= {test: told for test, told in one.items() if test != "property"}
    return {test: told[test] for test in TESTS if test in told}


def row(key: tuple[int, int, float], told: Row) -> pa.Table:
    number, time, z = key
    value, flag, longitude = told
    made = rows(number, [time], [value], [z])
    place = None if longitude is None else 40.0
    for name, given in (("flag", flag), ("longitude", longitude), ("latitude", place)):
        field = made.schema.field(name)
        made = made.set_column(made.schema.get_field_index(name), field, pa.array([given], field.type))
    return made


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.filterwarnings("ignore")
def test_in_whatever_order_things_happen_the_quality_is_that_of_the_whole(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    class Here(Stations):
        def make(self) -> tuple[Database, str]:  # type: ignore[override]
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            sqlite = f"sqlite:///{folder / 'estran.db'}"
            database = Database(
                sqlite if engine == "sqlite" else request.getfixturevalue("postgresql").fresh()
            )
            prepare(database)
            return database, str(folder / "files")

        def teardown(self) -> None:
            self.database.close()

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Portions that a test of seconds can have.
        patch.setattr(machines, "_PORTION", 7)
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=8 if engine == "sqlite" else 3, stateful_step_count=8, deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
            ),
        )  # fmt: skip


def test_plans_of_the_test_are_read() -> None:
    for name, told in PLANS.items():
        plan = parsed(told, name)
        assert Plan.stored(name, plan.document()) == plan


@pytest.mark.filterwarnings("ignore")
def test_what_comes_late_and_far_apart_changes_what_is_beside_it(tmp_path: Path) -> None:
    """Bursts and pauses: what lies beside a value is further away than values usually are."""
    some = random.Random(4)
    hours = [*some.sample(range(60), 30), *(1000 + 90 * n for n in range(12)), *range(5000, 5010)]
    given = [(hour, some.choice((3, 3, 3, 3, 3, 9))) for hour in hours]
    some.shuffle(given)
    # In order, and each like the one before: with few of them near by, one must look far for the others.
    given += [(hour, 3) for hour in (9000, 9001, 9002, 9003, 9300, 9313, *range(9320, 9330))]
    places = {test: TRACK[test] for test in ("location_test", "speed_test")}
    database = Database(f"sqlite:///{tmp_path / 'estran.db'}")
    prepare(database)
    store = SeriesStore(database, str(tmp_path / "files"))
    numbers, _ = store.enter("record", streams())
    plan = parsed(
        {"rules": [{"property": "air_temperature", **SERIES}, {"property": "wind_speed", **places}]}, "plan"
    )
    store.quality.put_plan(StoredPlan("plan", plan.document(), "x", "operator", 0))
    Machine.watching(store)
    held: Rows = {}
    for hour, value in given:
        for key in ("series", "track"):
            k = (numbers[key], START + hour * HOUR, 0.0)
            held[k] = (
                float(value),
                None,
                hour * 0.5 + (3.0 if value == 9 else 0.0) if key == "track" else None,
            )
            store.put(row(k, held[k]))
    for key, tests in (("series", SERIES), ("track", places)):
        found = store.read([numbers[key]], EVER, NEVER)
        said = [unpacked(code) for code in found["tested"].to_pylist()]
        assert said == list(brute(held, numbers[key], key, tests, {}).values())
    assert not [one for one in store.quality.states().values() if one.first is not None]
    database.close()
