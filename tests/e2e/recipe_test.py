#!/usr/bin/env python3
"""imcd beside a real Kamailio, both as docs/OPERATING.md prints it but for the ports: short texts and long ones, over UDP and
TCP, reach who is registered, and what fails is seen in the log."""
import unittest

import kamailio
from daemon import ImcdTest

LONG = "long " * 600  # Beyond the 1,300 bytes that imcd sends over UDP.
VERY_LONG = "very long " * 2000


@unittest.skipIf(kamailio.lacks(), kamailio.lacks())
class RecipeTest(ImcdTest):
    def serve(self, recipe=None, tcp=False, host="127.0.0.2"):
        """Both of them; `tcp`: as the page says for TCP both ways; `host`: imcd's."""
        port = kamailio.free_port(host)
        recipe = (recipe or kamailio.documented_recipe()).replace("5070", str(port))
        configuration = kamailio.documented("# imcd.conf").replace("127.0.0.2:5070", f"{host}:{port}")
        recipe = recipe.replace("sip:127.0.0.2", f"sip:{host}")
        if tcp:
            recipe = recipe.replace(f'$du = "sip:{host}:{port}"', f'$du = "sip:{host}:{port};transport=tcp"')
            self.assertIn("transport=tcp", recipe)
        self.proxy = kamailio.Running(self.scratch, kamailio.PROXY_CONFIG, recipe=recipe)
        self.addCleanup(self.proxy.kill)
        proxy = f"127.0.0.1:{self.proxy.server[1]}"
        self.assertIn("127.0.0.1:5060", configuration)
        configuration = configuration.replace("127.0.0.1:5060", f"sip:{proxy};transport=tcp" if tcp else proxy)
        path = self.scratch.path / "imcd.conf"
        path.write_text(configuration, encoding="utf-8")
        self.start("-c", str(path), "--room_names=chat-*", listen=None)

    def user(self, name):
        """A phone that is registered with the proxy."""
        phone = self.absent(name)
        registered = phone.send("sip:example.org", method="REGISTER", headers=[
            ("To", f"<{phone.uri}>"), ("Contact", f"<sip:{name}@{phone.address}>"), ("Expires", "600")])
        self.assertEqual(registered.status, 200)
        return phone

    def absent(self, name):
        return self.phone(name, server=self.proxy.server)

    def tell(self, phone, body, code=200):
        return self.say(phone, body, code, headers=[kamailio.PASSWORD])

    def enter(self, owner, *members):
        """Makes the room; afterwards nobody has anything unheard."""
        self.tell(owner, "#create")
        self.hears(owner, r"You made the room")
        for member in members:
            self.tell(member, "#join")
            self.line.until(lambda member=member: any("joined" in heard.text or "You are in" in heard.text
                                                      for heard in [*owner.heard, *member.heard]))
        self.line.settle(0.2)
        for phone in (owner, *members):
            phone.heard.clear()

    def check_texts(self, *texts):
        alice, bob = self.user("alice"), self.user("bob")
        self.enter(alice, bob)
        for text in texts:
            self.tell(alice, text)
            heard, = bob.hear()
            self.assertEqual(heard.text, f"<alice@example.org>: {text}")
        self.assertFalse([line for line in self.daemon.log if "deliveries" in line])

    def test_short_and_long_texts_reach_registered_users_over_udp(self):
        self.serve()
        self.check_texts("hello", LONG, "and again")

    def test_short_and_long_texts_reach_registered_users_over_tcp(self):
        self.serve(tcp=True)
        self.check_texts("hello", LONG, VERY_LONG, "and again")

    def check_texts_by_mark(self, tcp):
        """Where imcd has no address of its own the page says to go by its mark."""
        page = kamailio.OPERATING.read_text(encoding="utf-8")
        by_mark = '$si == "127.0.0.1" && is_present_hf("X-IMC-Loop")'
        self.assertIn(by_mark, page)
        self.serve(kamailio.documented_recipe().replace('$si == "127.0.0.2"', by_mark), tcp, host="127.0.0.1")
        self.check_texts("hello", LONG)

    def test_imcd_is_known_by_its_mark_over_udp(self):
        self.check_texts_by_mark(tcp=False)

    def test_imcd_is_known_by_its_mark_over_tcp(self):
        self.check_texts_by_mark(tcp=True)

    def test_who_is_not_registered_is_480_and_that_is_seen(self):
        self.serve()
        alice = self.user("alice")
        self.enter(alice)
        self.tell(self.absent("carol"), "#join")
        self.daemon.wait_for_line(rf"info deliveries are refused peer=udp:127.0.0.1:{self.proxy.server[1]} code=480 count=1")

    def test_only_imcd_is_believed_without_a_password(self):
        self.serve()
        self.user("bob")
        mallory = self.user("mallory")
        for headers in [], [("X-IMC-Loop", "0123456789abcdef;chat-1@example.org")]:
            self.say(mallory, "I am a room", 407, to="sip:bob@example.org", headers=headers)
        self.say(mallory, "hello", 407)

    def test_a_recipe_that_goes_by_the_port_is_seen_at_once(self):
        recipe = kamailio.documented_recipe()
        by_address = '$si == "127.0.0.2")'
        self.assertIn(by_address, recipe)
        self.serve(recipe.replace(by_address, by_address[:-1] + " && $sp == 5070)"))
        alice, bob = self.user("alice"), self.user("bob")
        self.enter(alice, bob)
        self.tell(alice, LONG)
        self.daemon.wait_for_line(rf"warning deliveries are refused peer=tcp:127.0.0.1:{self.proxy.server[1]} code=407 count=1")


if __name__ == "__main__":
    unittest.main()
