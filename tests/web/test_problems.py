"""Errors as problems, and which form a client wants."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from estran import errors
from estran.web import negotiation
from estran.web.problems import problem_of
from estran.web.replies import link_header


@pytest.mark.parametrize(
    ("error", "status", "header"),
    [
        (errors.NotFound("record", "x"), 404, ""),
        (errors.NotAllowed("no"), 403, ""),
        (errors.QuotaExceeded("no more"), 429, ""),
        (errors.LicenceRequired("accept first"), 403, ""),
        (errors.Invalid("wrong", "bbox"), 400, ""),
        (errors.Conflict("there already"), 409, ""),
        (errors.Unavailable("later", 7.6), 503, "Retry-After"),
        (errors.EstranError("no"), 400, ""),
        (HTTPException(405, headers={"Allow": "GET"}), 405, "Allow"),
        (HTTPException(404), 404, ""),
        (RequestValidationError([{"loc": ("query", "limit"), "msg": "not a number", "type": "x"}]), 400, ""),
        (ValueError("inner words"), 500, ""),
    ],
)
def test_each_error_has_its_status(error: Exception, status: int, header: str) -> None:
    problem = problem_of(error)
    assert problem.status == status
    assert problem.detail
    assert not header or (problem.headers or {})[header]
    assert "inner" not in problem.detail
    if isinstance(error, errors.Invalid | RequestValidationError):
        assert problem.where in ("bbox", "limit")
    if isinstance(error, errors.Unavailable):
        assert (problem.headers or {})["Retry-After"] == "8"


def test_who_said_no_name_is_asked_for_one() -> None:
    problem = problem_of(errors.NotAllowed("only for readers of its centre."), known=False)
    assert problem.status == 401
    assert "Bearer" in (problem.headers or {})["WWW-Authenticate"]
    assert "Bearer" in problem.detail


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("application/json", "application/json"),
        ("application/*", "application/json"),
        ("text/html;q=0.1, application/json;q=0.2", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("application/json;q=x", None),
        ("image/png", None),
        ("nonsense", "text/html"),
        ("text/html;level=1;q=0.3,application/json;q=0.3", "text/html"),
    ],
)
def test_the_best_form(header: str, found: str | None) -> None:
    assert negotiation.best(header, ("text/html", "application/json")) == found


@given(st.text())
def test_any_accept_header_is_read(header: str) -> None:
    assert negotiation.best(header, ("text/html", "application/json")) in (
        "text/html",
        "application/json",
        None,
    )


@given(st.text(), st.text())
@example("", "<")
@example("a>", '"')
def test_nothing_gets_out_of_a_link_header(href: str, media_type: str) -> None:
    header = link_header([{"href": href, "rel": "item", "type": media_type}])
    header.encode("ascii")
    assert header.startswith("<")
    assert header.count("<") == header.count(">") == 1
    assert header.isprintable()


def test_an_idle_worker_loads_no_heavy_library(tmp_path) -> None:
    code = (
        "import sys, estran\n"
        "from starlette.testclient import TestClient\n"
        "from estran.web.app import create_app\n"
        f"with TestClient(create_app(estran.open({str(tmp_path / 'node')!r}), owned=True)): pass\n"
        "heavy = {'pyarrow', 'xarray', 'shapely', 'pyoxigraph', 'netCDF4', 'xlsxwriter', 'rdflib', 'cql2'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
