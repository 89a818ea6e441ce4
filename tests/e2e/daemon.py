"""Starts the real imcd on loopback in a scratch directory of its own, and ends it."""
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import child
from phone import Line, Phone

IMCD = os.environ.get("IMCD", str(pathlib.Path(__file__).resolve().parents[2] / "build/src/imcd"))


class Scratch:
    """A directory for one test: database, FIFO, replies."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="imcd-e2e-"))

    @property
    def database(self):
        return self.path / "state" / "imcd.db"

    @property
    def fifo(self):
        return self.path / "imcd_fifo"

    def environment(self):
        """Nothing of the machine's own state is in reach."""
        kept = ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "HOME"):
            environment[name] = str(self.path / "state" if name == "STATE_DIRECTORY" else self.path)
        return environment

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def run_imcd(scratch, *options):
    """Runs imcd to its end, for options that do not serve."""
    return subprocess.run(
        [IMCD, *options], env=scratch.environment(), capture_output=True, text=True, timeout=60, check=False
    )


class Daemon:
    """A running imcd. What it logs is kept in `log`."""

    def __init__(self, scratch, *options, listen="udp:127.0.0.1:0", wait=True, user=None):
        self.scratch = scratch
        self.log = []
        self.lines = queue.Queue()
        self.servers = []
        command = [IMCD, f"--mi_reply_dir={scratch.path}", *options]
        if not any(option.startswith("--dns_servers") for option in options):
            command.append("--dns_servers=127.0.0.1:1")  # Nobody is there: no test asks a real one.
        if not any(option.startswith("--room_names") for option in options):
            command.append("--room_names=*")  # Beside a proxy it would be chat-* alone.
        for rate in ("--user_rate", "--room_rate"):  # Few users play many here.
            if not any(option.startswith(rate) for option in options):
                command.append(f"{rate}=0")
        if listen:
            command.append(f"--listen={listen}")
        self.process = child.start(
            command, env=scratch.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, errors="replace", user=user, group=user,
        )
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        if wait:
            self.wait_until_ready()

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))
            self.lines.put(line)
        self.lines.put(None)

    def wait_until_ready(self, timeout=60.0):
        ready = self.wait_for_line(r"imcd ready:", timeout)
        for host, port in re.findall(r"udp:(\[[^\]]+\]|[\d.]+):(\d+)", ready):
            self.servers.append((host.strip("[]"), int(port)))

    def wait_for_line(self, pattern, timeout=20.0):
        """The next line of the log that has the pattern."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"no line with {pattern!r} in:\n" + "\n".join(self.log))
            if re.search(pattern, line):
                return line

    @property
    def server(self):
        return self.servers[0]

    def end(self, how=signal.SIGTERM, timeout=30.0):
        """Sends a signal and returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"imcd did not end:\n" + "\n".join(self.log)) from None
        self.reader.join(timeout)
        self.process.stderr.close()
        return code

    def management(self, command, *arguments, timeout=20.0):
        """Sends a command to the FIFO as a client does, and returns the reply."""
        return ask_fifo(self.scratch, f":{command}:", arguments, timeout)


def ask_fifo(scratch, head, arguments=(), timeout=20.0):
    reply = scratch.path / f"reply_{os.getpid()}_{time.monotonic_ns()}"
    os.mkfifo(reply, 0o600)
    try:
        # Opened before the request, so that imcd finds a reader; without blocking, as it may be late.
        descriptor = os.open(reply, os.O_RDONLY | os.O_NONBLOCK)
        try:
            request = f"{head}{reply.name}\n" + "".join(f"{line}\n" for line in arguments) + "\n"
            with open(scratch.fifo, "wb", buffering=0) as fifo:
                fifo.write(request.encode())
            return read_reply(descriptor, time.monotonic() + timeout)
        finally:
            os.close(descriptor)
    finally:
        reply.unlink()


def read_reply(descriptor, deadline):
    """Reads until imcd has opened the FIFO, written and closed it again."""
    reply = b""
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except BlockingIOError:
            piece = None
        if piece == b"" and reply:
            return reply.decode()
        if not piece:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no whole reply on the FIFO, only {reply!r}")
            time.sleep(0.005)
            continue
        reply += piece


class ImcdTest(unittest.TestCase):
    """A test with a scratch directory, a line for phones, and daemons that are ended after it."""

    ROOM = "sip:chat-1@example.org"

    def setUp(self):
        self.scratch = Scratch()
        self.addCleanup(self.scratch.remove)
        self.line = Line()
        self.addCleanup(lambda: [phone.close() for phone in list(self.line.phones)])
        self.daemon = None

    def start(self, *options, **how):
        daemon = Daemon(self.scratch, *options, **how)
        self.daemon = daemon
        self.addCleanup(lambda: daemon.end(signal.SIGKILL) if daemon.process.poll() is None else None)
        return daemon

    def phone(self, user, **how):
        return Phone(self.line, user, how.pop("server", None) or self.daemon.server, **how)

    def say(self, phone, body, code=200, to=None, **how):
        """Sends a text to the room and checks the code."""
        response = phone.send(to or self.ROOM, body, **how)
        self.assertEqual(response.status, code, f"{body!r}: {response.start_line}")
        return response

    def hears(self, phone, *patterns):
        """The phone's next messages match these patterns, in this order; returns them."""
        heard = phone.hear(len(patterns))
        for message, pattern in zip(heard, patterns):
            self.assertRegex(message.text, pattern)
        return heard

    def ends_well(self, daemon=None):
        daemon = daemon or self.daemon
        daemon.process.send_signal(signal.SIGTERM)
        # The phones answer what is still under way, so that nothing has to be waited for.
        self.line.until(lambda: daemon.process.poll() is not None)
        self.assertEqual(daemon.end(), 0, "\n".join(daemon.log))
