"""Messages of every size: what is within the limit arrives byte for byte, what isn't is refused, and nothing is cut."""

from aiohttp import WSCloseCode

from chatapp.model.limits import ENVELOPE_BYTES_MAX, KIB, MIB, TEXT_BYTES_MAX
from chatapp.model.messages import Refused, SendGroup, Stored
from harness.archives import archive_of, archived_entries, private_received, private_sent, stored_entries, texts
from harness.people import People
from harness.server import Server

from .gathering import MARKER, RECEIVED, acquaint, exchange_markers, fingerprints, gather, gather_wires

SENTENCE = "Long texts are made of this, with ünïcödé. "


def text_of(size: int) -> str:
    """A text of so many bytes, no piece of it like another."""
    numbered = "".join(f"{n} {SENTENCE}" for n in range(size // len(SENTENCE)))
    text = numbered.encode()[: size - 2].decode(errors="ignore")
    return text + "x" * (size - len(text.encode()))


def test_a_group_message_has_from_one_byte_to_a_mebibyte(server: Server, people: People) -> None:
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    gather(aysha, sana)
    sizes = [text_of(size) for size in (1, 64 * KIB, MIB)]

    for text in sizes:
        aysha.type(f"send_group {text}")
        aysha.expect(RECEIVED)
    for empty in ("send_group", "send_group "):
        aysha.type(empty)
        aysha.expect(">>> Need to include a message")
    aysha.type(f"send_group {text_of(MIB + 1)}")
    aysha.expect(f">>> The message is too long: a group message has at most {TEXT_BYTES_MAX} bytes")
    exchange_markers(aysha, sana)

    said = fingerprints([*sizes, MARKER])
    assert fingerprints(texts(stored_entries(server.data, "skii"))[:4]) == said
    for person in (aysha, sana):
        assert fingerprints(texts(archived_entries(archive_of(person.home, person.name), "skii"))[:4]) == said


def test_a_private_message_has_from_one_byte_to_ten_mebibytes(people: People) -> None:
    aysha, sana = people.pipe("aysha", private_bytes_max=10 * MIB), people.pipe("sana")
    acquaint(aysha, sana)
    sizes = [text_of(size) for size in (1, 64 * KIB, 10 * MIB)]

    for text in sizes:
        aysha.type(f"send sana {text}")
        aysha.expect(">>> [Message received by sana.]")
    for empty in ("send sana", "send sana "):
        aysha.type(empty)
        aysha.expect(">>> Need to include a message")
    aysha.type(f"send sana {text_of(10 * MIB + 1)}")
    aysha.expect(f">>> The message is too long: a private message has at most {10 * MIB} bytes")
    aysha.type(f"send sana {MARKER}")
    aysha.expect(">>> [Message received by sana.]")

    sent, received = private_sent(archive_of(aysha.home, "aysha")), private_received(archive_of(sana.home, "sana"))
    said = fingerprints([*sizes, MARKER])
    assert fingerprints(message.body for message in sent) == said
    assert fingerprints(message.body for message in received) == said
    assert {message.state for message in sent} == {"acked"}


def test_the_limit_counts_what_a_text_takes_on_the_wire(people: People) -> None:
    """Where a control character takes six bytes, fewer of them fit; and a text that just fits arrives."""
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    gather(aysha, sana)
    just_fits = "\x01" * (TEXT_BYTES_MAX // 6)

    aysha.type(f"send_group {just_fits}\x01")
    aysha.expect(f">>> The message is too long: a group message has at most {TEXT_BYTES_MAX} bytes")
    aysha.type(f"send_group {just_fits}")
    aysha.expect(RECEIVED)
    exchange_markers(aysha, sana)

    held = texts(archived_entries(archive_of(sana.home, "sana"), "skii"))
    assert fingerprints(held[:2]) == fingerprints([just_fits, MARKER])


def test_on_the_wire_an_empty_text_is_refused_and_a_longer_frame_closes(server: Server, people: People) -> None:
    aysha, sana = people.wire("aysha"), people.wire("sana")
    group = gather_wires(aysha, sana)

    empty = aysha.ask(SendGroup(aysha.fresh_id(), group, ""), Refused)
    assert (empty.code, empty.text) == ("empty", "A message needs some text.")
    largest = text_of(TEXT_BYTES_MAX)
    aysha.ask(SendGroup(aysha.fresh_id(), group, largest), Stored)
    aysha.send(SendGroup(aysha.fresh_id(), group, largest + "x" * ENVELOPE_BYTES_MAX))
    assert aysha.expect_close().code == WSCloseCode.MESSAGE_TOO_BIG
    assert server.metric('chatapp_violations_total{code="too_large"}') == 1

    sana.ask(SendGroup(sana.fresh_id(), group, MARKER), Stored)
    assert fingerprints(texts(stored_entries(server.data, "skii"))) == fingerprints([largest, MARKER])
