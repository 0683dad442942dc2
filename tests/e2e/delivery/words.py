"""The lines of CLASSIC.md that these tests wait for, and the first steps that they share."""

import re

from harness.archives import Held, archive_of, archived_entries, stored_entries
from harness.pipes import PipeClient
from harness.server import Server

TABLE_UPDATED = ">>> [Client table updated.]"
SENT = ">>> (skii) [Message received by Server.]"
LOST = ">>> [Server not responding, reconnecting.]"
REGAINED = ">>> [Connected again.]"
DEAD = ">>> [Server not responding. You can still send private messages.]"
NOT_DELIVERED = (
    ">>> [No ACK from sana, message not delivered]",
    ">>> [The message waits here until sana or the server is back.]",
)
REMOVED = ">>> [You did not respond and were removed from group skii.]"
ENTERED = ">>> [Entered group skii successfully.]"

_OF_AN_ENTRY = re.compile(r">>> \(skii\) (Group_Message <.*|\[\w+ (joined|left|did not respond and was removed)\.\])")


def said(name: str, text: str) -> str:
    """The line of a group message."""
    return f">>> (skii) Group_Message <{name}>: {text}"


def removed(name: str) -> str:
    """The line of somebody's removal, for the others."""
    return f">>> (skii) [{name} did not respond and was removed.]"


def received_by(name: str) -> str:
    """The line of a private message's acknowledgement."""
    return f">>> [Message received by {name}.]"


def gather(*people: PipeClient) -> None:
    """The first creates the group skii, and all join it, in that order."""
    people[0].type("create_group skii")
    people[0].expect(">>> [Group skii created by Server.]")
    for person in people:
        person.type("join_group skii")
        person.expect(ENTERED)


def lines_for(name: str, log: list[Held]) -> list[str]:
    """The lines that entries mean for somebody's screen: nothing is told of oneself, nor of a silent leave."""
    lines = []
    for entry in log:
        match entry.kind, entry.body:
            case _ if entry.by == name:
                pass
            case "text", body:
                lines.append(said(entry.by, body))
            case "joined", _:
                lines.append(f">>> (skii) [{entry.by} joined.]")
            case "left", "unresponsive":
                lines.append(removed(entry.by))
            case "left", "left":
                lines.append(f">>> (skii) [{entry.by} left.]")
    return lines


def since_joining(name: str, log: list[Held]) -> list[Held]:
    """The log from somebody's first join entry on: what an archive has of it."""
    first = next(place for place, entry in enumerate(log) if (entry.kind, entry.by) == ("joined", name))
    return log[first:]


def agreed_log(server: Server, *people: PipeClient) -> list[Held]:
    """All of them get a last message; up to there each archive is the server's log, and each screen says it once."""
    first, *others = people
    first.type("send_group that is all")
    for other in others:
        other.expect(said(first.name, "that is all"))
    others[0].type("send_group it is")
    first.expect(said(others[0].name, "it is"))  # so her archive has her own message too

    log = stored_entries(server.data, "skii")
    log = log[: [entry.body for entry in log].index("that is all") + 1]
    for person in people:
        archive = archived_entries(archive_of(person.home, person.name), "skii")
        assert [entry for entry in archive if entry.seq <= len(log)] == since_joining(person.name, log)
        expected = lines_for(person.name, since_joining(person.name, log))
        assert [line for line in person.lines if _OF_AN_ENTRY.fullmatch(line)][: len(expected)] == expected
    return log
