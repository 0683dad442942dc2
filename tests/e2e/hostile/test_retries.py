"""A request whose answer was lost is sent again under the same id: the first answer, and one effect."""

import pytest

from chatapp.model.messages import (
    Created,
    CreateGroup,
    Entry,
    Joined,
    JoinGroup,
    LeaveGroup,
    Left,
    Message,
    Request,
    SendGroup,
    Stored,
)
from harness.archives import archive_of, archived_entries, stored_entries, texts
from harness.people import People
from harness.pipes import PipeClient
from harness.proxy import TcpProxy
from harness.server import Server
from harness.stage import Stage

from .gathering import ENTERED, MARKER, RECEIVED, acquaint, gather, gather_wires

NEVER_S = 3600.0
"""What is delayed so long is lost: the connection is cut before."""
STEPS = [("created", "skii"), ("joined", ""), ("text", "hello"), ("left", "left")]


def log_of(server: Server) -> list[tuple[str, str]]:
    return [(entry.kind, entry.body) for entry in stored_entries(server.data, "skii")]


class Forgetful:
    """A bare speaker that makes every request twice, each time on another connection, as if it had lost the answer."""

    def __init__(self, people: People, server: Server, *, restarts: bool) -> None:
        self._people, self._server, self._restarts = people, server, restarts
        self.wire = people.wire("aysha", acks=False)

    def asks(self, request: Request) -> list[Message]:
        first = self.wire.ask(request, Message)
        same = self.wire.ask(request, Message)
        if self._restarts:
            self._server.kill9()
            self._server.start()
        else:
            self.wire.abort()
        self.wire = self._people.wire("aysha", identity=self.wire.identity, acks=False)
        return [first, same, self.wire.ask(request, Message)]


@pytest.mark.parametrize("restarts", [False, True], ids=["a new connection", "a new server"])
def test_create_join_send_and_leave_get_their_first_answer(server: Server, people: People, restarts: bool) -> None:
    ids = people.wire("ids")  # whose ids they are doesn't matter: they are aysha's by her connection
    aysha = Forgetful(people, server, restarts=restarts)

    created = aysha.asks(CreateGroup(ids.fresh_id(), "skii"))
    assert isinstance(created[0], Created)
    group = created[0].group
    joined = aysha.asks(JoinGroup(ids.fresh_id(), "skii"))
    assert all(isinstance(answer, Joined) and answer.start == 1 for answer in joined)
    stored = aysha.asks(SendGroup(ids.fresh_id(), group, "hello"))
    assert isinstance(stored[0], Stored)
    left = aysha.asks(LeaveGroup(ids.fresh_id(), group))
    assert isinstance(left[0], Left)

    for answers in (created, stored, left):
        assert answers == answers[:1] * 3
    assert log_of(server) == STEPS


def test_a_burst_repeated_as_a_whole_is_stored_once(people: People, server: Server) -> None:
    """What an outbox does after a reconnection: everything unanswered once more, in order, mixed with new messages."""
    aysha, sana = people.wire("aysha"), people.wire("sana")
    group = gather_wires(aysha, sana)
    burst = [SendGroup(aysha.fresh_id(), group, f"number {n}") for n in range(200)]
    for request in burst:
        aysha.send(request)
    aysha.abort()  # some of it may never have left

    again = people.wire("aysha", identity=aysha.identity)
    again.ask(JoinGroup(aysha.fresh_id(), "skii"), Joined)
    for request in burst:
        again.send(request)
    again.ask(SendGroup(aysha.fresh_id(), group, MARKER), Stored)
    seqs = [again.answer(request.id, Stored).seq for request in burst]
    assert seqs == list(range(seqs[0], seqs[0] + len(burst)))
    said = [request.body for request in burst] + [MARKER]
    assert texts(stored_entries(server.data, "skii")) == said
    assert [sana.expect(Entry, lambda entry: entry.kind == "text").body for _ in said] == said


def loses_the_answer(person: PipeClient, server: Server, path: TcpProxy, typed: str, done: str, *lines: str) -> None:
    """Types it while no answer gets through; when the server has done it, the connection is cut, and mended."""
    path.delay(NEVER_S, "client")
    person.type(typed)
    server.expect(done)
    path.cut()
    path.heal()
    person.expect(*lines)


def test_a_client_that_lost_every_answer_does_each_thing_once(stage: Stage) -> None:
    server = stage.server(ack_timeout_s=10.0)
    people, path = stage.people(server), stage.proxy(server)
    sana, aysha = people.pipe("sana"), people.pipe("aysha", command="join", via=path, ack_timeout_s=10.0)
    acquaint(sana, aysha)

    loses_the_answer(
        aysha,
        server,
        path,
        "create_group skii",
        ">>> [Client aysha created group skii successfully]",
        ">>> [Group skii created by Server.]",
    )
    sana.type("join_group skii")
    sana.expect(ENTERED)
    loses_the_answer(aysha, server, path, "join_group skii", ">>> [Client aysha joined group skii]", ENTERED)
    sana.expect(">>> (skii) [aysha joined.]")
    loses_the_answer(aysha, server, path, "send_group hello", ">>> [Client aysha sent group message]", RECEIVED)
    sana.expect(">>> (skii) Group_Message <aysha>: hello")
    loses_the_answer(
        aysha, server, path, "leave_group", ">>> [Client aysha left group skii]", ">>> [Leave group chat skii.]"
    )
    sana.expect(">>> (skii) [aysha left.]")
    sana.type(f"send_group {MARKER}")
    sana.expect(RECEIVED)

    for line in (">>> [Group skii created by Server.]", ENTERED, RECEIVED, ">>> [Leave group chat skii.]"):
        assert aysha.lines.count(line) == 1
    assert [line for line in sana.lines if "aysha" in line] == [
        ">>> (skii) [aysha joined.]",
        ">>> (skii) Group_Message <aysha>: hello",
        ">>> (skii) [aysha left.]",
    ]
    mine = [entry for entry in stored_entries(server.data, "skii") if entry.by == "aysha"]
    assert [(entry.kind, entry.body) for entry in mine] == STEPS
    held = archived_entries(archive_of(aysha.home, "aysha"), "skii")
    assert [(entry.kind, entry.body) for entry in held if entry.by == "aysha"] == STEPS[1:3]


def test_who_was_removed_before_the_leave_arrived_doesnt_come_back(stage: Stage) -> None:
    server = stage.server(ack_timeout_s=0.2, probes=2)
    people, path = stage.people(server), stage.proxy(server)
    sana, aysha = people.pipe("sana"), people.pipe("aysha", command="join", via=path, ack_timeout_s=10.0)
    gather(sana, aysha)

    path.black_hole()
    aysha.type("leave_group")
    path.wait_for_withheld(1, "server")
    sana.type("send_group where are you?")
    sana.expect(">>> (skii) [aysha did not respond and was removed.]")
    path.cut()
    path.heal()
    aysha.expect(">>> [Leave group chat skii.]")
    aysha.type("create_group wave")
    aysha.expect(">>> [Group wave created by Server.]")

    assert [entry.kind for entry in stored_entries(server.data, "skii") if entry.by == "aysha"] == ["joined", "left"]
    assert not [line for line in aysha.lines if "removed" in line]
