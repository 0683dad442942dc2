"""CLASSIC: `list_clients`, and `[Client table updated.]` when names come or go."""

from chatapp.model.messages import Created, CreateGroup, Joined, JoinGroup, LeaveGroup, Leaving, Left
from harness.people import People
from harness.server import Server
from harness.stage import Stage

from .words import BROADCAST, CLIENTS, GROUPS, REGISTERED, TABLE_UPDATED, Gather, enter, exchange


def test_who_is_there_and_in_which_group(gather: Gather, people: People) -> None:
    aysha, sana = gather("aysha", "sana")
    exchange(aysha, "list_clients", CLIENTS, ">>> aysha  online", ">>> sana  online")
    enter(sana)
    updates = aysha.lines.count(TABLE_UPDATED)
    haider = people.pipe("haider")
    aysha.expect(TABLE_UPDATED)
    rows = [">>> aysha  online", ">>> haider  online", ">>> sana  online  in skii"]
    exchange(aysha, "list_clients", CLIENTS, *rows)
    assert haider.stop() == 0
    aysha.expect(TABLE_UPDATED)
    exchange(aysha, "list_clients", CLIENTS, rows[0], ">>> haider  offline", rows[2])
    assert aysha.lines.count(TABLE_UPDATED) == updates + 2


def test_it_may_be_asked_in_a_group(gather: Gather) -> None:
    aysha, sana = gather("aysha", "sana")
    enter(sana, aysha)
    aysha.type("send_group a word")
    sana.expect(">>> (skii) Group_Message <aysha>: a word")
    assert sana.stop() == 0
    aysha.expect(TABLE_UPDATED)
    exchange(aysha, "list_clients", CLIENTS, ">>> aysha  online  in skii", ">>> sana  offline")


def test_a_burst_of_names_is_one_line(stage: Stage) -> None:
    server = stage.server(roster_interval_s=1)
    people = stage.people(server)
    aysha = people.pipe("aysha")
    server.expect(REGISTERED, BROADCAST)  # the next may come a second later
    sana, sarah, haider = (people.wire(name) for name in ("sana", "sarah", "haider"))
    aysha.expect(TABLE_UPDATED, TABLE_UPDATED)
    online = [f">>> {name}  online" for name in ("aysha", "haider", "sana", "sarah")]
    exchange(aysha, "list_clients", CLIENTS, *online)
    for wire in (sana, sarah, haider):
        wire.send(Leaving())
    aysha.expect(TABLE_UPDATED)
    offline = [f">>> {name}  offline" for name in ("haider", "sana", "sarah")]
    exchange(aysha, "list_clients", CLIENTS, online[0], *offline)
    assert aysha.lines.count(TABLE_UPDATED) == 3, "after Welcome, when they came, when they left"


def test_another_mode_or_address_is_no_update(server: Server, people: People) -> None:
    aysha = people.pipe("aysha")
    sana = people.wire("sana")
    aysha.expect(TABLE_UPDATED, TABLE_UPDATED)
    server.expect(REGISTERED, REGISTERED, BROADCAST)
    group = sana.ask(CreateGroup(sana.fresh_id(), "skii"), Created).group
    sana.ask(JoinGroup(sana.fresh_id(), "skii"), Joined)
    server.expect(BROADCAST)
    exchange(aysha, "list_groups", GROUPS, ">>> skii")  # answered behind the roster
    exchange(aysha, "list_clients", CLIENTS, ">>> aysha  online", ">>> sana  online  in skii")
    sana.ask(LeaveGroup(sana.fresh_id(), group), Left)
    server.expect(BROADCAST)
    elsewhere = people.wire("sana", identity=sana.identity, log_in=False)
    elsewhere.log_in(port=5000)
    server.expect(REGISTERED, BROADCAST)
    people.wire("haider")
    aysha.expect(TABLE_UPDATED)
    assert aysha.lines.count(TABLE_UPDATED) == 3, "after Welcome, and for sana and haider"
