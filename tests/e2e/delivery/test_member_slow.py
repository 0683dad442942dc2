"""Issue 2, seen 4: who is slow, or was silent because the server was, isn't removed. RULES A5, B6."""

from chatapp.model.limits import MIB
from harness.archives import Held, texts
from harness.people import People
from harness.server import Server
from harness.stage import Stage

from .words import LOST, REGAINED, SENT, agreed_log, gather, said

DELAY_EACH_WAY_S = 0.4
SLOW_BYTES_PER_S = 300_000


def assert_nobody_left(log: list[Held]) -> None:
    """Nobody was removed."""
    assert [entry for entry in log if entry.kind == "left"] == []


def test_a_member_with_a_round_trip_of_800_ms_stays(stage: Stage) -> None:
    server = stage.server(ack_timeout_s=0.1, probes=1)  # judged by that alone, one is removed after 0.4 s
    people = stage.people(server)
    proxy = stage.proxy(server)
    proxy.delay(DELAY_EACH_WAY_S)
    aysha, sana = people.pipe("aysha", via=proxy), people.pipe("sana", via=proxy)
    gather(aysha, sana)
    for number in range(3):
        aysha.type(f"send_group ping {number}")
        sana.expect(said("aysha", f"ping {number}"))
        sana.type(f"send_group pong {number}")
        aysha.expect(said("sana", f"pong {number}"))
    assert_nobody_left(agreed_log(server, aysha, sana))


def test_a_member_that_drains_a_large_backlog_slowly_stays(stage: Stage, server: Server, people: People) -> None:
    proxy = stage.proxy(server)
    aysha, sana = people.pipe("aysha"), people.pipe("sana", via=proxy)
    gather(aysha, sana)
    proxy.throttle(SLOW_BYTES_PER_S, towards="client")
    large = [character * (MIB - 64) for character in "abcde"]  # each takes longer than a silent member has
    for text in large:
        aysha.type(f"send_group {text}")
        aysha.expect(SENT)
    sana.expect(*(said("aysha", text) for text in large))
    proxy.heal()
    log = agreed_log(server, aysha, sana)
    assert_nobody_left(log)
    assert texts(log) == [*large, "that is all"]


def test_nobody_is_removed_because_the_server_was_suspended(stage: Stage, server: Server, people: People) -> None:
    proxy = stage.proxy(server)
    aysha, haider = people.pipe("aysha"), people.pipe("haider")
    sana, sarah = people.pipe("sana", via=proxy), people.pipe("sarah", command="join")
    gather(aysha, haider, sana, sarah)
    proxy.refuse()
    proxy.cut()
    sana.expect(LOST)
    assert server.metric("chatapp_sessions") == 3  # her time to come back has begun
    aysha.type("send_group before")
    aysha.expect(SENT)
    haider.expect(said("aysha", "before"))
    with server.suspended_for(10):
        proxy.heal()
        sarah.type("send_group during")
    sarah.expect(SENT)
    sana.expect(REGAINED, said("aysha", "before"))
    for person in (aysha, haider, sana):
        person.expect(said("sarah", "during"))
    assert server.metric("chatapp_stalls_total") >= 1
    assert_nobody_left(agreed_log(server, sarah, aysha, haider, sana))
