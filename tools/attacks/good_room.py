"""The good users: ten members of one room, one of whom says a line every 50 ms. A process of its own, so that an attack
that is busy in ours does not make them late; when a line was heard is the kernel's time of its arrival.

They are `g0` to `g9`. Behind the proxy all their deliveries come to its socket, together with what is for the crowd,
whose names never begin with a `g`; without a proxy each has a socket.
"""
import collections
import ctypes
import multiprocessing
import re
import select
import signal
import socket
import struct
import time

from attacks import wire

ROOM = f"chat-good@{wire.DOMAIN}"
SPEAKER = "g0"
INTERVAL = 0.05
# What was not heard so long after the last line is lost, or so late that nobody calls it chat.
PATIENCE = 4.0
RESENT_AFTER = 0.5
SO_TIMESTAMPNS = 35
SO_RXQ_OVFL = 40
# Buffers taken from one socket before the others have their turn.
READ_AT_ONCE = 200
PR_SET_PDEATHSIG = 1
LINE = re.compile(rb">: line (\d+)\r?\n?$")


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Phase:
    """What became of the lines of one phase."""

    def __init__(self):
        self.sent = {}  # By number: when, of the wall clock.
        self.codes = {}
        self.heard = {}  # By (number, member): the branch of its first delivery.
        self.delays = []
        self.doubled = 0

    def result(self, listeners):
        codes = collections.Counter(self.codes.get(number, 0) for number in self.sent)
        accepted = [number for number in self.sent if self.codes.get(number) == 200]
        lost = sum((number, member) not in self.heard for number in accepted for member in listeners)
        return {
            "sent": len(self.sent), "codes": dict(codes), "ok": codes[200], "lost": lost, "doubled": self.doubled,
            "deliveries": len(self.delays), "ms": {name: percentile(self.delays, share) for name, share in
                                                   (("p50", 0.5), ("p99", 0.99), ("max", 1.0))},
        }


def percentile(values, share):
    """In ms; None where there is nothing."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


class Members:
    """The process: poll, answer, say the next line."""

    def __init__(self, control, server, proxy, members):
        self.control = control
        self.server = server
        self.names = [f"g{number}" for number in range(members)]
        self.listeners = [name.encode() for name in self.names if name != SPEAKER]
        self.speaking = wire.udp_socket()
        self.via = f"127.0.0.1:{self.speaking.getsockname()[1]}"
        self.proxy = proxy
        self.crowd = getattr(proxy, "crowd", None) and proxy.crowd.getsockname()
        self.datagrams = self.runs = self.overrun = 0
        self.sockets = self.open_sockets()
        self.poll = select.poll()
        self.by_fd = {}
        for source in [control, self.speaking, *self.sockets]:
            self.watch(source)
        self.phase = None
        self.next_line = float("inf")
        self.number = 0
        self.connections = 0  # That imcd made, over TCP.
        self.requests = {}  # Unanswered lines: their bytes and when they go out again.

    def watch(self, source):
        self.by_fd[source.fileno()] = source
        self.poll.register(source.fileno(), select.POLLIN)

    def open_sockets(self):
        sockets = [self.proxy.socket] if self.proxy else [wire.udp_socket() for _ in self.names[1:]]
        for each in [self.speaking, *sockets]:
            each.setblocking(False)
            each.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            each.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
        return sockets

    def enter(self):
        """All members join, one after the other."""
        for number, name in enumerate(self.names):
            own = self.speaking if self.proxy or name == SPEAKER else self.sockets[number - 1]
            via = f"127.0.0.1:{own.getsockname()[1]}"
            text = "#create" if name == SPEAKER else "#join"
            own.sendto(wire.message(name, ROOM, text, via), self.server)
            self.turn_for(0.06)
        self.turn_for(0.3)

    def turn_for(self, seconds):
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.turn(left)

    def run(self):
        self.enter()
        self.control.send("ready")
        while True:
            self.turn(1.0)

    def turn(self, timeout):
        due = min(self.next_line, min((request[1] for request in self.requests.values()), default=float("inf")))
        timeout = max(0.0, min(timeout, due - time.monotonic()))
        for fd, _ in self.poll.poll(1000 * timeout):
            source = self.by_fd.get(fd)
            if source is self.control:
                self.on_order(self.control.recv())
            elif source is not None:
                self.read(source)
        self.on_time(time.monotonic())

    def on_time(self, now):
        if now >= self.next_line:
            self.next_line = max(self.next_line + INTERVAL, now)
            self.say()
        for number, (data, at, wait) in list(self.requests.items()):
            if now >= at:
                self.speaking.sendto(data, self.server)
                self.requests[number] = (data, now + min(2 * wait, 4.0), min(2 * wait, 4.0))

    def on_order(self, order):
        if order == "begin":
            self.phase = Phase()
            self.next_line = time.monotonic()
        elif order == "end":
            self.next_line = float("inf")
            self.wait_for_all()
            self.control.send({**self.phase.result(self.listeners), "connections": self.connections,
                               "overrun": self.overrun})
            self.requests.clear()
            self.phase = None
        elif order == "runs":
            self.control.send((self.datagrams, self.runs))

    def wait_for_all(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            accepted = sum(code == 200 for code in self.phase.codes.values())
            if not self.requests and len(self.phase.heard) >= accepted * len(self.listeners):
                break
            self.turn(0.05)
        self.turn_for(0.2)  # For what comes twice.

    def say(self):
        self.number += 1
        data = wire.message(SPEAKER, ROOM, f"line {self.number}", self.via, number=f"0{self.number}")
        self.phase.sent[self.number] = time.time()
        self.requests[self.number] = (data, time.monotonic() + RESENT_AFTER, RESENT_AFTER)
        self.speaking.sendto(data, self.server)

    def read(self, source):
        for _ in range(READ_AT_ONCE):
            try:
                data, parts, _, peer = source.recvmsg(65536, 256)
            except (BlockingIOError, ConnectionRefusedError):
                return
            arrived, segment = self.look_at(parts, len(data))
            if source is not self.speaking and self.proxy:
                self.sort(data, segment, arrived, peer)
            else:
                self.serve(source, data, arrived, peer)

    def look_at(self, parts, length):
        """When it came, and how long each datagram is of which the kernel made one."""
        arrived, segment = time.time(), max(1, length)
        for level, kind, value in parts:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("qq", value[:16])
                arrived = seconds + nanoseconds / 1e9
            elif level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL:
                self.overrun = struct.unpack("I", value[:4])[0]
            elif level == socket.IPPROTO_UDP and kind == wire.UDP_GRO:
                segment = struct.unpack("i", value[:4])[0]
        return arrived, segment

    def sort(self, data, segment, arrived, peer):
        """For good users, or the crowd's. Byte 12 is the first of the user's name: `MESSAGE sip:NAME@...`."""
        firsts = data[12::segment]
        self.datagrams += len(firsts)
        self.runs += 1
        if b"g" not in firsts:
            return self.hand_on(data, segment)
        for at in range(0, len(data), segment):
            piece = data[at:at + segment]
            if piece[12:13] == b"g":
                self.serve(self.proxy.socket, piece, arrived, peer)
            else:
                self.hand_on(piece, segment)
        return None

    def hand_on(self, data, segment):
        control = [(socket.IPPROTO_UDP, wire.UDP_SEGMENT, struct.pack("H", segment))] if len(data) > segment else []
        try:
            self.speaking.sendmsg([data], control, 0, self.crowd)
        except OSError:
            pass  # Nobody reads there.

    def serve(self, source, data, arrived, peer):
        if wire.is_request(data):
            source.sendto(wire.answer(data), peer)
        self.take(data, arrived)

    def take(self, data, arrived):
        """A delivery, or the answer to a line."""
        if self.phase is None:
            return
        if not wire.is_request(data):
            number = wire.NUMBER.search(data)
            if number and int(data[8:11]) >= 200 and self.requests.pop(int(number.group(1)), None):
                self.phase.codes[int(number.group(1))] = int(data[8:11])
            return
        line = LINE.search(data)
        sent = self.phase.sent.get(int(line.group(1))) if line else None
        if sent is None:
            return
        key, mark = (int(line.group(1)), wire.addressee(data)), wire.branch(data)
        if key not in self.phase.heard:
            self.phase.heard[key] = mark
            self.phase.delays.append(max(0.0, arrived - sent))
        elif self.phase.heard[key] != mark:
            self.phase.doubled += 1


class GoodRoom:
    """Our handle on that process."""

    def __init__(self, server, proxy, members=10, kind=Members):
        ours, theirs = multiprocessing.Pipe()
        self.control = ours
        self.process = multiprocessing.get_context("fork").Process(
            target=self.work, args=(kind, theirs, server, proxy, members), daemon=True)
        self.process.start()
        theirs.close()
        if not ours.poll(20) or ours.recv() != "ready":
            raise RuntimeError("the good users did not get into their room")

    @staticmethod
    def work(kind, control, server, proxy, members):
        die_with_parent()
        wire.run_mark = f"g{wire.run_mark}"  # Else the numbers that both sides count would make the same branches.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        kind(control, server, proxy, members).run()

    def begin(self):
        self.control.send("begin")

    def end(self):
        self.control.send("end")
        if not self.control.poll(PATIENCE + 20):
            raise RuntimeError("the good users do not report")
        return self.control.recv()

    def runs(self):
        """Datagrams that came to the proxy so far, and how many buffers of the kernel's they came in."""
        self.control.send("runs")
        return self.control.recv()

    def close(self):
        self.process.kill()
        self.process.join()
