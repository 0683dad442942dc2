"""Batches of writes by a few people in a few groups: every store answers, holds and finds again what a ledger says."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.core.writes import Create, Enrol, Join, KeepCursors, Leave, Position, Say, Write
from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.model.messages import LeaveReason
from chatapp.store.base import Store

from .ledger import Ledger

OpenStore = Callable[[Path], Store]
NAMES = ("aysha", "sana", "haider")
GROUPS = ("skii", "other")
MANY = 1 << 30

people = st.integers(1, len(NAMES)).map(ClientNumber)
names = st.sampled_from(GROUPS)
groups = st.integers(1, len(GROUPS)).map(GroupNumber)
ids = st.builds(RequestId, st.integers(1, 2), st.integers(1, 8))
at = st.integers(0, 9)
reasons: st.SearchStrategy[LeaveReason] = st.sampled_from(["left", "unresponsive"])
writes: st.SearchStrategy[Write] = st.one_of(
    st.builds(Say, people, ids, at, groups, st.sampled_from(["hi", "ho"]), st.sampled_from([(), (ClientNumber(1),)])),
    st.builds(Join, people, ids, at, names, st.none() | st.builds(Position, st.integers(1, 5), ids)),
    st.builds(Leave, people, ids, at, st.none() | groups, reasons),
    st.builds(Create, people, ids, at, names, st.just("")),
    st.builds(Enrol, st.sampled_from(NAMES), st.sampled_from([b"k" * 32, b"x" * 32]), st.just("device"), st.just(())),
    st.builds(KeepCursors, st.just(((ClientNumber(1), GroupNumber(1), 1),))),
)


def with_group_id(write: Write, n: int) -> Write:
    """Group ids are random; here they are new."""
    return Create(write.client, write.id, write.at, write.name, f"{n:x}") if isinstance(write, Create) else write


@given(st.lists(st.lists(writes, min_size=1, max_size=8), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_of_batches(open_store: OpenStore, batches: list[list[Write]]) -> None:
    ledger = Ledger()
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(Path(directory))
        begin: list[Write] = [
            *(Enrol(name, b"k" * 32, "device", ()) for name in NAMES),
            *(Create(ClientNumber(1), RequestId(9, n), 0, name, f"first {n}") for n, name in enumerate(GROUPS, 1)),
        ]
        for number, batch in enumerate([begin, *batches]):
            unique = [with_group_id(write, 100 * number + n) for n, write in enumerate(batch)]
            assert store.commit(unique) == [ledger.apply(write) for write in unique]
            assert_same(store, ledger)
        store.close()
        again = open_store(Path(directory))
        assert_same(again, ledger)
        again.close()


def assert_same(store: Store, ledger: Ledger) -> None:
    snapshot = store.load()
    assert {client.name: (client.number, client.key, client.addresses) for client in snapshot.clients} == ledger.clients
    assert {group.name: group.number for group in snapshot.groups} == ledger.groups
    for group in snapshot.groups:
        log = ledger.logs[group.number]
        assert store.entries(group.number, 0, MANY, MANY) == log
        assert (group.epoch, group.head) == (ledger.epochs[group.number], len(log))
        assert group.members == {client for client, inside in ledger.inside.items() if inside == group.number}
        assert group.cursors == {client: seq for (client, at), seq in ledger.cursors.items() if at == group.number}
        for client in snapshot.clients:
            mentioned = [(client.number, group.number) == mention[:2] for mention in ledger.mentions]
            assert store.mentions(client.number, group.number, 0) == sum(mentioned)
