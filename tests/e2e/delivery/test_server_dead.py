"""Issue 2, seen 3: with the server dead, people go on talking privately. RULES C1, C2; CLASSIC, starting."""

from harness.archives import Private, archive_of, private_received, private_sent
from harness.people import WELCOME, People
from harness.pipes import PipeClient
from harness.server import Server

from .words import DEAD, LOST, NOT_DELIVERED, REGAINED, TABLE_UPDATED, received_by

MANY = 20


def talk(sender: PipeClient, recipient: PipeClient, about: str) -> list[str]:
    """Sends many messages as fast as they can be typed; each is acknowledged, and they come in order, once."""
    texts = [f"{about} {number}" for number in range(MANY)]
    for text in texts:
        sender.type(f"send {recipient.name} {text}")
    sender.expect(*[received_by(recipient.name)] * MANY)
    recipient.expect(*(f">>> {sender.name}: {text}" for text in texts))
    return texts


def heard_from(name: str, person: PipeClient) -> list[str]:
    """The private messages from somebody on a screen; those that a kill may have repeated are marked and left out."""
    start = f">>> {name}: "
    return [line.removeprefix(start) for line in person.lines if line.startswith(start)]


def test_with_the_server_dead_people_talk_privately_restarted_or_not(server: Server, people: People) -> None:
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    aysha.expect(TABLE_UPDATED, TABLE_UPDATED)  # she knows herself, then sana
    sana.expect(TABLE_UPDATED)
    server.kill9()
    for person in (aysha, sana):
        person.expect(LOST)
    to_sana = talk(aysha, sana, "is the server dead?")
    to_aysha = talk(sana, aysha, "it is, we are not")

    assert aysha.stop() == 0
    sana.kill9()
    for person in (aysha, sana):
        person.start()
        person.expect(DEAD)
    to_aysha += talk(sana, aysha, "I was killed")
    to_sana += talk(aysha, sana, "I went home")

    server.start()
    for person in (aysha, sana):
        person.expect(WELCOME)
    to_sana += talk(aysha, sana, "the server is back")
    for person, other, sent, received in ((aysha, "sana", to_sana, to_aysha), (sana, "aysha", to_aysha, to_sana)):
        archive = archive_of(person.home, person.name)
        assert private_sent(archive) == [Private(other, text, "acked") for text in sent]
        assert [(message.who, message.body) for message in private_received(archive)] == [
            (other, text) for text in received
        ]
        assert heard_from(other, person) == received


def test_what_nobody_took_waits_for_the_recipient_with_the_server_dead(server: Server, people: People) -> None:
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    aysha.expect(TABLE_UPDATED, TABLE_UPDATED)
    assert sana.stop() == 0
    aysha.expect(TABLE_UPDATED)  # for all that the server says, sana is offline
    server.kill9()
    aysha.expect(LOST)
    for text in ("are you there?", "are you there now?"):
        aysha.type(f"send sana {text}")
        aysha.expect(*NOT_DELIVERED)
    sana.start()
    sana.expect_in_any_order(DEAD, ">>> aysha: are you there?", ">>> aysha: are you there now?")
    aysha.expect(*[received_by("sana")] * 2)
    talk(sana, aysha, "now I am")
    assert heard_from("aysha", sana) == ["are you there?", "are you there now?"]


def test_who_did_not_restart_is_connected_again(server: Server, people: People) -> None:
    aysha = people.pipe("aysha")
    server.kill9()
    aysha.expect(LOST)
    server.start()
    aysha.expect(REGAINED)
    aysha.type("create_group skii")
    aysha.expect(">>> [Group skii created by Server.]")
