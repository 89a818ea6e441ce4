"""tools/bench goodput: what imcd delivers when more is asked of it than it can do.
tools/bench fanout: the CPU time of a delivery over UDP and TCP, beside Debian's Kamailio with its imc module.
tools/bench latency: latency against load, with a picture.
tools/bench outage: chat latency while the database does not answer.
tools/bench core: the core in memory, whole and in parts, without the kernel.
tools/bench changes: how many room changes it makes durable, and how long each takes.
tools/bench attacks: what one bad user can do to the others, a row for each kind of attack.
tools/bench parser: nanoseconds and instructions a message, beside libosip2, libre and sofia-sip.

goodput starts imcd in a scratch directory, with tools/imc_bench as its outbound proxy. Finds what one room can
take (closed loop, a fixed number of messages outstanding), then offers 1, 2, 5 and 10 times that
whatever becomes of it (open loop), and prints a row for each. Needs nothing but loopback.
"""
import argparse
import contextlib
import json
import pathlib
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types

import bench_parser
import bench_picture
from bench_servers import Imcd, Kamailio, die_with_parent, free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent


SERVER = "src/imcd tools/imc_bench/imc-bench bench/core/core-bench"


def build(directory, packages, programs=SERVER, options=""):
    """Builds what is measured, as tools/run does."""
    script = (
        f"source tools/packages.sh; ensure_packages {packages}; "
        f"ensure_build '{directory}' --buildtype=release -Ddebug=true -Db_lto=true -Dtests=false {options}; "
        f"exec ninja -C '{directory}' {programs}"
    )
    done = subprocess.run(["bash", "-ec", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(done.stdout.decode())


def measure(arguments, *load, kamailio=False, tcp=None, meanwhile=None):
    """One run of the tool against a server of its own, so that no run inherits another's queues; `meanwhile` is
    called with the server in a thread of its own."""
    tcp = arguments.tcp if tcp is None else tcp
    build_directory = ROOT / arguments.build
    port = free_port()
    server = Kamailio(port, tcp) if kamailio else Imcd(build_directory / "src/imcd", port, arguments.imcd, tcp)
    with contextlib.ExitStack() as at_end:
        at_end.callback(server.end)
        command = [
            str(build_directory / "tools/imc_bench/imc-bench"), "--json",
            f"--server={server.address()}", f"--listen=127.0.0.1:{port}", f"--pid={server.process.pid}",
            f"--body={arguments.body}", f"--duration={arguments.seconds}", *load,
            *(["--tcp"] if tcp else []),
        ]
        if meanwhile:
            threading.Thread(target=meanwhile, args=(server,), daemon=True).start()
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False, preexec_fn=die_with_parent)
        if done.returncode != 0:
            sys.exit(done.returncode)
        return json.loads(done.stdout)


COLUMNS = ("load", "offered/s", "accepted/s", "refused/s", "deliveries/s", "p50 ms", "p99 ms",
           "retransmitted", "lost", "unanswered", "imcd us", "imcd %", "tool %")


def row(name, result):
    per_second = result["per_second"]
    server = result["server"] or {"cpu_us_per_delivery": 0, "cpu_share": 0}
    return (
        name,
        f"{per_second['offered']:,.0f}",
        f"{per_second['accepted']:,.0f}",
        f"{per_second['refused']:,.0f}",
        f"{per_second['deliveries']:,.0f}",
        f"{result['delivery_ms']['p50']:.1f}",
        f"{result['delivery_ms']['p99']:.1f}",
        f"{result['deliveries']['retransmissions']:,}",
        f"{result['deliveries']['lost']:,}",
        f"{result['messages']['unanswered']:,}",
        f"{server['cpu_us_per_delivery']:.1f}",
        f"{100 * server['cpu_share']:.0f}",
        f"{100 * result['tool']['cpu_share']:.0f}" + (" !" if result["tool"]["bottleneck"] else ""),
    )


def show(cells):
    widths = [max(len(column), 8) for column in COLUMNS]
    print("| " + " | ".join(cell.rjust(width) for cell, width in zip(cells, widths)) + " |", flush=True)


def goodput(arguments):
    results = {}
    if not arguments.json:
        show(COLUMNS)
        print("|" + " ---: |" * len(COLUMNS))
    closed = measure(arguments, f"--members={arguments.members}", f"--outstanding={arguments.outstanding}")
    capacity = closed["per_second"]["accepted"]
    results["closed"] = closed
    if not arguments.json:
        show(row("closed", closed))
    for factor in arguments.factors:
        result = measure(arguments, f"--members={arguments.members}", f"--rate={capacity * factor:.2f}")
        results[f"{factor:g}x"] = result
        if not arguments.json:
            show(row(f"{factor:g}x", result))
    if arguments.json:
        print(json.dumps(results, indent=2))
    elif any(result["tool"]["bottleneck"] for result in results.values()):
        print("! the tool used up its core: these rows say more about the tool than about imcd")


@contextlib.contextmanager
def own_mariadb():
    """A MariaDB server in a scratch directory, as the tests have it; its URL for imcd."""
    sys.path.insert(0, str(ROOT / "tests/e2e"))
    import mariadb  # pylint: disable=import-outside-toplevel

    with tempfile.TemporaryDirectory(prefix="imc-bench-") as scratch:
        server = mariadb.MariaDb(types.SimpleNamespace(path=pathlib.Path(scratch)))
        try:
            yield server.url
        finally:
            server.end()


CHANGE_COLUMNS = ("clients", "changes/s", "p50 ms", "p90 ms", "p99 ms", "refused", "unanswered", "imcd %", "tool %")


def changes(arguments):
    with contextlib.ExitStack() as at_end:
        if arguments.mariadb:
            arguments.imcd.append(f"--db_url={at_end.enter_context(own_mariadb())}")
        measure_changes(arguments)


def measure_changes(arguments):
    results = {}
    if not arguments.json:
        print("| " + " | ".join(CHANGE_COLUMNS) + " |")
        print("|" + " ---: |" * len(CHANGE_COLUMNS))
    for clients in arguments.clients:
        result = results[clients] = measure(arguments, "--changes", "--members=2", f"--rooms={clients}")
        answer = result["answer_ms"]
        if not arguments.json:
            print(
                f"| {clients} | {result['per_second']['accepted']:,.0f} | {answer['p50']:.2f} | {answer['p90']:.2f} | "
                f"{answer['p99']:.2f} | {sum(result['messages']['refused'].values())} | "
                f"{result['messages']['unanswered']} | {100 * result['server']['cpu_share']:.0f} | "
                f"{100 * result['tool']['cpu_share']:.0f} |", flush=True,
            )
    if arguments.json:
        print(json.dumps(results, indent=2))


def attacks(arguments):
    """The others' chat while one user attacks: tools/attacks."""
    sys.dont_write_bytecode = True
    import attacks.report  # pylint: disable=import-outside-toplevel

    attacks.report.run(arguments)


SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


def latency(arguments):
    """Finds what a room takes, offers shares of it, and draws what that does to the latency."""
    members = f"--members={arguments.members}"
    closed = measure(arguments, members, "--outstanding=64")
    capacity = closed["per_second"]["accepted"]
    print("| share of capacity | deliveries/s | p50 ms | p99 ms | p99.9 ms | lost |\n" + "|" + " ---: |" * 6)
    lines = {"p50": [], "p99": [], "p99.9": []}
    for share in SHARES:
        result = measure(arguments, members, f"--rate={capacity * share:.2f}")
        times, rate = result["delivery_ms"], result["per_second"]["deliveries"]
        print(f"| {100 * share:.0f} % | {rate:,.0f} | {times['p50']:.2f} | {times['p99']:.2f} | {times['p999']:.2f} | "
              f"{result['deliveries']['lost']} |", flush=True)
        for name, key in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999")):
            lines[name].append((rate, max(times[key], 0.001)))
    if arguments.svg:
        transport = "TCP" if arguments.tcp else "UDP"
        title = f"Latency of a delivery over {transport} in a room of {arguments.members}"
        pathlib.Path(arguments.svg).write_text(bench_picture.draw(title, "deliveries a second", lines), encoding="utf-8")


def hold_database(server):
    """Another writer has the database for 10 s, while room changes wait for it."""
    time.sleep(4)
    other = sqlite3.connect(server.scratch / "imcd.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    host, port = server.address().split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as user:
        user.connect((host, int(port)))
        for number in range(100):
            user.send((
                f"MESSAGE sip:held{number}@bench.invalid SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKheld{number}\r\nMax-Forwards: 70\r\n"
                f"From: <sip:held@bench.invalid>;tag=1\r\nTo: <sip:held{number}@bench.invalid>\r\n"
                f"Call-ID: held{number}\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
                "Content-Length: 7\r\n\r\n#create").encode())
            time.sleep(0.1)
    other.execute("ROLLBACK")
    other.close()


def outage(arguments):
    load = ("--members=100", f"--rate={arguments.rate}", "--warmup=2")
    print("| database | deliveries/s | p50 ms | p99 ms | p99.9 ms | lost |\n" + "|" + " ---: |" * 6)
    for name, meanwhile in (("well", None), ("held by another for 10 s", hold_database)):
        result = measure(arguments, *load, meanwhile=meanwhile)
        latency = result["delivery_ms"]
        print(f"| {name} | {result['per_second']['deliveries']:,.0f} | {latency['p50']:.2f} | {latency['p99']:.2f} | "
              f"{latency['p999']:.2f} | {result['deliveries']['lost']} |", flush=True)


def instructions_per_delivery(program):
    """By callgrind, in the core alone: what the last 20 of 40 messages to 1,000 members add."""
    def collected(rounds):
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
             "--toggle-collect=*SteadyRoom::call_core*",
             str(program), "--count", str(rounds)],
            capture_output=True, text=True, check=True, preexec_fn=die_with_parent)
        return int(re.search(r"Collected : (\d+)", done.stderr).group(1)), int(done.stdout)
    (first, few), (second, many) = collected(20), collected(40)
    return (second - first) / (many - few)


def core(arguments):
    program = ROOT / arguments.build / "bench/core/core-bench"
    done = subprocess.run([str(program), "--benchmark_format=json", f"--benchmark_min_time={arguments.seconds}"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, preexec_fn=die_with_parent)
    results = json.loads(done.stdout)["benchmarks"]
    instructions = instructions_per_delivery(program) if shutil.which("valgrind") else None
    if arguments.json:
        return print(json.dumps({"benchmarks": results, "instructions_per_delivery": instructions}, indent=2))
    print("| case | ns | ns per delivery |\n| --- | ---: | ---: |")
    for result in results:
        per_delivery = f"{1e9 * result['per_delivery']:,.0f}" if "per_delivery" in result else ""
        print(f"| {result['name'].removesuffix('/manual_time')} | {result['real_time']:,.1f} | {per_delivery} |")
    if instructions is not None:
        print(f"\n{instructions:,.0f} instructions per delivery in a room of 1,000, answer included")


# Rooms, members of each, messages of a room under way at a time.
FANOUT_CASES = ((100, 10, 1), (10, 100, 1), (1, 100, 8), (1, 1000, 1), (1, 1000, 8))


# What is measured in each case. A peer that takes runs of datagrams shows what sending costs by itself.
FANOUT_WAYS = {
    "imcd UDP": {},
    "Kamailio UDP": {"kamailio": True},
    "imcd TCP": {"tcp": True},
    "Kamailio TCP": {"kamailio": True, "tcp": True},
    "imcd UDP, runs": {"runs": True},
}


def fanout_run(arguments, load, runs=False, tcp=False, **way):
    # Kamailio keeps finished transactions for 5 s: before that has passed its memory grows, which costs more.
    warmup = 6 if way.get("kamailio") else 2
    return measure(arguments, *load, f"--warmup={warmup}", *(["--runs"] if runs else []), tcp=tcp, **way)


def fanout(arguments):
    """Alternates the servers run by run, so that what else the machine does meets all alike."""
    columns = ["rooms x members", "outstanding"]
    for transport in ("UDP", "TCP"):
        columns += [f"imcd {transport} us", f"Kamailio {transport} us", "ratio"]
    columns += ["imcd UDP, runs, us", *(f"{name} deliveries/s" for name in ("imcd UDP", "Kamailio UDP", "imcd TCP"))]
    print("| " + " | ".join(columns) + " |\n|" + " ---: |" * len(columns))
    results = []
    for rooms, members, outstanding in FANOUT_CASES:
        load = (f"--rooms={rooms}", f"--members={members}", f"--outstanding={outstanding}", "--receive-buffer=16777216")
        done = {name: [] for name in FANOUT_WAYS}
        for _ in range(arguments.runs):
            for name, way in FANOUT_WAYS.items():
                done[name].append(fanout_run(arguments, load, **way))
        cpu = {name: statistics.median(run["server"]["cpu_us_per_delivery"] for run in runs) for name, runs in done.items()}
        rate = {name: statistics.median(run["per_second"]["deliveries"] for run in runs) for name, runs in done.items()}
        cells = [f"{rooms} x {members}", str(outstanding)]
        for transport in ("UDP", "TCP"):
            ours, theirs = cpu[f"imcd {transport}"], cpu[f"Kamailio {transport}"]
            cells += [f"{ours:.2f}", f"{theirs:.1f}", f"{theirs / ours:.1f}"]
        cells += [f"{cpu['imcd UDP, runs']:.2f}"]
        cells += [f"{rate[name]:,.0f}" for name in ("imcd UDP", "Kamailio UDP", "imcd TCP")]
        print("| " + " | ".join(cells) + " |", flush=True)
        results.append({"rooms": rooms, "members": members, "outstanding": outstanding, "runs": done})
    if arguments.json:
        print(json.dumps(results, indent=2))


def add_common(command):
    command.add_argument("--seconds", type=float, default=10, help="counted for each row")
    command.add_argument("--build", default="build", help="build directory")
    command.add_argument("--no-build", action="store_true", help="measure what is there")
    command.add_argument("--json", action="store_true", help="print all figures instead of the table")
    command.add_argument("--tcp", action="store_true", help="over TCP (fanout does both anyway)")
    command.add_argument("--imcd", action="append", default=[], metavar="OPTION", help="a further option of imcd")


def main():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("goodput", help="deliveries at and beyond capacity")
    command.add_argument("--members", type=int, default=100, help="of the room (default: %(default)s)")
    command.add_argument("--outstanding", type=int, default=64, help="messages, while capacity is sought")
    command.add_argument("--factors", type=float, nargs="+", default=[1, 2, 5, 10], help="of that capacity")
    command.add_argument("--body", type=int, default=64, help="bytes of a text")
    add_common(command)
    command.set_defaults(run=goodput)
    command = commands.add_parser("fanout", help="CPU time of a delivery, beside Kamailio")
    command.add_argument("--runs", type=int, default=3, help="of each server and case; medians are printed")
    command.add_argument("--body", type=int, default=64, help="bytes of a text")
    add_common(command)
    command.set_defaults(run=fanout)
    command = commands.add_parser("latency", help="latency against load, with a picture")
    command.add_argument("--members", type=int, default=100, help="of the room (default: %(default)s)")
    command.add_argument("--body", type=int, default=64, help="bytes of a text")
    command.add_argument("--svg", metavar="FILE", help="draw it into this file")
    add_common(command)
    command.set_defaults(run=latency)
    command = commands.add_parser("outage", help="chat latency while the database does not answer")
    command.add_argument("--rate", type=float, default=200, help="messages a second to a room of 100")
    command.add_argument("--body", type=int, default=64, help="bytes of a text")
    add_common(command)
    command.set_defaults(run=outage, seconds=16)
    command = commands.add_parser("core", help="the core in memory: a delivery and its parts, without the kernel")
    add_common(command)
    command.set_defaults(run=core, seconds=0.5)
    command = commands.add_parser("changes", help="room changes a second, and their latency")
    command.add_argument("--clients", type=int, nargs="+", default=[1, 10, 100], help="one change at a time each")
    command.add_argument("--mariadb", action="store_true", help="on a MariaDB server of its own; else SQLite")
    add_common(command)
    command.set_defaults(run=changes, body=64)
    command = commands.add_parser("attacks", help="the others' chat while one user attacks, with default options")
    command.add_argument("--only", metavar="ROW,...", help="these rows of the table")
    command.add_argument("--seconds", type=float, default=10, help="of each attack at least, and half of that before it")
    command.add_argument("--build", default="build", help="build directory")
    command.add_argument("--no-build", action="store_true", help="attack what is there")
    command.add_argument("--json", action="store_true", help="print all figures instead of the table")
    command.add_argument("--imcd", action="append", default=[], metavar="OPTION", help="a further option of imcd")
    command.set_defaults(run=attacks)
    command = commands.add_parser("parser", help="time and instructions to parse a message, beside others")
    command.add_argument("--build", default="build-bench", help="build directory")
    command.add_argument("--no-build", action="store_true", help="measure what is there")
    command.add_argument("--json", action="store_true", help="print all figures instead of the table")
    command.set_defaults(run=bench_parser.parser)
    arguments = parser.parse_args()
    if not arguments.no_build:
        packages = '"${bench_packages[@]}"'
        if arguments.command == "fanout":
            packages += ' "${kamailio_packages[@]}"'
        if arguments.command == "changes" and arguments.mariadb:
            packages += " mariadb-server"
        if arguments.command == "parser":
            packages += ' "${parser_bench_packages[@]}"'
            build(arguments.build, packages, "bench/parser/parser-bench", "-Dbench=enabled")
        elif arguments.command == "attacks":
            build(arguments.build, packages, "src/imcd")
        else:
            build(arguments.build, packages)
    arguments.run(arguments)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
