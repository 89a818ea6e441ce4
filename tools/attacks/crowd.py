"""All users but the good ones, as imcd meets them behind its proxy: silent, late, refusing, or answering by a rule."""
import heapq
import multiprocessing
import select
import signal
import socket
import time

from attacks import wire
from attacks.good_room import die_with_parent


class Proxy:
    """Where imcd sends everything: `socket`, which the process of the good users reads. What is for others it hands on
    to `crowd`, in which it may lie unread: then they are silent. Answers go out from the first."""

    def __init__(self):
        self.socket = wire.udp_socket()
        self.socket.setsockopt(socket.IPPROTO_UDP, wire.UDP_GRO, 1)
        self.address = self.socket.getsockname()
        self.crowd = wire.udp_socket()

    def close(self):
        self.socket.close()
        self.crowd.close()


class Say:
    """What a rule answers a delivery with: a start line after `delay` seconds, and perhaps a new request after it."""

    def __init__(self, start_line=b"200 OK", further=b"", delay=0.0, then=None, then_delay=0.0):
        self.start_line = start_line
        self.further = further
        self.delay = delay
        self.then = then
        self.then_delay = then_delay


class Crowd:
    """A process that reads the socket and answers by `rule`: called with the request, it returns a Say or None.
    It counts what it was sent, each retransmission too; `count(request)` may name what is counted. Answers go out from
    `way` to `server`, or back where the request came from."""

    def __init__(self, crowd_socket, rule, count=lambda request: "", way=None, server=None):
        ours, theirs = multiprocessing.Pipe()
        self.control = ours
        self.process = multiprocessing.get_context("fork").Process(
            target=self.serve, args=(theirs, crowd_socket, rule, count, way or crowd_socket, server), daemon=True)
        self.process.start()
        theirs.close()

    @staticmethod
    def serve(control, crowd_socket, rule, count, way, server):
        die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        wire.run_mark = f"c{wire.run_mark}"
        crowd_socket.setblocking(False)
        counts, later, order = {}, [], 0
        while True:
            wait = later[0][0] - time.monotonic() if later else 1.0
            ready, _, _ = select.select([control, crowd_socket], [], [], max(0.0, wait))
            if control in ready:
                control.recv()
                control.send(counts)
            now = time.monotonic()
            while later and later[0][0] <= now:
                _, _, data, peer = heapq.heappop(later)
                way.sendto(data, server or peer)
            for _ in range(500 if crowd_socket in ready else 0):
                try:
                    request, peer = crowd_socket.recvfrom(65536)
                except (BlockingIOError, ConnectionRefusedError):
                    break
                if not wire.is_request(request):
                    continue
                name = count(request)
                counts[name] = counts.get(name, 0) + 1
                said = rule(request)
                if said is None:
                    continue
                data = wire.answer(request, said.start_line, said.further)
                for data, delay in ((data, said.delay), (said.then, said.delay + said.then_delay)):
                    if data and delay > 0:
                        order += 1
                        heapq.heappush(later, (now + delay, order, data, peer))
                    elif data:
                        way.sendto(data, server or peer)

    def counts(self):
        """What it was sent so far, by name."""
        self.control.send("counts")
        return self.control.recv() if self.control.poll(20) else {}

    def close(self):
        self.process.kill()
        self.process.join()


class Listener:
    """The crowd without a process: this one reads the socket when it wants to know what somebody hears."""

    def __init__(self, proxy):
        self.socket = proxy.crowd
        self.way = proxy.socket
        self.server = None
        self.heard = []  # (user, request), each once.
        self.branches = set()

    def turn(self, timeout):
        if not select.select([self.socket], [], [], timeout)[0]:
            return
        request = self.socket.recv(65536)
        if not wire.is_request(request):
            return
        self.way.sendto(wire.answer(request), self.server)
        if wire.branch(request) not in self.branches:
            self.branches.add(wire.branch(request))
            self.heard.append((wire.addressee(request).decode(), request))

    def drain(self):
        """Forgets what was sent so far: what a flood has left in the socket keeps out what is to be heard."""
        self.heard.clear()
        while select.select([self.socket], [], [], 0)[0]:
            self.socket.recv(65536)

    def hear(self, user, seconds=0.5):
        """What this user hears within so long, in any spelling of the name; it is taken."""
        self.turn_for(seconds)
        mine = [request for name, request in self.heard if name.casefold() == user.casefold()]
        self.heard = [pair for pair in self.heard if pair[0].casefold() != user.casefold()]
        return mine

    def turn_for(self, seconds):
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.turn(left)
