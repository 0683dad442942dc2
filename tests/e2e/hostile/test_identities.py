"""A name belongs to the first identity that registered it: for the server, and for the friends who knew the first."""

from chatapp.model.errors import ExitStatus
from chatapp.model.messages import Dereg, Refused
from harness.archives import archive_of, private_received
from harness.people import WELCOME, People
from harness.server import Server
from harness.stage import Stage

from .gathering import TABLE_UPDATED, acquaint
from .losses import KEY_CHANGED, lose_database

NAME_USED = ">>> [Cannot register with a name already used.]"
HELD_BACK = ["is it you?", "I doubt it"]


def test_a_taken_name_is_refused_to_another_identity(stage: Stage, server: Server, people: People) -> None:
    aysha = people.pipe("aysha")
    elsewhere = stage.people(server, homes="elsewhere")
    impostor = elsewhere.pipe("aysha", welcome=False)
    impostor.expect(NAME_USED)
    assert impostor.exit_status() == ExitStatus.GONE
    assert WELCOME not in impostor.lines

    stranger = people.wire("aysha", log_in=False)
    stranger.send(stranger.registration())
    assert stranger.expect(Refused).code == "name_taken"
    stranger.expect_close()
    for folded in ("AYSHA", "ａｙｓｈａ"):  # names that look the same are the same
        stranger = people.wire(folded, log_in=False)
        stranger.send(stranger.registration())
        assert stranger.expect(Refused).code == "bad_name"

    aysha.type("list_clients")
    aysha.expect(">>> aysha  online")
    assert server.metric('chatapp_refusals_total{code="name_taken"}') == 2


def test_a_log_in_that_somebody_else_signed_is_refused(server: Server, people: People) -> None:
    sana = people.wire("sana")
    stolen = sana.identity.public.hex()
    for fields in ({"key": stolen}, {"signature": "00" * 64}, {"signature": ""}, {"key": "00" * 32}, {"key": "zz"}):
        stranger = people.wire("sana", log_in=False)
        stranger.send(stranger.registration(**fields))
        assert stranger.expect(Refused).code == "bad_signature"
        stranger.expect_close()

    overheard, thief = people.wire("sana", identity=sana.identity, log_in=False), people.wire("sana", log_in=False)
    thief.send(overheard.registration())  # a right log-in, for another connection's challenge
    assert thief.expect(Refused).code == "bad_signature"
    assert sana.ask(Dereg(sana.fresh_id(), "nobody"), Refused).code == "no_such_name"  # she is still there
    assert server.metric('chatapp_refusals_total{code="bad_signature"}') == 6


def test_nobody_can_deregister_somebody_else(people: People) -> None:
    sana, mallory = people.pipe("sana"), people.pipe("mallory")
    acquaint(sana, mallory)
    mallory.type("dereg sana")
    mallory.expect(">>> You can only deregister yourself")
    wire = people.wire("wire")
    assert wire.ask(Dereg(wire.fresh_id(), "sana"), Refused).code == "not_yours"

    mallory.type("send sana still there?")
    mallory.expect(">>> [Message received by sana.]")
    mallory.type("list_clients")
    mallory.expect(">>> sana  online")
    sana.expect(">>> mallory: still there?")


def test_a_friend_hears_of_a_changed_key_and_nothing_passes_until_it_is_trusted(
    stage: Stage, server: Server, people: People
) -> None:
    sana, aysha = people.pipe("sana", command="join"), people.pipe("aysha", command="join")
    acquaint(sana, aysha)
    aysha.type("send sana hello")
    aysha.expect(">>> [Message received by sana.]")
    sana.kill9()
    lose_database(server)
    aysha.expect(">>> [Connected again.]")

    other = stage.people(server, homes="elsewhere").pipe("sana")
    aysha.expect(KEY_CHANGED)
    other.expect(TABLE_UPDATED)
    aysha.type("send sana is it you?")
    aysha.expect(KEY_CHANGED)
    aysha.kill9()
    aysha.start()
    aysha.expect(WELCOME, KEY_CHANGED)
    aysha.type("send sana I doubt it")
    aysha.expect(KEY_CHANGED)
    other.type("send aysha it is me")
    other.expect(">>> [No ACK from aysha, message not delivered]")
    aysha.type("list_clients")
    aysha.expect(">>> sana  online")
    assert [line for line in [*other.lines, *aysha.lines] if line.startswith((">>> aysha:", ">>> sana:"))] == []

    aysha.type("trust sana")
    aysha.expect(">>> [The new key of sana is trusted.]")
    other.expect_in_any_order(">>> aysha: is it you?", ">>> aysha: I doubt it", ">>> [Message received by aysha.]")
    aysha.expect_in_any_order(">>> sana: it is me", ">>> [Message received by sana.]")
    assert [message.body for message in private_received(archive_of(other.home, "sana"))] == HELD_BACK
    aysha.type("trust sana")
    aysha.expect(">>> The key of sana has not changed")


def test_who_had_a_name_first_is_refused_once_somebody_else_has_it(
    stage: Stage, server: Server, people: People
) -> None:
    path_of_sana = stage.proxy(server)
    sana = people.pipe("sana", command="join", via=path_of_sana)
    path_of_sana.refuse()
    lose_database(server)
    sana.expect(">>> [Server not responding, reconnecting.]")
    stage.people(server, homes="elsewhere").pipe("sana")

    path_of_sana.heal()
    sana.expect(NAME_USED)
    assert sana.exit_status() == ExitStatus.GONE
