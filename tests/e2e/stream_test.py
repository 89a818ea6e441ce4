#!/usr/bin/env python3
"""TCP over real sockets: both ways through a proxy, its restart, and peers who are slow or malicious."""
import re
import resource
import select
import socket
import time
import unittest

from daemon import ImcdTest
from phone import Message


def is_readable(connection, deadline):
    """Waits for it until then; select() knows no descriptor beyond 1023."""
    watched = select.poll()
    watched.register(connection, select.POLLIN)
    return bool(watched.poll(1000 * max(0, deadline - time.monotonic())))


class Wire:
    """A TCP connection that gives whole messages."""

    def __init__(self, connection):
        self.socket = connection
        self.bytes = b""
        self.is_ended = False

    @classmethod
    def to(cls, server, source=None):
        return cls(socket.create_connection(server, timeout=20, source_address=source))

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        """What is there; called when the socket is readable."""
        try:
            piece = self.socket.recv(1 << 16)
        except ConnectionError:
            piece = b""
        self.is_ended = not piece
        self.bytes += piece

    def take(self):
        """The next whole message, or None."""
        while self.bytes.startswith(b"\r\n"):
            self.bytes = self.bytes[2:]
        head, end, rest = self.bytes.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head).group(1))
        if len(rest) < length:
            return None
        self.bytes = rest[length:]
        return Message(head + end + rest[:length])

    def receive(self, timeout=20.0):
        """Waits for the next message."""
        deadline = time.monotonic() + timeout
        while (message := self.take()) is None:
            if not is_readable(self.socket, deadline):
                raise AssertionError(f"no message came, only {self.bytes!r}")
            self.read()
            if self.is_ended:
                raise AssertionError("the connection has ended")
        return message

    def until_ended(self, timeout=20.0):
        deadline = time.monotonic() + timeout
        while not self.is_ended:
            if not is_readable(self.socket, deadline):
                raise AssertionError("the connection has not ended")
            self.read()
        return self.bytes

    def close(self):
        self.socket.close()


def request(user, number, body, room="sip:chat-1@example.org"):
    body = body.encode()
    return (
        f"MESSAGE {room} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:23001;branch=z9hG4bK{user}{number}\r\n"
        f"From: <sip:{user}@example.org>;tag=f{number}\r\nTo: <{room}>\r\nCall-ID: {user}-{number}\r\n"
        f"CSeq: {number} MESSAGE\r\nMax-Forwards: 70\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def answer(message, code=200):
    lines = [f"SIP/2.0 {code} Whatever"]
    lines += [f"Via: {value}" for value in message.all("via")]
    lines += [f"{name}: {message.get(name)}" for name in ("From", "To", "Call-ID", "CSeq")]
    return ("\r\n".join(lines) + "\r\nContent-Length: 0\r\n\r\n").encode()


class Proxy:
    """A proxy over TCP that answers everything imcd sends, and keeps it."""

    def __init__(self, port=0):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=8, reuse_port=False)
        self.port = self.listener.getsockname()[1]
        self.wires = []
        self.heard = []
        self.connections = 0

    def pump(self, done, timeout=20.0):
        deadline = time.monotonic() + timeout
        while not done():
            if not self.turn(deadline):
                raise AssertionError(f"what the test waits for has not come; heard: {self.texts()}")

    def turn(self, deadline=0.0):
        """Serves what is there; False if nothing came until the deadline."""
        sources = [self.listener, *(wire.socket for wire in self.wires)]
        ready, _, _ = select.select(sources, [], [], max(0, deadline - time.monotonic()))
        if self.listener in ready:
            self.wires.append(Wire(self.listener.accept()[0]))
            self.connections += 1
        for wire in [wire for wire in self.wires if wire.socket in ready]:
            self.serve(wire)
        return bool(ready)

    def serve(self, wire):
        wire.read()
        while (message := wire.take()) is not None:
            if message.method == "MESSAGE":
                self.heard.append(message)
            wire.send(answer(message))
        if wire.is_ended:
            self.wires.remove(wire)
            wire.close()

    def texts(self, user=None):
        return [
            message.text for message in self.heard if user is None or f"sip:{user}@" in message.start_line
        ]

    def close(self):
        for wire in self.wires:
            wire.close()
        self.wires = []
        self.listener.close()


class StreamTest(ImcdTest):
    def start_tcp(self, *options):
        self.start("--listen=tcp:127.0.0.1:0", *options)
        ready = next(line for line in self.daemon.log if "imcd ready:" in line)
        host, port = re.search(r"tcp:([\d.]+):(\d+)", ready).groups()
        self.server = (host, int(port))

    def connect(self, source=None):
        wire = Wire.to(self.server, source)
        self.addCleanup(wire.close)
        return wire

    def proxy(self, port=0):
        proxy = Proxy(port)
        self.addCleanup(proxy.close)
        return proxy

    def ask(self, wire, user, number, body, code=200):
        wire.send(request(user, number, body))
        message = wire.receive()
        while message.status is None:
            wire.send(answer(message))
            message = wire.receive()
        self.assertEqual(message.status, code, message.start_line)
        return message

    def test_it_listens_on_both_transports_at_one_port_by_default(self):
        held = socket.create_server(("127.0.0.1", 0))
        port = held.getsockname()[1]
        held.close()
        self.start(f"--listen=udp:127.0.0.1:{port}", f"--listen=tcp:127.0.0.1:{port}", listen=None)
        self.assertIn(f"imcd ready: udp:127.0.0.1:{port} tcp:127.0.0.1:{port}", "\n".join(self.daemon.log))

    def test_two_users_chat_over_connections_of_their_own(self):
        self.start_tcp()
        alice, bob = self.connect(), self.connect()
        alice.send(request("alice", 1, "#create"))
        self.assertEqual(alice.receive().status, 200)
        made = alice.receive()
        self.assertIn("You made the room", made.text)
        self.assertTrue(made.get("via").startswith(f"SIP/2.0/TCP 127.0.0.1:{self.server[1]};"))
        alice.send(answer(made))
        self.ask(bob, "bob", 1, "#join")
        joined = bob.receive()
        self.assertIn("You joined", joined.text)
        bob.send(answer(joined))
        self.ask(alice, "alice", 2, "hello")
        self.assertEqual(bob.receive().text, "<alice@example.org>: hello")

    def test_everything_goes_over_one_connection_to_the_proxy_and_survives_its_restart(self):
        proxy = self.proxy()
        self.start_tcp(f"--outbound_proxy=127.0.0.1:{proxy.port};transport=tcp")
        wire = self.connect()
        for number, user in enumerate(("alice", "bob", "carol"), 1):
            self.ask(wire, user, number, "#join")
        proxy.pump(lambda: len(proxy.heard) == 6)
        for number in range(200):
            self.ask(wire, "alice", 100 + number, f"text {number}")
            # Never so far ahead that imcd would refuse more.
            proxy.pump(lambda: len(proxy.texts("bob")) > number - 30)
            if number == 100:
                # It restarts: what it has not answered may be lost, and nothing else.
                proxy.pump(lambda: len(proxy.texts("bob")) > 50)
                proxy.close()
                heard, connections = proxy.heard, proxy.connections
                proxy = self.proxy(proxy.port)
                proxy.heard = heard
                self.assertEqual(connections, 1)
        proxy.pump(lambda: proxy.texts("bob")[-1:] == ["<alice@example.org>: text 199"])
        proxy.pump(lambda: proxy.texts("carol")[-1:] == ["<alice@example.org>: text 199"])
        for user in ("bob", "carol"):
            numbers = [int(text.rpartition(" ")[2]) for text in proxy.texts(user) if "text" in text]
            self.assertEqual(numbers, sorted(set(numbers)), "in order, and none twice")
            self.assertGreaterEqual(len(numbers), 199, "one may have been unanswered")
        self.assertEqual(proxy.connections, 1)
        self.ends_well()

    def test_a_text_too_long_for_udp_goes_over_tcp(self):
        proxy = self.proxy()
        self.start_tcp(f"--outbound_proxy=127.0.0.1:{proxy.port};transport=tcp")
        wire = self.connect()
        self.ask(wire, "alice", 1, "#join")
        self.ask(wire, "bob", 2, "#join")
        text = "long " * 10000
        self.ask(wire, "alice", 3, text)
        proxy.pump(lambda: proxy.texts("bob")[-1:] == [f"<alice@example.org>: {text}"])

    def test_a_text_too_long_for_the_udp_of_the_proxy_goes_to_it_over_tcp(self):
        proxy = self.proxy()
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)
        udp.bind(("127.0.0.1", proxy.port))
        udp.settimeout(20)
        self.start_tcp(f"--outbound_proxy=127.0.0.1:{proxy.port}")
        wire = self.connect()

        def heard_by_udp():
            data, source = udp.recvfrom(65536)
            message = Message(data)
            udp.sendto(answer(message), source)
            return message.text

        for number, user in enumerate(("alice", "bob"), 1):
            self.ask(wire, user, number, "#join")
        while "bob@example.org joined" not in heard_by_udp():
            pass
        text = "long " * 2000
        self.ask(wire, "alice", 3, text)
        proxy.pump(lambda: proxy.texts("bob") == [f"<alice@example.org>: {text}"])
        self.ask(wire, "alice", 4, "short")
        while heard_by_udp() != "<alice@example.org>: short":
            pass
        self.assertEqual(len(proxy.heard), 1)
        # Without TCP there, a text goes by UDP as long as it stays on this machine.
        proxy.close()
        self.ask(wire, "alice", 5, text)
        while heard_by_udp() != f"<alice@example.org>: {text}":
            pass

    def test_a_request_may_come_a_byte_at_a_time(self):
        self.start_tcp()
        wire = self.connect()
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request("alice", 1, "#help"):
            wire.send(bytes([byte]))
        self.assertEqual(wire.receive().status, 200)

    def test_what_cannot_be_framed_is_answered_and_the_connection_closed(self):
        self.start_tcp()
        wire = self.connect()
        text = request("alice", 1, "#help")
        wire.send(re.sub(rb"Content-Length: \d+\r\n", b"", text) + text * 1000)
        self.assertEqual(wire.receive().start_line, "SIP/2.0 400 Missing Content-Length Header")
        self.assertEqual(wire.until_ended(), b"")
        noise = self.connect()
        noise.send(b"\x16\x03\x01\x02\x00")
        self.assertEqual(noise.until_ended(), b"")
        endless = self.connect()
        endless.send(b"MESSAGE sip:a@b SIP/2.0\r\n" + b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 2000)
        self.assertEqual(endless.until_ended(), b"")
        self.ask(self.connect(), "alice", 2, "#help")

    def test_an_untrusted_peer_is_closed_at_once(self):
        self.start_tcp("--trusted=127.0.0.1")
        wire = self.connect(source=("127.0.0.2", 0))
        self.assertEqual(wire.until_ended(), b"")
        self.ask(self.connect(), "alice", 1, "#help")

    def test_a_peer_who_asks_much_and_reads_nothing_stops_nobody(self):
        self.start_tcp()
        greedy = self.connect()
        greedy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.socket.setblocking(False)
        text = b"".join(request("greedy", number, "hello") for number in range(1000))
        sent = 0
        # imcd stops to read it when enough answers wait: then its own sending stops.
        for _ in range(2000):
            _, writable, _ = select.select([], [greedy.socket], [], 1.0)
            if not writable:
                break
            try:
                sent += greedy.socket.send(text)
            except BlockingIOError:
                pass
        else:
            self.fail("imcd reads on without end")
        self.ask(self.connect(), "alice", 1, "#help")

    def test_thousands_of_idle_connections_leave_it_as_it_is(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        count = min(10000, hard - 200)
        self.start_tcp()
        idle = []
        for number in range(count):
            # 2,000 from each address, which may have a few more.
            idle.append(self.connect(source=(f"127.0.0.{2 + number // 2000}", 0)))
        self.ask(idle[0], "alice", 1, "#help")
        self.ask(idle[-1], "alice", 2, "#help")
        before = self.cpu_seconds()
        time.sleep(1)
        self.assertLess(self.cpu_seconds() - before, 0.2, "it does nothing for them")
        with open(f"/proc/{self.daemon.process.pid}/status") as status:
            memory = int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))
        print(f"{count} idle connections, {memory} kB")

    def cpu_seconds(self):
        with open(f"/proc/{self.daemon.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    unittest.main()
