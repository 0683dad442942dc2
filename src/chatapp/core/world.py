"""What the core knows: a cache of the store, and who is here.

One owner: only the functions of this package change it, one input at a time.
"""

from dataclasses import dataclass, field

from chatapp.core.snapshot import Snapshot, StoredEntry
from chatapp.model.ids import ClientNumber, GroupNumber, RequestId, SessionNumber
from chatapp.model.limits import ACK_DELAY_MAX_S, NAMED_RECEIPTS_MAX, ROSTER_INTERVAL_PER_CLIENT_S
from chatapp.model.messages import Entry, Kind, RosterRow
from chatapp.model.settings import ServerSettings
from chatapp.model.timing import RoundTrip


@dataclass(slots=True)
class Client:
    """A row of the roster. version: the roster's when this row last changed; session: its connection, if it has one."""

    number: ClientNumber
    name: str
    key: bytes
    kind: Kind
    addresses: tuple[str, ...]
    online: bool = False
    group: GroupNumber | None = None
    session: SessionNumber | None = None
    version: int = 0


@dataclass(slots=True)
class Session:
    """An authenticated connection. probe: the number of the last probe and when it was sent, while unanswered."""

    number: SessionNumber
    client: ClientNumber
    round_trip: RoundTrip
    probe: tuple[int, float] | None = None


@dataclass(slots=True)
class Group:
    """A log's head and its cursors. cursors: of all who were ever in it; moved: cursors not yet told as receipts."""

    number: GroupNumber
    id: str
    name: str
    epoch: int
    head: int
    members: set[ClientNumber]
    cursors: dict[ClientNumber, int]
    moved: set[ClientNumber] = field(default_factory=set)
    receipts_due: float = 0.0
    grown_at: float | None = None  # when it first grew since somebody last looked who is behind

    def ack_delay_s(self, settings: ServerSettings) -> float:
        """How slowly members are asked to ack: slower in a large group, whose acks and receipts are many."""
        size = len(self.members)
        if size <= NAMED_RECEIPTS_MAX:
            return settings.ack_delay_s
        return min(max(ACK_DELAY_MAX_S, settings.ack_delay_s), settings.ack_delay_s * size / NAMED_RECEIPTS_MAX)


@dataclass(slots=True)
class Watch:
    """Somebody may be gone. due: when the current time-out ends; probes: how many are unanswered by then."""

    due: float
    probes: int


@dataclass(slots=True)
class World:
    """All of it. boot: a random number of this process, which also begins the ids of the server's own entries."""

    settings: ServerSettings
    boot: int
    clients: dict[ClientNumber, Client] = field(default_factory=dict)
    names: dict[str, ClientNumber] = field(default_factory=dict)
    groups: dict[GroupNumber, Group] = field(default_factory=dict)
    groups_by_id: dict[str, GroupNumber] = field(default_factory=dict)
    groups_by_name: dict[str, GroupNumber] = field(default_factory=dict)
    sessions: dict[SessionNumber, Session] = field(default_factory=dict)
    enrolling: dict[SessionNumber, tuple[float, str]] = field(default_factory=dict)
    watched: dict[ClientNumber, Watch] = field(default_factory=dict)
    growing: set[GroupNumber] = field(default_factory=set)
    receipts: set[GroupNumber] = field(default_factory=set)
    roster_version: int = 0
    roster_told: int = 0
    roster_due: float = 0.0
    heads: set[GroupNumber] = field(default_factory=set)
    heads_due: float = 0.0
    cursors: set[tuple[ClientNumber, GroupNumber]] = field(default_factory=set)
    cursors_due: float = 0.0
    counter: int = 0

    @property
    def boot_text(self) -> str:
        """The boot number as the wire has it."""
        return f"{self.boot:016x}"

    def own_id(self) -> RequestId:
        """A new id for an entry that no client asked for."""
        self.counter += 1
        return RequestId(self.boot, self.counter)

    def client_of(self, session: SessionNumber) -> Client:
        """The client that logged in with that session."""
        return self.clients[self.sessions[session].client]

    def group_of(self, client: Client) -> Group | None:
        """The group the client is in."""
        return None if client.group is None else self.groups[client.group]

    def add_client(self, client: Client) -> None:
        """A new row of the roster."""
        self.clients[client.number] = client
        self.names[client.name] = client.number

    def add_group(self, group: Group) -> None:
        """A new log."""
        self.groups[group.number] = group
        self.groups_by_id[group.id] = group.number
        self.groups_by_name[group.name] = group.number

    def touch(self, client: Client) -> None:
        """The client's row of the roster has changed."""
        self.roster_version += 1
        client.version = self.roster_version

    def roster_interval_s(self) -> float:
        """How long changes are gathered: longer as there are more to tell."""
        return self.settings.roster_interval_s + ROSTER_INTERVAL_PER_CLIENT_S * len(self.sessions)

    def roster_row(self, client: Client) -> RosterRow:
        """The client's row as everybody may see it."""
        group = self.group_of(client)
        return RosterRow(
            name=client.name,
            key=client.key.hex(),
            status="online" if client.online else "offline",
            group=None if group is None else group.name,
            kind=client.kind,
            addresses=client.addresses,
        )

    def entry(self, group: Group, stored: StoredEntry) -> Entry:
        """The stored entry as the wire has it."""
        by = self.clients[stored.client].name
        return Entry(group.id, stored.seq, stored.at, by, str(stored.id), stored.kind, stored.body)


def restored(snapshot: Snapshot, settings: ServerSettings, boot: int, now: float) -> World:
    """The world after a start: nobody is connected, and members have `come_back_s` to return."""
    world = World(settings, boot)
    for row in snapshot.clients:
        world.add_client(Client(row.number, row.name, row.key, row.kind, row.addresses))
    for stored in snapshot.groups:
        world.add_group(
            Group(
                stored.number,
                stored.id,
                stored.name,
                stored.epoch,
                stored.head,
                set(stored.members),
                dict(stored.cursors),
            )
        )
        for number in stored.members:
            client = world.clients[number]
            client.group = stored.number
            client.online = True
            world.watched[number] = Watch(now + settings.come_back_s, settings.probes)
    return world
