#!/usr/bin/env python3
"""Next hops by name, through a DNS server of the test's own."""
import socket
import unittest

from daemon import ImcdTest
from fake_dns import A, SRV, FakeDns
from phone import Message


class NamesTest(ImcdTest):
    def setUp(self):
        super().setUp()
        self.dns = FakeDns()
        self.addCleanup(self.dns.close)
        self.proxy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.proxy.close)
        self.proxy.bind(("127.0.0.1", 0))
        self.proxy.settimeout(20)
        self.port = self.proxy.getsockname()[1]

    def expects_the_notice(self):
        notice = Message(self.proxy.recv(65535))
        self.assertEqual(notice.start_line, "MESSAGE sip:alice@example.org SIP/2.0")
        self.assertIn("You made the room", notice.text)

    def test_a_proxy_by_name_is_found_by_its_service_records(self):
        self.dns.add_service("_sip._udp.proxy.example", self.port, "one.proxy.example")
        self.dns.add_address("one.proxy.example", "127.0.0.1")
        self.start("--outbound_proxy=proxy.example", f"--dns_servers={self.dns.address}")
        self.say(self.phone("alice"), "#create")
        self.expects_the_notice()
        self.assertEqual(self.dns.asked, [("_sip._udp.proxy.example", SRV), ("one.proxy.example", A)])

    def test_a_proxy_by_name_and_port_is_found_by_its_address(self):
        self.dns.add_address("proxy.example", "127.0.0.1")
        self.start(f"--outbound_proxy=sip:proxy.example:{self.port}", f"--dns_servers={self.dns.address}")
        self.say(self.phone("alice"), "#create")
        self.expects_the_notice()
        self.assertEqual(self.dns.asked, [("proxy.example", A)])

    def test_a_proxy_by_address_asks_nothing(self):
        self.start(f"--outbound_proxy=127.0.0.1:{self.port}", f"--dns_servers={self.dns.address}")
        self.say(self.phone("alice"), "#create")
        self.expects_the_notice()
        self.assertEqual(self.dns.asked, [])


if __name__ == "__main__":
    unittest.main()
