#!/usr/bin/env python3
"""The management FIFO as a shell script uses it, to the byte."""
import os
import pathlib
import re
import stat
import subprocess
import unittest

from daemon import ImcdTest, ask_fifo

SHELL = r"""
set -eu
mkfifo -m 600 "$DIR/reply_sh"
cat "$DIR/reply_sh" &
printf ':%s:reply_sh\n' "$1" >"$DIR/request"
shift
for argument in "$@"; do printf '%s\n' "$argument" >>"$DIR/request"; done
printf '\n' >>"$DIR/request"
cat "$DIR/request" >"$DIR/imcd_fifo"
wait
rm "$DIR/reply_sh"
"""


NOBODY = 65534


@unittest.skipIf(os.geteuid() != 0, "only root can start imcd as another user")
class OtherUserTest(ImcdTest):
    """imcd is another user than the client, as where it is a service."""

    def setUp(self):
        super().setUp()
        os.chown(self.scratch.path, NOBODY, NOBODY)
        try:
            self.start(user=NOBODY)
        except PermissionError:
            self.skipTest("another user can't run the program where it is")
        self.say(self.phone("alice"), "#create")

    def ask(self, make_reply):
        """The recipe of docs/OPERATING.md, its paths those of the test."""
        page = (pathlib.Path(__file__).resolve().parents[2] / "docs/OPERATING.md").read_text(encoding="utf-8")
        recipe = re.search(r"(?:^    .*\n)*^    fifo=.*\n(?:^    .*\n)*", page, re.MULTILINE)[0]
        self.assertIn("mkfifo -m 0666 /tmp/reply_me\n", recipe)
        recipe = recipe.replace("mkfifo -m 0666 /tmp/reply_me", make_reply)
        recipe = recipe.replace("/tmp/reply_me", str(self.scratch.path / "reply_me"))
        # A reply that never comes must not keep the test.
        return subprocess.run(["timeout", "5", "bash", "-c", f"umask 077\n{recipe}"], capture_output=True, text=True,
                              env={**os.environ, "XDG_RUNTIME_DIR": str(self.scratch.path)}, check=False)

    def test_the_documented_recipe_works(self):
        done = self.ask("mkfifo -m 0666 /tmp/reply_me")
        self.assertEqual(done.stdout, "200 OK\nROOM:: sip:chat-1@example.org NR_OF_MEMBERS=1\n"
                                      "\tMEMBER:: sip:alice@example.org\n\n", done.stderr)

    def test_a_reply_fifo_of_imcds_group_works(self):
        done = self.ask(f"mkfifo -m 0620 /tmp/reply_me; chgrp {NOBODY} /tmp/reply_me")
        self.assertRegex(done.stdout, r"\A200 OK\n", done.stderr)


class ManagementTest(ImcdTest):
    def setUp(self):
        super().setUp()
        self.start()

    def shell(self, *words, script=SHELL):
        """What a shell prints that sends this command to the FIFO."""
        run = subprocess.run(
            ["bash", "-c", script, "mi", *words], env={**os.environ, "DIR": str(self.scratch.path)},
            capture_output=True, text=True, timeout=30, check=False,
        )
        self.assertEqual(run.stderr, "")
        return run.stdout

    def make_rooms(self):
        alice, bob = self.phone("alice"), self.phone("bob")
        self.say(alice, "#create")
        self.say(bob, "#join")
        self.say(bob, "#create", to="sip:other@example.org")
        self.say(self.phone("carol"), "#help")
        self.say(alice, "#invite carol")

    def test_no_rooms_make_an_empty_list(self):
        self.assertEqual(self.shell("imc_list_rooms"), "200 OK\n\n")

    def test_rooms_are_listed_a_line_each(self):
        self.make_rooms()
        head, *lines, end, rest = self.shell("imc_list_rooms").split("\n")
        self.assertEqual((head, end, rest), ("200 OK", "", ""))
        self.assertEqual(
            sorted(lines),
            [
                "ROOM::  URI=sip:chat-1@example.org MEMBERS=2 OWNER=sip:alice@example.org",
                "ROOM::  URI=sip:other@example.org MEMBERS=1 OWNER=sip:bob@example.org",
            ],
        )

    def test_members_are_listed_under_their_room(self):
        self.make_rooms()
        reply = self.shell("imc_list_members", "sip:chat-1@example.org")
        head, room, *members, end, rest = reply.split("\n")
        self.assertEqual((head, end, rest), ("200 OK", "", ""))
        self.assertEqual(room, "ROOM:: sip:chat-1@example.org NR_OF_MEMBERS=2")
        self.assertEqual(
            sorted(line for line in members if not line.startswith("\tINVITED::")),
            ["\tMEMBER:: sip:alice@example.org", "\tMEMBER:: sip:bob@example.org"]
        )

    def test_who_is_invited_is_listed_with_the_time(self):
        self.make_rooms()
        self.assertRegex(self.shell("imc_list_members", "sip:chat-1@example.org"),
                         r"\n\tINVITED:: sip:carol@example.org SINCE=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n\n")

    def test_a_room_is_found_without_its_scheme(self):
        self.make_rooms()
        self.assertEqual(self.shell("imc_list_members", "chat-1@example.org"),
                         self.shell("imc_list_members", "sip:chat-1@example.org"))
        self.assertRegex(self.shell("imc_list_members", "chat-1@example.org"), r"\A200 OK\nROOM:: sip:chat-1@example.org ")

    def test_a_reply_fifo_may_be_opened_within_a_second(self):
        late = SHELL.replace('cat "$DIR/reply_sh" &', '(sleep 0.7; cat "$DIR/reply_sh") &')
        self.assertNotEqual(late, SHELL)
        self.assertEqual(self.shell("imc_list_rooms", script=late), "200 OK\n\n")

    def test_an_unknown_room_is_404_and_none_is_400(self):
        self.assertRegex(self.shell("imc_list_members", "sip:no@example.org"), r"\A404 no such room\n\n?\Z")
        self.assertRegex(self.shell("imc_list_members"), r"\A400 [^\n]+\n\n?\Z")

    def test_statistics_are_true(self):
        self.assertRegex(self.shell("get_statistics", "imc:"), r"\A200 OK\nimc:active_rooms = 0\n(imc:\w+ = \d+\n)*\n\Z")
        self.make_rooms()
        self.assertIn("\nimc:members = 3\n", self.shell("get_statistics", "imc:"))
        self.assertIn("\nimcd:rooms{visibility=public} = 2\n", self.shell("get_statistics", "imcd:"))
        self.assertEqual(self.shell("get_statistics", "imcd:members"), "200 OK\nimcd:members = 3\n\n")
        self.assertEqual(self.shell("get_statistics", "active_rooms"), "200 OK\nimc:active_rooms = 2\n\n")

    def test_version_uptime_and_which(self):
        self.assertRegex(self.shell("version"), r"\A200 OK\n(.*\n)*.*imcd.*\d+\.\d+")
        self.assertRegex(self.shell("uptime"), r"\A200 OK\n(.*\n)+\n\Z")
        commands = self.shell("which").split("\n")
        for command in ("imc_list_rooms", "imc_list_members", "imc_create_room", "get_statistics", "uptime", "version", "which"):
            self.assertIn(command, commands)

    def test_operators_make_rooms(self):
        made = self.shell("imc_create_room", "sip:hall@example.org", "sip:alice@example.org", "private")
        self.assertRegex(made, r"\A202 Accepted\n\n?\Z")
        self.assertIn("URI=sip:hall@example.org MEMBERS=1 OWNER=sip:alice@example.org", self.shell("imc_list_rooms"))
        again = self.shell("imc_create_room", "sip:hall@example.org", "sip:bob@example.org", "public")
        self.assertRegex(again, r"\A403 room exists\n\n?\Z")

    def test_an_unknown_command_says_so(self):
        self.assertRegex(self.shell("imc_reload"), r"\A500 command 'imc_reload' not available\n\n?\Z")

    def test_what_is_no_request_does_no_harm(self):
        with open(self.scratch.fifo, "wb", buffering=0) as fifo:
            fifo.write(b"\n\nhello\n\n:broken\n\n::\n\n\x00\xff:::\n\n")
            fifo.write(b":which:../../etc/passwd\n\n")
            fifo.write(b":which:" + b"a" * 5000 + b"\n\n")
        self.assertIn("imc_list_rooms", self.daemon.management("which"))

    def test_a_reply_goes_to_a_fifo_and_to_nothing_else(self):
        plain = self.scratch.path / "plain"
        plain.write_text("mine", encoding="utf-8")
        link = self.scratch.path / "link"
        link.symlink_to(plain)
        with open(self.scratch.fifo, "wb", buffering=0) as fifo:
            fifo.write(b":which:plain\n\n:which:link\n\n:which:missing\n\n")
        # Requests are served in order, so these were dealt with before this reply is whole.
        self.assertIn("imc_list_rooms", self.daemon.management("which"))
        self.assertEqual(plain.read_text(encoding="utf-8"), "mine")
        self.assertFalse((self.scratch.path / "missing").exists())

    def test_many_requests_in_one_write_are_all_answered(self):
        replies = [ask_fifo(self.scratch, ":which:") for _ in range(20)]
        self.assertEqual(len(set(replies)), 1)

    def test_the_fifo_has_the_mode_asked_for_and_goes_with_imcd(self):
        self.assertEqual(stat.S_IMODE(self.scratch.fifo.stat().st_mode), 0o660)
        self.ends_well()
        self.assertFalse(self.scratch.fifo.exists())


if __name__ == "__main__":
    unittest.main()
