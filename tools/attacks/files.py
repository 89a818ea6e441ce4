"""Row 18: standard error, passwords, and the files of the database. Most of it with an imcd of its own beside the one
that the good users talk to."""
import collections
import contextlib
import fcntl
import os
import signal
import stat
import struct
import subprocess
import termios
import time

from attacks import wire
from attacks.attack import marker
from attacks.stage import Seed, daemon

ATTACKS = []
attack = marker(ATTACKS)
ROOM = f"chat-attack@{wire.DOMAIN}"


@attack(18, "stderr unread, passwords, file modes, a vanished database")
def files(stage):
    stage.serve()
    stage.gather()
    with stage.attack():
        with stderr_unread(stage):
            password(stage)
            modes(stage)
            vanished_database(stage, "removed", remove)
            vanished_database(stage, "replaced by an empty one", replace_by_empty)


@contextlib.contextmanager
def stderr_unread(stage):
    """A pipe holds 64 KiB; each USR1 makes some lines. Gives imcd's end the time that is needed for the rest."""
    scratch = daemon.Scratch()
    reader, writer = os.pipe()
    process = daemon.child.start([daemon.IMCD, "--listen=udp:127.0.0.1:0", "--dns_servers=127.0.0.1:1"],
                                 env=scratch.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=writer)
    try:
        os.close(writer)
        time.sleep(1.0)
        deadline, waiting = time.monotonic() + 5, 0
        while time.monotonic() < deadline:
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.001)
            if waiting > 60000:
                deadline = min(deadline, time.monotonic() + 0.5)
            waiting = bytes_waiting(reader)
        process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        yield
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, begin + 12 - time.monotonic()))
        took = "in time" if process.poll() is not None else f"not within {time.monotonic() - begin:.0f} s"
        stage.check("TERM ends it though nobody reads its standard error", process.poll() == 0,
                    f"{took}, exit code {process.poll()}, {waiting:,} bytes unread")
    finally:
        process.kill()
        process.wait()
        os.close(reader)
        scratch.remove()


def bytes_waiting(descriptor):
    return struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0]


def password(stage):
    scratch = daemon.Scratch()
    secret = "s3cretword"
    urls = [f"mysql://imc:{secret}@[::1/imc", f"mysql://imc:{secret}@host:99999/imc", f"mysql://imc:{secret}@host",
            f"mysql:/imc:{secret}@host/imc", f"mysq://imc:{secret}@host/imc", f"imc:{secret}@host/imc",
            f"mysql://imc:{secret}%zz@host/imc", f"mysql://imc:{secret}@host/imc?no_such=1",
            f"mysql://imc:{secret}/@host/imc"]
    shown = []
    for url in urls:
        for how in ([f"--db_url={url}", "--check"], ["--check", "-c", str(scratch.path / "imcd.conf")]):
            (scratch.path / "imcd.conf").write_text(f"db_url = {url}\n", encoding="utf-8")
            done = daemon.run_imcd(scratch, *how)
            if secret in done.stdout + done.stderr:
                shown.append(url)
    stage.check("a malformed db_url is not printed with its password", not shown, sorted(set(shown)))
    scratch.remove()


def modes(stage):
    scratch = daemon.Scratch()
    place = scratch.path / "elsewhere"
    place.mkdir(mode=0o755)
    former = os.umask(0o022)
    try:
        other = daemon.Daemon(scratch, f"--db_url=sqlite:///{place}/rooms.db")
        sender = wire.Sender(other.server)
        sender.ask("mallory", ROOM, "#create")
        seen = {each.name: stat.S_IMODE(each.stat().st_mode) for each in place.iterdir()}
        sender.close()
        other.process.kill()
        other.process.wait()
    finally:
        os.umask(former)
        scratch.remove()
    stage.check("database and lock are 0640 in any directory", all(mode & ~0o640 == 0 for mode in seen.values()),
                ", ".join(f"{name} {mode:04o}" for name, mode in sorted(seen.items())))


def remove(path):
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def replace_by_empty(path):
    for each in path.parent.glob(f"{path.name}*"):
        if not each.name.endswith("lock"):
            each.unlink()
    Seed().store(path)


def vanished_database(stage, how, harm):
    """What is acknowledged after it must be there after the next start."""
    scratch = daemon.Scratch()
    try:
        first = daemon.Daemon(scratch)
        sender = wire.Sender(first.server)
        sender.ask("mallory", f"chat-old@{wire.DOMAIN}", "#create")
        harm(scratch.database)
        time.sleep(0.5)
        codes = collections.Counter(sender.ask("mallory", f"chat-{number}@{wire.DOMAIN}", "#create", timeout=7)
                                    for number in range(3))
        words = [line for line in first.log if " warning " in line or " error " in line]
        was_ended = first.process.poll() is not None
        first.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            first.process.wait(15)
        first.process.kill()
        second = daemon.Daemon(scratch)
        sender.server = second.server
        kept = sum(sender.ask("mallory", f"chat-{number}@{wire.DOMAIN}", "#list") == 200 for number in range(3))
        old = sender.ask("mallory", f"chat-old@{wire.DOMAIN}", "#list")
        second.process.kill()
        second.process.wait()
        sender.close()
        stage.check(f"database {how}: rooms answered 200 are there after a restart", kept >= codes[200],
                    f"{dict(codes)}, {kept} of 3 there, and the one from before: {old}")
        if how != "removed":
            stage.check("... and so is what was acknowledged before (or imcd stops with a word)",
                        old == 200 or was_ended, old)
        stage.check("... and the log has a word on it", words, words[-1:])
    finally:
        scratch.remove()
