#!/usr/bin/env python3
"""Every command of the module and a fan-out, spoken by sipp; OPTIONS by sipsak."""
import re
import subprocess
import unittest

import sipp
from daemon import ImcdTest

ALICE = "sip:alice@example.org"
BOB = "sip:bob@example.org"
CAROL = "sip:carol@example.org"
DAVE = "sip:dave@example.org"
ROOM = "sip:chat-1@example.org"
SECRET = "sip:secret@example.org"

# sipsak adds the Via.
CREATE = """\
MESSAGE sip:chat-1@example.org SIP/2.0
Max-Forwards: 70
From: <sip:carol@example.org>;tag=1
To: <sip:chat-1@example.org>
Call-ID: sipsak@example.org
CSeq: 1 MESSAGE
Content-Type: text/plain
Content-Length: 7

#create"""


class SippTest(ImcdTest):
    def setUp(self):
        super().setUp()
        self.members = sipp.Members(self.scratch.path)
        self.addCleanup(self.members.end)
        self.start(f"--outbound_proxy=127.0.0.1:{self.members.port}")

    def tearDown(self):
        # Whatever was heard beyond what the steps expected is a fault, too.
        self.assertEqual(self.members.all_heard()[self.members.read:], [])
        self.ends_well()

    def says(self, user, text, code, room=ROOM, **heard):
        """`user` sends `text`; the answer is `code`, and then exactly `heard` comes: a pattern, or a
        list of patterns in their order, for each name."""
        wrong = sipp.send_message(self.scratch.path, self.daemon.server, user, room, text, code)
        self.assertEqual(wrong, "", f"{user} says {text!r}")
        expected = {
            name: [patterns] if isinstance(patterns, str) else patterns
            for name, patterns in heard.items()
        }
        came = {}
        for member, body in self.members.hear(sum(map(len, expected.values()))):
            came.setdefault(re.search(r"sip:(\w+)@", member).group(1), []).append(body)
        self.assertEqual(sorted(came), sorted(expected), f"{user} says {text!r}: {came}")
        for name, patterns in expected.items():
            self.assertEqual(len(came[name]), len(patterns), came)
            for pattern, body in zip(patterns, came[name]):
                self.assertRegex(body, pattern)

    def make_room(self):
        self.says(ALICE, "#create", 200, alice=r"^\*\*\* You made the room chat-1@example.org")
        self.says(BOB, "#join", 200, bob=r"^\*\*\* You joined", alice=r"^\*\*\* bob@example.org joined")

    def make_private_room(self):
        self.says(ALICE, "#create secret private", 200, alice="^\\*\\*\\* You made the private room secret@")

    def test_create_makes_a_room_that_takes_chat(self):
        self.says(ALICE, "#create", 200, alice="You made the room chat-1@example.org")
        self.says(ALICE, "anybody here?", 200)

    def test_create_of_a_public_room_that_exists_joins_it(self):
        self.says(ALICE, "#create", 200, alice="You made the room")
        self.says(BOB, "#create", 200, bob="You joined", alice="bob@example.org joined")

    def test_create_of_a_private_room_that_exists_is_refused(self):
        self.make_private_room()
        self.says(BOB, "#create secret", 403, bob="private", alice="bob@example.org wants to enter")

    def test_join_enters_a_room_and_a_second_time_says_so_to_the_one_alone(self):
        self.make_room()
        self.says(BOB, "#join", 200, bob="already")

    def test_join_makes_a_missing_room(self):
        self.says(ALICE, "#join sip:chat-2@example.org", 200, alice="You made the room chat-2@")

    def test_join_of_a_private_room_is_refused_and_its_owner_told(self):
        self.make_private_room()
        self.says(BOB, "#join", 403, room=SECRET, bob="private", alice="bob@example.org wants to enter")
        self.says(BOB, "am I in?", 403, room=SECRET)

    def test_invite_and_accept(self):
        self.make_private_room()
        self.says(
            ALICE, "#invite bob", 200, room=SECRET,
            bob="alice@example.org invites you to the room secret@example.org.*#accept.*#deny",
            alice="bob@example.org is invited",
        )
        self.says(BOB, "hello?", 403, room=SECRET)
        self.says(BOB, "#accept", 200, room=SECRET, bob="You joined", alice="bob@example.org joined")
        self.says(BOB, "hello", 200, room=SECRET, alice="^<bob@example.org>: hello$")

    def test_invite_and_deny(self):
        self.make_private_room()
        self.says(ALICE, "#invite bob", 200, room=SECRET, bob="invites you", alice="is invited")
        self.says(BOB, "#deny", 200, room=SECRET, bob="You declined", alice="bob@example.org declined")
        self.says(BOB, "#accept", 403, room=SECRET, bob="not invited")

    def test_invite_by_one_who_may_not_is_refused(self):
        self.make_room()
        self.says(BOB, "#invite carol", 403, bob="Only the owner")
        self.says(CAROL, "#invite dave", 403, carol="not a member")

    def test_invite_of_a_member_is_refused(self):
        self.make_room()
        self.says(ALICE, "#invite sip:bob@example.org", 403, alice="bob@example.org is a member already")

    def test_accept_and_deny_without_an_invitation_are_refused(self):
        self.make_room()
        self.says(CAROL, "#accept", 403, carol="not invited")
        self.says(CAROL, "#deny", 403, carol="not invited")

    def test_remove_puts_a_member_out_and_tells_everybody_what_happened(self):
        self.make_room()
        self.says(
            ALICE, "#remove bob", 200,
            bob="alice@example.org removed you", alice="bob@example.org was removed",
        )
        self.says(BOB, "hey!", 403)

    def test_remove_is_for_ranks_and_never_of_the_owner(self):
        self.make_room()
        self.says(BOB, "#remove alice", 403, bob="Only the owner")
        self.says(ALICE, "#remove alice", 403, alice="can't be removed")
        self.says(ALICE, "#remove dave", 404, alice="dave@example.org is not a member")
        self.says(ALICE, "#remove", 400, alice=r"^\*\*\* ")

    def test_exit_leaves_the_room_and_one_may_come_back(self):
        self.make_room()
        self.says(BOB, "#exit", 200, bob="You left", alice="bob@example.org left")
        self.says(BOB, "#exit", 403, bob="not a member")
        self.says(BOB, "#join", 200, bob="You joined", alice="bob@example.org joined")

    def test_exit_of_the_owner_ends_the_room(self):
        self.make_room()
        self.says(ALICE, "#exit", 200, alice="was ended by alice", bob="was ended by alice")
        self.says(BOB, "still here?", 404)

    def test_destroy_is_for_the_owner_and_tells_everybody(self):
        self.make_room()
        self.says(BOB, "#destroy", 403, bob="Only the owner")
        self.says(ALICE, "#destroy", 200, alice="was ended by alice", bob="was ended by alice")
        self.says(ALICE, "#list", 404, alice="no room")

    def test_list_shows_members_to_members(self):
        self.make_room()
        self.says(BOB, "#list", 200, bob=r"Members of chat-1@example.org: 2\s+\*alice@example.org\s+bob@")
        self.says(CAROL, "#list", 403, carol="not a member")

    def test_add_makes_a_member_at_once(self):
        self.make_private_room()
        self.says(
            ALICE, "#add bob", 200, room=SECRET,
            bob="alice@example.org made you a member", alice="bob@example.org is a member",
        )
        self.says(BOB, "hello", 200, room=SECRET, alice="^<bob@example.org>: hello$")
        self.says(BOB, "#add carol", 403, room=SECRET, bob="Only the owner")

    def test_modify_makes_admins_and_hands_ownership_over(self):
        self.make_room()
        self.says(BOB, "#modify bob admin", 403, bob="Only the owner")
        self.says(ALICE, "#modify bob admin", 200, bob="made you an admin", alice="bob@example.org is an admin")
        self.says(BOB, "#invite carol", 200, bob="is invited", carol="bob@example.org invites you")
        self.says(ALICE, "#modify bob owner", 200, bob="made you the owner", alice="bob@example.org owns")
        self.says(ALICE, "#destroy", 403, alice="Only the owner")
        self.says(ALICE, "#modify carol member", 403, alice="Only the owner")
        self.says(BOB, "#modify dave admin", 404, bob="dave@example.org is not a member")

    def test_rooms_shows_public_rooms_and_ones_own_private_ones(self):
        self.make_room()
        self.make_private_room()
        self.says(ALICE, "#rooms", 200, alice="(?s)chat-1@example.org.*secret@example.org|secret@.*chat-1@")
        self.says(DAVE, "#rooms", 200, dave=r"(?s)\A\*\*\* (?!.*secret).*chat-1@example.org")

    def test_commands_have_other_names_in_any_case(self):
        self.make_room()
        self.says(BOB, "#MEMBERS", 200, bob="Members of chat-1@example.org: 2")
        self.says(BOB, "#Leave", 200, bob="You left", alice="bob@example.org left")
        self.says(ALICE, "#invite bob", 200, bob="invites you", alice="is invited")
        self.says(BOB, "#reject", 200, bob="You declined", alice="bob@example.org declined")
        self.says(BOB, "#join", 200, bob="You joined", alice="bob@example.org joined")
        self.says(ALICE, "#kick bob", 200, bob="removed you", alice="was removed")

    def test_help_names_the_commands(self):
        self.says(DAVE, "#help", 200, dave="(?s)#create.*#join.*#invite.*#list.*")

    def test_unknown_command_is_named_and_help_offered(self):
        self.says(DAVE, "#craete", 400, dave="(?s)craete.*#help")

    def test_chat_goes_to_every_member_but_the_sender(self):
        self.make_room()
        self.says(
            CAROL, "#join", 200,
            carol="You joined", alice="carol@example.org joined", bob="carol@example.org joined",
        )
        heard = {name: "^<bob@example.org>: good morning$" for name in ("alice", "carol")}
        self.says(BOB, "good morning", 200, **heard)

    def test_chat_by_one_who_is_no_member_is_refused(self):
        self.make_room()
        self.says(CAROL, "let me in", 403)

    def test_chat_to_a_room_that_does_not_exist_is_refused(self):
        self.says(ALICE, "hello", 404)

    def test_fan_out_reaches_twenty_members(self):
        self.says(ALICE, "#create", 200, alice="You made the room")
        names = [f"user{number}" for number in range(20)]
        for index, name in enumerate(names):
            told = {other: f"{name}@example.org joined" for other in ["alice", *names[:index]]}
            self.says(f"sip:{name}@example.org", "#join", 200, **{name: "You joined"}, **told)
        self.says(ALICE, "welcome", 200, **{name: "^<alice@example.org>: welcome$" for name in names})


class SipsakTest(ImcdTest):
    def test_a_message_from_a_file_makes_a_room(self):
        self.start()
        host, port = self.daemon.server
        message = self.scratch.path / "create.sip"
        message.write_text(CREATE, encoding="utf-8", newline="\r\n")
        run = subprocess.run(
            ["sipsak", "-vv", "-f", str(message), "-s", f"sip:{host}:{port}"],
            capture_output=True, text=True, timeout=30, check=False,
        )
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn("SIP/2.0 200 OK", run.stdout)
        self.assertIn("URI=sip:chat-1@example.org", self.daemon.management("imc_list_rooms"))

    def test_options_is_answered_whatever_the_user_part(self):
        self.start()
        host, port = self.daemon.server
        for uri in (f"sip:{host}:{port}", f"sip:chat-1@{host}:{port}", f"sip:nobody@{host}:{port}"):
            run = subprocess.run(
                ["sipsak", "-vv", "-s", uri], capture_output=True, text=True, timeout=30, check=False
            )
            self.assertEqual(run.returncode, 0, run.stdout)
            self.assertIn("SIP/2.0 200 OK", run.stdout)
            self.assertRegex(run.stdout, "Allow:.*MESSAGE")
        self.ends_well()


if __name__ == "__main__":
    unittest.main()
