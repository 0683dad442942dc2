"""CLASSIC: `send`, from person to person."""

from harness.archives import archive_of, private_received, private_sent
from harness.people import People
from harness.server import Server
from harness.stage import Stage

from .words import (
    BROADCAST,
    CLIENTS,
    DEREGISTERED,
    LEFT,
    REGISTERED,
    TABLE_UPDATED,
    WELCOME,
    Gather,
    enter,
    exchange,
    expect_all,
    not_delivered_to,
    received_by,
)


def test_a_message_and_its_answer(gather: Gather) -> None:
    aysha, sana, sarah = gather("aysha", "sana", "sarah")
    exchange(aysha, "send sana hello there", received_by("sana"))
    sana.expect(">>> aysha: hello there")
    exchange(sana, "send aysha hello yourself", received_by("aysha"))
    aysha.expect(">>> sana: hello yourself")
    exchange(aysha, "send Sana whatever the case", received_by("sana"))
    sana.expect(">>> aysha: whatever the case")
    exchange(aysha, "send sarah a marker", received_by("sarah"))
    sarah.expect(">>> aysha: a marker")
    assert not [line for line in sarah.lines if "hello" in line]


TEXTS = ["  two blanks before and  between ", "a\ttab", " ", ">>> aysha: forged", "send sana hi"]


def test_the_text_is_all_behind_one_blank_unchanged(gather_in_pipes: Gather) -> None:
    aysha, sana = gather_in_pipes("aysha", "sana")
    for text in TEXTS:
        exchange(aysha, f"send sana {text}", received_by("sana"))
        sana.expect(f">>> aysha: {text}")
    assert [message.body for message in private_received(archive_of(sana.home, "sana"))] == TEXTS


def test_refusals(gather: Gather) -> None:
    aysha, sana = gather("aysha", "sana")
    exchange(aysha, "send", ">>> Need to include username")
    exchange(aysha, "send sana", ">>> Need to include a message")
    exchange(aysha, "send nobody hi", ">>> Incorrect username provided")
    exchange(aysha, "send aysha hi", ">>> You cannot send to yourself")
    enter(aysha)
    exchange(aysha, "send sana hi", ">>> Cannot send a private message while you are in a group")
    exchange(aysha, "send", ">>> Cannot send a private message while you are in a group")
    exchange(aysha, "leave_group", LEFT)
    exchange(aysha, "send sana a marker", received_by("sana"))
    sana.expect(">>> aysha: a marker")
    assert [message.body for message in private_sent(archive_of(aysha.home, "aysha"))] == ["a marker"]


def test_it_waits_for_somebody_who_is_away_and_arrives_once(people: People) -> None:
    texts = ["one", "two"]
    sana, _ = people.pipe("sana"), people.pipe("haider")
    aysha = people.pipe("aysha")
    exchange(aysha, "send haider hi", received_by("haider"))
    exchange(aysha, "send sana hi", received_by("sana"))
    assert sana.stop() == 0
    for text in texts:
        exchange(aysha, f"send sana {text}", *not_delivered_to("sana"))
    exchange(aysha, "send haider marker", received_by("haider"))
    sana.start()
    sana.expect(*(f">>> aysha: {text}" for text in texts))
    aysha.expect(*[received_by("sana")] * len(texts))
    exchange(aysha, "send sana at once", received_by("sana"))
    sana.expect(">>> aysha: at once")
    arrived = [line for line in sana.lines if line.startswith(">>> aysha")]
    assert arrived == [f">>> aysha: {text}" for text in ("hi", *texts, "at once")]
    heard = [line for line in aysha.lines if "sana" in line and "send" not in line]
    told = [received_by("sana")]
    assert heard == [*told, *not_delivered_to("sana") * len(texts), *told * len(texts), *told]


def test_it_reaches_who_has_not_heard_of_the_sender_yet(stage: Stage) -> None:
    """A script registers and sends at once; the roster's push to the recipient is a second away."""
    server = stage.server(roster_interval_s=1)
    people = stage.people(server)
    sana = people.pipe("sana")
    server.expect(REGISTERED, BROADCAST)
    aysha = people.pipe("aysha", welcome=False)
    aysha.type("send sana hello there")
    aysha.end_of_input()
    assert aysha.exit_status() == 0
    assert aysha.lines[-1] == received_by("sana")
    sana.expect(">>> aysha: hello there")


def test_what_was_not_delivered_goes_out_at_the_next_start(server: Server, people: People) -> None:
    sana, aysha = people.pipe("sana"), people.pipe("aysha")
    exchange(aysha, "send sana hi", received_by("sana"))
    sana.expect(">>> aysha: hi")
    assert sana.stop() == 0
    exchange(aysha, "send sana one", *not_delivered_to("sana"))
    assert aysha.stop() == 0
    server.expect(DEREGISTERED, DEREGISTERED)
    before = len(sana.lines)
    sana.start()
    sana.expect(TABLE_UPDATED)
    exchange(sana, "list_clients", CLIENTS, ">>> aysha  offline", ">>> sana  online")
    assert ">>> aysha: one" not in sana.lines
    aysha.start()
    expect_all(aysha, WELCOME, received_by("sana"))  # whichever is faster: the message needs no server
    sana.expect(">>> aysha: one")
    exchange(aysha, "send sana two", received_by("sana"))
    sana.expect(">>> aysha: two")
    assert [line for line in sana.lines[before:] if "aysha:" in line] == [">>> aysha: one", ">>> aysha: two"]
