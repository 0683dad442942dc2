"""Issue 2, seen 11: the network between client and server goes away for 20 s and comes back. RULES A2, A4, A6, B7."""

import pytest

from chatapp.model.messages import Cursors, Entry, Joined, JoinGroup
from harness.archives import Held, texts
from harness.people import People
from harness.pipes import PipeClient
from harness.server import Server
from harness.stage import Stage
from harness.wire import WireClient

from .words import (
    ENTERED,
    LOST,
    REGAINED,
    REMOVED,
    SENT,
    TABLE_UPDATED,
    agreed_log,
    gather,
    lines_for,
    removed,
    said,
)

WELL = said("aysha", "all is well")
GONE_S = 20
BRIEFLY_S = 5
ATTENTIVE_S = 4
"""Instead of the usual 20 s until an idle connection is pinged: so a client at rest notices before all is over."""


def observer(people: People) -> WireClient:
    """Somebody else in the group, who is told of everybody's acknowledgements."""
    wire = people.wire("zoe")
    wire.ask(JoinGroup(wire.fresh_id(), "skii"), Joined)
    return wire


def news(person: PipeClient, after: str) -> list[str]:
    """The lines on somebody's screen after that one, but for the table's and the acknowledgements."""
    return [line for line in person.lines[person.lines.index(after) + 1 :] if line not in (TABLE_UPDATED, SENT)]


def settle(observer: WireClient, *people: PipeClient) -> None:
    """All is quiet: the newest message is acknowledged by everybody, as the observer in the group is told."""
    people[0].type("send_group all is well")
    seq = observer.expect(Entry, lambda entry: entry.body == "all is well").seq
    waiting = {(person.name, seq) for person in people}
    while waiting:
        waiting -= set(observer.expect(Cursors).named)
    for person in people[1:]:
        person.expect(WELL)


def after_settling(log: list[Held]) -> list[Held]:
    """What came after all was well."""
    return log[[entry.body for entry in log].index("all is well") + 1 :]


def test_who_is_missed_comes_back_when_all_was_dropped(stage: Stage, server: Server, people: People) -> None:
    proxy = stage.proxy(server)
    aysha, sana = people.pipe("aysha"), people.pipe("sana", via=proxy)
    haider = people.pipe("haider", via=proxy, keep_alive_s=ATTENTIVE_S)
    sarah = people.pipe("sarah", command="join", via=proxy)
    gather(aysha, sana, haider, sarah)
    settle(observer(people), aysha, sana, haider, sarah)

    with proxy.black_hole_for(GONE_S):
        sarah.type("send_group is anybody there?")
        sarah.type("send_group hello?")
        aysha.type("send_group where are they?")
        aysha.expect_in_any_order(removed("sana"), removed("haider"), removed("sarah"))
        aysha.type("send_group gone")
        for person in (haider, sarah):
            person.expect(LOST)

    sarah.expect(SENT, SENT)
    for person in (sana, haider):
        person.expect(said("sarah", "hello?"))
    log = agreed_log(server, aysha, sana, haider, sarah)
    assert sorted(texts(after_settling(log))) == sorted(
        ["where are they?", "gone", "is anybody there?", "hello?", "that is all"]
    )
    for person in (haider, sarah):
        lines = [LOST, REGAINED, REMOVED, ENTERED, *lines_for(person.name, after_settling(log))]
        assert news(person, WELL)[: len(lines)] == lines
    # She was told nothing until the network was back; then the server's farewell was there, or the connection wasn't.
    assert [line for line in news(sana, WELL) if line in (REMOVED, ENTERED)] == [REMOVED, ENTERED]


def test_who_is_missed_comes_back_when_half_open(stage: Stage, server: Server, people: People) -> None:
    proxy = stage.proxy(server)
    aysha = people.pipe("aysha")
    haider = people.pipe("haider", via=proxy, keep_alive_s=ATTENTIVE_S)
    sarah = people.pipe("sarah", command="join", via=proxy)
    gather(aysha, haider, sarah)
    settle(observer(people), aysha, haider, sarah)

    with proxy.black_hole_for(GONE_S):
        proxy.half_open(closed="server")  # their own ends stand, and nobody is at the other
        sarah.type("send_group is anybody there?")
        aysha.expect_in_any_order(removed("haider"), removed("sarah"))
        aysha.type("send_group where are they?")
        for person in (haider, sarah):
            person.expect(LOST)

    sarah.expect(SENT)
    haider.expect(said("sarah", "is anybody there?"))
    log = agreed_log(server, aysha, haider, sarah)
    assert texts(after_settling(log)) == ["where are they?", "is anybody there?", "that is all"]
    for person in (haider, sarah):
        lines = [LOST, REGAINED, REMOVED, ENTERED, *lines_for(person.name, after_settling(log))]
        assert news(person, WELL)[: len(lines)] == lines


@pytest.mark.parametrize("half_open", [False, True], ids=["all dropped", "half open"])
def test_whom_nobody_missed_was_never_away(stage: Stage, server: Server, people: People, half_open: bool) -> None:
    proxy = stage.proxy(server)
    aysha, haider = people.pipe("aysha"), people.pipe("haider", via=proxy)
    sarah = people.pipe("sarah", command="join", via=proxy)
    gather(aysha, haider, sarah)
    settle(observer(people), aysha, haider, sarah)

    with proxy.black_hole_for(BRIEFLY_S):
        if half_open:
            proxy.half_open(closed="client")  # the server sees connections at rest
        sarah.type("send_group is anybody there?")  # may come by two connections to the server
        sarah.expect(LOST)
    sarah.expect(REGAINED, SENT)
    haider.expect(said("sarah", "is anybody there?"))
    log = agreed_log(server, aysha, haider, sarah)
    assert after_settling(log) == [
        Held(len(log) - 1, "sarah", "text", "is anybody there?"),
        Held(len(log), "aysha", "text", "that is all"),
    ]
    reconnected = [LOST, REGAINED]
    assert news(haider, WELL) == [*(reconnected if half_open else []), *lines_for("haider", log[-2:])]
    assert news(sarah, WELL)[:3] == [*reconnected, *lines_for("sarah", log[-2:])]
