#!/usr/bin/env python3
"""imcd --db_check: what it says of databases, good and bad, and that it changes nothing."""
import sqlite3
import unittest

import mariadb
from daemon import ImcdTest, run_imcd

ROWS = """
INSERT INTO imc_rooms (name, domain, flag) VALUES
  ('good', 'x', 0), ('empty', 'x', 1), ('two', 'x', 0), ('Fold', 'x', 0), ('fold', 'x', 0), ('no room', 'x', 0);
INSERT INTO imc_members (username, domain, room, flag) VALUES
  ('al', 'x', 'sip:good@x', 1), ('al', 'x', 'sip:two@x', 1), ('bob', 'x', 'sip:two@x', 1),
  ('al', 'x', 'sip:fold@x', 1), ('cy', 'x', 'sip:gone@x', 0), ('dee', 'x', 'sip:good@x', 4);
INSERT INTO imcd_invitations (room, username, domain, made_at) VALUES
  ('sip:good@x', 'dee', 'x', 1700000000), ('sip:good@x', 'al', 'x', 5), ('sip:good@x', 'eve', 'x', 5);
"""
FINDINGS = [
    "row 6 of table imc_rooms was skipped: its name 'no room' cannot stand in a SIP URI",
    "rooms sip:Fold@x and sip:fold@x are one: their names are the same",
    "member cy@x of sip:gone@x: there is no such room",
    "room sip:empty@x has no members",
    "room sip:two@x has 2 owners",
    "invitation of al@x to sip:good@x: nobody of that name is invited there",
    "invitation of eve@x to sip:good@x: nobody of that name is invited there",
    "5 rooms, 6 members, 7 findings",
]


class DbCheckTest(ImcdTest):
    def check(self, *options):
        run = run_imcd(self.scratch, "--db_check", *options)
        return run.returncode, run.stdout.splitlines(), run.stderr

    def test_a_good_database_is_good_also_while_imcd_runs(self):
        self.start()
        al = self.phone("al")
        self.say(al, "#create")
        self.assertEqual(self.check(), (0, ["1 rooms, 1 members, 0 findings"], ""))
        al.hear(1)
        self.say(al, "and it goes on")
        self.ends_well()
        self.assertEqual(self.check(), (0, ["1 rooms, 1 members, 0 findings"], ""))

    def test_each_thing_that_is_wrong_is_named(self):
        path = self.scratch.path / "bad.db"
        self.start(f"--db_url=sqlite:///{path}").end()
        with sqlite3.connect(path) as database:
            database.executescript(ROWS)
        database.close()
        code, lines, _ = self.check(f"--db_url=sqlite:///{path}")
        self.assertEqual((code, sorted(lines)), (1, sorted(FINDINGS)))

    def test_nothing_is_made_or_changed(self):
        path = self.scratch.path / "bare.db"
        with sqlite3.connect(path) as database:
            database.executescript("CREATE TABLE imc_rooms (name, domain, flag);"
                                   "CREATE TABLE imc_members (username, domain, room, flag);")
        database.close()
        before = path.read_bytes()
        self.assertEqual(self.check(f"--db_url=sqlite:///{path}")[:2], (0, ["0 rooms, 0 members, 0 findings"]))
        self.assertEqual(path.read_bytes(), before)

    def test_a_database_that_cannot_be_read_is_another_matter(self):
        code, lines, error = self.check("--db_url=sqlite:////nowhere/imcd.db")
        self.assertEqual((code, lines), (2, []))
        self.assertIn("/nowhere/imcd.db", error)
        path = self.scratch.path / "text.db"
        path.write_text("This is no database, but long enough to look like the head of one." * 20, encoding="utf-8")
        self.assertEqual(self.check(f"--db_url=sqlite:///{path}")[0], 2)
        self.assertFalse((self.scratch.path / "none.db").exists())
        self.assertEqual(self.check(f"--db_url=sqlite:///{self.scratch.path / 'none.db'}")[0], 2)
        self.assertFalse((self.scratch.path / "none.db").exists())

    @unittest.skipIf(mariadb.lacks(), mariadb.lacks())
    def test_mysql_is_checked_alike(self):
        server = mariadb.MariaDb(self.scratch)
        self.addCleanup(server.end)
        url = f"--db_url={server.url}"
        self.assertEqual(self.check(url)[0], 2)
        self.assertEqual(server.execute("SHOW TABLES"), [])
        self.start(url)
        self.assertEqual(self.check(url)[:2], (0, ["0 rooms, 0 members, 0 findings"]))
        self.ends_well()
        server.execute(ROWS)
        code, lines, _ = self.check(url)
        self.assertEqual((code, sorted(lines)), (1, sorted(FINDINGS)))


if __name__ == "__main__":
    unittest.main()
