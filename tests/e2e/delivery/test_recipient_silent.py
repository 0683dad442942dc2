"""Issue 2, seen 5: the recipient of a private message has died silently, or was only said to have. RULES C1, C3, C4."""

from chatapp.model.messages import Done, Probe, Report, Roster
from harness.archives import Private, archive_of, private_received, private_sent
from harness.people import People
from harness.pipes import PipeClient
from harness.server import Server
from harness.stage import Stage
from harness.wire import WireClient

from .words import LOST, NOT_DELIVERED, TABLE_UPDATED, received_by


def introduce(people: People) -> tuple[PipeClient, PipeClient, PipeClient]:
    """aysha, sana and haider, each of whom knows the others."""
    aysha, sana, haider = [people.pipe(name) for name in ("aysha", "sana", "haider")]
    aysha.expect(*[TABLE_UPDATED] * 3)
    sana.expect(*[TABLE_UPDATED] * 2)
    haider.expect(TABLE_UPDATED)
    return aysha, sana, haider


def outlive(haider: PipeClient, reporter: WireClient) -> None:
    """Somebody who is silent is reported and gone: whoever else was silent and reported before is gone by then too."""
    haider.suspend()
    reporter.ask(Report(reporter.fresh_id(), "haider"), Done)
    reporter.expect(Roster, lambda roster: ("haider", "offline") in [(row.name, row.status) for row in roster.rows])


def write(aysha: PipeClient, sana: PipeClient, text: str) -> None:
    aysha.type(f"send sana {text}")
    aysha.expect(received_by("sana"))
    sana.expect(f">>> aysha: {text}")


def write_in_vain(aysha: PipeClient, text: str) -> None:
    aysha.type(f"send sana {text}")
    aysha.expect(*NOT_DELIVERED)


def expect_sana_is(status: str, *people: PipeClient) -> None:
    """Everybody's table has changed, and says so."""
    for person in people:
        person.expect(TABLE_UPDATED)
        person.type("list_clients")
        person.expect(f">>> sana  {status}")


def assert_once_in_order(aysha: PipeClient, sana: PipeClient, *texts: str) -> None:
    """Both archives and the recipient's screen have the messages."""
    assert private_sent(archive_of(aysha.home, "aysha")) == [Private("sana", text, "acked") for text in texts]
    received = private_received(archive_of(sana.home, "sana"))
    assert [(message.who, message.body) for message in received] == [("aysha", text) for text in texts]
    assert [line for line in sana.lines if line.startswith(">>> aysha: ")] == [f">>> aysha: {text}" for text in texts]


def test_who_was_stopped_is_found_out_and_gets_what_waited(server: Server, people: People) -> None:
    aysha, sana, haider = introduce(people)
    write(aysha, sana, "hello")
    probes = server.metric("chatapp_probes_total")
    sana.suspend()
    write_in_vain(aysha, "one")
    server.expect(">>> [Server table updated via deregistration.]", ">>> Broadcasted the updated table")
    assert server.metric("chatapp_probes_total") >= probes + 5
    expect_sana_is("offline", aysha, haider)
    write_in_vain(aysha, "two")

    sana.resume()
    sana.expect(">>> aysha: one", ">>> aysha: two")
    aysha.expect(received_by("sana"), received_by("sana"))
    expect_sana_is("online", haider)
    write(aysha, sana, "three")
    assert_once_in_order(aysha, sana, "hello", "one", "two", "three")


def test_who_was_killed_is_found_out_and_gets_what_waited(server: Server, people: People) -> None:
    aysha, sana, haider = introduce(people)
    write(aysha, sana, "hello")
    sana.kill9()
    write_in_vain(aysha, "one")
    server.expect(">>> [Server table updated via deregistration.]", ">>> Broadcasted the updated table")
    expect_sana_is("offline", aysha, haider)
    write_in_vain(aysha, "two")

    sana.start()
    sana.expect(">>> aysha: one", ">>> aysha: two")
    aysha.expect(received_by("sana"), received_by("sana"))
    expect_sana_is("online", haider)
    write(aysha, sana, "three")
    assert_once_in_order(aysha, sana, "hello", "one", "two", "three")


def test_what_waits_outlives_its_sender(people: People) -> None:
    aysha, sana, _ = introduce(people)
    sana.kill9()
    write_in_vain(aysha, "one")
    aysha.kill9()
    aysha.start()
    write_in_vain(aysha, "two")
    sana.start()
    sana.expect(">>> aysha: one", ">>> aysha: two")
    aysha.expect(received_by("sana"), received_by("sana"))
    assert_once_in_order(aysha, sana, "one", "two")


def test_whom_only_the_sender_cannot_reach_stays(stage: Stage, server: Server, people: People) -> None:
    nowhere = stage.udp_proxy(server)
    nowhere.black_hole()
    sana, sarah = people.wire("sana", log_in=False), people.wire("sarah")
    sana.log_in(port=nowhere.port)
    haider, aysha = people.pipe("haider"), people.pipe("aysha")
    aysha.expect(TABLE_UPDATED)
    write_in_vain(aysha, "are you there?")
    sana.expect(Probe)  # which she answers
    outlive(haider, sarah)
    expect_sana_is("online", aysha)
    assert nowhere.withheld("server") > 0


def test_who_is_falsely_reported_stays(server: Server, people: People) -> None:
    aysha, sana, haider = introduce(people)
    sarah = people.wire("sarah")
    aysha.expect(TABLE_UPDATED)
    probes = server.metric("chatapp_probes_total")
    sarah.ask(Report(sarah.fresh_id(), "sana"), Done)
    outlive(haider, sarah)
    assert server.metric("chatapp_probes_total") >= probes + 6  # five for haider
    expect_sana_is("online", aysha)
    write(aysha, sana, "you are still there")
    assert sana.lines.count(LOST) == 0
