"""Rows 16, 17, 19 to 21: connections, odd sources, names, and the management interface."""
import contextlib
import os
import socket
import struct
import sys
import time

from attacks import wire
from attacks.attack import marker
from attacks.crowd import Say
from attacks.raw_udp import Batch, packet
from attacks.stage import ROOT, Seed
from attacks.tcp_members import TcpMembers

sys.path.insert(0, str(ROOT / "tests/e2e"))
from fake_dns import FakeDns  # pylint: disable=wrong-import-position

ATTACKS = []
attack = marker(ATTACKS)
ROOM = f"chat-attack@{wire.DOMAIN}"
UNTRUSTED = "127.0.0.2"


# --- Connections ---


def half_message(number, length):
    """So many bytes of a message that goes on."""
    head = wire.message("mallory", ROOM, b"", "127.0.0.1:9", number=number, transport="TCP")
    head = head.replace(b"Content-Length: 0\r\n\r\n", b"")
    head += b"".join(b"X-Padding: %b\r\n" % (b"p" * 8000) for _ in range(6))
    return (head + b"Content-Length: 65000\r\n\r\n").ljust(112000, b"b")[:length]


@attack(16, "half TCP messages in 700 connections")
def half_messages(stage):
    listening = socket.create_server(("127.0.0.1", 0), backlog=16)
    stage.at_end.callback(listening.close)
    stage.serve(f"--outbound_proxy=127.0.0.1:{listening.getsockname()[1]};transport=tcp", proxied=False)
    stage.gather(listening, kind=TcpMembers)
    held = []
    with stage.attack() as deadline:
        number, length, refused = 0, 112000, 0
        # As many large ones as imcd keeps, then ever smaller ones, so that what is left is less than half an answer;
        # when nothing can be added, from the beginning: it may have closed some.
        while time.monotonic() < deadline:
            number += 1
            made = connect(stage, half_message(number, length))
            if number > 550:
                time.sleep(0.02)
            if made and not is_closed(made):
                held.append(made)
                continue
            refused += 1
            length = length // 2 if length > 60 else 112000
        held = [each for each in held if not is_closed(each)]
    stage.note(f"{len(held)} connections are held, {refused} were refused")
    lost = stage.under["connections"] - stage.before["connections"]
    stage.check("imcd's own connection to the proxy stays", lost == 0, f"made anew {lost} times")
    for connection in held:
        connection.close()


def connect(stage, data):
    with contextlib.suppress(OSError):
        made = socket.create_connection(stage.tcp_server, timeout=2)
        try:
            made.settimeout(0.5)
            made.sendall(data)
        except OSError:
            pass  # It reads no more of us, or has closed it.
        made.setblocking(False)
        return made
    return None


def is_closed(connection):
    try:
        if connection.recv(4096):
            return False
    except BlockingIOError:
        return False
    except OSError:
        pass
    connection.close()
    return True


# --- Sources ---


@attack(17, "untrusted requests with source port 0")
def source_port_0(stage):
    members = [f"v{number:06}" for number in range(200)]
    stage.serve("--trusted=127.0.0.1", seed=Seed().room("chat-attack", "mallory", members))
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    except PermissionError:
        stage.skipped = "raw sockets need root"
        return
    stage.at_end.callback(raw.close)
    stage.gather()
    stage.crowd(lambda request: Say())
    before = datagrams_a_run(stage, "first")
    with stage.attack() as deadline:
        number = 0
        # As many as imcd answers: ten a second, two of them to each of five hosts, so that they could make runs. imcd
        # finds them together, as it would in a busy hour.
        while time.monotonic() < deadline or number < 75:
            packets = []
            for _ in range(5):
                number += 1
                source = f"127.0.1.{number % 250 + 1}"
                for twin in range(2):
                    data = wire.message("nobody", ROOM, "x", f"{source}:5060", number=f"{2 * number + twin:06}")
                    packets.append(packet(data, source, stage.server))
            together = Batch(packets, stage.server)
            with before_all(stage.imcd.process.pid):
                together.send(raw)
            time.sleep(1.05)
    after = datagrams_a_run(stage, "second")
    stage.note(f"{number} hosts with port 0")
    stage.check("a fan-out still goes in runs (UDP_SEGMENT)", after > 1.5,
                f"{before:.1f} datagrams a run, then {after:.1f}")


@contextlib.contextmanager
def before_all(other):
    """Both on one processor, and we first."""
    every, policy = os.sched_getaffinity(0), os.sched_getscheduler(0)
    for process in (0, other):
        os.sched_setaffinity(process, {min(every)})
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, os.sched_param(0))
        for process in (0, other):
            os.sched_setaffinity(process, every)


def datagrams_a_run(stage, text):
    """Of five texts to the room, as the kernel gives them to the proxy."""
    datagrams, runs = stage.good.runs()
    for number in range(5):
        stage.sender.ask("mallory", ROOM, f"{text} {number}")
        time.sleep(0.1)
    further, further_runs = stage.good.runs()
    return (further - datagrams) / max(1, further_runs - runs)


@attack(21, "maddr from an untrusted source")
def untrusted_maddr(stage):
    stage.serve("--trusted=127.0.0.1")
    stage.gather()
    victim = wire.udp_socket("127.0.0.3")
    source = wire.udp_socket(UNTRUSTED, victim.getsockname()[1])
    for each in (victim, source):
        stage.at_end.callback(each.close)
        each.setblocking(False)
    via = f"{UNTRUSTED}:{victim.getsockname()[1]};maddr=127.0.0.3"
    with stage.attack():
        for number in range(5):
            source.sendto(wire.message("nobody", ROOM, "x", via), stage.server)
            source.sendto(b"MESSAGE sip:x SIP/9.9\r\n" + wire.message("nobody", ROOM, "x", via).partition(b"\r\n")[2],
                          stage.server)
            time.sleep(1.1)
    at_victim, at_source = drained(victim), drained(source)
    stage.check("nothing comes to the address that it named", not at_victim, f"{len(at_victim)} answers there")
    stage.note(f"{len(at_source)} answers came to where the requests came from")


def drained(source):
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(source.recv(65536))
    return found


# --- Names ---


class SlowDns(FakeDns):
    """Knows what it knows, and leaves unanswered what is made up."""

    def serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(512)
            except OSError:
                return
            at, labels = 12, []
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode())
                at += 1 + question[at]
            name, kind = ".".join(labels).lower(), question[at + 2]
            self.asked.append((name, kind))
            if name not in self.records:
                continue
            records = [record for its_kind, record in self.records[name] if its_kind == kind]
            head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, len(records), 0, 0)
            self.socket.sendto(head + question[12:at + 5] + b"".join(records), peer)


@attack(19, "5,000 made-up member hosts")
def made_up_hosts(stage):
    dns = SlowDns()
    stage.at_end.callback(dns.close)
    home = wire.udp_socket()
    home.settimeout(0.1)
    stage.at_end.callback(home.close)
    for number in range(100):
        dns.add_address(f"n{number}.good.example", "127.0.0.1")
    hosts = [(f"v{number:04}", f"h{number}.made-up.example") for number in range(5000)]
    stage.serve(f"--dns_servers={dns.address}", proxied=False, seed=Seed().room("chat-attack", "mallory", hosts))
    stage.gather()
    others = f"chat-far@{wire.DOMAIN}"
    stage.sender.ask("olga", others, "#create")
    before = [time_to_far_host(stage, home, others, number) for number in range(3)]
    with stage.attack():
        stage.sender.send("mallory", ROOM, "text")
        stage.sender.take(0.5)
        under = [time_to_far_host(stage, home, others, number) for number in range(10, 13)]
    stage.note(f"a member at a new host heard after {before} s before it; {len(dns.asked):,} questions")
    stage.check("a member at a new, good host hears within 1 s", all(each is not None and each < 1 for each in under),
                ", ".join("not within 22 s" if each is None else f"{each:.2f} s" for each in under))


def time_to_far_host(stage, home, room, number):
    """From the entering of a member at a host that was never asked for until she hears of it."""
    begin = time.monotonic()
    uri = f"sip:far{number}@n{number}.good.example:{home.getsockname()[1]}"
    stage.sender.send(f"far{number}", room, "#join", (("From", f"<{uri}>;tag=far{number}"),))
    while time.monotonic() - begin < 22:
        stage.sender.take(0.0)
        with contextlib.suppress(TimeoutError):
            data, peer = home.recvfrom(65536)
            home.sendto(wire.answer(data), peer)
            if wire.addressee(data).decode() == f"far{number}":
                return round(time.monotonic() - begin, 3)
    return None


# --- Management ---


@attack(20, "16 unread reply FIFOs")
def unread_replies(stage):
    """Each is asked for more than a pipe holds."""
    seed = Seed()
    for number in range(3000):
        seed.room(f"chat-{number:04}-{'x' * 40}", "alice")
    stage.serve(seed=seed)
    stage.gather()
    with stage.attack():
        before = time_of_management(stage)
        descriptors = []
        for number in range(16):
            path = stage.scratch.path / f"unread_{number}"
            os.mkfifo(path, 0o600)
            descriptors.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            with open(stage.scratch.fifo, "wb", buffering=0) as fifo:
                fifo.write(f":imc_list_rooms:{path.name}\n\n".encode())
        time.sleep(0.3)
        under = [time_of_management(stage) for _ in range(3)]
        for descriptor in descriptors:
            os.close(descriptor)
    stage.check("another client is answered within 1 s", all(each is not None and each < 1 for each in under),
                f"{before} s before, then {under}")


def time_of_management(stage):
    begin = time.monotonic()
    try:
        stage.imcd.management("version", timeout=4)
    except (TimeoutError, OSError):
        return None
    return round(time.monotonic() - begin, 3)
