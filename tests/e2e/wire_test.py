#!/usr/bin/env python3
"""What goes over real sockets: retransmissions, IPv6, sources that are not trusted, garbage."""
import socket
import unittest

from daemon import ImcdTest
from phone import Message


class WireTest(ImcdTest):
    def test_the_same_datagram_three_times_is_one_execution_with_identical_answers(self):
        self.start()
        alice = self.phone("alice")
        call = alice.start(self.ROOM, "#create")
        alice.watch(call)
        alice.send_raw(call.raw)
        alice.send_raw(call.raw)
        self.line.until(lambda: call.final)
        # Those that came while the first answer waited for its commit were absorbed; these are not.
        first = call.final.raw
        call.responses.clear()
        for _ in range(3):
            alice.send_raw(call.raw)
        self.line.until(lambda: len(call.responses) == 3)
        self.assertEqual({response.raw for response in call.responses}, {first})
        self.hears(alice, "You made the room")
        # One more command's notice comes next: nothing of a second execution lies between.
        self.say(alice, "#list")
        self.hears(alice, "^\\*\\*\\* Members of chat-1@example.org: 1")

    def test_a_chat_text_sent_three_times_is_heard_once(self):
        self.start()
        alice, bob = self.phone("alice"), self.phone("bob")
        self.say(alice, "#create")
        self.say(bob, "#join")
        self.hears(alice, "You made", "bob@example.org joined")
        self.hears(bob, "You joined")
        call = alice.start(self.ROOM, "once")
        alice.watch(call)
        alice.send_raw(call.raw)
        alice.send_raw(call.raw)
        self.line.until(lambda: len(call.responses) == 3)
        self.assertEqual(len({response.raw for response in call.responses}), 1)
        self.say(alice, "twice")
        self.hears(bob, "^<alice@example.org>: once$", "^<alice@example.org>: twice$")

    def test_it_serves_over_ipv6_and_ipv4_at_once(self):
        self.start("--listen=udp:127.0.0.1:0", listen="udp:[::1]:0")
        self.assertEqual(sorted(host for host, _ in self.daemon.servers), ["127.0.0.1", "::1"])
        by_host = dict(self.daemon.servers)
        alice = self.phone("alice", server=("::1", by_host["::1"]))
        bob = self.phone("bob", server=("127.0.0.1", by_host["127.0.0.1"]))
        self.say(alice, "#create")
        self.say(bob, "#join")
        self.hears(alice, "You made", "bob@example.org joined")
        self.hears(bob, "You joined")
        self.say(alice, "over six")
        self.say(bob, "over four")
        self.hears(bob, "^<alice@example.org>: over six$")
        self.hears(alice, "^<bob@example.org>: over four$")

    def test_a_source_that_is_not_trusted_is_refused(self):
        self.start("--trusted=192.0.2.0/24")
        alice = self.phone("alice")
        self.say(alice, "#create", code=403)
        self.line.settle(0.2)
        self.assertEqual(alice.heard, [])
        self.assertEqual(self.daemon.management("imc_list_rooms"), "200 OK\n\n")

    def test_garbage_is_survived(self):
        self.start()
        alice = self.phone("alice")
        good, _ = alice.build(self.ROOM, "#create")
        for raw in (
            b"", b"\r\n\r\n", b"\x00" * 100, b"SIP/2.0 200 OK\r\n\r\n", b"MESSAGE", b"\xff" * 65000,
            b"MESSAGE sip:x@y SIP/2.0\r\nVia: x\r\n\r\n", good[:40], good.replace(b"CSeq", b"NoSeq"),
            b"MESSAGE sip:a@b SIP/2.0\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
        ):
            alice.send_raw(raw)
        response = alice.send(f"sip:{alice.server[0]}", method="OPTIONS")
        self.assertEqual(response.status, 200)
        self.ends_well()

    def test_a_request_without_a_mandatory_header_is_told_which(self):
        self.start()
        alice = self.phone("alice")
        raw, branch = alice.build(self.ROOM, "#create")
        raw = raw.replace(b"Call-ID:", b"X-Call-ID:")
        self.assertIn(b"X-Call-ID", raw)
        alice.socket.setblocking(True)
        alice.socket.settimeout(20)
        alice.send_raw(raw)
        response = Message(alice.socket.recv(65535))
        self.assertEqual(response.status, 400)
        self.assertIn("Call-ID", response.start_line)
        self.assertEqual(response.branch, branch)

    def test_a_method_it_does_not_know_is_405_with_allow(self):
        self.start()
        response = self.phone("alice").send(self.ROOM, method="INVITE")
        self.assertEqual(response.status, 405)
        self.assertIn("MESSAGE", response.get("allow"))

    def test_commands_take_the_prefix_that_is_configured(self):
        self.start("--imc_cmd_start_char=/")
        alice = self.phone("alice")
        self.say(alice, "/create")
        self.hears(alice, "You made the room")
        self.say(alice, "/help")
        self.hears(alice, "/create")

    def test_extra_headers_are_in_what_is_sent(self):
        self.start("--extra_hdrs=P-Flags: 3", "--extra_hdrs=X-Service: rooms")
        alice = self.phone("alice")
        self.say(alice, "#create")
        (notice,) = self.hears(alice, "You made the room")
        self.assertEqual((notice.get("p-flags"), notice.get("x-service")), ("3", "rooms"))

    def test_deliveries_go_to_the_outbound_proxy(self):
        proxy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(proxy.close)
        proxy.bind(("127.0.0.1", 0))
        proxy.settimeout(20)
        self.start(f"--outbound_proxy=sip:127.0.0.1:{proxy.getsockname()[1]}")
        self.say(self.phone("alice"), "#create")
        notice = Message(proxy.recv(65535))
        self.assertEqual(notice.start_line, "MESSAGE sip:alice@example.org SIP/2.0")
        self.assertIn("You made the room", notice.text)


if __name__ == "__main__":
    unittest.main()
