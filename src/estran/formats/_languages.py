"""Language codes of every sort, brought to the one that the pivot keeps."""

from __future__ import annotations

import re

__all__ = ["code", "three_letters"]

# ISO 639-2/T to ISO 639-1, all that have a two-letter code.
_TO_TWO = """
aar:aa abk:ab afr:af aka:ak amh:am ara:ar arg:an asm:as ava:av ave:ae aym:ay aze:az bak:ba bam:bm bel:be
ben:bn bis:bi bod:bo bos:bs bre:br bul:bg cat:ca ces:cs cha:ch che:ce chu:cu chv:cv cor:kw cos:co cre:cr
cym:cy dan:da deu:de div:dv dzo:dz ell:el eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi
fra:fr fry:fy ful:ff gla:gd gle:ga glg:gl glv:gv grn:gn guj:gu hat:ht hau:ha heb:he her:hz hin:hi hmo:ho
hrv:hr hun:hu hye:hy ibo:ig ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja
kal:kl kan:kn kas:ks kat:ka kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku
lao:lo lat:la lav:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg mah:mh mal:ml mar:mr mkd:mk mlg:mg mlt:mt
mon:mn mri:mi msa:ms mya:my nau:na nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no nya:ny
oci:oc oji:oj ori:or orm:om oss:os pan:pa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro run:rn rus:ru
sag:sg san:sa sin:si slk:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc srp:sr
ssw:ss sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tir:ti ton:to tsn:tn tso:ts
tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo wln:wa wol:wo xho:xh yid:yi yor:yo
zha:za zho:zh zul:zu
"""
# The older bibliographic codes of ISO 639-2/B, and what people write instead of a code.
_TO_TWO_ALSO = """
alb:sq arm:hy baq:eu bur:my chi:zh cze:cs dut:nl fre:fr geo:ka ger:de gre:el ice:is mac:mk mao:mi may:ms
per:fa rum:ro slo:sk tib:bo wel:cy english:en anglais:en french:fr français:fr francais:fr deutsch:de
german:de allemand:de spanish:es español:es espagnol:es italian:it italiano:it italien:it portuguese:pt
português:pt portugais:pt dutch:nl nederlands:nl
"""


def _table(pairs: str) -> dict[str, str]:
    return {name: short for name, _, short in (pair.partition(":") for pair in pairs.split())}


_TWO = _table(_TO_TWO)
_OTHER = _table(_TO_TWO_ALSO)
_THREE = {two: three for three, two in _TWO.items()}
_CODE = re.compile(r"^[a-z]{2,3}$")


def code(text: str) -> str:
    """The two-letter code of a language, three letters where no shorter exists, "" where it is none.

    Takes ISO 639 codes of two and three letters, tags such as ``fr-CA``, locales such as ``en_US.UTF-8``
    and a few names.
    """
    word = text.strip().lower()
    if word in _OTHER:
        return _OTHER[word]
    head = re.split(r"[-_;.,\s]", word, maxsplit=1)[0]
    head = _OTHER.get(head) or _TWO.get(head) or head
    return head if _CODE.match(head) and head not in ("und", "zxx", "mul", "mis") else ""


def three_letters(code: str) -> str:
    """The ISO 639-2/T code of a language that the pivot names, "" for none."""
    return _THREE.get(code, code)
