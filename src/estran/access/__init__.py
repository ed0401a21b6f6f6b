"""Who may do what: actors, tokens and the registry of organisations."""

from estran.access.actors import ANYONE, OPERATOR, ROLES, Actor, Role
from estran.access.sessions import Session
from estran.access.store import Organisations, Token, Tokens

__all__ = ["ANYONE", "OPERATOR", "ROLES", "Actor", "Organisations", "Role", "Session", "Token", "Tokens"]
