"""CLASSIC: on the server's screen."""

import pytest

from chatapp.model.lines import console_lines, how_to_join, table_lines
from chatapp.model.messages import RosterRow


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        ("registered", [">>> [Server table updated via new registration.]"]),
        ("deregistered", [">>> [Server table updated via deregistration.]"]),
        ("broadcast", [">>> Broadcasted the updated table"]),
        ("created", [">>> [Client aysha created group skii successfully]"]),
        ("creating_failed", [">>> [Client aysha creating group skii failed, group already exists]"]),
        ("listed_groups", [">>> [Client aysha requested listing groups, current groups:]", ">>> b", ">>> skii"]),
        ("joined", [">>> [Client aysha joined group skii]"]),
        ("joining_failed", [">>> [Client aysha joining group skii failed, group does not exist]"]),
        ("said", [">>> [Client aysha sent group message: hi all]"]),
        ("unresponsive", [">>> [Client aysha not responsive, removed from group skii]"]),
        ("listed_members", [">>> [Client aysha requested listing members of group skii:]", ">>> b", ">>> skii"]),
        ("left", [">>> [Client aysha left group skii]"]),
    ],
)
def test_what_the_console_says(what: str, lines: list[str]) -> None:
    assert console_lines(what, "aysha", "skii", "hi all", ("b", "skii")) == lines


def test_a_text_that_isnt_shown() -> None:
    assert console_lines("said", "aysha", "skii", "", ()) == [">>> [Client aysha sent group message]"]


def test_the_table() -> None:
    rows = [
        RosterRow("aysha", "", "online", "skii", "device", ("192.0.2.1:2000",)),
        RosterRow("sana", "", "offline", None, "device", ("[2001:db8::1]:2001", "192.0.2.2:2001")),
        RosterRow("haider", "", "online", None, "device", ()),
    ]

    assert table_lines(rows, 5) == [
        ">>> name    address        port  status   mode",
        ">>> aysha   192.0.2.1      2000  online   in skii",
        ">>> sana    [2001:db8::1]  2001  offline  normal",
        ">>> haider  -              -     online   normal",
        ">>> and 2 more",
    ]


def test_how_others_join() -> None:
    assert how_to_join("192.0.2.1", 4000, no_tls=False) == (
        ">>> [Others join with: python3 chatapp.py -c NAME 192.0.2.1 4000 2000, or: chatapp join 192.0.2.1:4000]"
    )
    assert how_to_join("::1", 4000, no_tls=False).endswith("chatapp join [::1]:4000]")
