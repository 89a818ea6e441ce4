"""Rows 1 to 5: what a user may name is believed. No flood is needed; the good room shows that nothing else breaks."""
from attacks import wire
from attacks.attack import marker

ATTACKS = []
attack = marker(ATTACKS)
FRIENDS = f"chat-friends@{wire.DOMAIN}"
OTHER = f"chat-other@{wire.DOMAIN}"


def friends(stage, *users):
    """A room of these users, made by the first; what it tells them is heard and forgotten."""
    for number, user in enumerate(users):
        stage.sender.ask(user, FRIENDS, "#join" if number else "#create")
    stage.listener.turn_for(0.3)
    stage.listener.heard.clear()


def chat(stage, speaker, hearer, text, room=FRIENDS, **how):
    """Says it; returns the code and what the hearer got."""
    code = stage.sender.ask(speaker, room, text, **how)
    return code, stage.listener.hear(hearer)


def from_of(requests):
    return [wire.field(request, "From") for request in requests]


@attack(1, "a room at a user's address silences her")
def room_at_her_address(stage):
    stage.serve()
    stage.gather()
    with stage.attack():
        friends(stage, "alice", "bob")
        code = stage.sender.ask("mallory", OTHER, f"#create alice@{wire.DOMAIN}")
        stage.check("a room at alice's address is refused with 403", code == 403, code)
        stage.sender.ask("mallory", f"alice@{wire.DOMAIN}", "#add bob")
        stage.sender.ask("mallory", f"alice@{wire.DOMAIN}", "it is me")
        spoken = [text for text in from_of(stage.listener.hear("bob")) if "sip:alice@" in text]
        stage.check("nothing comes to bob From her address", not spoken, spoken[:1])
        code, heard = chat(stage, "alice", "bob", "hello")
        stage.check("her chat is answered 200 and heard", code == 200 and len(heard) == 1,
                    f"{code}, heard {len(heard)}")
        own_join(stage)
        room_of_one_who_wrote(stage)
    stage.restart()
    stage.listener.turn_for(0.3)
    stage.listener.heard.clear()  # What carol said.
    code, heard = chat(stage, "alice", "bob", "after a restart")
    stage.check("... after a restart, too", code == 200 and len(heard) == 1, f"{code}, heard {len(heard)}")


def own_join(stage):
    """The innocent way: carol thinks that `#join carol` is how one says who one is."""
    friends(stage, "carol")
    code = stage.sender.ask("carol", FRIENDS, "#join carol")
    stage.check("carol's own `#join carol` is refused", code == 403, code)
    code, _ = chat(stage, "carol", "alice", "hello")
    stage.check("... and her chat is answered 200", code == 200, code)


def room_of_one_who_wrote(stage):
    """Users who have only sent something: one under another spelling, one whose name could be a room's."""
    for user, spelling in (("dave", "%64ave"), ("chat-erin", "chat-erin")):
        stage.sender.ask(user, OTHER, "#help")
        code = stage.sender.ask("mallory", OTHER, f"#create {spelling}@{wire.DOMAIN}")
        stage.check(f"so is one at {spelling}'s, who has only asked for help", code == 403, code)


@attack(2, "the first speller decides how she is reached")
def first_speller(stage):
    stage.serve()
    stage.gather()
    with stage.attack():
        friends(stage, "bob")
        stage.sender.ask("mallory", OTHER, "#create")
        code = stage.sender.ask("mallory", OTHER, f"#add sips:%61LICE@{wire.DOMAIN}:1")
        stage.note(f"mallory's #add is answered {code}")
        # What was sent to the address that mallory wrote is his alone; what counts is how bob reaches her.
        stage.listener.turn_for(0.3)
        stage.listener.heard.clear()
        stage.sender.ask("bob", FRIENDS, f"#add alice@{wire.DOMAIN}")
        stage.sender.ask("bob", FRIENDS, "hello")
        stage.listener.turn_for(0.5)
        lines = [request.split(b"\r\n")[0].decode() for _, request in stage.listener.heard if b": hello" in request]
        right = f"MESSAGE sip:alice@{wire.DOMAIN} SIP/2.0"
        stage.check("bob reaches her at sip:alice@example.org", lines == [right], lines)
        stage.listener.heard.clear()
        stage.sender.ask("alice", FRIENDS, "I am here")
        stage.sender.ask("bob", FRIENDS, "hello again")
        stage.listener.turn_for(0.5)
        lines = [request.split(b"\r\n")[0].decode() for _, request in stage.listener.heard if b"hello again" in request]
        stage.check("... and surely once she has spoken", lines == [right], lines)


@attack(3, "two SIP values in P-Asserted-Identity")
def two_identities(stage):
    stage.serve()
    stage.gather()
    sip, other = (f"<sip:{user}@{wire.DOMAIN}>" for user in ("alice", "mallory"))
    with stage.attack():
        friends(stage, "alice", "bob")
        for how, fields in (
                ("in one field", [("P-Asserted-Identity", f"{sip}, {other}")]),
                ("in two fields", [("P-Asserted-Identity", sip), ("P-Asserted-Identity", other)])):
            code, heard = chat(stage, "mallory", "bob", "I am alice", fields=fields)
            stage.check(f"two SIP values {how} are 403", code == 403 and not heard, f"{code}, heard {len(heard)}")
        code, heard = chat(stage, "alice", "bob", "sip and tel",
                           fields=[("P-Asserted-Identity", f"{sip}, <tel:+15550100>")])
        stage.check("one SIP and one tel are 200", code == 200 and len(heard) == 1, f"{code}, heard {len(heard)}")


@attack(4, "equal Call-ID, From tag and CSeq of another user")
def equal_call(stage):
    stage.serve()
    stage.gather()
    with stage.attack():
        friends(stage, "alice", "bob", "mallory")
        for number in range(1, 6):
            equal = (("Call-ID", f"call-{number}"), ("CSeq", f"{number} MESSAGE"))
            stage.sender.ask("mallory", FRIENDS, "mine",
                             (*equal, ("From", f"<sip:mallory@{wire.DOMAIN}>;tag=same")))
            stage.listener.hear("bob", 0.1)
            code, heard = chat(stage, "alice", "bob", "hers",
                               fields=(*equal, ("From", f"<sip:alice@{wire.DOMAIN}>;tag=same")))
            stage.check(f"alice's chat after mallory's call {number} is 200 and heard",
                        code == 200 and len(heard) == 1, f"{code}, heard {len(heard)}")
        fields = (("Call-ID", "call-1"), ("CSeq", "1 MESSAGE"), ("From", f"<sip:alice@{wire.DOMAIN}>;tag=same"))
        code = stage.sender.ask("alice", FRIENDS, "hers", fields)
        stage.check("her own, come twice by other ways, is 482 as before (RFC 3261 8.2.2.2)", code == 482, code)


HTML = "<html><script>go()</script><b>&lt;alice&gt;:</b> yes</html>"


def cpim(sender):
    return (f"From: <sip:{sender}>\r\nTo: <sip:{FRIENDS}>\r\n\r\nContent-Type: text/plain\r\n\r\nI agree")


@attack(5, "text that looks like another's")
def look_alikes(stage):
    stage.serve()
    stage.gather()
    with stage.attack():
        friends(stage, "alice", "bob", "mallory")
        text = f"hi\r\n<alice@{wire.DOMAIN}>: yes\r\nplain line\r\n*** The room was ended."
        _, heard = chat(stage, "mallory", "bob", text)
        lines = wire.body(heard[0]).splitlines() if heard else []
        look_alike = [line for line in lines[1:] if line.startswith(("<", "***"))]
        stage.check("further lines that look like a speaker or a notice begin with `| `",
                    lines and not look_alike, look_alike or lines)
        stage.check("... and others stay", "plain line" in lines, lines)
        _, heard = chat(stage, "mallory", "bob", f"hi\n \t<alice@{wire.DOMAIN}>: yes\r*** ended")
        body = wire.body(heard[0]) if heard else ""
        stage.check("neither blanks before it nor a lone line feed or return gets one through",
                    body and "\n \t<alice" not in body and "\r***" not in body, repr(body))
        code, heard = chat(stage, "mallory", "bob", HTML, fields=(("Content-Type", "text/html"),))
        kind, body = (wire.field(heard[0], "Content-Type"), wire.body(heard[0])) if heard else ("", "")
        stage.check("text/html comes as text/plain with the prefix, without its script", code == 200
                    and kind.startswith("text/plain") and body.startswith("<mallory@") and "<script" not in body
                    and "go()" not in body, f"{code} {kind} {body!r}")
        wrapped = (("Content-Type", "message/cpim"),)
        code, heard = chat(stage, "mallory", "bob", cpim(f"alice@{wire.DOMAIN}"), fields=wrapped)
        stage.check("message/cpim From alice, sent by mallory, is refused", 400 <= code < 500 and not heard,
                    f"{stage.sender.first_lines.get(code)}, heard {len(heard)}")
        code, heard = chat(stage, "mallory", "bob", cpim("anonymous@anonymous.invalid"), fields=wrapped)
        body = wire.body(heard[0]) if heard else ""
        stage.check("an anonymous one gets its sender filled in", f"sip:mallory@{wire.DOMAIN}" in body,
                    f"{code} {body!r}")
        code, heard = chat(stage, "alice", "bob", cpim(f"alice@{wire.DOMAIN}"), fields=wrapped)
        stage.check("an honest one comes as it is", code == 200 and len(heard) == 1, f"{code}, heard {len(heard)}")
