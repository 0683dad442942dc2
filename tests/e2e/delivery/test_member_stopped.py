"""Issue 2, seen 4: a member that is stopped is removed and comes back. RULES B5 to B8."""

from chatapp.model.messages import Ack, Joined, JoinGroup, LeaveGroup, Left
from harness.archives import texts
from harness.people import People
from harness.server import Server

from .words import (
    ENTERED,
    REMOVED,
    SENT,
    TABLE_UPDATED,
    agreed_log,
    gather,
    received_by,
    removed,
    said,
)

NOT_YET = ">>> (skii) [Not yet received by sana.]"
RECEIVED_BY_ALL = ">>> (skii) [Received by all 3.]"


def test_a_stopped_member_is_removed_and_comes_back_by_itself(server: Server, people: People) -> None:
    aysha, sana, haider = crowd = [people.pipe(name) for name in ("aysha", "sana", "haider")]
    sarah = people.pipe("sarah")
    gather(*crowd)
    sarah.type("send sana psst private")
    sarah.expect(received_by("sana"))
    sana.expect(">>> (skii) [1 private message is waiting, from sarah. It is shown when you leave the group.]")
    aysha.type("send_group one")
    for person in (sana, haider):
        person.expect(said("aysha", "one"))

    before = len(sana.lines)
    sana.suspend()
    probes = server.metric("chatapp_probes_total")
    aysha.type("send_group two")
    aysha.expect(SENT, NOT_YET, removed("sana"))
    haider.expect(said("aysha", "two"), removed("sana"))
    server.expect(
        ">>> [Client sana not responsive, removed from group skii]",
        ">>> [Server table updated via deregistration.]",
        ">>> Broadcasted the updated table",
    )
    assert server.metric("chatapp_probes_total") >= probes + 5
    sarah.expect(TABLE_UPDATED)
    sarah.type("list_clients")
    sarah.expect(">>> sana  offline")
    haider.type("list_members")
    haider.expect(">>> (skii) [Members in the group skii:]", ">>> (skii) aysha", ">>> (skii) haider")
    for text in ("three", "four"):
        aysha.type(f"send_group {text}")
        haider.expect(said("aysha", text))
    assert ">>> (skii) sana" not in haider.lines

    sana.resume()
    sana.expect(ENTERED, said("aysha", "four"))
    aysha.expect(">>> (skii) [sana joined.]", RECEIVED_BY_ALL)
    sarah.expect(TABLE_UPDATED)
    sarah.type("list_clients")
    sarah.expect(">>> sana  online  in skii")
    aysha.type("send_group five")
    for person in (sana, haider):
        person.expect(said("aysha", "five"))
    missed = [said("aysha", "two"), REMOVED, ENTERED, *(said("aysha", text) for text in ("three", "four", "five"))]
    assert [line for line in sana.lines[before:] if line != TABLE_UPDATED] == missed
    log = agreed_log(server, aysha, haider, sana)
    assert texts(log) == ["one", "two", "three", "four", "five", "that is all"]
    sana.type("leave_group")
    sana.expect(">>> [Leave group chat skii.]", ">>> sarah: psst private")


def test_who_comes_back_has_not_received_yet_what_it_missed(people: People) -> None:
    aysha, haider, sana = people.pipe("aysha"), people.pipe("haider"), people.wire("sana", acks=False)
    gather(aysha, haider)
    group = sana.ask(JoinGroup(sana.fresh_id(), "skii"), Joined).group
    aysha.type("send_group one")
    aysha.expect(SENT, NOT_YET)
    sana.ask(LeaveGroup(sana.fresh_id(), group), Left)
    joined = sana.ask(JoinGroup(sana.fresh_id(), "skii"), Joined)
    haider.type("send_group two")  # its receipts come when those of the join have come
    haider.expect(SENT, NOT_YET)
    aysha.expect(said("haider", "two"))
    aysha.type("list_members")
    aysha.expect(">>> (skii) sana")
    assert RECEIVED_BY_ALL not in aysha.lines
    sana.send(Ack(group, joined.head))
    aysha.expect(RECEIVED_BY_ALL)
