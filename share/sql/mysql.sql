-- The tables of imcd for MySQL and MariaDB. imcd makes what is missing by itself; this is for a
-- database whose user may not:
--
--     CREATE DATABASE imcd;
--     CREATE USER 'imcd'@'localhost' IDENTIFIED BY '...';
--     GRANT SELECT, INSERT, UPDATE, DELETE ON imcd.* TO 'imcd'@'localhost';
--     mysql imcd < mysql.sql
--
-- The first three are those of the older modules, which take them as well as their own.

CREATE TABLE IF NOT EXISTS version (
    table_name VARCHAR(64) PRIMARY KEY NOT NULL,
    table_version INT UNSIGNED NOT NULL DEFAULT 0
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE imc_rooms (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    name VARCHAR(64) NOT NULL,
    domain VARCHAR(128) NOT NULL,
    flag INT UNSIGNED NOT NULL,
    CONSTRAINT name_domain_idx UNIQUE (name, domain)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE imc_members (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    username VARCHAR(64) NOT NULL,
    domain VARCHAR(128) NOT NULL,
    room VARCHAR(197) NOT NULL,
    flag INT UNSIGNED NOT NULL,
    CONSTRAINT account_room_idx UNIQUE (username, domain, room),
    INDEX room_idx (room)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE imcd_users (
    `key` VARCHAR(321) PRIMARY KEY NOT NULL,
    uri VARCHAR(204) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE imcd_invitations (
    room VARCHAR(197) NOT NULL,
    username VARCHAR(64) NOT NULL,
    domain VARCHAR(128) NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (room, username, domain)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE imcd_blocks (
    `key` VARCHAR(321) NOT NULL,
    blocked VARCHAR(321) NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (`key`, blocked)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE imcd_instance (
    rooms_table VARCHAR(64) PRIMARY KEY NOT NULL,
    holder VARCHAR(255) NOT NULL,
    connection BIGINT UNSIGNED NOT NULL,
    since DATETIME NOT NULL,
    seen DATETIME NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO version (table_name, table_version) VALUES ('imc_rooms', 1), ('imc_members', 1);
