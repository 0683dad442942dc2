"""What is said of each event: CLASSIC's lines, exactly, brackets included."""

from collections.abc import Sequence

from chatapp.client.events import (
    Answered,
    CannotReturn,
    Ended,
    Entered,
    Event,
    FirstContact,
    HeldChanged,
    KeyChanged,
    LinkLost,
    LinkRegained,
    NoDirect,
    NotSent,
    NotYetReceived,
    Offline,
    PrivateAcked,
    PrivateCame,
    PrivateRejected,
    PrivateWaits,
    ReceivedByAll,
    Registered,
    Removed,
    Resynced,
    Said,
    TableChanged,
    Trusted,
)
from chatapp.model.messages import (
    Created,
    CreateGroup,
    Dereg,
    Done,
    Entry,
    Groups,
    Joined,
    JoinGroup,
    LeaveGroup,
    Left,
    ListGroups,
    ListMembers,
    Members,
    Refused,
    SendGroup,
    Stored,
)
from chatapp.model.shown import shown, shown_line

PROMPT = ">>> "
_CODE_CHARACTERS_MAX = 64
_NAME_CHARACTERS_MAX = 64
"""Of a code or name that came over the wire; ours are shorter."""


def prompt(group: str | None) -> str:
    """What stands before what is typed."""
    return PROMPT if group is None else f"{PROMPT}({group}) "


class Narrator:
    """Turns events into lines, in order. group: the name of the group that the lines are in by now."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.group: str | None = None

    def lines(self, event: Event) -> list[str]:
        """The event's lines; none for what isn't worth one."""
        match event:
            case Said():
                return self._entry(event.entry, again=event.again)
            case PrivateCame(received=received, again=again):
                return [f"{PROMPT}{_again(again)}{received.sender}: {shown(received.body)}"]
            case Answered(request=request, answer=answer):
                return self._answer(request, answer)
            case HeldChanged():
                return [self._in_group(held_notice(event))]
            case NotYetReceived(names=names, count=count):
                whom = _listed(names) if names else str(count)
                return [self._in_group(f"[Not yet received by {whom}.]")]
            case ReceivedByAll(count=count):
                return [self._in_group(f"[Received by all {count}.]")]
            case Entered(group=group):
                self.group = group
                return [f"{PROMPT}[Entered group {group} successfully.]"]
            case CannotReturn(group=group):
                self.group = None
                return [f"{PROMPT}[Group {group} does not exist.]"]
            case Removed(group=group):
                return [f"{PROMPT}[You did not respond and were removed from group {group}.]"]
            case NotSent(group=group, body=body, text=text):
                return [f"{PROMPT}[Your message to {group} was not sent: {shown(text)}]", f"{PROMPT}{shown(body)}"]
            case _:
                return [f"{PROMPT}{line}" for line in _news(event)]

    def ending(self, ended: Ended, kept: int) -> list[str]:
        """Why the conversation is over; `kept` messages go out at the next start."""
        match ended.why:
            case "name_taken":
                return [f"{PROMPT}[Cannot register with a name already used.]"]
            case "key_changed":
                return list(ended.lines)
            case "replaced":
                reason = "[This name has registered from elsewhere.]"
            case "refused":
                reason = f"[The server refused: {shown(' '.join(ended.lines))}]"
            case _:
                reason = "[Server not responding]"
        lines = [f"{PROMPT}{reason}"]
        if kept:
            messages, go = ("message is", "goes") if kept == 1 else ("messages are", "go")
            lines.append(f"{PROMPT}[{kept} {messages} kept and {go} out at the next start.]")
        return [*lines, f"{PROMPT}[Exiting]"]

    def _in_group(self, text: str) -> str:
        return prompt(self.group) + text

    def _entry(self, entry: Entry, *, again: bool) -> list[str]:
        if entry.by == self._name:
            return []  # one's own: typed here, and acknowledged
        match entry.kind, entry.body:
            case "text", body:
                return [self._in_group(f"{_again(again)}Group_Message <{_name(entry.by)}>: {shown(body)}")]
            case "joined", _:
                return [self._in_group(f"{_again(again)}[{_name(entry.by)} joined.]")]
            case "left", "unresponsive":
                return [self._in_group(f"{_again(again)}[{_name(entry.by)} did not respond and was removed.]")]
            case "left", "left" | "deregistered":
                return [self._in_group(f"{_again(again)}[{_name(entry.by)} left.]")]
            case _:
                return []  # a silent leave is announced to nobody; creation is before everybody's time

    def _answer(self, request: object, answer: object) -> list[str]:
        match request, answer:
            case CreateGroup(), Created():
                return [f"{PROMPT}[Group {request.group} created by Server.]"]
            case CreateGroup(), Refused(code="group_exists"):
                return [f"{PROMPT}[Group {request.group} already exists.]"]
            case CreateGroup(), Refused(code="bad_name"):
                return [f"{PROMPT}Invalid group name: {answer.text}"]
            case ListGroups(), Groups():
                heading = [f"{PROMPT}[Available group chats:]"] if not request.after else []
                return [*heading, *(f"{PROMPT}{_name(name)}" for name in answer.names)]
            case JoinGroup(), Joined():
                self.group = answer.name
                return [f"{PROMPT}[Entered group {answer.name} successfully.]"]
            case JoinGroup(), Refused(code="no_such_group"):
                return [f"{PROMPT}[Group {shown(request.group)} does not exist.]"]
            case SendGroup(), Stored():
                return [self._in_group("[Message received by Server.]")]
            case ListMembers(), Members():
                heading = [self._in_group(f"[Members in the group {self.group}:]")] if not request.after else []
                return [*heading, *(self._in_group(_name(name)) for name in answer.names)]
            case LeaveGroup(), Left():
                group, self.group = self.group, None
                return [f"{PROMPT}[Leave group chat {group}.]"]
            case Dereg(), Done():
                return [f"{PROMPT}[You are Offline. Bye.]"]
            case _, Refused():
                return [self._in_group(f"[Refused: {shown(answer.text or answer.code)}]")]
            case _:
                return []


def _news(event: Event) -> list[str]:
    match event:
        case FirstContact(server_id=server_id):
            return [f"[Server key SHA256:{server_id} remembered.]"]
        case Registered():
            return ["[Welcome, You are registered.]"]
        case Offline():
            return ["[Server not responding. You can still send private messages.]"]
        case LinkLost():
            return ["[Server not responding, reconnecting.]"]
        case LinkRegained():
            return ["[Connected again.]"]
        case TableChanged():
            return ["[Client table updated.]"]
        case KeyChanged(name=name):
            held_back = f"Private messages to and from {name} are held back"
            return [f"[The key of {name} has changed. {held_back}. If you expected this, type: trust {name}]"]
        case Trusted(name=name):
            return [f"[The new key of {name} is trusted.]"]
        case PrivateAcked(recipient=recipient):
            return [f"[Message received by {recipient}.]"]
        case PrivateWaits(recipient=recipient):
            return [
                f"[No ACK from {recipient}, message not delivered]",
                f"[The message waits here until {recipient} or the server is back.]",
            ]
        case PrivateRejected(recipient=recipient, code=code):
            return [f"[{recipient}'s client refused the message: {shown_line(code, _CODE_CHARACTERS_MAX)}]"]
        case Resynced(group=group):
            return [f"[The server has an older copy of group {group}. What it lost is kept here, and marked.]"]
        case NoDirect(text=text):
            return [f"[{text}]"]
        case _:
            return []


def held_notice(held: HeldChanged) -> str:
    """The one line that grows."""
    if held.count == 1:
        return f"[1 private message is waiting, from {_listed(held.names)}. It is shown when you leave the group.]"
    waiting = f"{held.count} private messages are waiting, from {_listed(held.names)}"
    return f"[{waiting}. They are shown when you leave the group.]"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _name(name: str) -> str:
    """A name as it came: the server checks names, and whoever is in its place may not."""
    return shown_line(name, _NAME_CHARACTERS_MAX)


def _again(again: bool) -> str:
    return "(again) " if again else ""
