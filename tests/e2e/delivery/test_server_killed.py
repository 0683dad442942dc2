"""Issue 2, seen 2: the server is killed with -9 in the middle of a burst, and started again. RULES A2, A4, B1, B7."""

from itertools import chain

from harness.archives import archive_of, archived_entries, stored_entries, texts
from harness.people import People
from harness.server import Server

from .words import ENTERED, SENT, agreed_log, gather, said, since_joining

NAMES = ("aysha", "sana", "sarah")
MESSAGES = 400
KILLS = 5
TYPED = 60


def test_a_burst_through_kills_of_the_server_loses_nothing_and_doubles_nothing(server: Server, people: People) -> None:
    crowd = aysha, sana, _ = [people.pipe(name, command="join") for name in NAMES]
    gather(*crowd)
    burst = {person.name: [f"{person.name} {number}" for number in range(MESSAGES)] for person in crowd}
    for person in crowd:
        person.type_bytes("".join(f"send_group {text}\n" for text in burst[person.name]).encode())

    between_kills = MESSAGES // (KILLS + 1)
    for _ in range(KILLS):
        for person in crowd:
            person.expect(*[SENT] * between_kills)
        server.kill9()
        acknowledged = [text for person in crowd for text in burst[person.name][: person.lines.count(SENT)]]
        log = stored_entries(server.data, "skii")
        assert set(acknowledged) - set(texts(log)) == set()
        server.start()
    for person in crowd:
        person.expect(*[SENT] * (MESSAGES - KILLS * between_kills))

    log = agreed_log(server, *crowd)
    assert sorted(texts(log)) == sorted([*chain(*burst.values()), "that is all"])
    assert [(entry.by, entry.kind) for entry in log if entry.kind != "text"] == [
        ("aysha", "created"),
        *((name, "joined") for name in NAMES),
    ]
    for name in NAMES:
        assert [entry.body for entry in log if (entry.kind, entry.by) == ("text", name)][:MESSAGES] == burst[name]
    aysha.type("list_members")
    aysha.expect(*(f">>> (skii) {name}" for name in NAMES))
    for person in crowd:
        person.end_of_input()
        assert person.exit_status() == 0
        said_too = 1 if person in (aysha, sana) else 0
        assert person.lines.count(SENT) == MESSAGES + said_too


def test_what_a_person_typed_ahead_goes_out_in_order(server: Server, people: People) -> None:
    sana, aysha = people.pipe("sana", command="join"), people.terminal("aysha", command="join")
    gather(sana)
    aysha.type("join_group skii")
    aysha.expect(ENTERED)
    texts_typed = [f"thought {number}" for number in range(TYPED)]
    for text in texts_typed:
        aysha.type(f"send_group {text}")  # nobody at a terminal waits for an answer before the next line
    aysha.expect(*[SENT] * 3)
    server.kill9()
    aysha.expect(f">>> (skii) send_group {texts_typed[-1]}")
    server.start()
    sana.expect(*(said("aysha", text) for text in texts_typed))
    sana.type("send_group I am listening")
    aysha.expect(said("sana", "I am listening"))
    log = stored_entries(server.data, "skii")
    assert texts(log) == [*texts_typed, "I am listening"]
    assert archived_entries(archive_of(aysha.home, "aysha"), "skii") == since_joining("aysha", log)
    assert aysha.lines.count(SENT) == TYPED
