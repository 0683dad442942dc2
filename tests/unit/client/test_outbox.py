"""The outbox: strict order, two tries on a connection, five in all, the same id each time (RULES A3 to A5)."""

from hypothesis import given
from hypothesis import strategies as st

from chatapp.client.outbox import Outbox
from chatapp.model.messages import ListGroups, Requests, SendGroup
from chatapp.model.timing import RoundTrip


def outbox(tries_max: int | None = 5) -> Outbox:
    return Outbox(RoundTrip(0.5), tries_max)


def ask(number: int) -> ListGroups:
    return ListGroups(f"{1:016x}-{number}")


def send_ready(box: Outbox, now: float) -> list[Requests]:
    ready = box.ready(now)
    for request in ready:
        box.sent(request, now)
    return ready


def test_a_typed_request_is_sent_five_times_with_a_fresh_connection_after_each_second() -> None:
    box, now, sent, connections = outbox(), 0.0, 0, 1
    box.add(ask(1), now, typed=True)
    while True:
        sent += len(send_ready(box, now))
        due = box.next_due()
        assert due is not None
        verdict = box.sweep(due, connected=True)
        now = due
        if verdict.gave_up:
            break
        for request in verdict.resend:
            box.sent(request, now)
            sent += 1
        if verdict.reconnect:
            connections += 1
            box.disconnected()
    assert (sent, connections) == (5, 3)


def test_a_server_that_can_not_be_reached_uses_tries_up_all_the_same() -> None:
    box = outbox()
    box.add(ask(1), 0.0, typed=True)
    now, looks = 0.0, 0
    while not box.sweep(now, connected=False).gave_up:
        due = box.next_due()
        assert due is not None
        now, looks = due, looks + 1
    assert looks == 5


def test_what_the_client_itself_wants_never_gives_up() -> None:
    box = outbox()
    box.add(ask(1), 0.0, typed=False)
    for now in range(100):
        assert not box.sweep(float(now * 10), connected=False).gave_up


def test_a_client_that_joined_for_good_never_gives_up() -> None:
    box = outbox(tries_max=None)
    box.add(ask(1), 0.0, typed=True)
    for now in range(100):
        assert not box.sweep(float(now * 10), connected=False).gave_up


def test_all_unanswered_requests_go_out_again_in_order_on_a_new_connection() -> None:
    box = outbox()
    for number in (1, 2, 3):
        box.add(ask(number), 0.0, typed=True)
    assert send_ready(box, 0.0) == [ask(1), ask(2), ask(3)]
    box.answered(ask(2).id, 0.1)
    assert send_ready(box, 0.1) == []
    box.disconnected()
    assert send_ready(box, 0.2) == [ask(1), ask(3)]


def test_taking_up_the_group_goes_before_what_waits() -> None:
    box = outbox()
    box.add(ask(1), 0.0, typed=True)
    box.add_first(ask(2), 0.0)
    assert box.ready(0.0) == [ask(2), ask(1)]


def test_a_rate_refusal_postpones_and_nothing_overtakes() -> None:
    box = outbox()
    for number in (1, 2):
        box.add(ask(number), 0.0, typed=True)
    send_ready(box, 0.0)
    box.postpone(ask(1).id, 3.0)  # `rate`
    box.postpone(ask(2).id, 0.0)  # `after_refused`
    box.add(ask(3), 0.1, typed=True)
    assert box.ready(2.9) == []
    assert not box.sweep(2.9, connected=True).resend
    assert send_ready(box, 3.0) == [ask(1), ask(2), ask(3)]
    assert {item.tries for item in box.items.values()} == {1}, "waiting for the rate is no try"


def test_a_second_answer_is_nobodys() -> None:
    box = outbox()
    box.add(ask(1), 0.0, typed=True)
    send_ready(box, 0.0)
    assert box.answered(ask(1).id, 0.2) is not None
    assert box.answered(ask(1).id, 0.3) is None


def test_only_first_tries_measure_the_path() -> None:
    box = outbox()
    box.add(ask(1), 0.0, typed=True)
    send_ready(box, 0.0)
    (again,) = box.sweep(1.0, connected=True).resend
    box.sent(again, 1.0)
    box.answered(ask(1).id, 1.01)
    assert box.round_trip.smoothed_s is None, "nobody knows which try that answered (Karn)"


def test_not_more_than_the_window_is_on_the_way() -> None:
    box = outbox()
    for number in range(1, 200):
        box.add(ask(number), 0.0, typed=True)
    first = send_ready(box, 0.0)
    assert first == [ask(number) for number in range(1, 65)]
    box.answered(ask(1).id, 0.1)
    assert send_ready(box, 0.1) == [ask(65)]


@given(st.lists(st.sampled_from(["add", "send", "answer", "cut", "late"]), max_size=60))
def test_order_is_kept_whatever_happens(steps: list[str]) -> None:
    """On each connection, requests leave for the first time in the order in which they were typed."""
    box, now, number = outbox(tries_max=None), 0.0, 0
    here: list[int] = []
    for step in steps:
        now += 0.3
        if step == "add":
            number += 1
            box.add(SendGroup(ask(number).id, "g", "x"), now, typed=True)
        elif step == "send":
            here += [int(request.id.rpartition("-")[2]) for request in send_ready(box, now)]
        elif step == "answer" and here:
            box.answered(ask(here[0]).id, now)
        elif step == "cut":
            box.disconnected()
            here = []
        elif step == "late":
            for request in box.sweep(now, connected=True).resend:
                box.sent(request, now)
        assert here == sorted(here)
        assert len(here) == len(set(here))
