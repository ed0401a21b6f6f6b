"""The pictures of the documentation are there, light, and shown; the command that takes them knows each page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning

from tests.conftest import ROOT
from tests.portal.pictures import (
    DOCUMENTED,
    LARGEST_BYTES,
    PICTURES,
    WITH_ITEMS,
    WITH_OBSERVATIONS,
    gallery,
)
from tests.portal.png import lighten

if TYPE_CHECKING:
    from pathlib import Path


def test_each_picture_is_there_light_and_shown():
    names = {file.stem for file in PICTURES.glob("*.png")}
    assert names == {*DOCUMENTED, *WITH_ITEMS, *WITH_OBSERVATIONS}
    heavy = [file.name for file in PICTURES.glob("*.png") if file.stat().st_size > LARGEST_BYTES]
    assert heavy == []
    assert (PICTURES / "README.md").read_text(encoding="utf-8") == gallery()


def test_each_picture_that_a_page_names_exists():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = [
        (page, found)
        for page in pages
        for found in re.findall(r"!\[[^\]]+\]\(([^)]+\.png)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(named) > len(DOCUMENTED)
    assert [str(found) for page, found in named if not (page.parent / found).is_file()] == []


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_picture_with_fewer_colours_looks_the_same(tmp_path: Path):
    """Nearly: no channel of any point is off by more than a few of 255; few colours come back as they were."""
    file = tmp_path / "x.png"
    wave = (np.arange(120) * 2).astype(np.uint8)
    picture = np.stack(
        [np.tile(wave, (80, 1)), np.tile(wave[:80, None], (1, 120)), np.full((80, 120), 7, np.uint8)]
    )
    profile = {"driver": "PNG", "width": 120, "height": 80, "count": 3, "dtype": "uint8"}
    with rasterio.open(file, "w", **profile) as target:
        target.write(picture)
    lighten(file)
    with rasterio.open(file) as source:
        colours = source.colormap(1)
        back = (
            np.array([colours[i][:3] for i in source.read(1).ravel()]).reshape(80, 120, 3).transpose(2, 0, 1)
        )
    assert file.read_bytes().startswith(b"\x89PNG")
    assert np.abs(back.astype(int) - picture.astype(int)).max() < 40
    assert len(np.unique(back.reshape(3, -1), axis=1).T) <= 256
    assert issubclass(NotGeoreferencedWarning, UserWarning)
