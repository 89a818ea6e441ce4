"""A small SIP phone for instant messages over UDP, for tools/chat and the end-to-end tests.

Line is what all phones of a program share: it waits for all their sockets at once, so that one phone
answers what it receives while another waits for its own answer. A Phone sends requests, resends them
as RFC 3261 17.1.2.2 says, answers each MESSAGE it receives with 200 (or what `answer` says) and keeps
it in `heard`, once however often it comes.
"""
import itertools
import select
import socket
import time

ANSWER_REASONS = {200: "OK", 202: "Accepted", 404: "Not Found", 480: "Temporarily Unavailable"}
COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "l": "content-length", "c": "content-type"}
T1 = 0.5
T2 = 4.0
TIMER_F = 64 * T1


class Message:
    """A request or response: start line, header fields as written, body bytes."""

    def __init__(self, raw):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        self.start_line = lines[0]
        self.fields = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.fields.append((name.strip(), value.strip()))

    def all(self, name):
        """The values of every field of this name, in any case and form."""
        wanted = name.lower()
        return [value for key, value in self.fields if COMPACT.get(key.lower(), key.lower()) == wanted]

    def get(self, name):
        """The first value of this name, or an empty text."""
        return next(iter(self.all(name)), "")

    @property
    def status(self):
        """The status code; None for a request."""
        return int(self.start_line.split(" ", 2)[1]) if self.start_line.startswith("SIP/2.0 ") else None

    @property
    def method(self):
        """The request's method; None for a response."""
        return None if self.status is not None else self.start_line.split(" ", 1)[0]

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def branch(self):
        for parameter in self.get("via").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "branch":
                return value.strip()
        return ""

    def __repr__(self):
        return f"<{self.start_line} | {self.text!r}>"


class Call:
    """One request of a phone's and what became of it."""

    def __init__(self, raw, branch, now):
        self.raw = raw
        self.branch = branch
        self.responses = []
        self.interval = T1
        self.resend_at = now + T1
        self.gives_up_at = now + TIMER_F
        self.timed_out = False

    @property
    def final(self):
        return next((response for response in self.responses if response.status >= 200), None)


class Line:
    """All phones of a program, and the waiting for them."""

    def __init__(self):
        self.phones = []

    def turn(self, timeout, also=()):
        """Handles what is there, waiting for it no longer than `timeout`; returns the ready of `also`."""
        wake = min([time.monotonic() + timeout] + [phone.next_resend() for phone in self.phones])
        ready, _, _ = select.select(
            [*self.phones, *also], [], [], max(0.0, wake - time.monotonic())
        )
        for source in ready:
            if isinstance(source, Phone):
                source.receive()
        for phone in self.phones:
            phone.resend()
        return [source for source in ready if not isinstance(source, Phone)]

    def until(self, condition, timeout=20.0):
        """Turns until `condition()` holds and returns what it gave; raises where it takes too long."""
        deadline = time.monotonic() + timeout
        while not (result := condition()):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("waited too long for SIP messages")
            # The condition may be about more than these sockets.
            self.turn(min(left, 0.05))
        return result

    def settle(self, quiet):
        """Turns for `quiet` seconds, for what must not come."""
        deadline = time.monotonic() + quiet
        while (left := deadline - time.monotonic()) > 0:
            self.turn(left)


class Phone:
    """One user on one UDP socket."""

    numbers = itertools.count(1)

    def __init__(self, line, user, server, domain="example.org", host=None):
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self.line = line
        self.user = user
        self.domain = domain
        self.server = server
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host or ("::1" if family == socket.AF_INET6 else "127.0.0.1"), 0))
        self.socket.setblocking(False)
        self.calls = {}
        self.watched = {}
        self.heard = []
        self.seen = set()
        self.answer = lambda message: 200
        self.observe = lambda direction, raw: None
        line.phones.append(self)

    @property
    def uri(self):
        return f"sip:{self.user}@{self.domain}"

    @property
    def address(self):
        """host:port as Via spells it."""
        host, port = self.socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.line.phones.remove(self)
        self.socket.close()

    def send_raw(self, raw):
        self.observe("sent", raw)
        self.socket.sendto(raw, self.server)

    def build(self, to, body="", method="MESSAGE", headers=()):
        """The bytes and the branch of a new request."""
        number = next(Phone.numbers)
        mark = f"{self.user}-{self.socket.getsockname()[1]}-{number}"
        content = body if isinstance(body, bytes) else body.encode()
        named = {name.lower() for name, _ in headers}
        fields = [
            ("Via", f"SIP/2.0/UDP {self.address};branch=z9hG4bK-{mark};rport"),
            ("Max-Forwards", "70"),
            ("From", f"<{self.uri}>;tag={mark}"),
            ("To", f"<{to}>"),
            ("Call-ID", f"{mark}@{self.domain}"),
            ("CSeq", f"{number} {method}"),
            ("Content-Type", "text/plain") if content else ("", ""),
            ("Content-Length", str(len(content))),
        ]
        fields = [field for field in fields if field[0] and field[0].lower() not in named]
        fields += [field for field in headers if field[1] is not None]
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        return f"{method} {to} SIP/2.0\r\n{head}\r\n".encode() + content, f"z9hG4bK-{mark}"

    def start(self, to, body="", method="MESSAGE", headers=()):
        """Sends a request and returns its Call at once."""
        raw, branch = self.build(to, body, method, headers)
        call = Call(raw, branch, time.monotonic())
        self.calls[branch] = call
        self.send_raw(raw)
        return call

    def send(self, to, body="", method="MESSAGE", headers=(), timeout=20.0):
        """Sends a request and waits for its final response."""
        call = self.start(to, body, method, headers)
        self.line.until(lambda: call.final, timeout)
        return call.final

    def hear(self, count=1, timeout=20.0):
        """Waits until `count` messages were heard, and takes them."""
        self.line.until(lambda: len(self.heard) >= count, timeout)
        taken, self.heard = self.heard[:count], self.heard[count:]
        return taken

    def watch(self, call):
        """Responses to this call are collected after its final one, too."""
        self.watched[call.branch] = call

    def next_resend(self):
        waiting = (call.resend_at for call in self.calls.values() if not call.final)
        return min(waiting, default=float("inf"))

    def resend(self):
        now = time.monotonic()
        for branch, call in list(self.calls.items()):
            if call.final or now >= call.gives_up_at:
                call.timed_out = not call.final
                del self.calls[branch]
            elif now >= call.resend_at:
                self.socket.sendto(call.raw, self.server)
                call.interval = min(2 * call.interval, T2)
                call.resend_at = now + call.interval

    def receive(self):
        """Takes all that lies in the socket."""
        while True:
            try:
                raw, source = self.socket.recvfrom(65535)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self.take(Message(raw), source)

    def take(self, message, source):
        if message.status is not None:
            call = self.calls.get(message.branch) or self.watched.get(message.branch)
            if call:
                self.observe("received", message.raw)
                call.responses.append(message)
            return
        # A retransmission has the same branch, and is answered the same way again.
        is_new = message.branch not in self.seen
        self.seen.add(message.branch)
        if is_new:
            self.observe("received", message.raw)
            self.heard.append(message)
        code = self.answer(message)
        if code is not None:
            self.socket.sendto(answer_to(message, code), source)


def answer_to(message, code):
    """A response to a request, without a body."""
    fields = [("Via", value) for value in message.all("via")]
    to = message.get("to")
    fields += [
        ("From", message.get("from")),
        ("To", to if ";tag=" in to else f"{to};tag=phone"),
        ("Call-ID", message.get("call-id")),
        ("CSeq", message.get("cseq")),
        ("Content-Length", "0"),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"SIP/2.0 {code} {ANSWER_REASONS.get(code, 'Answer')}\r\n{head}\r\n".encode()
