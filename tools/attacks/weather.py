"""Rows 11 to 15: weather that is not an attack, and what grows with the number of those it concerns."""
import ipaddress
import itertools
import time

from attacks import wire
from attacks.attack import marker
from attacks.crowd import Crowd, Say
from attacks.stage import Seed

ATTACKS = []
attack = marker(ATTACKS)
ROOM = f"chat-attack@{wire.DOMAIN}"


def names(count):
    return [f"v{number:06}" for number in range(count)]


def talk(stage, rate, text="text"):
    """mallory says lines at this rate until the attack's time is over."""
    lines = (("mallory", ROOM, f"{text} {number}") for number in itertools.count())
    sent = stage.sender.flood(lines, stage.seconds, rate=rate)
    stage.sender.settle()
    stage.note(f"{sent:,} texts: {stage.codes()}")
    return sent


@attack(11, "30 % of 2,000 members answer after 600 ms")
def slow_members(stage):
    stage.serve(seed=Seed().room("chat-attack", "mallory", names(2000)))
    crowd = stage.crowd(lambda request: Say(delay=0.6 if wire.addressee(request)[-1:] in b"012" else 0.0),
                        count=lambda request: "texts" if b">: text" in request else "other")
    stage.gather()
    with stage.attack():
        sent = talk(stage, 2)
    stage.check("the slow room's own texts are answered 200", stage.sender.codes[200] == sent, stage.codes())
    heard = crowd.counts().get("texts", 0)
    stage.note(f"{heard:,} datagrams for {2000 * stage.sender.codes[200]:,} deliveries: the rest are retransmissions")


@attack(12, "one member answers 503 with Retry-After: 60")
def one_503(stage):
    stage.serve(seed=Seed().room("chat-attack", "mallory", names(10)))

    def respond(request):
        is_sick = wire.addressee(request) == b"v000000"
        return Say(b"503 Service Unavailable", b"Retry-After: 60\r\n") if is_sick else Say()

    crowd = stage.crowd(respond, count=lambda request: wire.addressee(request).decode())
    stage.gather()
    with stage.attack():
        sent = talk(stage, 2)
    counts = crowd.counts()
    stage.check("his room's other members hear every text", counts.get("v000005", 0) >= sent,
                f"{counts.get('v000005', 0)} of {sent}")
    sick = counts.get("v000000", 0)
    stage.check("he himself is asked no more for the time he named", sick <= 3, sick)


def paused_hops(stage, count):
    """Each member at a host of its own; whatever of 127.0.0.0/8 they name, one socket answers for them all."""
    hosts = [(f"v{number:06}", str(ipaddress.ip_address("127.16.0.0") + number)) for number in range(count)]
    stage.serve(seed=Seed().room("chat-attack", "mallory", hosts), proxied=False)
    try:
        everywhere = all_hosts_socket()
    except OSError as error:
        stage.skipped = f"port 5060 can't be had ({error.strerror})"
        return
    stage.at_end.callback(everywhere.close)
    crowd = Crowd(everywhere, lambda request: Say(b"503 Service Unavailable", b"Retry-After: 3600\r\n"))
    stage.at_end.callback(crowd.close)
    stage.gather()
    before = cost(stage)
    with stage.attack():
        talk(stage, 0.5)
    after = cost(stage)
    stage.note(f"{crowd.counts().get('', 0):,} datagrams came to the hops")
    for what, was, now in zip(("ms until an OPTIONS is answered, p50", "us of CPU an OPTIONS"), before, after):
        stage.check(f"{what}: less than twice as dear as before", now < 2 * was + 0.05, f"{was:.2f}, then {now:.2f}")


@attack(13, "20,000 next hops, each paused by a 503")
def many_hops(stage):
    paused_hops(stage, 20000)


@attack(13, "70,000 next hops, more than imcd remembers")
def too_many_hops(stage):
    paused_hops(stage, 70000)


def all_hosts_socket():
    """Port 5060 of all addresses of the loopback interface, and of no other where we may say so."""
    made = wire.socket.socket(wire.socket.AF_INET, wire.socket.SOCK_DGRAM)
    made.setsockopt(wire.socket.SOL_SOCKET, wire.socket.SO_BINDTODEVICE, b"lo")
    made.setsockopt(wire.socket.SOL_SOCKET, wire.SO_RCVBUFFORCE, 256 << 20)
    made.bind(("0.0.0.0", 5060))
    return made


def cost(stage):
    """Of an input that has nothing to do with any hop: time in ms, CPU time in us."""
    time.sleep(0.5)
    begin = stage.cpu_seconds()
    p50, count = stage.cost_of_options(seconds=2.0, rate=500)
    return p50, 1e6 * (stage.cpu_seconds() - begin) / count


@attack(14, "two unmarked auto-responders in a room")
def ping_pong(stage):
    """Each answers all it hears with a text of its own, without any marker."""
    stage.serve(seed=Seed().room("chat-attack", "mallory", ["r1", "r2"]))

    def respond(request):
        if b">: " not in request:
            return Say()
        user = wire.addressee(request).decode()
        return Say(then=wire.message(user, ROOM, "I am away.", f"127.0.0.1:{stage.proxy.address[1]}"),
                   then_delay=0.02)

    crowd = stage.crowd(respond, count=lambda request: wire.addressee(request).decode())
    stage.gather()
    with stage.attack() as deadline:
        stage.sender.ask("mallory", ROOM, "hello")
        time.sleep(max(0.0, deadline - time.monotonic()))
    first = crowd.counts().get("mallory", 0)
    time.sleep(1.0)
    second = crowd.counts().get("mallory", 0)
    stage.check("the room takes at most 50 texts a second", first <= 50 * stage.seconds + 100,
                f"{first:,} in {stage.seconds:g} s")
    stage.check("... and the two are stopped", second == first, f"{second - first:,} in the next second")


@attack(15, "50,000 users go away")
def away_users(stage):
    """In fifty rooms, one after the other, so that no room is giant."""
    seed = Seed()
    for room in range(50):
        seed.room(f"chat-{room}", "mallory", [f"v{room:02}{number:04}" for number in range(1000)])
    stage.serve(seed=seed)
    crowd = stage.crowd(lambda request: Say(b"480 Temporarily Unavailable"))
    stage.gather()
    with stage.attack():
        texts = (("mallory", f"chat-{room}@{wire.DOMAIN}", "x" * 600) for room in range(50))
        sent = stage.sender.flood(texts, seconds=20, rate=5)
        stage.sender.settle()
        stage.note(f"{sent:,} texts: {stage.codes()}")
    away = min(50000, crowd.counts().get("", 0))
    growth = (stage.memory.now() - stage.memory.before) * 2**20
    stage.note(f"{away:,} users are away")
    each = growth / max(1, away)
    stage.check("a user who is away takes less than 400 bytes", away and each < 400, f"{each:,.0f}")
