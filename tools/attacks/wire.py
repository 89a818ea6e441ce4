"""SIP bytes, written and read with as little work as can be: what measures must not be what is slow."""
import collections
import itertools
import os
import re
import select
import socket
import time

DOMAIN = "example.org"
SO_RCVBUFFORCE = 33
UDP_SEGMENT = 103
UDP_GRO = 104
NUMBER = re.compile(rb";branch=z9hG4bKa(\d+)x")
BRANCH = re.compile(rb"branch=(z9hG4bK[^;,\s]+)")
MIRRORED = re.compile(rb"\r\n((?:Via|From|Call-ID|CSeq):[^\r]*)")
TO = re.compile(rb"\r\nTo:([^\r]*)")

numbers = itertools.count(1)
run_mark = os.urandom(4).hex()


def udp_socket(host="127.0.0.1", port=0, buffer_bytes=64 << 20):
    """A bound socket that takes a whole fan-out, where we may have that; else as much as the kernel allows."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, buffer_bytes)
    except PermissionError:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    made.bind((host, port))
    return made


def uri_of(user):
    """`alice` is at the domain of all good users; another's address is given whole."""
    return f"sip:{user}" if "@" in user else f"sip:{user}@{DOMAIN}"


def message(user, to, text, via, fields=(), number=None, transport="UDP"):
    """A MESSAGE of this user. `fields` replace those of the same name or are added; bytes are text as they are."""
    number = next(numbers) if number is None else number
    body = text if isinstance(text, bytes) else text.encode()
    head = {
        "Via": f"SIP/2.0/{transport} {via};branch=z9hG4bKa{number}x{run_mark};rport",
        "Max-Forwards": "70",
        "From": f"<{uri_of(user)}>;tag={number}",
        "To": f"<{uri_of(to)}>",
        "Call-ID": f"{run_mark}-{number}",
        "CSeq": f"{number} MESSAGE",
        "Content-Type": "text/plain",
    }
    further = [(name, value) for name, value in fields if name not in head]
    head.update((name, value) for name, value in fields if name in head)
    lines = [f"{name}: {value}\r\n" for name, value in [*head.items(), *further]]
    return f"MESSAGE {uri_of(to)} SIP/2.0\r\n{''.join(lines)}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answer(request, start_line=b"200 OK", further=b""):
    """The response to a request of imcd's, which puts each of these header fields on one line."""
    lines = MIRRORED.findall(request)
    to = TO.search(request)
    return b"SIP/2.0 %b\r\n%b\r\nTo:%b;tag=a\r\n%bContent-Length: 0\r\n\r\n" % (
        start_line, b"\r\n".join(lines), to.group(1) if to else b"", further)


def is_request(data):
    return data[:8] == b"MESSAGE "


def addressee(request):
    """The user part of the Request-URI of what imcd sends."""
    return request[12:request.find(b"@", 12)]


def branch(request):
    found = BRANCH.search(request)
    return found.group(1) if found else b""


def body(request):
    return request.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")


def field(request, name):
    """The first value of a header field of imcd's."""
    found = re.search(rb"(?i)\r\n" + name.encode() + rb": *([^\r]*)", request)
    return found.group(1).decode("utf-8", "replace") if found else ""


class Sender:
    """A socket that sends requests for any user and counts how they are answered. It sends none twice: a request
    that is not answered within a second is given up and counted."""

    def __init__(self, server, host="127.0.0.1"):
        self.server = server
        self.socket = udp_socket(host)
        self.socket.setblocking(False)
        self.via = f"{host}:{self.socket.getsockname()[1]}"
        self.codes = collections.Counter()
        self.waiting = {}
        self.first_lines = {}

    def close(self):
        self.socket.close()

    def send(self, user, to, text, fields=(), then=None):
        """One request on its way; `then` is called with the code."""
        number = next(numbers)
        self.waiting[number] = (time.monotonic(), then)
        data = message(user, to, text, self.via, fields, number)
        try:
            self.socket.sendto(data, self.server)
        except BlockingIOError:
            pass  # As if the network had lost it.
        return number

    def take(self, timeout=0.0):
        """Reads the answers that are there, having waited for the first of them so long at the most."""
        if not select.select([self.socket], [], [], timeout)[0]:
            return
        while True:
            try:
                data = self.socket.recv(65536)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if is_request(data):
                # Without a proxy imcd reaches a sender here.
                self.socket.sendto(answer(data), self.server)
                continue
            code, number = int(data[8:11]), NUMBER.search(data)
            if code < 200 or number is None:
                continue
            sent = self.waiting.pop(int(number.group(1)), None)
            if sent is None:
                continue
            self.codes[code] += 1
            self.first_lines[code] = data.partition(b"\r\n")[0].decode()
            if sent[1]:
                sent[1](code)

    def give_up(self, older_than):
        limit = time.monotonic() - older_than
        for number in [number for number, sent in self.waiting.items() if sent[0] < limit]:
            del self.waiting[number]
            self.codes[0] += 1

    def ask(self, user, to, text, fields=(), timeout=8.0):
        """Sends one request and waits for its code; 0: none came."""
        got = []
        self.send(user, to, text, fields, got.append)
        deadline = time.monotonic() + timeout
        while not got and time.monotonic() < deadline:
            self.take(0.05)
        return got[0] if got else 0

    def flood(self, requests, seconds, rate=None, window=256):
        """Sends these (user, to, text[, fields]) as fast as they are answered, or at this rate, for so long at the
        most; returns how many were sent."""
        begin, count = time.monotonic(), 0
        for request in requests:
            while True:
                now = time.monotonic()
                if now - begin > seconds:
                    return count
                is_early = rate is not None and count >= (now - begin) * rate
                if not is_early and len(self.waiting) < window:
                    break
                self.take(0.002)
                self.give_up(1.0)
            self.send(*request)
            count += 1
            if count % 16 == 0:
                self.take()
        return count

    def settle(self, seconds=2.0):
        """Waits for the last answers."""
        deadline = time.monotonic() + seconds
        while self.waiting and time.monotonic() < deadline:
            self.take(0.05)
        self.give_up(0.0)
