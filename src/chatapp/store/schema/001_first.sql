-- A group is a log; a member is a cursor in it.

create table clients (
    number integer primary key,
    name text not null unique,
    key blob not null,
    kind text not null,
    addresses text not null -- JSON
) strict;

create table groups (
    number integer primary key,
    id text not null unique, -- random, 16 hexadecimal digits: what the wire calls the group
    name text not null unique,
    epoch integer not null,
    head integer not null -- the counter row: numbers are given here, inside the transaction
) strict;

create table entries (
    group_number integer not null,
    seq integer not null,
    at integer not null, -- milliseconds since 1970
    client integer not null,
    installation integer not null,
    counter integer not null,
    kind text not null,
    body text not null,
    primary key (group_number, seq)
) strict, without rowid;

-- Ids are remembered as long as their entry. Ordered within an installation: random ones are eight times slower.
create unique index entries_by_id on entries (client, installation, counter);

-- At most one group at a time: the primary key says so.
create table members (
    client integer primary key,
    group_number integer not null
) strict;

create table cursors (
    client integer not null,
    group_number integer not null,
    seq integer not null,
    primary key (client, group_number)
) strict, without rowid;

create table mentions (
    client integer not null,
    group_number integer not null,
    seq integer not null,
    primary key (client, group_number, seq)
) strict, without rowid;
