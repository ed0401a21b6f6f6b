"""What the service conforms to."""

__all__ = ["CONFORMS_TO"]

_REQ = "http://www.opengis.net/spec/iot_sensing/1.1/req"
CONFORMS_TO = (
    f"{_REQ}/datamodel",
    f"{_REQ}/resource-path/resource-path-to-entities",
    f"{_REQ}/request-data",
)
"""URIs of the requirements classes of SensorThings 1.1 that are met."""
