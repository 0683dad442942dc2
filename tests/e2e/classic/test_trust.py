"""CLASSIC: somebody's identity has changed, and `trust`."""

from harness.archives import archive_of, private_received
from harness.people import People
from harness.server import Server

from .words import REGAINED, TABLE_UPDATED, exchange, expect_all, not_delivered_to, received_by

CHANGED = (
    ">>> [The key of sana has changed. Private messages to and from sana are held back. "
    "If you expected this, type: trust sana]"
)


def test_messages_are_held_back_until_the_new_key_is_trusted(server: Server, people: People) -> None:
    people.settings = {"backoff_max_s": 0.5, "direct_retry_max_s": 1}
    sana = people.pipe("sana")
    aysha = people.terminal("aysha", columns=140)
    exchange(aysha, "send sana hello", received_by("sana"))
    assert sana.stop() == 0
    assert server.stop() == 0
    for file in server.data.glob("server.db*"):  # its operator lost the database and kept the certificate
        file.unlink()
    server.start()
    aysha.expect(REGAINED)

    other = people.pipe("sana", home="another sana")
    aysha.expect(CHANGED)
    aysha.type("send sana is it you?")
    aysha.expect(CHANGED)
    other.expect(TABLE_UPDATED)
    exchange(other, "send aysha it is me", *not_delivered_to("aysha"))
    exchange(aysha, "trust nobody", ">>> The key of nobody has not changed")
    assert [message.body for message in private_received(archive_of(other.home, "sana"))] == []
    assert [message.body for message in private_received(archive_of(aysha.home, "aysha"))] == []

    exchange(aysha, "trust sana", ">>> [The new key of sana is trusted.]")
    expect_all(other, ">>> aysha: is it you?", received_by("aysha"))
    expect_all(aysha, ">>> sana: it is me", received_by("sana"))
    assert aysha.lines.count(CHANGED) == 2
