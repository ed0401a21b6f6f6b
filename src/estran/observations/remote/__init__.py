"""Observations of other servers, copied into this node: SensorThings and ERDDAP tables."""

from estran.observations.remote.copying import Copying
from estran.observations.remote.door import LOOK_BACK_DAYS, Remote
from estran.observations.remote.values import is_address

__all__ = ["LOOK_BACK_DAYS", "Copying", "Remote", "is_address"]
