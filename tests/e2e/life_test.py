#!/usr/bin/env python3
"""Start, stop and start again: the command line, signals, and rooms that outlive the process."""
import os
import signal
import sqlite3
import subprocess
import unittest

import child
from daemon import IMCD, Daemon, ImcdTest, run_imcd


class CommandLineTest(ImcdTest):
    def test_help_and_version_go_to_standard_output(self):
        run = run_imcd(self.scratch, "--help")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("--listen udp:IP:PORT", run.stdout)
        run = run_imcd(self.scratch, "--version")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertRegex(run.stdout, r"^imcd \d+\.\d+")

    def test_check_says_whether_a_configuration_is_good(self):
        config = self.scratch.path / "imcd.conf"
        config.write_text(run_imcd(self.scratch, "--sample_config").stdout, encoding="utf-8")
        run = run_imcd(self.scratch, "-c", str(config), "--check")
        self.assertEqual(run.returncode, 0, run.stderr)
        config.write_text("listen = udp:127.0.0.1:5070\nhop_windw = 3\n", encoding="utf-8")
        run = run_imcd(self.scratch, "-c", str(config), "--check")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(f"{config}:2: hop_windw = 3", run.stderr)
        self.assertIn("did you mean hop_window?", run.stderr)

    def test_a_port_in_use_is_an_error_that_names_it(self):
        first = self.start()
        port = first.server[1]
        run = run_imcd(
            self.scratch, f"--listen=udp:127.0.0.1:{port}", "--mi_fifo=", "--db_url=sqlite:////dev/null/x"
        )
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(f"127.0.0.1:{port}", run.stderr)

    def test_a_second_imcd_on_the_same_database_is_refused(self):
        self.start()
        run = run_imcd(self.scratch, "--listen=udp:127.0.0.1:0", "--mi_fifo=", "--db_required=1")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("imcd.db", run.stderr)


class LoadTest(ImcdTest):
    def test_a_terminal_shows_how_far_a_load_has_come(self):
        self.start().end()
        with sqlite3.connect(self.scratch.database) as database:
            database.executemany("INSERT INTO imc_rooms (name, domain, flag) VALUES (?, 'x', 0)",
                                 ((f"r{number}",) for number in range(20000)))
        database.close()
        terminal, inner = os.openpty()
        process = child.start(
            [IMCD, "--listen=udp:127.0.0.1:0", "--mi_fifo="], env=self.scratch.environment(), stderr=inner
        )
        os.close(inner)
        self.addCleanup(process.kill)
        seen = b""
        while b"imcd ready:" not in seen:
            seen += os.read(terminal, 4096)
        os.close(terminal)
        process.terminate()
        process.wait(20)
        self.assertRegex(seen, rb"\rloading the database: [\d,]+ of about 20,000 rows \(\d+ %\), [\d,]+ a second")
        self.assertRegex(seen, rb"\r\x1b\[K[^\r]*imcd ready:")


class LifeTest(ImcdTest):
    def test_term_and_int_end_it_well(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(how=how):
                daemon = Daemon(self.scratch)
                self.assertEqual(daemon.end(how), 0, "\n".join(daemon.log))

    def test_standard_error_that_nobody_reads_does_not_keep_it_from_ending(self):
        reader, writer = os.pipe()
        process = child.start(
            [IMCD, f"--mi_reply_dir={self.scratch.path}", "--dns_servers=127.0.0.1:1", "--listen=udp:127.0.0.1:0"],
            env=self.scratch.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer,
        )
        log = b""
        while b"imcd ready:" not in log:
            log += os.read(reader, 65536)
        # Opened anew: that its writes don't block must not hold for imcd's.
        filler = os.open(f"/proc/self/fd/{writer}", os.O_WRONLY | os.O_NONBLOCK)
        try:
            for size in (4096, 1):
                with self.assertRaises(BlockingIOError):
                    while True:
                        os.write(filler, b"x" * size)
            for how in (signal.SIGUSR1, signal.SIGHUP, signal.SIGTERM):
                process.send_signal(how)
            self.assertEqual(process.wait(60), 0)
        finally:
            process.kill()
            process.wait()
            for file in (reader, writer, filler):
                os.close(file)

    def test_hup_usr1_and_pipe_do_not_end_it(self):
        self.start()
        for how in (signal.SIGPIPE, signal.SIGHUP, signal.SIGUSR1):
            self.daemon.process.send_signal(how)
        self.daemon.wait_for_line("summary")
        response = self.phone("alice").send("sip:imcd@example.org", method="OPTIONS")
        self.assertEqual(response.status, 200)
        self.ends_well()

    def test_rooms_members_ranks_and_invitations_are_there_after_a_restart(self):
        self.start()
        alice, bob, carol = (self.phone(name) for name in ("alice", "bob", "carol"))
        # Who spoke before can be reached with an invitation.
        self.say(bob, "#help")
        self.say(carol, "#help")
        self.say(alice, "#create private")
        self.say(alice, "#invite bob")
        self.say(bob, "#accept")
        self.say(alice, "#invite carol")
        self.say(alice, "#create sip:gone@example.org")
        self.say(alice, "#destroy sip:gone@example.org")
        self.ends_well()

        self.start()
        alice, bob, carol, dave = (self.phone(name) for name in ("alice", "bob", "carol", "dave"))
        self.say(alice, "#list")
        self.hears(alice, r"(?s): 2\s.*\*alice@example.org.*bob@example.org.*carol@example.org \(invited \d{4}-\d\d-\d\d\)")
        self.say(dave, "#join", code=403)
        self.say(carol, "#accept")
        self.hears(carol, "You joined")
        self.say(alice, "#list sip:gone@example.org", code=404)
        self.ends_well()

    def test_the_database_has_the_tables_of_the_older_modules(self):
        self.start()
        self.say(self.phone("alice"), "#create private")
        self.ends_well()
        with sqlite3.connect(self.scratch.database) as database:
            rooms = database.execute("select name, domain, flag from imc_rooms").fetchall()
            members = database.execute("select username, domain, room, flag from imc_members").fetchall()
            versions = dict(database.execute("select table_name, table_version from version").fetchall())
        self.assertEqual(rooms, [("chat-1", "example.org", 1)])
        self.assertEqual(members, [("alice", "example.org", "sip:chat-1@example.org", 1)])
        self.assertEqual((versions["imc_rooms"], versions["imc_members"]), (1, 1))

    def test_while_it_drains_new_requests_get_503_and_deliveries_are_waited_for(self):
        self.start("--drain_timeout_s=20")
        alice, bob = self.phone("alice"), self.phone("bob")
        self.say(alice, "#create")
        self.say(bob, "#join")
        self.hears(alice, "You made", "bob@example.org joined")
        self.hears(bob, "You joined")
        bob.answer = lambda message: None
        self.say(alice, "last words")
        self.hears(bob, "last words")
        self.daemon.process.send_signal(signal.SIGTERM)
        self.daemon.wait_for_line("shutting down")
        for method in ("OPTIONS", "MESSAGE"):
            response = alice.send(self.ROOM, method=method)
            self.assertEqual(response.status, 503)
            self.assertRegex(response.get("retry-after"), r"^\d+")
        # The resent delivery is answered at last, and then nothing is left to wait for.
        bob.answer = lambda message: 200
        self.line.until(lambda: self.daemon.process.poll() is not None)
        self.assertEqual(self.daemon.end(), 0, "\n".join(self.daemon.log))

    def test_a_second_signal_does_not_wait_for_deliveries(self):
        self.start("--drain_timeout_s=3600")
        alice, bob = self.phone("alice"), self.phone("bob")
        self.say(alice, "#create")
        self.say(bob, "#join")
        bob.hear(1)
        bob.answer = lambda message: None
        self.say(alice, "never answered")
        bob.hear(1)
        self.daemon.process.send_signal(signal.SIGTERM)
        self.daemon.wait_for_line("shutting down")
        self.assertIsNone(self.daemon.process.poll())
        self.daemon.end(signal.SIGINT)


if __name__ == "__main__":
    unittest.main()
