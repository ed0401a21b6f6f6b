"""Database URLs: read, and shown without what nobody else may know."""

from __future__ import annotations

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from estran import plugins
from estran.errors import Invalid

_SECRETS = ("password", "passphrase", "sslpassword")
_HIDDEN = "***"


def shown(url: str) -> str:
    """The URL without its passwords, wherever they stand in it."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        return _HIDDEN
    held = {key: "hidden" for key in address.query if key.lower() in _SECRETS}
    return address.update_query_dict(held).render_as_string(hide_password=True)


def has_secret(url: str) -> bool:
    """Whether a password stands in it."""
    address = make_url(url)
    return address.password is not None or any(key.lower() in _SECRETS for key in address.query)


def check_url(url: str) -> None:
    """Refuse what is no URL of a database that Estran knows; no part of it is repeated.

    Raises:
        Invalid: it is none.
    """
    schemes = plugins.names("engine")
    try:
        known = "://" in url and make_url(url).get_backend_name() in schemes
    except (ArgumentError, ValueError):
        known = False
    if not known:
        raise Invalid(
            f"it is no URL of a database; the schemes are {', '.join(schemes)}, as in sqlite:///estran.db or "
            "postgresql://user@host/name",
            "database URL",
        )
