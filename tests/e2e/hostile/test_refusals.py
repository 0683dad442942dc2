"""What isn't one's own to do is refused with a reason, and nobody else notices: groups, speakers and ids of others."""

import shutil
from collections.abc import Sequence

import msgspec

from chatapp.model.errors import ExitStatus
from chatapp.model.messages import (
    Created,
    CreateGroup,
    Entries,
    Entry,
    History,
    Joined,
    JoinGroup,
    LeaveGroup,
    Left,
    ListMembers,
    Members,
    Refused,
    SendGroup,
    Stored,
)
from harness.archives import stored_entries, texts
from harness.people import People
from harness.server import Server

from .gathering import RECEIVED, gather, gather_wires

NOT_A_MEMBER = ("not_member", "You are not in that group.")
NO_IDS = (
    "",
    "1",
    "-1",
    "1-1",
    f"{1:016x}-0",
    f"{1:016x}-01",
    f"{1:016x}-{1 << 53}",
    f"{1 << 63:016x}-1",
    f"{1:017x}-1",
)


def refusal(refused: Refused) -> tuple[str, str]:
    return refused.code, refused.text


def text_entries(messages: Sequence[object]) -> list[Entry]:
    return [message for message in messages if isinstance(message, Entry) and message.kind == "text"]


def test_outside_there_is_no_history_no_member_list_and_no_push(people: People) -> None:
    aysha, mallory = people.wire("aysha"), people.wire("mallory")
    group = gather_wires(aysha)
    aysha.ask(SendGroup(aysha.fresh_id(), group, "among ourselves"), Stored)

    def intrude() -> None:
        for request in (
            History(mallory.fresh_id(), group, 1, 1000),
            ListMembers(mallory.fresh_id(), group),
            SendGroup(mallory.fresh_id(), group, "let me in"),
            LeaveGroup(mallory.fresh_id(), group),
        ):
            assert refusal(mallory.ask(request, Refused)) == NOT_A_MEMBER

    intrude()
    mallory.ask(JoinGroup(mallory.fresh_id(), "skii"), Joined)
    mallory.ask(LeaveGroup(mallory.fresh_id(), group), Left)
    before = len(text_entries(mallory.received))
    aysha.ask(SendGroup(aysha.fresh_id(), group, "among ourselves again"), Stored)
    intrude()  # nor for somebody who was in it once
    mallory.ask(CreateGroup(mallory.fresh_id(), "elsewhere"), Created)
    mallory.ask(JoinGroup(mallory.fresh_id(), "elsewhere"), Joined)
    intrude()  # nor for somebody who is in another one

    assert text_entries(mallory.received)[before:] == []
    assert not any(isinstance(message, Entries | Members) for message in mallory.received)
    history = aysha.ask(History(aysha.fresh_id(), group, 1, 1000), Entries).entries
    assert [entry.body for entry in history if entry.kind == "text"] == ["among ourselves", "among ourselves again"]


def test_nobody_is_in_two_groups(people: People) -> None:
    sana, aysha = people.pipe("sana"), people.pipe("aysha")
    gather(sana, aysha)
    sana.type("join_group skii")
    sana.expect(">>> Cannot join another group while you are in a group")
    sana.type("create_group wave")
    sana.expect(">>> Cannot create a new group while you are in a group")

    wire, other = people.wire("wire"), people.wire("other")
    skii = wire.ask(JoinGroup(wire.fresh_id(), "skii"), Joined).group
    wave = other.ask(CreateGroup(other.fresh_id(), "wave"), Created).group
    in_group = ("in_group", "You are in a group; leave it first.")
    assert refusal(wire.ask(JoinGroup(wire.fresh_id(), "wave"), Refused)) == in_group
    assert refusal(wire.ask(CreateGroup(wire.fresh_id(), "third"), Refused)) == in_group
    assert refusal(wire.ask(SendGroup(wire.fresh_id(), wave, "from skii"), Refused)) == NOT_A_MEMBER
    assert wire.ask(ListMembers(wire.fresh_id(), skii), Members).names == ("aysha", "sana", "wire")


def test_a_message_is_its_senders_whatever_it_says(server: Server, people: People) -> None:
    """There is no field in which to be somebody else; one that is made up is ignored, as every unknown field is."""
    sana, mallory = people.pipe("sana"), people.wire("mallory")
    gather(sana)
    group = mallory.ask(JoinGroup(mallory.fresh_id(), "skii"), Joined).group
    request = msgspec.to_builtins(SendGroup(mallory.fresh_id(), group, "I owe mallory 100"))
    forged = {"by": "sana", "name": "sana", "client": 1, "seq": 1, "kind": "left", "key": "00", "session": 1}
    mallory.send_raw(msgspec.json.encode(request | forged))
    stored = mallory.answer(request["id"], Stored)
    entry = mallory.expect(Entry, lambda entry: entry.seq == stored.seq)
    assert (entry.by, entry.kind, entry.body) == ("mallory", "text", "I owe mallory 100")
    sana.expect(">>> (skii) Group_Message <mallory>: I owe mallory 100")
    assert stored_entries(server.data, "skii")[-1].by == "mallory"


def test_an_id_belongs_to_whoever_used_it(people: People) -> None:
    """The same id in two people's hands means two things: neither is taken for the other's retry."""
    aysha, mallory = people.wire("aysha"), people.wire("mallory")
    group = gather_wires(aysha, mallory)
    id = aysha.fresh_id()
    first = aysha.ask(SendGroup(id, group, "hello"), Stored)
    second = mallory.ask(SendGroup(id, group, "hello"), Stored)
    assert second.seq == first.seq + 1
    assert [mallory.expect(Entry, lambda entry: entry.kind == "text").by for _ in range(2)] == ["aysha", "mallory"]


def test_an_id_that_comes_again_with_other_content_is_refused(server: Server, people: People) -> None:
    aysha = people.wire("aysha")
    wave = aysha.ask(CreateGroup(aysha.fresh_id(), "wave"), Created).group
    create, join, send, leave = (aysha.fresh_id() for _ in range(4))
    skii = aysha.ask(CreateGroup(create, "skii"), Created).group
    aysha.ask(JoinGroup(join, "skii"), Joined)
    aysha.ask(SendGroup(send, skii, "hello"), Stored)

    def reuse() -> None:
        for request in (
            CreateGroup(create, "other"),
            SendGroup(create, skii, "skii"),
            JoinGroup(join, "wave"),
            LeaveGroup(join, skii),
            SendGroup(send, skii, "hello "),
            SendGroup(send, wave, "hello"),
            CreateGroup(send, "hello"),
            JoinGroup(send, "skii"),
        ):
            assert aysha.ask(request, Refused).code == "id_conflict"

    reuse()
    aysha.ask(LeaveGroup(leave, skii), Left)
    reuse()
    for request in (LeaveGroup(leave, wave), JoinGroup(leave, "skii"), SendGroup(leave, skii, "left")):
        assert aysha.ask(request, Refused).code == "id_conflict"
    assert server.metric('chatapp_refusals_total{code="id_conflict"}') == 19

    assert [entry.kind for entry in stored_entries(server.data, "skii")] == ["created", "joined", "text", "left"]
    assert [entry.kind for entry in stored_entries(server.data, "wave")] == ["created"]


def test_a_client_whose_archive_was_restored_from_a_copy_loses_nothing(server: Server, people: People) -> None:
    """Its ids come a second time with other content: it begins anew with another installation number."""
    sana, aysha = people.pipe("sana", command="join"), people.pipe("aysha", command="join")
    gather(sana, aysha)
    copy = aysha.home.with_name("copy")
    aysha.end_of_input()
    assert aysha.exit_status() == ExitStatus.DONE
    shutil.copytree(aysha.home, copy)
    aysha.start()
    for line in ("create_group wave", "join_group skii", "send_group before"):
        aysha.type(line)
    sana.expect(">>> (skii) Group_Message <aysha>: before")
    aysha.end_of_input()
    assert aysha.exit_status() == ExitStatus.DONE

    restored = people.pipe("aysha", command="join", home="copy")
    for line in ("join_group skii", "send_group after", "send_group and once more"):
        restored.type(line)
    restored.expect(RECEIVED, RECEIVED)
    sana.expect(">>> (skii) Group_Message <aysha>: and once more")
    said = ["before", "after", "and once more"]
    assert texts(stored_entries(server.data, "skii")) == said
    heard = [line for line in sana.lines if "Group_Message" in line]
    assert heard == [f">>> (skii) Group_Message <aysha>: {text}" for text in said]
    assert server.metric('chatapp_refusals_total{code="id_conflict"}') > 0


def test_an_id_that_is_none_closes_the_connection(server: Server, people: People) -> None:
    for number, id in enumerate(NO_IDS):
        mallory = people.wire(f"mallory{number}")
        mallory.send(CreateGroup(id, "skii"))
        assert mallory.expect_close().reason.startswith("bad_id: ")
    assert server.metric('chatapp_violations_total{code="bad_id"}') == len(NO_IDS)
