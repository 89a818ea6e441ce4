"""Stage: what every attack is played on. A running imcd with default options and what surrounds it, its memory watched,
and a good room that is measured before the attack and under it."""
import contextlib
import os
import pathlib
import re
import signal
import sqlite3
import sys
import threading
import time

from attacks import wire
from attacks.crowd import Crowd, Listener, Proxy
from attacks.good_room import GoodRoom, Members

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import daemon  # pylint: disable=wrong-import-position

# imcd is ended when it has taken so much, for the sake of the machine.
MEMORY_STOP_MIB = 6144
OWNER, MEMBER, PRIVATE = 1, 0, 1


class MemoryWatch:
    """Looks at a process ten times a second."""

    def __init__(self, process):
        self.process = process
        self.before = self.peak = self.now()
        self.is_stopped = False
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def now(self):
        """Resident memory in MiB; 0 when the process is gone."""
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found.group(1)) / 1024 if found else 0

    def run(self):
        while not self.ended.wait(0.1):
            self.peak = max(self.peak, self.now())
            if self.peak > MEMORY_STOP_MIB and not self.is_stopped:
                self.is_stopped = True
                self.process.kill()

    def end(self):
        self.ended.set()
        self.thread.join()


class Seed:
    """Rooms and members that the database has before imcd starts: what could also be made by requests, at length."""

    def __init__(self):
        self.rooms = []
        self.members = []

    def room(self, name, owner, members=(), private=False):
        """Members are names, or (name, host)."""
        self.rooms.append((name, wire.DOMAIN, PRIVATE if private else 0))
        uri = f"sip:{name}@{wire.DOMAIN}"
        self.members.append((owner, wire.DOMAIN, uri, OWNER))
        for member in members:
            name, host = member if isinstance(member, tuple) else (member, wire.DOMAIN)
            self.members.append((name, host, uri, MEMBER))
        return self

    def store(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path)
        connection.executescript((ROOT / "share/sql/sqlite.sql").read_text(encoding="utf-8"))
        connection.executemany("INSERT INTO imc_rooms (name, domain, flag) VALUES (?, ?, ?)", self.rooms)
        connection.executemany(
            "INSERT INTO imc_members (username, domain, room, flag) VALUES (?, ?, ?, ?)", self.members)
        connection.commit()
        connection.close()


class Stage:
    """Made by `report` for one attack. What an attack says about itself goes into `checks` and `notes`."""

    def __init__(self, seconds, options=()):
        self.seconds = seconds
        self.options = list(options)
        self.at_end = contextlib.ExitStack()
        self.before = self.under = None
        self.checks = []  # (what should be, whether it is, what was seen)
        self.notes = []
        self.skipped = None
        self.proxy = self.imcd = self.good = self.memory = self.sender = self.listener = None
        self.scratch = daemon.Scratch()
        self.at_end.callback(self.scratch.remove)

    # --- Setting it up ---

    def serve(self, *options, seed=None, proxied=True):
        """Starts imcd. Default options, but for where it listens, what it asks (nobody), and what the attack names."""
        if seed:
            seed.store(self.scratch.database)
        if proxied:
            self.proxy = Proxy()
            self.at_end.callback(self.proxy.close)
            options = (f"--outbound_proxy=127.0.0.1:{self.proxy.address[1]}", *options)
            self.listener = Listener(self.proxy)
        self.served = ("--listen=tcp:127.0.0.1:0", *options, *self.options)
        self.start()
        if self.listener:
            self.listener.server = self.server
        self.sender = wire.Sender(self.server)
        self.at_end.callback(self.sender.close)

    def start(self):
        self.imcd = daemon.Daemon(self.scratch, *self.served)
        self.at_end.callback(self.imcd.end, signal.SIGKILL)

    @property
    def server(self):
        return self.imcd.server

    @property
    def tcp_server(self):
        ready = next(line for line in self.imcd.log if "imcd ready:" in line)
        host, port = re.search(r"tcp:([\d.]+):(\d+)", ready).groups()
        return host, int(port)

    def crowd(self, rule, **how):
        """The rest of the users, in a process."""
        made = Crowd(self.proxy.crowd, rule, way=self.proxy.socket, server=self.server, **how)
        self.at_end.callback(made.close)
        return made

    def gather(self, proxy=None, kind=Members):
        """The good users come, and are measured for a while with nothing in their way."""
        self.good = GoodRoom(self.server, proxy or self.proxy, kind=kind)
        self.at_end.callback(self.good.close)
        self.memory = MemoryWatch(self.imcd.process)
        self.at_end.callback(self.memory.end)
        self.good.begin()
        time.sleep(self.seconds / 2)
        self.before = self.good.end()
        self.memory.before = self.memory.peak = self.memory.now()

    @contextlib.contextmanager
    def attack(self):
        """Measures the good users meanwhile, and for `seconds` at least."""
        deadline = time.monotonic() + self.seconds
        self.good.begin()
        yield deadline
        while (left := deadline - time.monotonic()) > 0:
            self.sender.take(min(left, 0.1))
        self.under = self.good.end()
        if self.under["overrun"] > self.before["overrun"]:
            self.note(f"the proxy's socket here ran over: {self.under['overrun']:,} datagrams were lost by this tool")

    # --- Looking at it ---

    def check(self, what, is_so, seen=""):
        self.checks.append((what, bool(is_so), str(seen)))

    def note(self, text):
        self.notes.append(text)

    def cpu_seconds(self):
        try:
            stat = pathlib.Path(f"/proc/{self.imcd.process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cost_of_options(self, seconds, rate):
        """The time of an answer to OPTIONS, p50 in ms, and how many were sent, with nothing else to do."""
        with wire.udp_socket() as probe:
            probe.settimeout(2.0)
            times = []
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                number = next(wire.numbers)
                data = wire.message("g-probe", "probe", "", f"127.0.0.1:{probe.getsockname()[1]}",
                                    (("CSeq", f"{number} OPTIONS"),), number).replace(b"MESSAGE sip", b"OPTIONS sip", 1)
                begin = time.monotonic()
                probe.sendto(data, self.server)
                with contextlib.suppress(TimeoutError):
                    probe.recv(65536)
                times.append(time.monotonic() - begin)
                time.sleep(1 / rate)
        return 1000 * sorted(times)[len(times) // 2], len(times)

    def statistic(self, name):
        """Of the management interface; None where there is no such one."""
        if not self.is_alive():
            return None  # Nobody reads the FIFO.
        try:
            reply = self.imcd.management("get_statistics", "all")
        except (TimeoutError, OSError):
            return None
        found = re.search(rf"(?m)^\S*:{name} = (\d+)$", reply)
        return int(found.group(1)) if found else None

    def codes(self):
        """How the attacker's requests were answered."""
        return ", ".join(f"{count:,} x {code or 'no answer'}" for code, count in sorted(self.sender.codes.items()))

    def is_alive(self):
        return self.imcd.process.poll() is None

    def restart(self):
        """An orderly stop and a new start on the same database."""
        if self.is_alive():
            self.imcd.process.send_signal(signal.SIGTERM)
            self.imcd.process.wait(30)
        self.start()
        self.sender.server = self.server
        if self.listener:
            self.listener.server = self.server

    def close(self):
        self.at_end.close()
