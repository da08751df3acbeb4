"""The place of a delivery in its stream, as NATS writes it into the acknowledgement subject."""

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from common.pull_feed import stream_sequence


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.INCIDENT.lab-on-ticked.1.4711.17.1763778000000000000.3",
        "$JS.ACK._.hash.INCIDENT.lab-on-ticked.1.4711.17.1763778000000000000.3",
        "$JS.ACK.edge.hash.INCIDENT.lab-on-ticked.1.4711.17.1763778000000000000.3.random",
    ],
    ids=["without domain", "no domain", "with domain"],
)
def test_both_forms_are_read_as_the_library_reads_them(reply: str) -> None:
    assert stream_sequence(reply) == 4711
    assert Msg(Client(), reply=reply).metadata.sequence.stream == 4711
