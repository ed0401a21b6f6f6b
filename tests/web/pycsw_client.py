"""Has pycsw harvest a catalogue service into an SQLite file: ADDRESS FILE PAGE_SIZE.

Run by an interpreter of its own: pycsw 2.6 needs SQLAlchemy 1.4.
"""

import io
import pathlib
import sys

from pycsw.core import admin
from pycsw.server import Csw

CSW = "http://www.opengis.net/cat/csw/2.0.2"


def harvest(address, file, page):
    """What pycsw answers to a Harvest transaction that names the service."""
    database = f"sqlite:///{file}"
    if not pathlib.Path(file).exists():
        admin.setup_db(database, "records", "")
    settings = {
        "server": {"url": "http://localhost/csw", "home": ".", "maxrecords": "10"},
        "manager": {"transactions": "true", "allowed_ips": "127.0.0.1", "csw_harvest_pagesize": page},
        "metadata:main": {"identification_title": "pycsw"},
        "repository": {"database": database, "table": "records"},
    }
    body = (
        f'<csw:Harvest xmlns:csw="{CSW}" service="CSW" version="2.0.2">'
        f"<csw:Source>{address}</csw:Source><csw:ResourceType>{CSW}</csw:ResourceType></csw:Harvest>"
    ).encode()
    environ = {
        "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
        "QUERY_STRING": "", "REMOTE_ADDR": "127.0.0.1", "SCRIPT_NAME": "/csw", "PATH_INFO": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http",
    }  # fmt: skip
    return Csw(settings, environ, "2.0.2").dispatch_wsgi()[1]


if __name__ == "__main__" and len(sys.argv) > 1:
    sys.stdout.buffer.write(harvest(*sys.argv[1:]))
