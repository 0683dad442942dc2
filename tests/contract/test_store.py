"""The contract of every store (`store.base`, `core.writes`)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatapp.core.snapshot import StoredClient, StoredEntry, StoredGroup
from chatapp.core.writes import (
    Append,
    Appended,
    Create,
    Enrol,
    Enrolled,
    Entered,
    Join,
    KeepCursors,
    Kept,
    Leave,
    NotGranted,
    Position,
    Say,
    Write,
)
from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.store.base import Store

OpenStore = Callable[[Path], Store]
AYSHA, SANA = ClientNumber(1), ClientNumber(2)
SKII, OTHER = GroupNumber(1), GroupNumber(2)
MANY = 1 << 30


@pytest.fixture
def store(open_store: OpenStore, tmp_path: Path) -> Iterator[Store]:
    """aysha and sana have registered; skii and other are there; nobody is inside."""
    store = open_store(tmp_path)
    one(store, Enrol("aysha", b"a" * 32, "device", ()))
    one(store, Enrol("sana", b"s" * 32, "device", ()))
    one(store, Create(AYSHA, RequestId(1, 1), 1, "skii", "aa"))
    one(store, Create(AYSHA, RequestId(1, 2), 2, "other", "bb"))
    yield store
    store.close()


def one(store: Store, write: Write) -> Any:
    (outcome,) = store.commit([write])
    return outcome


def says(client: ClientNumber, counter: int, body: str = "hi", group: GroupNumber = SKII) -> Say:
    return Say(client, RequestId(client, counter), 1000 + counter, group, body)


def joins(client: ClientNumber, counter: int, group: str = "skii", held: Position | None = None) -> Join:
    return Join(client, RequestId(client, counter), 1000 + counter, group, held)


def leaves(client: ClientNumber, counter: int, group: GroupNumber | None = SKII) -> Leave:
    return Leave(client, RequestId(client, counter), 1000 + counter, group, "left")


def log(store: Store, group: GroupNumber = SKII) -> list[StoredEntry]:
    return store.entries(group, 0, MANY, MANY)


def seqs(entries: list[StoredEntry]) -> list[int]:
    return [entry.seq for entry in entries]


class TestNumbers:
    """A group's entries are 1, 2, 3 … without gaps."""

    def test_from_the_creation_on(self, store: Store) -> None:
        assert store.commit([joins(AYSHA, 10), says(AYSHA, 11), says(AYSHA, 12), leaves(AYSHA, 13)]) == [
            Entered(SKII, 2, 1010, False, 1, True),
            Appended(SKII, 3, 1011),
            Appended(SKII, 4, 1012),
            Appended(SKII, 5, 1013),
        ]

    @pytest.mark.parametrize("size", [1, 7, 100])
    def test_over_many_batches(self, store: Store, size: int) -> None:
        one(store, joins(AYSHA, 10))
        for batch in range(5):
            store.commit([says(AYSHA, 100 + batch * size + n) for n in range(size)])

        assert seqs(log(store)) == list(range(1, 3 + 5 * size))

    def test_groups_have_their_own(self, store: Store) -> None:
        store.commit([joins(AYSHA, 10), joins(SANA, 10, "other")])
        assert store.commit([says(AYSHA, 11), says(SANA, 11, group=OTHER), says(AYSHA, 12)]) == [
            Appended(SKII, 3, 1011),
            Appended(OTHER, 3, 1011),
            Appended(SKII, 4, 1012),
        ]

    def test_a_refused_write_takes_none(self, store: Store) -> None:
        one(store, joins(AYSHA, 10))
        outcomes = store.commit([says(AYSHA, 11), says(SANA, 11), says(AYSHA, 11, "other text"), says(AYSHA, 12)])

        assert outcomes == [
            Appended(SKII, 3, 1011),
            NotGranted("not_member"),
            NotGranted("id_conflict"),
            Appended(SKII, 4, 1012),
        ]
        assert seqs(log(store)) == [1, 2, 3, 4]


class TestGuards:
    """Each write's guard is settled inside the transaction, after those before it; a refused one is refused alone."""

    def test_a_name_belongs_to_one_key(self, store: Store) -> None:
        assert one(store, Enrol("aysha", b"x" * 32, "device", ())) == NotGranted("name_taken")
        assert one(store, Enrol("aysha", b"a" * 32, "device", ("192.0.2.1:2000",))) == Enrolled(AYSHA)

    def test_a_name_belongs_to_the_first_of_a_batch(self, store: Store) -> None:
        first, second = store.commit(
            [Enrol("haider", b"h" * 32, "device", ()), Enrol("haider", b"x" * 32, "device", ())]
        )
        assert isinstance(first, Enrolled)
        assert second == NotGranted("name_taken")

    def test_a_group_exists_once(self, store: Store) -> None:
        assert one(store, Create(SANA, RequestId(2, 10), 5, "skii", "cc")) == NotGranted("group_exists")

    def test_nobody_creates_a_group_in_a_group(self, store: Store) -> None:
        outcomes = store.commit([joins(AYSHA, 10), Create(AYSHA, RequestId(1, 11), 5, "third", "cc")])
        assert outcomes[1] == NotGranted("in_group")

    def test_a_group_must_be_there_to_be_joined(self, store: Store) -> None:
        assert one(store, joins(AYSHA, 10, "nope")) == NotGranted("no_such_group")

    def test_it_may_have_been_created_in_this_batch(self, store: Store) -> None:
        outcomes = store.commit([Create(AYSHA, RequestId(1, 10), 5, "third", "cc"), joins(SANA, 11, "third")])
        assert [type(outcome) for outcome in outcomes] == [Appended, Entered]

    def test_one_group_at_a_time(self, store: Store) -> None:
        outcomes = store.commit(
            [joins(AYSHA, 10), joins(AYSHA, 11, "other"), leaves(AYSHA, 12), joins(AYSHA, 13, "other")]
        )
        assert outcomes[1] == NotGranted("in_group")
        assert isinstance(outcomes[3], Entered)
        assert {group.name: group.members for group in store.load().groups} == {"skii": set(), "other": {AYSHA}}

    def test_only_members_speak(self, store: Store) -> None:
        outcomes = store.commit([says(SANA, 10), joins(SANA, 11), says(SANA, 12), leaves(SANA, 13), says(SANA, 14)])
        assert [type(outcome) for outcome in outcomes] == [NotGranted, Entered, Appended, Appended, NotGranted]

    def test_only_members_leave(self, store: Store) -> None:
        assert one(store, leaves(SANA, 10)) == NotGranted("not_member")
        assert one(store, leaves(SANA, 11, None)) == NotGranted("not_member")
        one(store, joins(SANA, 12))
        assert one(store, leaves(SANA, 13, OTHER)) == NotGranted("not_member")
        assert one(store, leaves(SANA, 14, None)) == Appended(SKII, 3, 1014)


class TestIds:
    """UNIQUE (client, installation, counter), kept as long as the entry: the first answer, or a conflict."""

    @pytest.fixture
    def inside(self, store: Store) -> Store:
        one(store, joins(AYSHA, 10))
        return store

    @pytest.mark.parametrize("together", [True, False])
    def test_a_repeated_write_gets_the_first_answer(self, store: Store, together: bool) -> None:
        writes: list[Append] = [
            Create(SANA, RequestId(2, 9), 5, "third", "cc"),
            joins(SANA, 10),
            says(SANA, 11),
            leaves(SANA, 12),
        ]
        for write in writes:
            first, second = store.commit([write, write]) if together else (one(store, write), one(store, write))
            assert second == msgspec.structs.replace(first, repeated=True)

        assert [entry.kind for entry in log(store)] == ["created", "joined", "text", "left"]

    def test_also_when_it_is_granted_no_more(self, inside: Store) -> None:
        first = one(inside, says(AYSHA, 11))
        one(inside, leaves(AYSHA, 12))
        assert one(inside, says(AYSHA, 11)) == Appended(SKII, first.seq, 1011, repeated=True)
        assert one(inside, joins(AYSHA, 10)) == Entered(SKII, 2, 1010, True, 1, True)

    @pytest.mark.parametrize(
        "other",
        [
            says(AYSHA, 11, "another text"),
            says(AYSHA, 11, "hi", OTHER),
            Join(AYSHA, RequestId(1, 11), 1, "skii"),
            Leave(AYSHA, RequestId(1, 11), 1, SKII, "left"),
            Create(AYSHA, RequestId(1, 11), 1, "third", "cc"),
        ],
        ids=["text", "group", "join", "leave", "create"],
    )
    def test_with_other_content_it_is_refused(self, inside: Store, other: Write) -> None:
        one(inside, says(AYSHA, 11))
        before = inside.load(), log(inside)

        assert one(inside, other) == NotGranted("id_conflict")
        assert (inside.load(), log(inside)) == before

    def test_others_may_have_the_same(self, inside: Store) -> None:
        one(inside, joins(SANA, 10))
        assert one(inside, Say(SANA, RequestId(1, 10), 5, SKII, "hi")) == Appended(SKII, 4, 5)

    def test_they_are_as_large_as_the_wire_allows(self, inside: Store) -> None:
        largest = RequestId((1 << 63) - 1, (1 << 53) - 1)
        one(inside, Say(AYSHA, largest, 5, SKII, "hi"))
        assert log(inside)[-1].id == largest


class TestLogEpoch:
    """held: if the log has another entry there, or none, the group's log epoch goes up by one."""

    @pytest.mark.parametrize(
        ("held", "holds"),
        [
            (None, True),
            (Position(1, RequestId(1, 1)), True),
            (Position(2, RequestId(1, 10)), True),
            (Position(1, RequestId(1, 2)), False),
            (Position(9, RequestId(1, 1)), False),
        ],
    )
    def test_of_a_join(self, store: Store, held: Position | None, holds: bool) -> None:
        one(store, joins(AYSHA, 10))
        outcome = one(store, joins(SANA, 10, held=held))

        assert outcome == Entered(SKII, 3, 1010, False, 1 if holds else 2, holds)
        assert {group.name: group.epoch for group in store.load().groups} == {"skii": 1 if holds else 2, "other": 1}

    def test_once_for_a_join_and_its_retry(self, store: Store) -> None:
        """Protocol: the retry gets the first answer, and there is one effect."""
        lost = joins(SANA, 10, held=Position(9, RequestId(1, 1)))
        first, second = one(store, lost), one(store, lost)

        assert first == Entered(SKII, 2, 1010, False, 2, False)
        assert second == Entered(SKII, 2, 1010, True, 2, False)

    def test_also_for_a_member(self, store: Store) -> None:
        one(store, joins(AYSHA, 10))
        assert one(store, joins(AYSHA, 11, held=Position(2, RequestId(1, 10)))) == Entered(
            SKII, None, 1011, False, 1, True
        )


class TestReading:
    def test_after_a_number(self, store: Store) -> None:
        store.commit([joins(AYSHA, 10), *(says(AYSHA, 11 + n, str(n)) for n in range(5))])

        assert seqs(store.entries(SKII, 4, MANY, MANY)) == [5, 6, 7]
        assert store.entries(SKII, 7, MANY, MANY) == []
        assert store.entries(SKII, 1, 1, MANY) == [StoredEntry(2, 1010, AYSHA, RequestId(1, 10), "joined", "")]

    def test_at_least_one_and_up_to_both_bounds(self, store: Store) -> None:
        store.commit([joins(AYSHA, 10), *(says(AYSHA, 11 + n, "x" * 1000) for n in range(9))])

        assert seqs(store.entries(SKII, 2, MANY, 1)) == [3]
        assert seqs(store.entries(SKII, 2, MANY, 2500)) == [3, 4, 5]
        assert seqs(store.entries(SKII, 2, 4, MANY)) == [3, 4, 5, 6]

    def test_bytes_are_bytes(self, store: Store) -> None:
        store.commit([joins(AYSHA, 10), *(says(AYSHA, 11 + n, "€" * 1000) for n in range(9))])

        assert seqs(store.entries(SKII, 2, MANY, 6000)) == [3, 4]

    @pytest.mark.parametrize(
        "body", ["a\n\tb\r\n", "nul \x00 inside", "\x1b[2J", "👩‍👩‍👧", "\u202e", "\ufeff", "x" * (1 << 20)]
    )
    def test_a_text_is_what_was_written(self, store: Store, body: str) -> None:
        store.commit([joins(AYSHA, 10), says(AYSHA, 11, body)])

        assert log(store)[-1].body == body
        assert one(store, says(AYSHA, 11, body)) == Appended(SKII, 3, 1011, repeated=True)

    def test_mentions_are_counted_after_a_number(self, store: Store) -> None:
        one(store, joins(AYSHA, 10))
        store.commit([Say(AYSHA, RequestId(1, 11 + n), 5, SKII, "@sana", (SANA,)) for n in range(3)])
        one(store, Say(AYSHA, RequestId(1, 11), 5, SKII, "@sana", (SANA,)))  # repeated

        assert [store.mentions(SANA, SKII, after) for after in (0, 3, 5)] == [3, 2, 0]
        assert store.mentions(AYSHA, SKII, 0) == store.mentions(SANA, OTHER, 0) == 0


class TestReopened:
    """What was committed stays."""

    def test_everything_is_found(self, store: Store, open_store: OpenStore, tmp_path: Path) -> None:
        one(store, Enrol("sana", b"s" * 32, "device", ("192.0.2.1:2000", "[fe80::1]:2000")))
        store.commit([joins(AYSHA, 10), joins(SANA, 10), says(AYSHA, 11), leaves(SANA, 11)])
        assert one(store, KeepCursors(((AYSHA, SKII, 3), (SANA, SKII, 4)))) == Kept()
        before = store.load(), log(store)
        store.close()
        again = open_store(tmp_path)

        assert (again.load(), log(again)) == before
        assert again.load().clients == (
            StoredClient(AYSHA, "aysha", b"a" * 32, "device", ()),
            StoredClient(SANA, "sana", b"s" * 32, "device", ("192.0.2.1:2000", "[fe80::1]:2000")),
        )
        assert again.load().groups == (
            StoredGroup(SKII, "aa", "skii", 1, 5, frozenset({AYSHA}), {AYSHA: 3, SANA: 4}),
            StoredGroup(OTHER, "bb", "other", 1, 1, frozenset(), {}),
        )
        assert one(again, says(AYSHA, 12)) == Appended(SKII, 6, 1012)
        assert one(again, says(AYSHA, 11)) == Appended(SKII, 4, 1011, repeated=True)
        again.close()

    def test_a_cursor_begins_at_the_first_join_and_stays(self, store: Store) -> None:
        store.commit([joins(AYSHA, 10), joins(SANA, 10), leaves(SANA, 11), says(AYSHA, 11), joins(SANA, 12)])

        assert store.load().groups[0].cursors == {AYSHA: 1, SANA: 2}
