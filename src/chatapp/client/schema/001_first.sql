-- What one name keeps of one server.

create table own (
    seed blob not null, -- the Ed25519 identity
    installation integer not null, -- random; begins every id this archive gives
    counter integer not null, -- ids up to this one are taken
    focus text, -- the id of the group one is in, or null
    direct_port integer not null -- the UDP port last used, so that those who know it find us again
) strict;

create table roster (
    name text primary key,
    key text not null,
    status text not null,
    group_name text,
    kind text not null,
    addresses text not null -- JSON
) strict;

-- Name and identity belong together from first sight.
create table pins (
    name text primary key,
    key text not null
) strict;

create table groups (
    id text primary key,
    name text not null,
    epoch integer not null,
    position integer not null, -- entries up to here are in the archive, from where this segment began
    position_id text not null, -- that entry's id
    shown integer not null -- entries up to here have been on the screen
) strict;

create table entries (
    group_id text not null,
    epoch integer not null,
    seq integer not null,
    at integer not null,
    author text not null,
    id text not null,
    kind text not null,
    body text not null,
    primary key (group_id, epoch, seq)
) strict, without rowid;

-- Group messages the server hasn't acknowledged, in order.
create table outbox (
    installation integer not null,
    counter integer not null,
    group_id text not null,
    body text not null,
    primary key (installation, counter)
) strict;

create table private_sent (
    number integer primary key,
    recipient text not null,
    installation integer not null,
    counter integer not null, -- of its own for each recipient
    at integer not null,
    body text not null,
    acked integer not null, -- 1 once the recipient's own device has acknowledged it
    unique (recipient, installation, counter)
) strict;

create index private_unacked on private_sent (number) where acked = 0;

create table private_received (
    number integer primary key,
    sender text not null,
    key text not null,
    installation integer not null,
    counter integer not null,
    at integer not null,
    body text not null,
    state text not null, -- held, due (the screen should have it), shown
    unique (key, installation, counter)
) strict;

create index private_unshown on private_received (number) where state != 'shown';

-- The newest counter of each sender's installation, for ever: what isn't above it is a double.
create table high_water (
    key text not null,
    installation integer not null,
    counter integer not null,
    primary key (key, installation)
) strict, without rowid;
