"""The good users behind a proxy over TCP: all deliveries come on the one connection that imcd makes."""
import re
import socket
import time

from attacks import wire
from attacks.good_room import Members

LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)")
# Each so manieth answer goes out in two pieces, as answers do that do not fit what the network carries at a time.
SPLIT_EVERY = 10


def next_message(data):
    """The first whole message and what follows it; or None."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None, data
    found = LENGTH.search(head)
    length = int(found.group(1)) if found else 0
    if len(rest) < length:
        return None, data
    return head + end + rest[:length], rest[length:]


class TcpMembers(Members):
    """`proxy` is the listening socket."""

    def __init__(self, *arguments):
        self.kept = {}  # By connection: what came of a message.
        self.answered = 0
        super().__init__(*arguments)

    def open_sockets(self):
        self.speaking.setblocking(False)
        return [self.proxy]

    def read(self, source):
        if source is self.speaking:
            super().read(source)
        elif source is self.proxy:
            connection, _ = source.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self.kept[connection] = b""
            self.watch(connection)
        else:
            self.read_stream(source)

    def read_stream(self, source):
        try:
            # Another turn may have read since poll() told of it: that of an order is run inside ours.
            piece = source.recv(1 << 18, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except ConnectionError:
            piece = b""
        arrived = time.time()
        if not piece:
            self.poll.unregister(source)
            del self.by_fd[source.fileno()], self.kept[source]
            source.close()
            return
        data = self.kept[source] + piece
        while True:
            data = data.lstrip(b"\r\n")
            request, data = next_message(data)
            if request is None:
                break
            if wire.is_request(request):
                self.give_answer(source, wire.answer(request))
            self.take(request, arrived)
        self.kept[source] = data

    def give_answer(self, connection, answer):
        self.answered += 1
        middle = len(answer) // 2 if self.answered % SPLIT_EVERY == 0 else len(answer)
        try:
            connection.send(answer[:middle])
            if middle < len(answer):
                time.sleep(0.002)
                connection.send(answer[middle:])
        except OSError:
            pass  # Its end is read next.
