"""Every bound in the program, with its unit in the name and its reason beside it.

What a person may want to choose (time-outs, sizes) is a default here and a setting in `server.config` or
`client.config`; the rest is fixed.
"""

KIB = 1024
MIB = 1024 * KIB

# -- the wire ---------------------------------------------------------------------------------------------------
TEXT_BYTES_MAX = 1 * MIB
"""A group message's text as JSON encodes it: what one frame can carry without stalling the others behind it."""
ENVELOPE_BYTES_MAX = 4 * KIB
"""What a frame may hold beside its text: type, id, group. Names and ids are far shorter."""
HANDSHAKE_FRAME_BYTES_MAX = 8 * KIB
"""A frame before log-in: a register message with 16 addresses is under 2 KiB."""
PRIVATE_TEXT_BYTES_MAX = 64 * MIB
"""A private message: it lies in memory once at each end while it is on its way."""
HANDSHAKE_TIMEOUT_S = 10.0
"""An unauthenticated connection lives this long (the field: websockets 10 s)."""
UNAUTHENTICATED_CONNECTIONS_MAX = 256
"""At once, in all. Times HANDSHAKE_TIMEOUT_S it admits 25 new sessions a second under a flood of silent ones."""
INSTALLATION_BITS = 63
"""Fits SQLite's signed integer; 2**63 makes a collision within one name's installations hopeless."""
COUNTER_MAX = 2**53 - 1
"""Counters stay exact in a JavaScript number."""
PORT_MIN, PORT_MAX = 1024, 65535
"""What needs no privileges, up to the last there is: the range that the classic command has always had."""

# -- names ------------------------------------------------------------------------------------------------------
NAME_CHARACTERS_MAX = 32
"""As Ergo; keeps a roster line within 80 columns."""
NAME_WRITTEN_CHARACTERS_MAX = 4 * NAME_CHARACTERS_MAX
"""Before folding, which may join a letter and its marks into one character."""
NAME_BYTES_MAX = 128
"""32 characters of four bytes; a file name's limit is 255."""
ADDRESSES_MAX = 16
"""Addresses that a client may declare: both families of several interfaces."""

# -- groups -----------------------------------------------------------------------------------------------------
ACK_DELAY_S = 0.1
"""A client acks at most this often in groups up to NAMED_RECEIPTS_MAX."""
ACK_DELAY_MAX_S = 1.0
"""The slowest that the server asks for in large groups."""
ACK_ENTRIES_MAX = 1000
"""A client acks after so many entries even if the delay isn't over."""
NAMED_RECEIPTS_MAX = 50
"""Receipts carry names up to this many members, counts above: a push to all of n names is n**2."""
RECEIPT_BUCKETS_MAX = 64
"""Receipts of large groups: so many different cursors, rounded down."""
HISTORY_ENTRIES_MAX = 1000
"""Entries in one history answer (Ergo: 1,000)."""
CATCH_UP_BYTES_MAX = 256 * KIB
"""What is read from the log for a reader that is behind, at one time; also the send buffer above which it waits."""
LINK_BUFFER_BYTES_MAX = 16 * MIB
"""What may wait for one connection in all, answers and roster included; beyond that it is closed."""
CATCH_UP_ENTRIES_MAX = 1000
"""The same in entries."""
TAIL_BYTES_MAX = 4 * MIB
"""Newest frames of a group kept in memory, so that a reader slightly behind needs no disk."""
PAGE_ROWS_MAX = 500
"""Rows in one roster, group or member page: 500 roster rows are about 100 KiB."""
MENTIONS_MAX = 50
"""Names that one message can mention; a longer list isn't talking to anybody."""

# -- liveness ---------------------------------------------------------------------------------------------------
ACK_TIMEOUT_MIN_S = 0.5
"""The classic program's time-out; no path is judged faster than that."""
ACK_TIMEOUT_FIRST_S = 1.0
"""Before any measurement (RFC 6298, 2.1)."""
ACK_TIMEOUT_MAX_S = 60.0
"""RFC 6298, 2.5 allows a maximum of at least 60 s."""
TRIES = 5
"""A typed request is sent so many times in all; a silent member is probed so many times."""
CONNECT_TIMEOUT_S = 10.0
"""TCP, TLS and WebSocket together; three lost SYNs are 7 s."""
KEEP_ALIVE_S = 20.0
"""An idle connection is pinged this often; no pong in half of it closes the connection."""
COME_BACK_S = 30.0
"""Members have so long to come back after the server's own start."""
STALL_S = 0.5
"""Our own loop or store standing still for longer restarts every clock: the silence may have been ours."""
TICK_S = 0.1
"""How often deadlines are looked at; a fifth of the shortest time-out."""
ROSTER_INTERVAL_S = 0.25
"""Roster changes are coalesced for so long ..."""
ROSTER_INTERVAL_PER_CLIENT_S = 0.001
"""... and a millisecond more for each client, since each push goes to everybody."""
CURSORS_SAVED_EVERY_S = 1.0
"""Cursors are stored lazily: an old one only means a second delivery, dropped by number."""
HEADS_INTERVAL_S = 1.0
"""How often people outside are told that their groups grew."""

# -- the server's queues ----------------------------------------------------------------------------------------
APPEND_QUEUE_WRITES_MAX = 10_000
"""Writes waiting for the store; at 50,000 a second that is 200 ms. When it is full, sockets aren't read."""
APPEND_QUEUE_BYTES_MAX = 32 * MIB
"""The same in bytes of text: thirty messages of the largest size."""
CONSOLE_LINES_MAX = 1000
"""Lines waiting for the screen; more are dropped, counted, and said so."""
CONSOLE_LINES_PER_S = 200
"""More than anybody reads; a server under load isn't slowed by its screen."""
CONSOLE_TEXT_CHARACTERS_MAX = 200
"""Of a message's text, on the server's screen."""
TABLE_ROWS_MAX = 50
"""Of the table, on the server's screen."""
TABLE_INTERVAL_S = 1.0
"""The table is printed at most this often."""

# -- the client -------------------------------------------------------------------------------------------------
BACKOFF_FIRST_S = 0.25
"""Before the first reconnection; doubled each time, with full jitter ..."""
BACKOFF_MAX_S = 15.0
"""... up to this: a server that returns is found within a quarter of a minute."""
EVENTS_MAX = 10_000
"""Events waiting for a face; the link isn't read while it is full."""
REQUESTS_IN_FLIGHT_MAX = 64
"""Requests on the way at one time, in order; enough to fill a group commit."""

# -- direct links -----------------------------------------------------------------------------------------------
DIRECT_CHUNK_BYTES_MAX = 64 * KIB
"""One read or write on a stream: the binding copies bytes in a loop that holds the interpreter."""
DIRECT_HEADER_BYTES_MAX = 4 * KIB
"""The header of a direct message: id, counter, time and size."""
DIRECT_HANDSHAKES_MAX = 32
"""Incoming handshakes at once, in all ..."""
DIRECT_HANDSHAKES_PER_ADDRESS_MAX = 4
"""... and for each address; a person dials once."""
DIRECT_HANDSHAKE_TIMEOUT_S = 5.0
"""An incoming connection that hasn't proven its identity by then is dropped."""
DIRECT_PEERS_MAX = 256
"""Open direct links; the least recently used is closed."""
DIRECT_DIAL_AHEAD_MAX = 16
"""Only so many most recent correspondents are dialled when the roster comes."""
DIRECT_TRIES = 3
"""Each with a fresh dial between; then the sender is told."""
DIRECT_BYTES_PER_S = 1_000_000
"""The slowest path that a time-out allows for: size divided by this is added to it."""
DIRECT_RETRY_FIRST_S = 1.0
"""An undelivered private message is tried again after this, doubled each time ..."""
DIRECT_RETRY_MAX_S = 30.0
"""... up to this, for as long as it waits."""
DIRECT_PEER_BYTES_MAX = 256 * MIB
"""A peer's quota in DIRECT_QUOTA_WINDOW_S: four messages of the largest size."""
DIRECT_PEER_MESSAGES_MAX = 10_000
"""The same in messages."""
DIRECT_QUOTA_WINDOW_S = 60.0
"""The window of the two quotas."""
DIRECT_REFUSALS_MAX = 100
"""A peer that goes on after so many refusals in the window doesn't listen: its link is closed."""
DIRECT_RETRY_AFTER_MAX_S = 3600.0
"""The longest wait that a recipient may ask for."""
DIRECT_RECEIVING_BYTES_MAX = 256 * MIB
"""Bodies on their way in, of all peers together: what a small machine can spare."""
DIRECT_CLOSE_TIMEOUT_S = 0.5
"""For the last frames of all links; a dial in progress alone would hold the end up for 3 s."""
DIRECT_ANY_PORT_TRIES = 16
"""A port that is free for both families is looked for so often."""
