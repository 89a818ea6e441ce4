#!/usr/bin/env python3
"""What users set stays as they set it over restarts, on both stores alike."""
import sqlite3
import unittest

import mariadb
from daemon import ImcdTest
from phone import Phone

DOMAIN = "example.org"
# Escaped as phones write them; one is a room's and a user's name each.
ODD_NAMES = ["caf%C3%A9", "cafe", "o'neil", "a%22b", "stra%C3%9Fe", "strasse", "%F0%9F%8D%BA", "100%25", "a_c", "abc",
             "1e5", "-"]


def uri(name):
    return f"sip:{name}@{DOMAIN}"


class Integrity:
    def setUp(self):
        super().setUp()
        self.proxy = Phone(self.line, "proxy", ("127.0.0.1", 9))

    def serve(self):
        return self.start(f"--outbound_proxy={self.proxy.address}", *self.options)

    def restart(self):
        self.proxy.heard.clear()
        self.ends_well()
        self.serve()

    def tell(self, user, room, text, code=200):
        phone = self.phone(user)
        self.say(phone, text, code, to=uri(room))
        phone.close()

    def members(self, room):
        listed = self.daemon.management("imc_list_members", uri(room))
        return {line.split()[1] for line in listed.splitlines() if "MEMBER::" in line}

    def test_private_stays_private_and_public_stays_public(self):
        self.serve()
        self.tell("al", "priv", "#create private")
        self.tell("al", "open", "#create")
        self.restart()
        self.tell("eve", "priv", "#join", 403)
        self.tell("eve", "open", "#join")
        self.restart()
        self.tell("eve", "priv", "#join", 403)
        self.assertEqual(self.members("priv"), {uri("al")})
        self.assertEqual(self.members("open"), {uri("al"), uri("eve")})

    def test_invitations_stay_open_and_end_but_once(self):
        self.serve()
        self.tell("al", "priv", "#create private")
        for guest in ("bob", "cy", "dan"):
            self.tell("al", "priv", f"#invite {guest}")
        self.restart()
        self.assertEqual(self.members("priv"), {uri("al")})
        self.tell("bob", "priv", "#accept")
        self.tell("cy", "priv", "#deny")
        self.restart()
        self.assertEqual(self.members("priv"), {uri("al"), uri("bob")})
        self.tell("cy", "priv", "#join", 403)
        self.tell("dan", "priv", "#accept")

    def test_roles_stay(self):
        self.serve()
        self.tell("al", "chat", "#create")
        for user in ("bob", "cy"):
            self.tell(user, "chat", "#join")
        self.tell("al", "chat", "#modify bob admin")
        self.restart()
        self.tell("cy", "chat", "#remove bob", 403)
        self.tell("bob", "chat", "#remove cy")
        self.tell("bob", "chat", "#destroy", 403)
        self.tell("al", "chat", "#modify bob owner")
        self.restart()
        self.tell("al", "chat", "#destroy", 403)
        self.tell("bob", "chat", "#destroy")
        self.restart()
        self.tell("al", "chat", "anybody?", 404)

    def test_an_empty_room_breaks_nothing(self):
        self.serve()
        self.tell("al", "chat", "#create")
        self.ends_well()
        self.execute("DELETE FROM imc_members")
        self.serve()
        self.assertEqual(self.members("chat"), set())
        self.tell("al", "chat", "anybody?", 403)
        self.tell("bob", "chat", "#join")
        self.tell("bob", "chat", "me")
        self.restart()
        self.assertEqual(self.members("chat"), {uri("bob")})

    def test_odd_names_come_back_byte_for_byte(self):
        self.serve()
        self.tell("al", "all", "#create")
        for name in ODD_NAMES:
            self.tell("al", f"r-{name}", "#create")
            self.tell(name, "all", "#join")
        self.restart()
        self.assertEqual(self.members("all"), {uri("al"), *map(uri, ODD_NAMES)})
        # Each is a room and a user of its own: the end of one leaves the others.
        for number, name in enumerate(ODD_NAMES):
            self.tell("al", f"r-{name}", "#destroy")
            self.tell(name, "all", "#exit")
            self.restart()
            left = ODD_NAMES[number + 1:]
            listed = self.daemon.management("imc_list_rooms")
            self.assertEqual(sorted(line.split("URI=")[1].split()[0] for line in listed.splitlines() if "URI=" in line),
                             sorted([uri("all"), *(uri(f"r-{other}") for other in left)]))
            self.assertEqual(self.members("all"), {uri("al"), *map(uri, left)})


class SqliteIntegrityTest(Integrity, ImcdTest):
    options = ()

    def execute(self, sql):
        with sqlite3.connect(self.scratch.database) as database:
            database.execute(sql)
        database.close()


@unittest.skipIf(mariadb.lacks(), mariadb.lacks())
class MysqlIntegrityTest(Integrity, ImcdTest):
    def setUp(self):
        super().setUp()
        self.server = mariadb.MariaDb(self.scratch)
        self.addCleanup(self.server.end)
        self.options = (f"--db_url={self.server.url}",)

    def execute(self, sql):
        self.server.execute(sql)


if __name__ == "__main__":
    unittest.main()
