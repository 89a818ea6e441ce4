-- The tables of imcd for SQLite. imcd makes file and tables by itself; this is to make them before:
--
--     sqlite3 /var/lib/imcd/imcd.db < sqlite.sql
--
-- The first three are those of the older modules, which take them as well as their own.

CREATE TABLE IF NOT EXISTS version (
    id INTEGER PRIMARY KEY NOT NULL,
    table_name VARCHAR(32) NOT NULL,
    table_version INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT version_table_name_idx UNIQUE (table_name)
);

CREATE TABLE imc_rooms (
    id INTEGER PRIMARY KEY NOT NULL,
    name VARCHAR(64) NOT NULL,
    domain VARCHAR(128) NOT NULL,
    flag INTEGER NOT NULL,
    CONSTRAINT imc_rooms_name_domain_idx UNIQUE (name, domain)
);

CREATE TABLE imc_members (
    id INTEGER PRIMARY KEY NOT NULL,
    username VARCHAR(64) NOT NULL,
    domain VARCHAR(128) NOT NULL,
    room VARCHAR(197) NOT NULL,
    flag INTEGER NOT NULL,
    CONSTRAINT imc_members_account_room_idx UNIQUE (username, domain, room)
);

CREATE INDEX imc_members_room_idx ON imc_members (room);

CREATE TABLE imcd_users (
    `key` VARCHAR(321) PRIMARY KEY NOT NULL,
    uri VARCHAR(204) NOT NULL
);

CREATE TABLE imcd_invitations (
    room VARCHAR(197) NOT NULL,
    username VARCHAR(64) NOT NULL,
    domain VARCHAR(128) NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (room, username, domain)
);

CREATE TABLE imcd_blocks (
    `key` VARCHAR(321) NOT NULL,
    blocked VARCHAR(321) NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (`key`, blocked)
);

INSERT INTO version (table_name, table_version) VALUES ('imc_rooms', 1), ('imc_members', 1);
