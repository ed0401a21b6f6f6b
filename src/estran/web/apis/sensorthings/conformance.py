"""What the service conforms to."""

__all__ = ["CONFORMS_TO", "RECEIVE_UPDATES"]

_REQ = "http://www.opengis.net/spec/iot_sensing/1.1/req"
CONFORMS_TO = (
    f"{_REQ}/datamodel",
    f"{_REQ}/resource-path/resource-path-to-entities",
    f"{_REQ}/request-data",
    *(f"{_REQ}/create-update-delete/{name}" for name in (
        "create-entity", "link-to-existing-entities", "deep-insert", "deep-insert-status-code", "update-entity",
        "delete-entity", "historical-location-auto-creation",
    )),
    f"{_REQ}/batch-request/batch-request",
    f"{_REQ}/data-array/data-array",
    f"{_REQ}/multi-datastream",
    f"{_REQ}/multi-datastream/properties",
    f"{_REQ}/multi-datastream/relations",
    f"{_REQ}/multi-datastream/constraints",
)  # fmt: skip
"""URIs of the requirements of SensorThings 1.1 that are met."""
RECEIVE_UPDATES = f"{_REQ}/receive-updates-via-mqtt/receive-updates"
"""Of a node that tells a broker what is written."""
