"""tools/fuzz [TARGET [SECONDS]]: fuzzes one part of imcd, for a minute if nothing else is said.

Without a target it lists them. The inputs that led somewhere new are kept in build-fuzz/corpus/TARGET
and are where the next run begins. A finding ends the run and stays in fuzz-findings; docs/FUZZING.md
says what to do with it. Ctrl-C ends a run in order.
"""
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-fuzz"
FINDINGS = ROOT / "fuzz-findings"
MEMORY_MB = 3000

TARGETS = {
    "chat_command": "the line of a chat command",
    "config": "a configuration file",
    "cpim": "a message/cpim body",
    "header_values": "values of From, Via and CSeq, and text to be written",
    "message": "a datagram, to the parser",
    "mi": "bytes of the management FIFO",
    "server": "the whole server: datagrams, time, commit results",
    "stream": "the bytes of a stream connection",
    "uri": "a URI",
}

# libFuzzer's lines: "#4096  pulse  cov: 516 ft: 1843 corp: 421/69Kb lim: 53 exec/s: 2048 rss: 99Mb".
PROGRESS = re.compile(r"^#(\d+)\s.*?cov: (\d+) .*?corp: (\d+)/.*?exec/s: (\d+)")


def fail(sentence):
    print(f"fuzz: {sentence}", file=sys.stderr)
    sys.exit(2)


def read_arguments(arguments):
    if not arguments:
        print(__doc__.strip().split("\n\n")[0] + "\n")
        for name, text in TARGETS.items():
            print(f"  {name:14} {text}")
        sys.exit(0)
    target, *rest = arguments
    if target not in TARGETS:
        fail(f"there is no target {target}; there are {', '.join(TARGETS)}")
    if len(rest) > 1 or (rest and not re.fullmatch(r"[1-9]\d{0,6}", rest[0])):
        fail(f"after the target comes a number of seconds, not {' '.join(rest)}")
    return target, int(rest[0]) if rest else 60


def build(target):
    script = f"""
        set -e
        source tools/packages.sh
        ensure_packages "${{fuzz_packages[@]}}"
        CXX=clang++-19 ensure_build build-fuzz --buildtype=debug -Doptimization=1 -Dfuzzers=true \\
          -Dbench=disabled -Dmysql=disabled -Dtools=disabled \\
          -Db_sanitize=address,undefined -Db_lundef=false >&2
        ninja -C build-fuzz fuzz/fuzz_{target} fuzz/replay_{target} >&2
    """
    if subprocess.run(["bash", "-c", script], cwd=ROOT, check=False).returncode != 0:
        fail("the build failed")
    seeds = BUILD / "seeds" / target
    subprocess.run([BUILD / "fuzz" / f"replay_{target}", "--write", seeds], check=True)
    return seeds


def command(target, seconds, seeds):
    corpus = BUILD / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    FINDINGS.mkdir(exist_ok=True)
    directories = [corpus, seeds, ROOT / "fuzz" / "corpus" / target]
    return [
        BUILD / "fuzz" / f"fuzz_{target}",
        f"-max_total_time={seconds}",
        f"-dict={ROOT / 'fuzz' / 'sip.dict'}",
        f"-artifact_prefix={FINDINGS}/{target}-",
        f"-rss_limit_mb={MEMORY_MB}",
        "-timeout=20",
        *(directory for directory in directories if directory.is_dir()),
    ]


def show(target, start, seconds, found):
    inputs, edges, corpus, rate = (int(number) for number in found.groups())
    passed = int(time.monotonic() - start)
    line = (f"{target}: {passed} of {seconds} s, {inputs:,} inputs, {rate:,} a second, "
            f"{edges:,} edges, {corpus:,} inputs kept")
    if sys.stdout.isatty():
        print(f"\r\x1b[K{line}", end="", flush=True)
    return line


def run(target, seconds, seeds):
    start = time.monotonic()
    process = subprocess.Popen(command(target, seconds, seeds), stderr=subprocess.PIPE,
                               text=True, errors="replace", start_new_session=True)
    line = f"{target}: no input was tried"
    report = []
    stopped = False

    def stop(*_):
        nonlocal stopped
        stopped = True
        process.send_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    for text in process.stderr:
        if found := PROGRESS.match(text):
            line = show(target, start, seconds, found)
        elif not text.startswith(("INFO", "#", "\tNEW_FUNC", "DICT", "Dictionary")):
            report.append(text)
    code = process.wait()
    print(f"\r\x1b[K{line}" if sys.stdout.isatty() else line)
    if stopped:
        print("stopped; nothing was found")
        return 130
    if code == 0:
        print("nothing was found")
        return 0
    print("".join(report), end="", file=sys.stderr)
    print(f"\n{target}: a finding; docs/FUZZING.md says what to do with it", file=sys.stderr)
    return 1


def main():
    target, seconds = read_arguments(sys.argv[1:])
    return run(target, seconds, build(target))


if __name__ == "__main__":
    sys.exit(main())
