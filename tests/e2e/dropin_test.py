#!/usr/bin/env python3
"""Databases change hands: what a real Kamailio with its imc module left, imcd takes over, and back."""
import os
import sqlite3
import unittest

import kamailio
import mariadb
from daemon import ImcdTest
from phone import Phone

DOMAIN = "example.org"


def uri(name):
    return f"sip:{name}@{DOMAIN}"


class DropIn:
    """What is alike for both databases; a subclass says where the tables are."""

    def setUp(self):
        super().setUp()
        self.proxy = Phone(self.line, "proxy", ("127.0.0.1", 9))

    def serve(self):
        return self.start(f"--db_url={self.url}", f"--outbound_proxy={self.proxy.address}")

    def tell(self, user, room, text, code=200):
        phone = self.phone(user)
        self.say(phone, text, code, to=uri(room))
        phone.close()

    def shown(self):
        """What imcd lists: its rooms, and the members of each."""
        listed = self.daemon.management("imc_list_rooms")
        rooms = {line.split("URI=")[1].split()[0] for line in listed.splitlines() if "URI=" in line}
        return {
            room: {line.split()[1] for line in self.daemon.management("imc_list_members", room).splitlines()
                   if "MEMBER::" in line}
            for room in rooms
        }

    def check_what_kamailio_left(self):
        """The rooms of `left_by_kamailio`, by what imcd shows and by what it lets people do."""
        self.assertEqual(self.shown(), {
            uri("chat"): {uri("al"), uri("bob")},
            uri("priv"): {uri("al"), uri("dan")},
            uri("caf\u00e9"): {uri("jos\u00e9"), uri("o'neil")},
        })
        self.tell("eve", "priv", "#join", 403)  # Private it stays.
        self.tell("cy", "chat", "let me in", 403)  # Invited is no member yet.
        self.tell("bob", "chat", "#destroy", 403)  # And a member no owner.
        self.tell("dan", "priv", "here I am")

    def change(self):
        """Changes by imcd of each kind."""
        self.tell("cy", "chat", "#accept")
        self.tell("bob", "chat", "#exit")
        self.tell("fay", "chat", "#join")
        # Raw in the database, escaped by a phone that keeps to the grammar: the same room.
        self.tell("jos%C3%A9", "caf%C3%A9", "#destroy")
        self.tell("al", "priv", "#remove dan")
        self.tell("gus", "new", "#create private")
        self.tell("gus", "new", "#invite hal")
        self.proxy.heard.clear()

    AFTERWARDS = {
        uri("chat"): (uri("al"), {uri("al"), uri("cy"), uri("fay")}),
        # Kamailio counts the invited.
        uri("priv"): (uri("al"), {uri("al"), uri("bob")}),
        uri("new"): (uri("gus"), {uri("gus"), uri("hal")}),
    }
    FLAGS_AFTERWARDS = {
        ("al", uri("chat"), 1), ("cy", uri("chat"), 0), ("fay", uri("chat"), 0),
        ("al", uri("priv"), 1), ("bob", uri("priv"), 4),
        ("gus", uri("new"), 1), ("hal", uri("new"), 4),
    }

    def check_kamailio(self, server):
        self.assertEqual({room: (owner, set(members)) for room, (owner, members) in server.rooms().items()},
                         self.AFTERWARDS)
        # Privacy is no part of its lists; it lets in by it.
        eve = Phone(self.line, "eve", server.server)
        eve.send(uri("new"), "#join")
        self.assertNotIn(uri("eve"), server.rooms()[uri("new")][1])


@unittest.skipIf(mariadb.lacks() or kamailio.lacks("db_mysql"), mariadb.lacks() or kamailio.lacks("db_mysql"))
class MysqlDropInTest(DropIn, ImcdTest):
    def setUp(self):
        super().setUp()
        self.server = mariadb.MariaDb(self.scratch, "kamailio")
        self.addCleanup(self.server.end)
        self.server.execute("CREATE USER 'kamailio'@'localhost' IDENTIFIED BY 'kamailiorw';"
                            "GRANT ALL ON kamailio.* TO 'kamailio'@'localhost'")
        self.url = f"mysql://kamailio:kamailiorw@localhost/kamailio?socket={self.server.socket}"
        # Kamailio's URL has no place for a socket; the library takes it from here.
        os.environ["MYSQL_UNIX_PORT"] = str(self.server.socket)
        self.addCleanup(os.environ.pop, "MYSQL_UNIX_PORT")

    def kamailio(self):
        server = kamailio.Kamailio(
            self.scratch, "db_mysql", "mysql://kamailio:kamailiorw@localhost/kamailio", self.proxy.address
        )
        self.addCleanup(server.kill)
        return server

    def fill(self):
        """Rooms as users of Kamailio make them."""
        self.server.execute(kamailio.script("mysql", "standard") + kamailio.script("mysql", "imc"))
        server = self.kamailio()
        for user, room, text in [
            ("al", "chat", "#create chat"), ("bob", "chat", "#join"), ("al", "chat", "#invite cy"),
            ("al", "priv", "#create priv private"), ("al", "priv", "#invite bob"), ("al", "priv", "#add dan"),
            ("jos\u00e9", "caf\u00e9", "#create caf\u00e9"), ("o'neil", "caf\u00e9", "#join"),
        ]:
            phone = Phone(self.line, user, server.server)
            self.assertEqual(phone.send(uri(room), text).status, 200)
            phone.close()
        server.end()
        self.proxy.heard.clear()

    def test_kamailios_rooms_move_to_imcd_and_back(self):
        self.fill()
        tables = self.server.execute("DESCRIBE imc_rooms")
        self.serve()
        self.check_what_kamailio_left()
        self.change()
        self.ends_well()
        self.assertEqual(self.server.execute("DESCRIBE imc_rooms"), tables)
        rows = self.server.execute("SELECT username, room, flag FROM imc_members")
        self.assertEqual({(user, room, int(flag)) for user, room, flag in rows}, self.FLAGS_AFTERWARDS)
        server = self.kamailio()
        self.check_kamailio(server)
        server.end()

        # What it then leaves loads again.
        self.serve()
        self.assertEqual(self.shown()[uri("chat")], {uri("al"), uri("cy"), uri("fay")})
        self.ends_well()

    def test_what_kamailios_columns_cannot_hold_is_refused_and_never_cut(self):
        self.fill()
        daemon = self.serve()
        self.assertRegex("\n".join(daemon.log), r"column room of table imc_members holds 64 characters")
        long_name = "n" * 60
        self.tell("al", long_name, "#create", 500)
        self.tell("al", "short", "#create")
        self.assertNotIn(uri(long_name), self.shown())
        self.ends_well()
        names = [name for name, in self.server.execute("SELECT name FROM imc_rooms")]
        self.assertIn("short", names)
        self.assertFalse([name for name in names if name.startswith("nn")])

    def test_the_lists_of_2006_move_too(self):
        # No number of the row, no key, a column `user`, and wider ones.
        self.server.execute(
            "CREATE TABLE version (table_name VARCHAR(64) NOT NULL, table_version SMALLINT(5) NOT NULL DEFAULT 0)"
            " ENGINE = MyISAM;"
            "CREATE TABLE imc_rooms (name VARCHAR(128) NOT NULL, domain VARCHAR(128) NOT NULL, flag INT(11) NOT NULL);"
            "CREATE TABLE imc_members (user VARCHAR(128) NOT NULL, domain VARCHAR(128) NOT NULL,"
            " room VARCHAR(255) NOT NULL, flag INT(11) NOT NULL);"
            "INSERT INTO version VALUES ('imc_rooms', 1), ('imc_members', 1);"
            f"INSERT INTO imc_rooms VALUES ('chat', '{DOMAIN}', 0), ('priv', '{DOMAIN}', 1),"
            f" ('café', '{DOMAIN}', 0);" + "".join(
                f"INSERT INTO imc_members VALUES ('{user}', '{DOMAIN}', 'sip:{room}@{DOMAIN}', {flag});"
                for user, room, flag in [
                    ("al", "chat", 1), ("bob", "chat", 0), ("cy", "chat", 4), ("al", "priv", 1), ("bob", "priv", 4),
                    ("dan", "priv", 0), ("josé", "café", 1), ("o''neil", "café", 0)]))
        self.serve()
        self.check_what_kamailio_left()
        self.change()
        self.ends_well()
        rows = self.server.execute("SELECT user, room, flag FROM imc_members")
        self.assertEqual({(user, room, int(flag)) for user, room, flag in rows}, self.FLAGS_AFTERWARDS)

    def test_myisam_is_refused_with_the_way_out(self):
        self.server.execute("CREATE TABLE imc_rooms (name CHAR(64), domain CHAR(64), flag INT) ENGINE = MyISAM")
        daemon = self.start(f"--db_url={self.url}", "--db_required=1", wait=False)
        daemon.wait_for_line(r"ALTER TABLE `imc_rooms` ENGINE = InnoDB")
        self.assertNotEqual(daemon.process.wait(20), 0)
        daemon.end()

    def test_a_second_imcd_is_refused(self):
        self.serve()
        second = self.start(f"--db_url={self.url}", "--db_required=1", "--mi_fifo=", wait=False)
        second.wait_for_line(r"another imcd uses this database")
        self.assertNotEqual(second.process.wait(20), 0)
        second.end()


@unittest.skipIf(kamailio.lacks("db_sqlite"), kamailio.lacks("db_sqlite"))
class SqliteDropInTest(DropIn, ImcdTest):
    """Kamailio's SQLite driver can only read rooms: its imc module asks for a REPLACE at the end, which the driver
    lacks, and crashes. So the rows are put here, as the same rooms look in MySQL."""

    def setUp(self):
        super().setUp()
        self.path = self.scratch.path / "kamailio.sqlite"
        self.url = f"sqlite:///{self.path}"
        with sqlite3.connect(self.path) as database:
            database.executescript(kamailio.script("db_sqlite", "standard") + kamailio.script("db_sqlite", "imc"))
            database.executemany("INSERT INTO imc_rooms (name, domain, flag) VALUES (?, ?, ?)", [
                ("chat", DOMAIN, 0), ("priv", DOMAIN, 1), ("café", DOMAIN, 0)])
            database.executemany("INSERT INTO imc_members (username, domain, room, flag) VALUES (?, ?, ?, ?)", [
                ("al", DOMAIN, uri("chat"), 1), ("cy", DOMAIN, uri("chat"), 4), ("bob", DOMAIN, uri("chat"), 0),
                ("al", DOMAIN, uri("priv"), 1), ("dan", DOMAIN, uri("priv"), 0), ("bob", DOMAIN, uri("priv"), 4),
                ("josé", DOMAIN, uri("café"), 1), ("o'neil", DOMAIN, uri("café"), 0)])
        database.close()

    def test_kamailios_rooms_move_to_imcd_and_back(self):
        self.serve()
        self.check_what_kamailio_left()
        self.change()
        self.ends_well()
        with sqlite3.connect(self.path) as database:
            rows = set(database.execute("SELECT username, room, flag FROM imc_members"))
        database.close()
        self.assertEqual(rows, self.FLAGS_AFTERWARDS)
        server = kamailio.Kamailio(self.scratch, "db_sqlite", f"sqlite:///{self.path}", self.proxy.address)
        self.addCleanup(server.kill)
        self.check_kamailio(server)


if __name__ == "__main__":
    unittest.main()
