"""Lines to paste that fetch all files of an order, go on where a transfer broke, and check them; the tests run them."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from estran.web import ordering
from estran.web.portal.snippets import Snippet

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.orders import Order
    from estran.web.portal.i18n import Words

__all__ = ["order_snippets"]


def order_snippets(order: Order, links: Links, w: Words, *, is_open: bool) -> list[Snippet]:
    """Lines for a terminal and for Python.

    Args:
        order: one whose files are ready.
        links: of the node.
        w: of the page.
        is_open: whether anyone may have the data.
    """
    at = ordering.address(order, links)
    sums = shlex.quote(f"{at}/{ordering.SUMS}")
    named = f"sed {shlex.quote(f's|.* |{at}/|')} {ordering.SUMS}"
    check = f"sha256sum -c {ordering.SUMS}"
    # Not with -f: what is whole already is answered with 416, which is no failure here; the sums tell what is.
    curl = f"curl -fsSO {sums}\n{named} | xargs -n 1 curl -sSO -C -\n{check}"
    wget = f"wget -q -O {ordering.SUMS} {sums}\n{named} | wget -q -c -i -\n{check}"
    python = f"""import hashlib, json, pathlib, shutil
from urllib.request import Request, urlopen

order = json.load(urlopen({json.dumps(at)}))
for file in order["files"]:
    path = pathlib.Path(file["name"])
    done = path.stat().st_size if path.exists() else 0
    if done < file["size"]:
        rest = Request(file["href"], headers={{"Range": f"bytes={{done}}-"}})
        with urlopen(rest) as answer, path.open("ab") as out:
            shutil.copyfileobj(answer, out)
    with path.open("rb") as whole:
        assert hashlib.file_digest(whole, "sha256").hexdigest() == file["sha256"], path
    print(path)"""
    note = "" if is_open else w.text("orders.token")
    return [
        Snippet("curl", "curl", curl, note),
        Snippet("wget", "wget", wget, note),
        Snippet("python", "Python", python, note),
    ]
