"""The first words: a server, two people, a group, a message; through pipes, at a terminal, over the bare protocol."""

from chatapp.model.messages import Created, CreateGroup, Entry, Joined, JoinGroup, SendGroup, Stored
from harness.archives import archive_of, archived_entries, stored_entries, texts
from harness.people import People
from harness.server import Server
from harness.stage import Stage


def test_two_people_in_pipes_talk_in_a_group(server: Server, people: People) -> None:
    aysha, sana = people.pipe("aysha"), people.pipe("sana")

    aysha.type("create_group skii")
    aysha.expect(">>> [Group skii created by Server.]")
    for person in (aysha, sana):
        person.type("join_group skii")
        person.expect(">>> [Entered group skii successfully.]")
    aysha.expect(">>> (skii) [sana joined.]")

    aysha.type("send_group hi all")
    aysha.expect(">>> (skii) [Message received by Server.]")
    sana.expect(">>> (skii) Group_Message <aysha>: hi all")
    server.expect(">>> [Client aysha created group skii successfully]", ">>> [Client aysha joined group skii]")

    sana.type("leave_group")
    sana.expect(">>> [Leave group chat skii.]")
    aysha.expect(">>> (skii) [sana left.]")
    for person in (aysha, sana):
        person.end_of_input()
        assert person.exit_status() == 0

    log = stored_entries(server.data, "skii")
    assert texts(log) == ["hi all"]
    assert archived_entries(archive_of(aysha.home, "aysha"), "skii") == log[1:-1]  # from her joining to her leaving


def test_two_people_at_terminals_talk_in_a_group(people: People) -> None:
    aysha, sana = people.terminal("aysha"), people.terminal("sana")

    aysha.type("create_group skii")
    aysha.expect(">>> [Group skii created by Server.]")
    for person in (sana, aysha):
        person.type("join_group skii")
        person.expect(">>> [Entered group skii successfully.]")
        person.wait_for_prompt(">>> (skii)")
    sana.expect(">>> (skii) [aysha joined.]")
    sana.wait_for_prompt(">>> (skii)")

    sana.type_keys("half a thou")
    sana.wait_for_prompt(">>> (skii) half a thou")
    aysha.type("send_group hi all")
    aysha.expect(">>> (skii) send_group hi all", ">>> (skii) [Message received by Server.]")
    sana.expect(">>> (skii) Group_Message <aysha>: hi all")
    sana.wait_for_prompt(">>> (skii) half a thou")
    assert sana.screen()[-2:] == [">>> (skii) Group_Message <aysha>: hi all", ">>> (skii) half a thou"]

    aysha.key("ctrl-d")
    assert aysha.exit_status() == 0
    sana.wait_for_prompt(">>> (skii) half a thou")


def test_a_bare_speaker_and_a_person_behind_a_proxy_talk_in_a_group(
    stage: Stage, server: Server, people: People
) -> None:
    proxy = stage.proxy(server)
    sana, wire = people.pipe("sana", command="join", via=proxy), people.wire("aysha")

    group = wire.ask(CreateGroup(wire.fresh_id(), "skii"), Created).group
    joined = wire.ask(JoinGroup(wire.fresh_id(), "skii"), Joined)
    assert (joined.group, joined.start, joined.head) == (group, 1, 2)
    sana.type("join_group skii")
    sana.expect(">>> [Entered group skii successfully.]")

    proxy.black_hole()
    stored = wire.ask(SendGroup(wire.fresh_id(), group, "hi all"), Stored)
    proxy.wait_for_withheld(1, "client")
    assert ">>> (skii) Group_Message <aysha>: hi all" not in sana.lines
    proxy.heal()
    sana.expect(">>> (skii) Group_Message <aysha>: hi all")
    entry = wire.expect(Entry, lambda entry: entry.kind == "text")
    assert (entry.seq, entry.by, entry.body) == (stored.seq, "aysha", "hi all")
    assert server.metric("chatapp_messages_stored_total") == 1
