"""Rows 6 to 10: what one user may fill is shared by all."""
import itertools

from attacks import wire
from attacks.attack import marker
from attacks.stage import Seed

ATTACKS = []
attack = marker(ATTACKS)
ROOM = f"chat-attack@{wire.DOMAIN}"


def long_names(count):
    """As long as names may be, so that a list of them takes as many notices as it can."""
    return [(f"v{number:05}{'x' * 58}", f"{'y' * 60}.{'z' * 50}.example") for number in range(count)]


def flood_of_lists(stage, count, fields=lambda number: ()):
    """`#list` and `#help` by a member of a room of long names who answers nothing, and so do the others there."""
    stage.serve(seed=Seed().room("chat-attack", "mallory", long_names(250)))
    stage.gather()
    with stage.attack():
        requests = (("mallory", ROOM, "#help" if number % 10 == 9 else "#list", fields(number))
                    for number in range(count))
        sent = stage.sender.flood(requests, seconds=20, rate=2000)
        stage.sender.settle()
    stage.note(f"{sent:,} commands: {stage.codes()}")
    code = stage.sender.ask("bob", ROOM, "#help", (("Call-ID", "c" * 256),))
    stage.check("a Call-ID of 256 bytes is 400", code == 400, code)
    refused = sum(count for code, count in stage.sender.codes.items() if 400 <= code < 500)
    growth = stage.memory.peak - stage.memory.before
    stage.check("what is beyond the user's share is refused with 480 or 400", refused > sent / 2,
                f"{refused:,} of {sent:,}")
    stage.check("... and takes less than 64 MiB", growth < 64, f"{growth:,.0f} MiB")
    stage.sender.codes.clear()
    stage.listener.drain()
    code = stage.sender.ask("other", f"chat-another@{wire.DOMAIN}", "#create")
    stage.check("another user's command is answered 200", code == 200, code)
    heard = [request for request in stage.listener.hear("other", 1.5) if b"You made" in request]
    stage.check("... and its notice comes", len(heard) == 1, len(heard))
    stage.sender.ask("other", f"chat-another@{wire.DOMAIN}", "#invite nora")
    invited = [request for request in stage.listener.hear("nora", 1.5) if b"invites you" in request]
    stage.check("... and an invitation, too", len(invited) == 1, len(invited))


@attack(6, "thousands of #list and #help, no notice answered")
def unanswered_notices(stage):
    flood_of_lists(stage, 8000)


@attack(6, "the same with a Call-ID of 8,000 bytes")
def long_call_ids(stage):
    flood_of_lists(stage, 4000, lambda number: (("Call-ID", f"{number}-".ljust(8000, "c")),))


@attack(7, "chat in a room of 100,000 silent members")
def giant_room(stage):
    stage.serve(seed=Seed().room("chat-attack", "mallory", (f"v{number:06}" for number in range(100000))))
    stage.gather()
    with stage.attack():
        # At the rate that one user has by default: beyond it nothing is gained.
        requests = (("mallory", ROOM, f"text {number} {'x' * 600}") for number in itertools.count())
        sent = stage.sender.flood(requests, seconds=stage.seconds, rate=20)
        stage.sender.settle()
    stage.note(f"{sent:,} texts: {stage.codes()}")
    explain_queue(stage)
    p99 = stage.under["ms"]["p99"] or 0
    stage.check("others are delayed by less than 100 ms at p99", p99 < 100, f"{p99:,.1f} ms")


@attack(7, "20,000 adds of silent users, then chat there")
def added_members(stage):
    stage.serve()
    stage.gather()
    with stage.attack():
        stage.sender.ask("mallory", ROOM, "#create")
        adds = (("mallory", ROOM, f"#add v{number:06}") for number in range(20000))
        sent = stage.sender.flood(adds, seconds=15)
        stage.sender.settle()
        stage.note(f"{sent:,} adds: {stage.codes()}")
        stage.check("at most 100 an hour are made by one", stage.sender.codes[200] <= 101, stage.sender.codes[200])
        stage.sender.codes.clear()
        sent = stage.sender.flood((("mallory", ROOM, f"text {number}") for number in range(300)), seconds=8, rate=50)
        stage.sender.settle()
        stage.note(f"{sent:,} texts: {stage.codes()}")
    explain_queue(stage)


def explain_queue(stage):
    for name in ("delivery_queue_messages", "deliveries_dropped", "room_messages_refused"):
        if (value := stage.statistic(name)) is not None:
            stage.note(f"{name} = {value:,}")
            if name == "deliveries_dropped":
                stage.check("nothing that was answered 200 is dropped for want of space", value == 0, f"{value:,}")


@attack(8, "a victim added to 1,000 rooms, anybody invited")
def unasked_rooms(stage):
    """By five users, so that the rate that each may send at is not what saves her."""
    stage.serve()
    stage.gather()
    rooms = [(f"mallory{number % 5}", f"chat-{number}@{wire.DOMAIN}") for number in range(1000)]
    with stage.attack():
        for text in ("#create", "#add alice"):
            stage.sender.codes.clear()
            stage.sender.flood(((user, room, text) for user, room in rooms), seconds=8, rate=200)
            stage.sender.settle()
            stage.note(f"{text}: {stage.codes()}")
        added = stage.sender.codes[200]
        stage.check("at most 50 memberships that nobody asked for are open", added <= 50, f"{added} adds are 200")
        stage.listener.drain()
        code = stage.sender.ask("alice", f"chat-hers@{wire.DOMAIN}", "#create")
        stage.check("she can still make a room", code == 200, code)
        invite_everybody(stage)
        block(stage)


def invite_everybody(stage):
    room = f"chat-0@{wire.DOMAIN}"
    stage.sender.codes.clear()
    stage.sender.flood((("mallory0", room, f"#invite stranger{number}") for number in range(1000)), seconds=8)
    stage.sender.settle()
    stage.listener.turn_for(1.0)
    heard = sum(b"invites you" in request for _, request in stage.listener.heard)
    stage.note(f"invitations: {stage.codes()}; {heard:,} were delivered")
    stage.check("at most 100 an hour are invited by one", stage.sender.codes[200] <= 100, stage.sender.codes[200])


def block(stage):
    where = f"chat-hers@{wire.DOMAIN}"
    codes = [stage.sender.ask("alice", where, f"#block {who}@{wire.DOMAIN}") for who in ("mallory0", "*")]
    stage.check("#block is a command", codes == [200, 200], codes)
    stage.sender.ask("mary", f"chat-mary@{wire.DOMAIN}", "#create")
    stage.listener.hear("alice", 0.3)
    stage.sender.ask("mary", f"chat-mary@{wire.DOMAIN}", "#invite alice")
    heard = [request for request in stage.listener.hear("alice", 0.5) if b"invites you" in request]
    stage.check("... after which nobody of that domain gets an invitation to her", codes == [200, 200] and not heard,
                f"heard {len(heard)}")


@attack(9, "strangers knock at a private room")
def knocking(stage):
    stage.serve(seed=Seed().room("chat-attack", "olga", private=True))
    stage.gather()
    with stage.attack():
        knocks = [("stranger", ROOM, "#join")] * 500
        knocks += [(f"stranger{number}", ROOM, "#join") for number in range(200)]
        sent = stage.sender.flood(knocks, seconds=8, rate=200)
        stage.sender.settle()
        heard = [request for request in stage.listener.hear("olga", 2.0) if b"wants to enter" in request]
    one = sum(b"stranger@" in request for request in heard)
    stage.note(f"{sent:,} knocks: {stage.codes()}")
    stage.check("one stranger is told once in 10 minutes", one == 1, f"{one} notices of 500 knocks")
    stage.check("all of them 10 an hour", 0 < len(heard) <= 10, f"{len(heard)} notices")


@attack(10, "#rooms among 70,000 private rooms")
def many_private_rooms(stage):
    seed = Seed()
    for number in range(70000):
        seed.room(f"chat-p{number:05}", f"v{number // 500}", private=True)
    public = [f"chat-public{number}" for number in range(20)]
    for name in public:
        seed.room(name, "alice")
    stage.serve(seed=seed)
    stage.gather()
    with stage.attack():
        begin = stage.cpu_seconds()
        sent = stage.sender.flood((("mallory", ROOM, "#rooms") for _ in range(2000)), stage.seconds, rate=200)
        stage.sender.settle()
        cost = 1000 * (stage.cpu_seconds() - begin) / max(1, sent)
        stage.listener.drain()
        stage.sender.ask("bob", ROOM, "#rooms")
        shown = "".join(wire.body(request) for request in stage.listener.hear("bob", 1.0))
    stage.note(f"{sent:,} #rooms: {stage.codes()}")
    found = sum(f"{name}@" in shown for name in [*public, "chat-good"])
    stage.check("all 21 public rooms are shown", found == 21, found)
    stage.check("none of the private ones", "chat-p0" not in shown, "")
    stage.check("a #rooms costs less than 0.5 ms", cost < 0.5, f"{cost:.2f} ms, good room included")
