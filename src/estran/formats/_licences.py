"""Licences as people write them, brought to their SPDX identifier where they have one."""

from __future__ import annotations

import re

from estran.model import Licence, Text

__all__ = ["address", "licence", "spdx"]

# The licences that data, texts and software of the Earth sciences come under; the case is SPDX's.
_KNOWN = """
0BSD AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0
C-UDA-1.0 CC-BY-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-2.5-AU CC-BY-3.0 CC-BY-3.0-AT CC-BY-3.0-AU CC-BY-3.0-DE
CC-BY-3.0-IGO CC-BY-3.0-NL CC-BY-3.0-US CC-BY-4.0 CC-BY-NC-1.0 CC-BY-NC-2.0 CC-BY-NC-2.5 CC-BY-NC-3.0
CC-BY-NC-3.0-DE CC-BY-NC-4.0 CC-BY-NC-ND-1.0 CC-BY-NC-ND-2.0 CC-BY-NC-ND-2.5 CC-BY-NC-ND-3.0
CC-BY-NC-ND-3.0-DE CC-BY-NC-ND-3.0-IGO CC-BY-NC-ND-4.0 CC-BY-NC-SA-1.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-2.5
CC-BY-NC-SA-3.0 CC-BY-NC-SA-3.0-DE CC-BY-NC-SA-3.0-IGO CC-BY-NC-SA-4.0 CC-BY-ND-1.0 CC-BY-ND-2.0
CC-BY-ND-2.5 CC-BY-ND-3.0 CC-BY-ND-3.0-DE CC-BY-ND-4.0 CC-BY-SA-1.0 CC-BY-SA-2.0 CC-BY-SA-2.5
CC-BY-SA-3.0 CC-BY-SA-3.0-AT CC-BY-SA-3.0-DE CC-BY-SA-3.0-IGO CC-BY-SA-4.0 CC-PDDC CC-PDM-1.0 CC0-1.0
CDLA-Permissive-1.0 CDLA-Permissive-2.0 CDLA-Sharing-1.0 CECILL-2.0 CECILL-2.1 CECILL-B CECILL-C DL-DE-BY-2.0
DL-DE-ZERO-2.0 ECL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 etalab-2.0 GFDL-1.3-or-later GPL-2.0-only
GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only
LGPL-3.0-or-later LiLiQ-P-1.1 MIT MPL-1.1 MPL-2.0 NLOD-1.0 NLOD-2.0 ODbL-1.0 ODC-By-1.0 OGC-1.0
OGL-Canada-2.0 OGL-UK-1.0 OGL-UK-2.0 OGL-UK-3.0 OLDAP-2.8 PDDL-1.0 PSF-2.0 Python-2.0 Unlicense W3C WTFPL Zlib
"""
_BY_LOWER = {name.lower(): name for name in _KNOWN.split()}
# Names that SPDX has retired, and those that people use.
_ALSO = {
    "gpl-2.0": "GPL-2.0-only",
    "gpl-3.0": "GPL-3.0-only",
    "gpl-2.0+": "GPL-2.0-or-later",
    "gpl-3.0+": "GPL-3.0-or-later",
    "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-3.0": "LGPL-3.0-only",
    "agpl-3.0": "AGPL-3.0-only",
    "cc0": "CC0-1.0",
    "cc zero": "CC0-1.0",
    "pddl": "PDDL-1.0",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "odc-odbl": "ODbL-1.0",
    "odc-pddl": "PDDL-1.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "mit license": "MIT",
    "lov2": "etalab-2.0",
    "fr-lo": "etalab-2.0",
    "licence ouverte 2.0": "etalab-2.0",
    "licence ouverte / open licence version 2.0": "etalab-2.0",
    "licence ouverte / open licence 2.0": "etalab-2.0",
}
_ADDRESSES = (
    (re.compile(r"creativecommons\.org/publicdomain/zero/1\.0"), "CC0-1.0"),
    (re.compile(r"creativecommons\.org/publicdomain/mark/1\.0"), "CC-PDM-1.0"),
    (
        re.compile(r"etalab\.gouv\.fr/(?:.*licence-ouverte|.*open-licence)|etalab/licence-ouverte"),
        "etalab-2.0",
    ),
    (re.compile(r"opendatacommons\.org/licenses/odbl"), "ODbL-1.0"),
    (re.compile(r"opendatacommons\.org/licenses/by\b"), "ODC-By-1.0"),
    (re.compile(r"opendatacommons\.org/licenses/pddl"), "PDDL-1.0"),
    (re.compile(r"nationalarchives\.gov\.uk/doc/open-government-licence/version/3"), "OGL-UK-3.0"),
    (re.compile(r"nationalarchives\.gov\.uk/doc/open-government-licence/version/2"), "OGL-UK-2.0"),
    (re.compile(r"apache\.org/licenses/license-2\.0"), "Apache-2.0"),
    (re.compile(r"opensource\.org/licen[cs]es?/mit\b"), "MIT"),
    (re.compile(r"opensource\.org/licen[cs]es?/bsd-3"), "BSD-3-Clause"),
    (re.compile(r"opensource\.org/licen[cs]es?/bsd-2"), "BSD-2-Clause"),
    (re.compile(r"opensource\.org/licen[cs]es?/apache-2"), "Apache-2.0"),
    (re.compile(r"gnu\.org/licenses/gpl-3|opensource\.org/licen[cs]es?/gpl-3"), "GPL-3.0-only"),
    (re.compile(r"gnu\.org/licenses/(?:old-licenses/)?gpl-2"), "GPL-2.0-only"),
    (re.compile(r"gnu\.org/licenses/lgpl-3"), "LGPL-3.0-only"),
    (re.compile(r"gnu\.org/licenses/agpl-3"), "AGPL-3.0-only"),
)
_COMMONS = re.compile(
    r"creativecommons\.org/licenses/(by(?:-nc)?(?:-nd|-sa)?)(?:/(\d\.\d)(?:/([a-z]{2,3}))?)?"
)
_AT_SPDX = re.compile(r"spdx\.org/licenses/([a-z0-9.+-]+?)(?:\.(?:html|json|txt))?(?:[#?].*)?$")
_SPOKEN = re.compile(
    r"(?:creative\s*commons|\bcc)[\s:,_-]*(?:licen[cs]e[\s:,-]*)?"
    r"(attribution|by)"
    r"([\s,_/-]*(?:non[\s-]?commercial|nc))?"
    r"([\s,_/-]*(?:no[\s-]?deriv(?:ative|ativework|s|atives)?s?|nd|share[\s-]?alike|sa))?"
    r"[\s,:_/()-]*(?:cc[\s-]?by(?:[\s-]?nc)?(?:[\s-]?(?:nd|sa))?[\s)]*)?"
    r"(?:licen[cs]e|version|v)?[\s.:_-]*(\d\.\d)?"
)
_LONGEST = 300


def licence(words: str = "", uri: str = "", language: str = "") -> Licence:
    """The licence of that name and address, with its SPDX identifier where one of them shows it.

    Words that are nothing but an address are taken as the address.
    """
    words, uri = words.strip(), uri.strip()
    if not uri and words.startswith(("http://", "https://")) and " " not in words:
        words, uri = "", words
    return Licence(name=Text.of(words, language), uri=uri, spdx=spdx(words, uri))


def spdx(words: str = "", uri: str = "") -> str:
    """The SPDX identifier that a name or an address stands for, "" where neither is known."""
    return _from_address(uri.lower()) or _from_words(words)


def address(identifier: str) -> str:
    """The address of the text of a licence that SPDX names, "" for ""."""
    return f"https://spdx.org/licenses/{identifier}" if identifier else ""


def _from_address(uri: str) -> str:
    if not uri or len(uri) > _LONGEST:
        return ""
    if found := _COMMONS.search(uri):
        kind, version, place = found[1], found[2] or "", found[3] or ""
        name = f"cc-{kind}-{version}"
        return _BY_LOWER.get(f"{name}-{place}") or _BY_LOWER.get(name, "")
    if found := _AT_SPDX.search(uri):
        return _BY_LOWER.get(found[1]) or _ALSO.get(found[1], "")
    return next((name for pattern, name in _ADDRESSES if pattern.search(uri)), "")


def _from_words(words: str) -> str:
    text = " ".join(words.lower().split())
    if not text or len(text) > _LONGEST:
        return ""
    if known := _BY_LOWER.get(text) or _ALSO.get(text):
        return known
    if text.startswith("http"):
        return _from_address(text)
    if "zero" in text or "cc0" in text:
        return "CC0-1.0" if re.search(r"\bcc[\s-]?0\b|cc[\s-]zero|creative commons zero", text) else ""
    found = _SPOKEN.search(text)
    # Without a version there are six licences of the name.
    if found is None or not found[4]:
        return ""
    third = (found[3] or "").strip(" ,_/-")
    end = "" if not third else "-sa" if third.startswith("s") else "-nd"
    return _BY_LOWER.get(f"cc-by{'-nc' if found[2] else ''}{end}-{found[4]}", "")
