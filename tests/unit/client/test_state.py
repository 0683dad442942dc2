"""The reducer: what the client knows, and what it says of it (RULES B5, C6; focus)."""

from hypothesis import given
from hypothesis import strategies as st

from chatapp.client import state as reducer
from chatapp.client.events import (
    HeldChanged,
    KeyChanged,
    NotYetReceived,
    PrivateCame,
    ReceivedByAll,
    Said,
    TableChanged,
)
from chatapp.client.focus import Action, obstacle
from chatapp.client.private import Received
from chatapp.client.state import State
from chatapp.model.messages import Cursors, Entry, EntryKind, Joined, Roster, RosterRow

GROUP = "00000000000000aa"


def row(name: str, key: str = "k", status: str = "online", group: str | None = None) -> RosterRow:
    return RosterRow(name, f"{key}-{name}", status, group, "device", ())  # type: ignore[arg-type]


def roster(*rows: RosterRow, full: bool = False) -> Roster:
    return Roster("boot", 1, full, rows, False)


def entry(seq: int, by: str, kind: EntryKind = "text", body: str = "hi") -> Entry:
    return Entry(GROUP, seq, 0, by, f"{1:016x}-{seq}", kind, body)


def in_group(*names: str, head: int = 10) -> State:
    state = State("aysha")
    members = tuple((name, head) for name in names)
    reducer.joined(state, Joined("re", GROUP, "skii", 1, head, head, len(names), members, 0.1))
    return state


def cursors(**named: int) -> Cursors:
    return Cursors(GROUP, tuple(named.items()), (), 0.1)


class TestRoster:
    def test_somebody_comes_and_goes(self) -> None:
        state = State("aysha")
        assert reducer.roster_came(state, roster(row("aysha"), full=True)) == [TableChanged()]
        assert reducer.roster_came(state, roster(row("sana"))) == [TableChanged()]
        assert reducer.roster_came(state, roster(row("sana", status="offline"))) == [TableChanged()]

    def test_mode_and_address_are_no_change_of_the_table(self) -> None:
        state = State("aysha")
        reducer.roster_came(state, roster(row("sana"), full=True))
        assert reducer.roster_came(state, roster(row("sana", group="skii"))) == []

    def test_another_key_is_told_once_and_the_pin_stays(self) -> None:
        state = State("aysha")
        reducer.roster_came(state, roster(row("sana"), full=True))
        assert reducer.roster_came(state, roster(row("sana", key="new"))) == [KeyChanged("sana")]
        assert reducer.roster_came(state, roster(row("sana", key="new"))) == []
        assert reducer.name_of_key(state, "k-sana") is None, "held back from the old key too"
        assert reducer.name_of_key(state, "new-sana") is None

    def test_a_key_that_comes_back_is_trusted_as_before(self) -> None:
        state = State("aysha")
        reducer.roster_came(state, roster(row("sana"), full=True))
        reducer.roster_came(state, roster(row("sana", key="new")))
        reducer.roster_came(state, roster(row("sana")))
        assert reducer.name_of_key(state, "k-sana") == "sana"


class TestReceipts:
    def test_who_has_not_acked_in_time_is_named_and_then_all_have_it(self) -> None:
        state = in_group("aysha", "sana", "sarah")
        reducer.entries_came(state, [entry(11, "aysha")], receipt_due=1.0)
        assert reducer.cursors_came(state, cursors(aysha=11, sarah=11)) == []
        assert reducer.receipts_overdue(state, 0.9) == []
        assert reducer.receipts_overdue(state, 1.0) == [NotYetReceived(("sana",), 1)]
        assert reducer.receipts_overdue(state, 9.0) == [], "said once"
        assert reducer.cursors_came(state, cursors(sana=11)) == [ReceivedByAll(3)]

    def test_nothing_is_said_when_all_have_it_in_time(self) -> None:
        state = in_group("aysha", "sana")
        reducer.entries_came(state, [entry(11, "aysha")], receipt_due=1.0)
        assert reducer.cursors_came(state, cursors(aysha=11, sana=11)) == []
        assert reducer.receipts_overdue(state, 2.0) == []

    def test_who_joined_later_is_not_waited_for(self) -> None:
        state = in_group("aysha", "sana")
        reducer.entries_came(state, [entry(11, "aysha"), entry(12, "haider", "joined", "")], receipt_due=1.0)
        reducer.cursors_came(state, cursors(aysha=12, sana=12))
        assert reducer.receipts_overdue(state, 1.0) == []

    def test_who_was_removed_is_still_missing_until_back(self) -> None:
        state = in_group("aysha", "sana")
        reducer.entries_came(state, [entry(11, "aysha")], receipt_due=1.0)
        reducer.cursors_came(state, cursors(aysha=11))
        assert reducer.receipts_overdue(state, 1.0) == [NotYetReceived(("sana",), 1)]
        reducer.entries_came(state, [entry(12, "sana", "left", "unresponsive")], receipt_due=2.0)
        assert reducer.cursors_came(state, cursors(aysha=12)) == []
        reducer.entries_came(state, [entry(13, "sana", "joined", "")], receipt_due=3.0)
        assert reducer.cursors_came(state, cursors(sana=13)) == [ReceivedByAll(2)]

    def test_a_large_group_is_counted(self) -> None:
        state = State("aysha")
        reducer.joined(state, Joined("re", GROUP, "skii", 1, 10, 10, 60, (), 0.1))
        reducer.entries_came(state, [entry(11, "aysha")], receipt_due=1.0)
        reducer.cursors_came(state, Cursors(GROUP, (), ((10, 2), (11, 58)), 0.1))
        assert reducer.receipts_overdue(state, 1.0) == [NotYetReceived((), 2)]
        assert reducer.cursors_came(state, Cursors(GROUP, (), ((11, 60),), 0.1)) == [ReceivedByAll(60)]

    @given(st.lists(st.tuples(st.sampled_from(["aysha", "sana"]), st.integers(0, 30)), max_size=30))
    def test_a_cursor_never_goes_back(self, pushes: list[tuple[str, int]]) -> None:
        state = in_group("aysha", "sana")
        assert state.group is not None
        before = dict(state.group.members)
        for name, seq in pushes:
            reducer.cursors_came(state, cursors(**{name: seq}))
            assert all(state.group.members[who] >= before[who] for who in before)
            before = dict(state.group.members)


class TestFocus:
    def test_a_private_message_is_held_in_a_group_and_shown_in_order_on_leaving(self) -> None:
        state = in_group("aysha", "sana")
        first, second = Received(1, "sarah", 0, "psst", "held"), Received(2, "haider", 0, "hey", "held")
        assert reducer.private_came(state, first) == [HeldChanged(1, ("sarah",))]
        assert reducer.private_came(state, second) == [HeldChanged(2, ("sarah", "haider"))]
        assert reducer.left(state) == [PrivateCame(first), PrivateCame(second)]
        assert state.held == []

    def test_outside_a_group_it_is_shown_at_once(self) -> None:
        received = Received(1, "sarah", 0, "psst", "due")
        assert reducer.private_came(State("aysha"), received) == [PrivateCame(received)]

    def test_what_may_be_done_where(self) -> None:
        inside, outside = in_group("aysha"), State("aysha")
        only_outside: tuple[Action, ...] = ("send_private", "create_group", "list_groups", "join_group")
        only_inside: tuple[Action, ...] = ("send_group", "list_members", "leave_group", "receipts")
        assert {(obstacle(inside, action), obstacle(outside, action)) for action in only_outside} == {
            ("in_group", None)
        }
        assert {(obstacle(inside, action), obstacle(outside, action)) for action in only_inside} == {
            (None, "not_in_group")
        }


def test_entries_move_the_position_and_the_members() -> None:
    state = in_group("aysha", head=10)
    came = [entry(11, "sana", "joined", ""), entry(12, "sana"), entry(13, "sana", "left", "left")]
    assert reducer.entries_came(state, came, receipt_due=1.0) == [Said(one) for one in came]
    assert state.group is not None
    assert (state.group.position, state.group.head, set(state.group.members)) == (13, 13, {"aysha"})
