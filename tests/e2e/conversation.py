#!/usr/bin/env python3
"""conversation.py [--imcd PROGRAM] [--update]: one conversation of three users with the real imcd, as
docs/CONVERSATION.md shows it. Fails when the page is not what goes over the wire; --update writes it.

What differs from run to run (addresses, branches, tags, Call-IDs) is replaced by names that stay the
same; everything else is byte for byte what was sent and received.
"""
import argparse
import difflib
import pathlib
import re
import sys

import daemon
from phone import Line, Phone

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "CONVERSATION.md"
ROOM = "sip:chat-1@example.org"

INTRODUCTION = """\
# A conversation

Alice, Bob and Carol talk to a room of imcd over UDP, without a proxy between. This page is made by a
test that runs the real program (`tests/e2e/conversation.py`), so it shows what goes over the wire;
`tools/update_docs` writes it anew. Addresses, branches, tags and Call-IDs are replaced by names that
stay the same. imcd is 192.0.2.10:5070; Alice, Bob and Carol are 192.0.2.1, 192.0.2.2 and 192.0.2.3.

The first step shows every message whole. After it, what imcd sends is shown without the header
fields that are like those of the first step, and the users' own answers (always 200) are left out.
"""

# Who sends what, the code that comes back, and how many messages each then receives.
STEPS = [
    ("Alice makes a room", "alice", "#create", 200, {"alice": 1}),
    ("Bob joins it", "bob", "#join", 200, {"alice": 1, "bob": 1}),
    ("Bob says something", "bob", "Good morning!", 200, {"alice": 1}),
    ("Carol is no member and may not", "carol", "May I come in?", 403, {}),
    ("Bob can't invite her", "bob", "#invite carol", 403, {"bob": 1}),
    ("Alice can", "alice", "#invite carol", 200, {"alice": 1, "carol": 1}),
    ("Carol accepts", "carol", "#accept", 200, {"alice": 1, "bob": 1, "carol": 1}),
    ("Carol says something to both", "carol", "Here I am.", 200, {"alice": 1, "bob": 1}),
    ("Alice asks who is there", "alice", "#list", 200, {"alice": 1}),
    ("Alice puts Bob out", "alice", "#remove bob", 200, {"alice": 1, "bob": 1, "carol": 1}),
    ("Carol mistypes a command", "carol", "#exti", 400, {"carol": 1}),
    ("Carol leaves", "carol", "#exit", 200, {"alice": 1, "carol": 1}),
    ("Alice ends the room", "alice", "#destroy", 200, {"alice": 1}),
    ("The room is gone", "alice", "Anybody?", 404, {}),
]


class Names:
    """Stable names for what differs from run to run, in the order of their first appearance."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.known = {}
        self.counts = {}

    def name(self, kind, value):
        if value not in self.known:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.known[value] = f"{kind}-{self.counts[kind]}"
        return self.known[value]

    def replace(self, text):
        for (host, port), (name, shown_port) in self.hosts.items():
            text = text.replace(f"{host}:{port}", f"{name}:{shown_port}")
            text = re.sub(f"rport={port}\\b", f"rport={shown_port}", text)
            text = text.replace(f"received={host}", f"received={name}")
        text = re.sub(
            r"branch=(z9hG4bK[^;,\s]*)", lambda found: "branch=z9hG4bK-" + self.name("branch", found[1]), text
        )
        text = re.sub(r"tag=([^;,\s>]+)", lambda found: "tag=" + self.name("tag", found[1]), text)
        text = re.sub(
            r"(?m)^(Call-ID|In-Reply-To): (\S+)", lambda found: f"{found[1]}: {self.name('call', found[2])}", text
        )
        return re.sub(r"(?m)^(X-IMC-Loop): [^;\s]+", r"\1: instance", text)


def shorten(text, known_fields):
    """A message without the header lines that were shown before, and a line in their place."""
    head, _, body = text.partition("\n\n")
    start, *lines = head.split("\n")
    shown = [line for line in lines if line.split(":")[0] not in known_fields]
    return "\n".join([start, *shown, "...", "", body]).rstrip("\n")


class Conversation:
    def __init__(self, program):
        daemon.IMCD = program
        self.scratch = daemon.Scratch()
        self.daemon = daemon.Daemon(self.scratch)
        line = Line()
        self.phones = {
            name: Phone(line, name, self.daemon.server, host=f"127.0.0.{number}")
            for number, name in enumerate(("alice", "bob", "carol"), 11)
        }
        hosts = {phone.socket.getsockname(): (f"192.0.2.{number}", 5060)
                 for number, phone in enumerate(self.phones.values(), 1)}
        hosts[self.daemon.server] = ("192.0.2.10", 5070)
        self.names = Names(hosts)
        self.line = line
        self.sections = [INTRODUCTION]

    def block(self, who, raw, whole):
        text = self.names.replace(raw.decode().replace("\r\n", "\n"))
        if not whole:
            text = shorten(text, {"Via", "Max-Forwards", "CSeq", "Content-Length", "X-IMC-Loop",
                                  "Content-Type"})
        return f"{who}\n\n```\n{text.rstrip()}\n```\n"

    def step(self, number, title, user, text, code, heard):
        phone = self.phones[user]
        call = phone.start(ROOM, text)
        self.line.until(lambda: call.final)
        if call.final.status != code:
            raise AssertionError(f"{title}: {call.final.start_line}, expected {code}")
        self.sections.append(f"## {number}. {title}\n")
        whole = number == 1
        self.sections.append(self.block(f"{user.title()} → imcd", call.raw, whole))
        self.sections.append(self.block(f"imcd → {user.title()}", call.final.raw, whole))
        for name, other in self.phones.items():
            for message in other.hear(heard.get(name, 0)):
                self.sections.append(self.block(f"imcd → {name.title()}", message.raw, whole))

    def run(self):
        try:
            for number, step in enumerate(STEPS, 1):
                self.step(number, *step)
            self.line.settle(0.3)
            beyond = {name: phone.heard for name, phone in self.phones.items() if phone.heard}
            if beyond:
                raise AssertionError(f"more was heard than the steps expect: {beyond}")
            if self.daemon.end() != 0:
                raise AssertionError("imcd did not end well:\n" + "\n".join(self.daemon.log))
        finally:
            if self.daemon.process.poll() is None:
                self.daemon.process.kill()
            self.scratch.remove()
        return "\n".join(self.sections)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--imcd", default=daemon.IMCD)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    page = Conversation(options.imcd).run()
    if options.update:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    committed = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    difference = list(difflib.unified_diff(
        committed.splitlines(), page.splitlines(), "docs/CONVERSATION.md", "on the wire", lineterm=""
    ))
    print("\n".join(difference))
    if difference:
        print("tools/update_docs writes the page anew", file=sys.stderr)
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
