"""Groups: created, listed, joined, left, spoken to, read."""

import re
from collections.abc import Iterator
from itertools import islice

from chatapp.core.cursors import advance
from chatapp.core.effects import Deliver, Effect, Grow, Halt, Send, SendEntries, Tell
from chatapp.core.now import Now
from chatapp.core.world import Client, Group, World
from chatapp.core.writes import Append, Appended, Create, Entered, Join, Leave, NotGranted, Outcome, Position, Say
from chatapp.model.ids import ClientNumber, RequestId, SessionNumber, parse_id
from chatapp.model.limits import (
    COUNTER_MAX,
    HISTORY_ENTRIES_MAX,
    MENTIONS_MAX,
    NAME_WRITTEN_CHARACTERS_MAX,
    NAMED_RECEIPTS_MAX,
    PAGE_ROWS_MAX,
)
from chatapp.model.messages import (
    Created,
    CreateGroup,
    Entry,
    EntryKind,
    Groups,
    History,
    Joined,
    JoinGroup,
    LeaveGroup,
    Left,
    ListGroups,
    ListMembers,
    Members,
    Refused,
    Removed,
    SendGroup,
    Stored,
)
from chatapp.model.names import fault, fold, leading

_MENTION = re.compile(rf"@(\S{{1,{NAME_WRITTEN_CHARACTERS_MAX}}})")

TEXTS = {
    "group_exists": "There is a group of that name.",
    "no_such_group": "There is no group of that name.",
    "in_group": "You are in a group; leave it first.",
    "not_member": "You are not in that group.",
    "id_conflict": "That id was used for something else.",
    "name_taken": "Somebody else registered that name first.",
}
"""What a guard that didn't hold means, as a sentence."""


# -- proposing: from a request to a write, or a refusal ---------------------------------------------------------
def create(client: Client, request: CreateGroup, id: RequestId, group_id: str, now: Now) -> Create | Refused:
    """A new group's first entry."""
    name = fold(request.group)
    complaint = fault(name)
    if complaint is not None:
        return Refused(request.id, "bad_name", complaint)
    return Create(client.number, id, now.at, name, group_id)


def join(world: World, client: Client, request: JoinGroup, id: RequestId, now: Now) -> Join:
    """A `joined` entry, or the same membership taken up again."""
    name, resume = fold(request.group), request.resume
    held = None
    if resume is not None and resume.group == _id_of(world, name) and 0 < resume.seq <= COUNTER_MAX:
        held = Position(resume.seq, parse_id(resume.id))
    return Join(client.number, id, now.at, name, held)


def _id_of(world: World, name: str) -> str | None:
    number = world.groups_by_name.get(name)
    return None if number is None else world.groups[number].id


def leave(world: World, client: Client, request: LeaveGroup, id: RequestId, now: Now) -> Leave | Refused:
    """A `left` entry."""
    group = world.groups_by_id.get(request.group)
    if group is None:
        return Refused(request.id, "not_member", TEXTS["not_member"])
    return Leave(client.number, id, now.at, group, "left")


def say(world: World, client: Client, request: SendGroup, id: RequestId, now: Now) -> Say | Refused:
    """A `text` entry. Its length was limited with its frame."""
    group = world.groups_by_id.get(request.group)
    if group is None:
        return Refused(request.id, "not_member", TEXTS["not_member"])
    if not request.body:
        return Refused(request.id, "empty", "A message needs some text.")
    mentions = _mentions(world, request.body) if "@" in request.body else ()
    return Say(client.number, id, now.at, group, request.body, mentions)


def _mentions(world: World, body: str) -> tuple[ClientNumber, ...]:
    """Whom the text calls by `@name`; a name's own final dots may be the sentence's."""
    found: dict[ClientNumber, None] = {}
    for word in islice(_MENTION.finditer(body), MENTIONS_MAX):
        name = leading(fold(word[1]))
        number = world.names.get(name) or world.names.get(name.rstrip(".-"))
        if number is not None:
            found[number] = None
    return tuple(found)


# -- settled: what the store's outcome means --------------------------------------------------------------------
def _grow(
    world: World, group: Group, client: Client, write: Append, seq: int, kind: EntryKind, body: str, now: Now
) -> Grow:
    """The log is longer by the entry that was written."""
    entry = Entry(group.id, seq, write.at, client.name, str(write.id), kind, body)
    group.head = seq
    if group.grown_at is None:
        group.grown_at = now.clock_s
        world.growing.add(group.number)
    world.heads.add(group.number)
    return Grow(group.number, entry)


def _refused(re: str, outcome: NotGranted) -> Refused:
    return Refused(re, outcome.code, TEXTS[outcome.code])


def created(
    world: World, client: Client, session: SessionNumber, re: str, write: Create, outcome: Outcome, now: Now
) -> Iterator[Effect]:
    """The group is there, or its name was taken."""
    match outcome:
        case Appended():
            group = world.groups.get(outcome.group)
            if group is None:
                group = Group(outcome.group, write.group_id, write.name, 1, 0, set(), {})
                world.add_group(group)
                yield _grow(world, group, client, write, outcome.seq, "created", write.name, now)
                yield Tell("created", client.name, write.name)
            yield Send(session, Created(re, group.id))
        case NotGranted():
            yield Send(session, _refused(re, outcome))
            if outcome.code == "group_exists":
                yield Tell("creating_failed", client.name, write.name)
        case _:
            raise AssertionError(outcome)


def joined(
    world: World, client: Client, session: SessionNumber, request: JoinGroup, write: Join, outcome: Outcome, now: Now
) -> Iterator[Effect]:
    """The client is a member; delivery starts where its archive ends."""
    match outcome:
        case Entered():
            group = world.groups[outcome.group]
            group.epoch = outcome.epoch
            if outcome.seq is not None and not outcome.repeated:
                group.members.add(client.number)
                group.cursors.setdefault(client.number, outcome.seq - 1)
                client.group = group.number
                world.touch(client)
                yield _grow(world, group, client, write, outcome.seq, "joined", "", now)
                yield Tell("joined", client.name, group.name)
            if client.group != group.number:  # the first answer, to a member that has left or was removed since
                yield Send(session, _joined_answer(world, group, request.id, group.cursors[client.number]))
                yield Send(session, Removed(group.id, "unresponsive"))
            elif client.session == session:
                yield from _taken_up(world, group, client, session, request.id, write, outcome)
        case NotGranted():
            yield Send(session, _refused(request.id, outcome))
            if outcome.code == "no_such_group":
                yield Tell("joining_failed", client.name, write.group)
        case _:
            raise AssertionError(outcome)


def _taken_up(
    world: World, group: Group, client: Client, session: SessionNumber, re: str, write: Join, outcome: Entered
) -> Iterator[Effect]:
    """Delivery starts at what the archive holds, where the log has the same there; else at the cursor kept here."""
    cursor = min(group.cursors[client.number], group.head)
    start = cursor
    if write.held is not None and outcome.holds:
        start = write.held.seq
        if start > cursor:
            advance(world, group, client.number, start)
    else:
        group.cursors[client.number] = cursor
    world.watched.pop(client.number, None)
    yield Send(session, _joined_answer(world, group, re, start))
    yield Deliver(session, group.number, start)


def _joined_answer(world: World, group: Group, re: str, start: int) -> Joined:
    named = len(group.members) <= NAMED_RECEIPTS_MAX
    cursors = tuple((world.clients[number].name, group.cursors[number]) for number in group.members) if named else ()
    return Joined(
        re,
        group.id,
        group.name,
        group.epoch,
        start,
        group.head,
        len(group.members),
        cursors,
        group.ack_delay_s(world.settings),
    )


def left(
    world: World, client: Client, session: SessionNumber, request: LeaveGroup, write: Leave, outcome: Outcome, now: Now
) -> Iterator[Effect]:
    """The client isn't a member any more."""
    match outcome:
        case Appended():
            if not outcome.repeated:
                yield from left_group(world, client, write, outcome, now)
            yield Send(session, Left(request.id, request.group))
        case NotGranted():
            yield Send(session, _refused(request.id, outcome))
        case _:
            raise AssertionError(outcome)


def left_group(world: World, client: Client, write: Leave, outcome: Appended, now: Now) -> Iterator[Effect]:
    """A `left` entry is durable, whoever wanted it: what was said before it still goes out to the one who left."""
    group = world.groups[outcome.group]
    if client.session is not None:
        yield Halt(client.session)
    group.members.discard(client.number)
    group.moved.discard(client.number)
    client.group = None
    world.touch(client)
    yield _grow(world, group, client, write, outcome.seq, "left", write.reason, now)
    yield Tell("unresponsive" if write.reason == "unresponsive" else "left", client.name, group.name)


def said(
    world: World, client: Client, session: SessionNumber, re: str, write: Say, outcome: Outcome, now: Now
) -> Iterator[Effect]:
    """The message is durable at its number."""
    match outcome:
        case Appended():
            if not outcome.repeated:
                group = world.groups[outcome.group]
                yield _grow(world, group, client, write, outcome.seq, "text", write.body, now)
                yield Tell("said", client.name, group.name, write.body)
            yield Send(session, Stored(re, outcome.seq, outcome.at))
        case NotGranted():
            yield Send(session, _refused(re, outcome))
        case _:
            raise AssertionError(outcome)


# -- questions, answered in their turn --------------------------------------------------------------------------
def list_groups(world: World, client: Client, session: SessionNumber, request: ListGroups) -> Iterator[Effect]:
    """A page of all groups' names."""
    names, more = _page(sorted(world.groups_by_name), fold(request.after))
    yield Send(session, Groups(request.id, names, more))
    yield Tell("listed_groups", client.name, names=names)


def list_members(world: World, client: Client, session: SessionNumber, request: ListMembers) -> Iterator[Effect]:
    """A page of the members' names, for a member."""
    group = world.group_of(client)
    if group is None or group.id != request.group:
        yield Send(session, Refused(request.id, "not_member", TEXTS["not_member"]))
        return
    names, more = _page(sorted(world.clients[number].name for number in group.members), fold(request.after))
    yield Send(session, Members(request.id, names, more))
    yield Tell("listed_members", client.name, group.name, names=names)


def history(world: World, client: Client, session: SessionNumber, request: History) -> Iterator[Effect]:
    """A piece of the log, for a member: all of it is open to whoever is in."""
    group = world.group_of(client)
    if group is None or group.id != request.group:
        yield Send(session, Refused(request.id, "not_member", TEXTS["not_member"]))
        return
    count = min(max(request.count, 1), HISTORY_ENTRIES_MAX)
    yield SendEntries(session, request.id, group.number, min(max(request.start, 1), COUNTER_MAX), count)


def _page(names: list[str], after: str) -> tuple[tuple[str, ...], bool]:
    rest = [name for name in names if name > after]
    return tuple(rest[:PAGE_ROWS_MAX]), len(rest) > PAGE_ROWS_MAX
