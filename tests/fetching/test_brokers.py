"""Addresses of MQTT brokers, and clients of them."""

from __future__ import annotations

import subprocess
from threading import Event
from typing import TYPE_CHECKING

import pytest

from estran.errors import Invalid
from estran.fetching.brokers import Broker, broker
from tests.mosquitto import Mosquitto

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("address", "where", "topic"),
    [
        ("mqtt://localhost/a/b", Broker("localhost", 1883), "a/b"),
        ("mqtts://buoys@hub.example:9000/v1.1/#", Broker("hub.example", 9000, tls=True, user="buoys"), "v1.1/#"),
        ("mqtt://[::1]:7/v1.1/Datastreams(4)/Observations", Broker("::1", 7), "v1.1/Datastreams(4)/Observations"),
        ("mqtt://h/+/caf%C3%A9?x", Broker("h", 1883), "+/café?x"),
        ("mqtts://h", Broker("h", 8883, tls=True), ""),
    ],
)  # fmt: skip
def test_an_address_says_where_and_what(address: str, where: Broker, topic: str) -> None:
    assert broker(address) == (where, topic)
    assert broker(where.url)[0].port == where.port


@pytest.mark.parametrize(
    "address", ["http://h/t", "mqtt://", "mqtt:///t", "h/t", "mqtt://h:99999/t", "mqtt://h/%00"]
)
def test_what_is_no_address_of_a_broker_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        broker(address)


def test_a_password_is_neither_taken_from_an_address_nor_shown() -> None:
    with pytest.raises(Invalid) as refused:
        broker("mqtt://me:secret@h/t")
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(broker("mqtt://me@h/t", password="secret"))


def connects(one: Broker) -> str:
    """What the broker answers, or why there is no answer."""
    client, heard, said = one.client("estran-test"), Event(), [""]

    def connected(_client: object, _data: object, _flags: object, reason: object, _more: object) -> None:
        said[0] = str(reason)
        heard.set()

    client.on_connect = connected
    try:
        client.connect(one.host, one.port)
    except OSError as error:
        return str(error)
    client.loop_start()
    heard.wait(60)
    client.disconnect()
    client.loop_stop()
    return said[0]


def test_a_user_needs_their_password(mosquitto_program: Path) -> None:
    with Mosquitto(mosquitto_program, user="buoys", password="s3cret") as server:
        assert connects(broker(server.url.replace("://", "://buoys@"), password="s3cret")[0]) == "Success"
        assert (
            connects(broker(server.url.replace("://", "://buoys@"), password="wrong")[0]) == "Not authorized"
        )
        assert connects(broker(server.url)[0]) == "Not authorized"


# paho leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_encrypted_connection_is_checked(mosquitto_program: Path, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-days", "2"],
        check=True, capture_output=True,
    )  # fmt: skip
    with Mosquitto(mosquitto_program, certificate=(certificate, key)) as server:
        assert connects(broker(server.url, authorities=str(certificate))[0]) == "Success"
        assert "certificate verify failed" in connects(broker(server.url)[0])
    with pytest.raises(Invalid):
        broker("mqtts://h", authorities="/nowhere.pem")[0].client()
