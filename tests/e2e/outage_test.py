#!/usr/bin/env python3
"""A database that fails while imcd serves, or before: chat flows on, room changes are answered in time and
truthfully, nothing acknowledged is lost, and nothing has to be done by hand once the database is back.

With --table it prints what users saw and what was in the database afterwards, for docs/DATABASES.md.
"""
import os
import resource
import signal
import sqlite3
import sys
import threading
import time
import unittest

import mariadb
from daemon import ImcdTest, run_imcd

TIMEOUT = "--db_timeout_ms=1000"
table = []


class Sqlite:
    name = "SQLite"

    def __init__(self, scratch):
        self.path = scratch.database
        self.url = f"sqlite:///{self.path}"

    def members(self):
        connection = sqlite3.connect(self.path, timeout=20)
        try:
            return sorted(row[0] for row in connection.execute("SELECT username FROM imc_members"))
        finally:
            connection.close()


class MariaDb(mariadb.MariaDb):
    name = "MariaDB"

    def members(self):
        return sorted(row[0] for row in self.execute("SELECT username FROM imc_members"))


class OutageTest(ImcdTest):
    """One outage while imcd serves: `with` it, the database fails."""

    def serve(self, database, *options):
        self.database = database
        self.start(f"--db_url={database.url}", TIMEOUT, *options)
        self.alice, self.bob, self.carol, self.dave = (self.phone(n) for n in ("alice", "bob", "carol", "dave"))
        self.say(self.alice, "#create")
        self.hears(self.alice, "You made")
        self.say(self.bob, "#join")
        self.hears(self.bob, "You joined")
        self.hears(self.alice, "bob@example.org joined")

    def chat_flows(self, text):
        self.say(self.alice, text)
        self.hears(self.bob, text)

    def check(self, name, begin, end, wait_for_ready=True):
        """The whole course of an outage, as the users live it."""
        begin()
        self.chat_flows("the database is away")
        # The first change waits, and is told the truth: it may still happen.
        late = self.say(self.carol, "#join", code=504)
        self.assertEqual(late.start_line, "SIP/2.0 504 Not Confirmed")
        # The next one is refused at once, with a word on when to come back and one that people read.
        refused = self.say(self.dave, "#join", code=500)
        self.assertEqual(refused.start_line, "SIP/2.0 500 Database Unavailable")
        self.assertGreater(int(refused.get("Retry-After")), 0)
        self.hears(self.dave, "could not be stored")
        self.chat_flows("still talking")
        self.assertIn("\nimc:db_up = 0\n", self.daemon.management("get_statistics", "all"))
        end()
        # What was held comes true by itself.
        heard = self.hears(self.carol, "You joined")
        self.assertEqual(len(heard), 1)
        self.hears(self.alice, "carol@example.org joined")
        self.hears(self.bob, "carol@example.org joined")
        self.say(self.dave, "#join")
        self.hears(self.dave, "You joined")
        for phone in (self.alice, self.bob, self.carol):
            self.hears(phone, "dave@example.org joined")
        self.assertEqual(self.database.members(), ["alice", "bob", "carol", "dave"])
        self.assertIn("\nimc:db_up = 1\n", self.daemon.management("get_statistics", "all"))
        self.ends_well()
        table.append((f"{self.database.name}: {name}",
                      "chat as ever; first change 504 after 1 s and done later; further ones 500 with Retry-After",
                      "every change that was answered 200, and the held one"))


class SqliteOutageTest(OutageTest):
    def test_locked_by_another_writer(self):
        self.serve(Sqlite(self.scratch))
        other = sqlite3.connect(self.database.path, isolation_level=None, timeout=20)
        self.addCleanup(other.close)
        self.check("locked by another writer", lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("ROLLBACK"))

    def test_disk_full(self):
        self.serve(Sqlite(self.scratch))
        process = self.daemon.process.pid

        # A limit on the size of files stands in for the end of the disk: a write fails likewise.
        def limit(size):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        self.check("disk full", lambda: limit(1), lambda: limit(resource.RLIM_INFINITY))

    def test_dropped_table(self):
        self.serve(Sqlite(self.scratch))

        def execute(*statements):
            connection = sqlite3.connect(self.database.path, isolation_level=None, timeout=20)
            for statement in statements:
                connection.execute(statement)
            connection.close()

        self.check("table renamed away, then back",
                   lambda: execute("ALTER TABLE imc_members RENAME TO lost"),
                   lambda: execute("ALTER TABLE lost RENAME TO imc_members"))


@unittest.skipIf(mariadb.lacks(), mariadb.lacks())
class MariaDbOutageTest(OutageTest):
    def serve_mariadb(self, *options):
        self.serve(MariaDb(self.scratch), *options)
        self.addCleanup(self.end_mariadb)

    def end_mariadb(self):
        if self.database.process.poll() is None:
            self.database.end(signal.SIGKILL)

    def test_down_and_up_again(self):
        self.serve_mariadb()
        self.check("server stopped, then started", self.database.end, self.database.start)

    def test_killed(self):
        self.serve_mariadb()
        self.check("server killed, then started", lambda: self.database.end(signal.SIGKILL), self.database.start)

    def test_hangs(self):
        self.serve_mariadb()
        process = self.database.process
        self.check("server hangs for seconds", lambda: process.send_signal(signal.SIGSTOP),
                   lambda: process.send_signal(signal.SIGCONT))

    def test_read_only(self):
        self.serve_mariadb()
        # root may write all the same, so it is the tables that are locked for reading.
        lock = threading.Event()
        unlock = threading.Event()

        def hold():
            import subprocess
            client = subprocess.Popen(
                ["mariadb", "--no-defaults", f"--socket={self.database.socket}", "--user=root", "--unbuffered",
                 "--skip-column-names", self.database.database],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            client.stdin.write(b"FLUSH TABLES WITH READ LOCK; SELECT 1;\n")
            client.stdin.flush()
            client.stdout.readline()
            lock.set()
            unlock.wait(60)
            client.communicate(b"UNLOCK TABLES;\n", timeout=20)

        holder = threading.Thread(target=hold, daemon=True)

        def begin():
            holder.start()
            self.assertTrue(lock.wait(20))

        def end():
            unlock.set()
            holder.join(20)

        self.check("read-only", begin, end)

    def test_dropped_table(self):
        self.serve_mariadb()
        self.check("table renamed away, then back",
                   lambda: self.database.execute("RENAME TABLE imc_members TO lost"),
                   lambda: self.database.execute("RENAME TABLE lost TO imc_members"))


class StartTest(ImcdTest):
    """Outages at the start: imcd waits for its database and says so, or ends where it must have it."""

    def loads_later(self, name, url, repair, word):
        daemon = self.start(f"--db_url={url}", wait=False)
        line = daemon.wait_for_line("the database fails")
        self.assertRegex(line, word)
        repair()
        daemon.wait_until_ready()
        alice = self.phone("alice")
        self.say(alice, "#create")
        self.ends_well()
        table.append((name, "a message in the log, 503 with Retry-After until it is there", "as it was"))

    def ends(self, url, word):
        run = run_imcd(self.scratch, "--listen=udp:127.0.0.1:0", "--mi_fifo=", f"--db_url={url}", "--db_required=1")
        self.assertNotEqual(run.returncode, 0)
        self.assertRegex(run.stderr, word)

    def test_a_file_that_is_no_database(self):
        path = self.scratch.path / "no.db"
        path.write_bytes(b"this is not a database" * 100)
        self.ends(f"sqlite:///{path}", "not a database")
        self.loads_later("SQLite: file is no database at start", f"sqlite:///{path}", path.unlink, "not a database")

    def test_a_directory_that_is_not_there(self):
        path = self.scratch.path / "file"
        path.write_text("")
        url = f"sqlite:///{path}/imcd.db"
        self.ends(url, "imcd.db")

        def repair():
            path.unlink()
            path.mkdir()

        self.loads_later("SQLite: directory missing at start", url, repair, "imcd.db")

    @unittest.skipIf(mariadb.lacks(), mariadb.lacks())
    def test_a_server_that_is_down(self):
        database = MariaDb(self.scratch)
        self.addCleanup(lambda: database.end(signal.SIGKILL))
        database.end()
        self.ends(database.url, "(?i)can't connect")
        self.loads_later("MariaDB: down at start", database.url, database.start, "(?i)can't connect")

    @unittest.skipIf(mariadb.lacks(), mariadb.lacks())
    def test_a_wrong_password(self):
        database = MariaDb(self.scratch)
        self.addCleanup(lambda: database.end(signal.SIGKILL))
        database.execute("CREATE USER chat@localhost IDENTIFIED BY 'right'; GRANT ALL ON *.* TO chat@localhost")
        url = database.url.replace("root@", "chat:wrong@")
        self.ends(url, "(?i)access denied")
        self.loads_later("MariaDB: wrong password, then set right", url,
                         lambda: database.execute("ALTER USER chat@localhost IDENTIFIED BY 'wrong'"), "(?i)access denied")
        self.assertNotIn("wrong", "\n".join(self.daemon.log))


def print_table():
    print("| outage | what users saw | in the database afterwards |\n| --- | --- | --- |")
    for row in table:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    wanted = "--table" in sys.argv
    if wanted:
        sys.argv.remove("--table")
    result = unittest.main(exit=False).result
    if wanted:
        print_table()
    sys.exit(not result.wasSuccessful())
