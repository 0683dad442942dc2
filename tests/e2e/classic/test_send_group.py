"""CLASSIC: `send_group`, group messages, and who has received them."""

import re

from chatapp.model.messages import Ack, Entry, Joined, JoinGroup, LeaveGroup, Left
from harness.archives import stored_entries, texts
from harness.people import People
from harness.server import Server

from .words import GROUPS, LEFT, STORED, Gather, announced, enter, exchange, said


def test_every_member_gets_it_and_nobody_else(gather: Gather) -> None:
    aysha, sana, sarah, haider = gather("aysha", "sana", "sarah", "haider")
    enter(aysha, sana, sarah)
    exchange(aysha, "send_group hi all", STORED)
    for person in (sana, sarah):
        person.expect(said("aysha", "hi all"))
    exchange(sana, "send_group hi aysha", STORED)
    for person in (aysha, sarah):
        person.expect(said("sana", "hi aysha"))
    exchange(sarah, "leave_group", LEFT)
    aysha.expect(announced("sarah", "left."))
    exchange(aysha, "send_group just us", STORED)
    sana.expect(said("aysha", "just us"))
    for outsider in (sarah, haider):
        exchange(outsider, "list_groups", GROUPS, ">>> skii")
        assert said("aysha", "just us") not in outsider.lines
    assert not [line for line in haider.lines if "Group_Message" in line]
    assert not [line for line in aysha.lines if "<aysha>" in line], "one's own message isn't said again"


def test_outside_a_group_there_is_nobody_to_send_to(gather: Gather) -> None:
    (aysha,) = gather("aysha")
    exchange(aysha, "send_group hi all", ">>> You are not in a group chat")
    exchange(aysha, "send_group", ">>> You are not in a group chat")
    enter(aysha)
    exchange(aysha, "send_group", ">>> Need to include a message")
    exchange(aysha, "leave_group", LEFT)
    exchange(aysha, "send_group hi all", ">>> You are not in a group chat")


TEXTS = ["  two blanks before and  between ", "a\ttab", " ", ">>> [sana left.]", "send sana hi", "0"]


def test_the_text_is_all_behind_one_blank_unchanged(server: Server, gather_in_pipes: Gather) -> None:
    aysha, sana = gather_in_pipes("aysha", "sana")
    enter(aysha, sana)
    for text in TEXTS:
        exchange(aysha, f"send_group {text}", STORED)
        sana.expect(said("aysha", text))
    assert texts(stored_entries(server.data, "skii")) == TEXTS


class TestReceipts:
    """Who hasn't acked in time is named to the sender; then, once, that everybody has it."""

    def test_not_yet_received_and_received_by_all(self, people: People) -> None:
        aysha = people.terminal("aysha")
        sana, sarah, haider = (people.wire(name, acks=False) for name in ("sana", "sarah", "haider"))
        enter(aysha)
        (group,) = {wire.ask(JoinGroup(wire.fresh_id(), "skii"), Joined).group for wire in (sana, sarah, haider)}
        aysha.expect(announced("haider", "joined."))
        exchange(aysha, "send_group hi all", STORED)
        seq = haider.expect(Entry, lambda entry: entry.kind == "text").seq
        haider.send(Ack(group, seq))
        aysha.expect(">>> (skii) [Not yet received by sana and sarah.]")
        sana.send(Ack(group, seq))
        sarah.send(Ack(group, seq))
        aysha.expect(">>> (skii) [Received by all 4.]")
        exchange(aysha, "send_group and again", STORED)
        haider.send(Ack(group, seq + 1))
        sana.send(Ack(group, seq + 1))
        aysha.expect(">>> (skii) [Not yet received by sarah.]")
        sarah.send(Ack(group, seq + 1))
        aysha.expect(">>> (skii) [Received by all 4.]")

    def test_nothing_is_said_when_all_have_it_in_time(self, gather: Gather) -> None:
        aysha, sana = gather("aysha", "sana")
        enter(aysha, sana)
        exchange(aysha, "send_group hi", STORED)
        sana.expect(said("aysha", "hi"))
        exchange(sana, "send_group hi back", STORED)
        aysha.expect(said("sana", "hi back"))
        assert not [line for line in aysha.lines if "eceived by sana" in line or "Received by all" in line]

    def test_who_has_left_is_not_waited_for(self, people: People) -> None:
        aysha = people.pipe("aysha", ack_timeout_s=1)
        sana, haider = (people.wire(name, acks=False) for name in ("sana", "haider"))
        enter(aysha)
        (group,) = {wire.ask(JoinGroup(wire.fresh_id(), "skii"), Joined).group for wire in (sana, haider)}
        aysha.type("send_group hi all")
        sana.expect(Entry, lambda entry: entry.kind == "text")
        sana.ask(LeaveGroup(sana.fresh_id(), group), Left)
        aysha.expect(announced("sana", "left."), ">>> (skii) [Not yet received by haider.]")
        assert not [line for line in aysha.lines if "received by sana" in line]

    def test_how_far_each_is(self, gather: Gather) -> None:
        aysha, sana = gather("aysha", "sana")
        exchange(aysha, "receipts", ">>> You are not in a group chat")
        enter(aysha, sana)
        exchange(aysha, "send_group hi", STORED)
        sana.expect(said("aysha", "hi"))
        exchange(sana, "send_group hi", STORED)
        aysha.expect(said("sana", "hi"))
        heading = ">>> (skii) [Receipts in the group skii, of 5 entries:]"
        exchange(aysha, "receipts", heading, ">>> (skii) aysha  5")
        aysha.expect(re.compile(r">>> \(skii\) sana  [0-5]"))
