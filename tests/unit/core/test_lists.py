"""Protocol 5.2: lists come in pages, in order. 5.6 (g): how soon a list of members is right."""

from chatapp.core.effects import Tell
from chatapp.model.limits import PAGE_ROWS_MAX
from chatapp.model.messages import CreateGroup, JoinGroup, Leaving, ListGroups, ListMembers

from .dialogue import Conversation
from .person import Person


def all_groups(person: Person) -> list[list[str]]:
    """The pages of the list of groups."""
    pages: list[list[str]] = []
    more, after = True, ""
    while more:
        answer = person.asks(ListGroups(person.new_id(), after))
        pages.append(list(answer.names))
        more, after = answer.more, pages[-1][-1] if pages[-1] else ""
    return pages


def all_members(person: Person, group: str) -> list[list[str]]:
    pages: list[list[str]] = []
    more, after = True, ""
    while more:
        answer = person.asks(ListMembers(person.new_id(), person.talk.group(group), after))
        pages.append(list(answer.names))
        more, after = answer.more, pages[-1][-1]
    return pages


def test_there_may_be_no_group(talk: Conversation) -> None:
    assert all_groups(talk.registers("aysha")) == [[]]


def test_groups_are_listed_in_order(talk: Conversation) -> None:
    aysha = talk.registers("aysha")
    for name in ("skii", "ärger", "b", "Zoo"):
        aysha.creates(name)

    assert all_groups(aysha) == [["b", "skii", "zoo", "ärger"]]
    assert talk.screen[-1] == Tell("listed_groups", "aysha", names=("b", "skii", "zoo", "ärger"))


def test_many_groups_come_in_pages(talk: Conversation) -> None:
    aysha = talk.registers("aysha")
    with talk.busy_disk():
        for n in range(PAGE_ROWS_MAX * 2):
            aysha.sends(CreateGroup(aysha.new_id(), f"g{n:04}"))

    assert [len(page) for page in all_groups(aysha)] == [PAGE_ROWS_MAX, PAGE_ROWS_MAX]
    assert [name for page in all_groups(aysha) for name in page] == [f"g{n:04}" for n in range(PAGE_ROWS_MAX * 2)]


def test_many_members_come_in_pages(talk: Conversation) -> None:
    aysha, _ = talk.group_of("aysha", "sana")
    with talk.busy_disk():
        crowd = [talk.registers(f"m{n:04}") for n in range(PAGE_ROWS_MAX)]
    with talk.busy_disk():
        for person in crowd:
            person.sends(JoinGroup(person.new_id(), "skii"))

    pages = all_members(aysha, "skii")
    assert [len(page) for page in pages] == [PAGE_ROWS_MAX, 2]
    assert [name for page in pages for name in page] == ["aysha", *(person.name for person in crowd), "sana"]


def test_who_left_silently_is_not_in_the_list(talk: Conversation) -> None:
    aysha, sana = talk.group_of("aysha", "sana")
    assert all_members(aysha, "skii") == [["aysha", "sana"]]
    sana.sends(Leaving())

    assert all_members(aysha, "skii") == [["aysha"]]


def test_who_lost_its_connection_is_not_in_the_list_within_3_s(talk: Conversation) -> None:
    aysha, sana = talk.group_of("aysha", "sana")
    sana.drops()
    talk.passes(3.0)

    assert all_members(aysha, "skii") == [["aysha"]]


def test_who_is_silent_with_traffic_is_not_in_the_list_after_the_probes(talk: Conversation) -> None:
    aysha, sana = talk.group_of("aysha", "sana")
    sana.attentive = False
    aysha.says("hi")
    talk.passes(3.125)

    assert all_members(aysha, "skii") == [["aysha"]]
