"""The disk is full: one line, exit status 4, and what was acknowledged is there once there is room again."""

import re

from chatapp.model.errors import ExitStatus
from chatapp.model.limits import KIB
from e2e.hostile.gathering import RECEIVED, acquaint, fingerprints, gather
from harness.archives import archive_of, archived_entries, private_received, private_sent, stored_entries, texts
from harness.people import WELCOME, People
from harness.stage import Stage

from .room import give_all_room, give_room

MESSAGES = 40
ROOM_BYTES = 512 * KIB
TOO_LITTLE_BYTES = 4 * KIB
LONG = "long " * 8 * KIB
"""40 KiB: a dozen of them are more than there is room for."""
STORAGE_FAILED = re.compile(r"Error: storage failed, .*(server|archive)\.db.*: .+\. Nothing acknowledged is lost; .+")
CANNOT_USE = re.compile(r"Error: cannot use .*(server|archive)\.db: .+\. Check the disk .*")


def test_the_servers_disk(stage: Stage) -> None:
    server = stage.server(online=False)
    give_room(server, ROOM_BYTES)
    server.start()
    people = stage.people(server)
    aysha, sana = people.pipe("aysha", command="join"), people.pipe("sana", command="join")
    gather(aysha, sana)
    said = [f"{number} {LONG}" for number in range(MESSAGES)]
    for text in said:
        aysha.type(f"send_group {text}")
    server.expect_error(STORAGE_FAILED)
    assert server.exit_status() == ExitStatus.STORAGE
    assert len(server.errors) == 1
    for person in (aysha, sana):
        person.expect(">>> [Server not responding, reconnecting.]")
    acknowledged = aysha.lines.count(RECEIVED)
    stored = texts(stored_entries(server.data, "skii"))
    assert 0 < acknowledged <= len(stored) < MESSAGES
    assert fingerprints(stored) == fingerprints(said[: len(stored)])

    give_all_room(server)
    server.start()
    aysha.expect(*[RECEIVED] * (MESSAGES - acknowledged))
    aysha.type("send_group and that is all")
    sana.expect(">>> (skii) Group_Message <aysha>: and that is all")
    all_said = fingerprints([*said, "and that is all"])
    assert fingerprints(texts(stored_entries(server.data, "skii"))) == all_said
    assert fingerprints(texts(archived_entries(archive_of(sana.home, "sana"), "skii"))) == all_said
    assert sum("Group_Message" in line for line in sana.lines) == len(all_said)


def test_the_servers_disk_at_its_start(stage: Stage) -> None:
    server = stage.server(online=False)
    give_room(server, TOO_LITTLE_BYTES)
    server.start(CANNOT_USE)
    assert server.exit_status() == ExitStatus.STORAGE
    assert len(server.errors) == 1
    give_all_room(server)
    server.start()


def test_a_recipients_disk(people: People) -> None:
    """What wasn't stored isn't acknowledged: it comes when there is room again, once, in order."""
    sana, aysha = people.pipe("sana"), people.pipe("aysha", command="join", direct_retry_max_s=1.0)
    acquaint(sana, aysha)
    give_room(sana, ROOM_BYTES)
    assert sana.stop() == ExitStatus.DONE
    sana.start()
    sana.expect(WELCOME)
    said = [f"{number} {LONG}" for number in range(MESSAGES)]
    for text in said:
        aysha.type(f"send sana {text}")
    sana.expect_error(STORAGE_FAILED)
    assert sana.exit_status() == ExitStatus.STORAGE
    assert len(sana.errors) == 1
    aysha.expect(">>> [No ACK from sana, message not delivered]")
    sent = private_sent(archive_of(aysha.home, "aysha"))
    received = private_received(archive_of(sana.home, "sana"))
    acked = [message.body for message in sent if message.state == "acked"]
    assert 0 < len(acked) <= len(received) < MESSAGES
    assert fingerprints(acked) == fingerprints(said[: len(acked)])

    give_all_room(sana)
    sana.start()
    aysha.expect(*[">>> [Message received by sana.]"] * (MESSAGES - len(acked)))
    received = private_received(archive_of(sana.home, "sana"))
    assert fingerprints(message.body for message in received) == fingerprints(said)


def test_a_members_disk(people: People) -> None:
    aysha, sana = people.pipe("aysha", command="join"), people.pipe("sana", command="join")
    gather(aysha, sana)
    sana.kill9()  # so that its next start is in the group again
    give_room(sana, ROOM_BYTES)
    sana.start()
    sana.expect(">>> [Entered group skii successfully.]")
    said = [f"{number} {LONG}" for number in range(MESSAGES)]
    for text in said:
        aysha.type(f"send_group {text}")
    sana.expect_error(STORAGE_FAILED)
    assert sana.exit_status() == ExitStatus.STORAGE
    assert len(sana.errors) == 1
    aysha.expect(*[RECEIVED] * MESSAGES)

    give_all_room(sana)
    sana.start()
    sana.expect(">>> [Entered group skii successfully.]")
    aysha.type("send_group and that is all")
    sana.expect(">>> (skii) Group_Message <aysha>: and that is all")
    held = texts(archived_entries(archive_of(sana.home, "sana"), "skii"))
    assert fingerprints(held) == fingerprints([*said, "and that is all"])


def test_a_senders_disk(people: People) -> None:
    """What couldn't be written down isn't sent; what was acknowledged has arrived."""
    sana, aysha = people.pipe("sana"), people.pipe("aysha", command="join")
    acquaint(sana, aysha)
    assert aysha.stop() == ExitStatus.DONE
    give_room(aysha, ROOM_BYTES)
    aysha.start()
    aysha.expect(WELCOME)
    said = [f"{number} {LONG}" for number in range(MESSAGES)]
    for text in said:
        aysha.type(f"send sana {text}")
    aysha.expect_error(STORAGE_FAILED)
    assert aysha.exit_status() == ExitStatus.STORAGE
    assert len(aysha.errors) == 1
    acknowledged = aysha.lines.count(">>> [Message received by sana.]")

    give_all_room(aysha)
    aysha.start()
    aysha.expect(WELCOME)
    aysha.type("send sana and that is all")
    sana.expect(">>> aysha: and that is all")
    received = [message.body for message in private_received(archive_of(sana.home, "sana"))]
    assert 0 < acknowledged < MESSAGES
    assert fingerprints(received[:-1]) == fingerprints(said[: len(received) - 1])
    assert len(received) - 1 >= acknowledged


def test_a_clients_disk_at_its_start(people: People) -> None:
    sana = people.pipe("sana")
    assert sana.stop() == ExitStatus.DONE
    give_room(sana, TOO_LITTLE_BYTES)
    sana.start()
    sana.expect_error(CANNOT_USE)
    assert sana.exit_status() == ExitStatus.STORAGE
    assert len(sana.errors) == 1
    give_all_room(sana)
    sana.start()
    sana.expect(WELCOME)
