#!/usr/bin/env python3
"""A room of 1,000 members behind one proxy address, some of whom answer late, with 480, or never.

The room comes from a database as the older modules write it, so that nobody has to join first.
"""
import collections
import socket
import sqlite3
import unittest

from daemon import ImcdTest
from phone import Phone

MEMBERS = 1000
TEXTS = 5
SCHEMA = """
create table version (table_name text primary key not null, table_version integer not null default 0);
insert into version values ('imc_rooms', 1), ('imc_members', 1);
create table imc_rooms (
  id integer primary key, name text not null, domain text not null, flag integer not null,
  unique (name, domain));
create table imc_members (
  id integer primary key, username text not null, domain text not null, room text not null,
  flag integer not null, unique (username, domain, room));
insert into imc_rooms (name, domain, flag) values ('big', 'example.org', 0);
"""


def kind_of(name):
    """How a member answers, by the number in his name."""
    number = int(name.removeprefix("user"))
    return {7: "late", 8: "unavailable", 9: "silent"}.get(number % 10, "prompt")


class LargeRoomTest(ImcdTest):
    ROOM = "sip:big@example.org"

    def setUp(self):
        super().setUp()
        self.scratch.database.parent.mkdir(parents=True)
        with sqlite3.connect(self.scratch.database) as database:
            database.executescript(SCHEMA)
            database.executemany(
                "insert into imc_members (username, domain, room, flag) values (?, ?, ?, ?)",
                [(f"user{i}", "example.org", self.ROOM, 1 if i == 0 else 0) for i in range(MEMBERS)],
            )
        self.copies = collections.Counter()
        self.proxy = Phone(self.line, "proxy", ("127.0.0.1", 9))
        self.proxy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.proxy.answer = self.answer
        self.start(f"--outbound_proxy={self.proxy.address}")

    def answer(self, message):
        """A late member answers the second copy of a message, so half a second after the first."""
        self.copies[message.branch] += 1
        kind = kind_of(self.name_of(message))
        if kind == "silent" or (kind == "late" and self.copies[message.branch] == 1):
            return None
        return 480 if kind == "unavailable" else 200

    def name_of(self, message):
        return message.start_line.split(" ")[1].removeprefix("sip:").split("@")[0]

    def heard_by_member(self):
        heard = {f"user{i}": [] for i in range(MEMBERS)}
        for message in self.proxy.heard:
            heard[self.name_of(message)].append(message.text)
        return heard

    def test_every_member_but_the_sender_gets_each_text_once_and_in_order(self):
        sender = self.phone("user0")
        texts = [f"<user0@example.org>: text {number}" for number in range(TEXTS)]
        for number in range(TEXTS):
            self.say(sender, f"text {number}")

        answering = [f"user{i}" for i in range(1, MEMBERS) if kind_of(f"user{i}") in ("prompt", "late")]
        self.line.until(
            lambda: len(self.proxy.heard) >= TEXTS * len(answering)
            and all(self.heard_by_member()[name] == texts for name in answering),
            timeout=60,
        )
        heard = self.heard_by_member()
        self.assertEqual(heard.pop("user0"), [])
        for name, got in heard.items():
            kind = kind_of(name)
            if kind == "unavailable":
                # He is away after his 480: what he gets at all, he gets once and in order.
                self.assertEqual(got[:1], texts[:1], name)
                self.assertEqual(got, sorted(set(got)), name)
            elif kind == "silent":
                self.assertEqual(got, texts[:1], name)
            else:
                self.assertEqual(got, texts, name)
        self.assertEqual(sender.heard, [])
        reply = self.daemon.management("imc_list_members", self.ROOM)
        self.assertIn(f"NR_OF_MEMBERS={MEMBERS}\n", reply)


if __name__ == "__main__":
    unittest.main()
