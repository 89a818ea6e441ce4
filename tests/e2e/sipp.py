"""Runs sipp, a SIP program nobody of this project wrote: one user who sends, and all members who
hear, behind one proxy address."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import child

SCENARIOS = pathlib.Path(__file__).resolve().parent / "sipp"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(scenario, *options):
    return ["sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-nostdin", *options]


def environment():
    # sipp draws its screens even where nobody looks.
    return {**os.environ, "TERM": "xterm"}


def send_message(directory, server, user, room, text, code):
    """Sends one message and returns what is wrong, or nothing."""
    scenario = pathlib.Path(directory, f"message_{code}.xml")
    template = (SCENARIOS / "message.xml").read_text(encoding="utf-8")
    scenario.write_text(template.replace("@CODE@", str(code)), encoding="utf-8")
    errors = pathlib.Path(directory, "sipp_errors.log")
    errors.unlink(missing_ok=True)
    keys = ["-key", "user", user, "-key", "room", room, "-key", "text", text]
    run = subprocess.run(
        [*command(scenario, "-m", "1", "-timeout", "20", "-timeout_error"), *keys,
         "-trace_err", "-error_file", str(errors), f"{server[0]}:{server[1]}"],
        cwd=directory, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, check=False,
    )
    if run.returncode == 0:
        return ""
    seen = errors.read_text(encoding="utf-8", errors="replace") if errors.exists() else run.stderr
    return f"sipp ended with {run.returncode}: {seen}"


class Members:
    """A sipp that answers for everybody. `hear` gives what came, in order, as (member, text)."""

    def __init__(self, directory):
        self.port = free_port()
        self.log = pathlib.Path(directory, "sipp_members.log")
        self.read = 0
        self.process = child.start(
            command(SCENARIOS / "member.xml", "-p", str(self.port), "-trace_logs", "-log_file", str(self.log)),
            cwd=directory, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.wait_until_it_listens()

    def wait_until_it_listens(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind(("127.0.0.1", self.port))
                except OSError:
                    return
            time.sleep(0.02)
        raise AssertionError("sipp does not listen")

    def all_heard(self):
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        # sipp ends each body it sends with a line end, and a chat text is relayed as it is.
        found = re.findall(r"HEARD (\S+) (.*?)@END@\n", text, re.DOTALL)
        return [(member, body.removesuffix("\r\n")) for member, body in found]

    def hear(self, count, timeout=20.0):
        """Waits for `count` messages that were not taken before."""
        deadline = time.monotonic() + timeout
        while len(heard := self.all_heard()[self.read:]) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"expected {count} messages, heard only {heard}")
            time.sleep(0.01)
        self.read += count
        return heard[:count]

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
