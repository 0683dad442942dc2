"""Texts of every kind: byte for byte what was sent in every archive, and nothing that isn't UTF-8 anywhere."""

from chatapp.model.errors import ExitStatus
from chatapp.model.messages import Entry, SendGroup, Stored
from harness.archives import archive_of, archived_entries, private_received, private_sent, stored_entries, texts
from harness.frames import Opcode
from harness.people import People
from harness.server import Server

from .gathering import MARKER, acquaint, exchange_markers, gather, gather_wires

FAMILY = "👩\u200d👩\u200d👧\u200d👦"
LINES = [
    "  blanks before,  between     and behind   ",
    "tab\there\t\tand there\t",
    "\t",
    " ",
    f"a family {FAMILY} and a flag 🏴\u200d☠️ with joiners",
    "שלום and مرحبا and می\u200cخواهم",
    "composed é, decomposed e\u0301, and Z\u0351\u036b\u0343algo",
    "nul \0, bell \a, escape \x1b[31mred\x1b[0m, return \r, a C1 \u009b2J",
    "over\u202eriding \u2066and isolating\u2069, \u200bzero \ufeffwidth",
    "far out \U0010fffd and not a character \uffff",
    '"quoted" \\ and \\n and {"t": "bye"} and <b>&amp;</b> and %s %d {} $HOME `id`',
]
"""What can be typed in one line."""
PARAGRAPHS = "one\ntwo\n\n\n    four, indented\n>>> sana: and more"
NOT_UTF_8 = [b"\xff", b"caf\xe9", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"]
"""A byte that never occurs, Latin-1, an overlong form, a surrogate, beyond Unicode, and a character cut short."""
NOT_TEXT = ">>> Please input a valid request: it is not UTF-8 text"


def test_texts_typed_into_a_pipe_arrive_as_they_were_typed(server: Server, people: People) -> None:
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    acquaint(aysha, sana)
    for text in LINES:
        aysha.type(f"send sana {text}")
        aysha.expect(">>> [Message received by sana.]")
    gather(aysha, sana)
    for text in LINES:
        aysha.type(f"send_group {text}")
    exchange_markers(aysha, sana)

    aysha_archive, sana_archive = archive_of(aysha.home, "aysha"), archive_of(sana.home, "sana")
    assert [message.body for message in private_sent(aysha_archive)] == LINES
    assert [message.body for message in private_received(sana_archive)] == LINES
    assert texts(stored_entries(server.data, "skii"))[:-1] == [*LINES, MARKER]
    for archive in (aysha_archive, sana_archive):
        assert texts(archived_entries(archive, "skii"))[: len(LINES)] == LINES


def test_texts_with_line_breaks_are_one_message(server: Server, people: People) -> None:
    aysha, sana = people.terminal("aysha"), people.pipe("sana")
    acquaint(aysha, sana)
    aysha.type_keys("send sana one")
    aysha.key("escape-enter")
    aysha.type("two")
    aysha.expect(">>> [Message received by sana.]")
    sana.expect(">>> aysha: one", "    two")
    gather(aysha, sana)
    aysha.wait_for_prompt(">>> (skii)")
    aysha.paste(f"send_group {PARAGRAPHS}")
    aysha.key("enter")
    sana.expect(">>> (skii) Group_Message <aysha>: one", "    two", "    ", "    ")
    exchange_markers(aysha, sana)

    assert [message.body for message in private_received(archive_of(sana.home, "sana"))] == ["one\ntwo"]
    for archive in (archive_of(aysha.home, "aysha"), archive_of(sana.home, "sana")):
        assert texts(archived_entries(archive, "skii"))[0] == PARAGRAPHS


def test_what_is_typed_and_isnt_utf_8_is_refused_and_not_sent(server: Server, people: People) -> None:
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    acquaint(aysha, sana)
    for junk in NOT_UTF_8:
        aysha.type_bytes(b"send sana hello " + junk + b"\n")
        aysha.expect(NOT_TEXT)
    gather(aysha, sana)
    for junk in NOT_UTF_8:
        aysha.type_bytes(b"send_group hello " + junk + b"\n")
        aysha.expect(NOT_TEXT)
    exchange_markers(aysha, sana)
    assert texts(stored_entries(server.data, "skii"))[0] == MARKER
    assert private_sent(archive_of(aysha.home, "aysha")) == []

    aysha.end_of_input()
    assert aysha.exit_status() == ExitStatus.SOME_REFUSED


def test_frames_that_arent_utf_8_close_the_connection(server: Server, people: People) -> None:
    sana = people.wire("sana")
    group = gather_wires(sana)
    for number, junk in enumerate(NOT_UTF_8):
        stranger = people.wire(f"stranger{number}")
        body = b'{"t":"send_group","id":"%s","group":"%s","body":"' % (stranger.fresh_id().encode(), group.encode())
        stranger.send_raw(body + junk + b'"}')
        assert stranger.expect_close().code == 1007
        assert server.metric('chatapp_violations_total{code="bad_frame"}') == number + 1
    for number, escaped in enumerate((rb"\ud800", rb"\udc00\ud800", rb"\ud83d x")):  # half of a surrogate pair, escaped
        stranger = people.wire(f"escaping{number}")
        body = b'{"t":"send_group","id":"%s","group":"%s","body":"' % (stranger.fresh_id().encode(), group.encode())
        stranger.send_raw(body + escaped + b'"}')
        assert stranger.expect_close().reason.startswith("bad_message: ")

    sana.ask(SendGroup(sana.fresh_id(), group, MARKER), Stored)
    assert sana.expect(Entry, lambda entry: entry.kind == "text").body == MARKER


def test_a_text_frame_in_pieces_is_one_message(people: People) -> None:
    """RFC 6455, 5.4: also where a piece ends within a character."""
    aysha, sana = people.wire("aysha"), people.wire("sana")
    group = gather_wires(aysha, sana)
    body = f"{FAMILY} שלום"
    frame = f'{{"t":"send_group","id":"{aysha.fresh_id()}","group":"{group}","body":"{body}"}}'.encode()
    for at in range(len(frame)):
        aysha.websocket.send_frame(Opcode.CONTINUATION if at else Opcode.TEXT, frame[at : at + 1], final=False)
    aysha.websocket.send_frame(Opcode.CONTINUATION, b"")
    assert sana.expect(Entry, lambda entry: entry.kind == "text").body == body
