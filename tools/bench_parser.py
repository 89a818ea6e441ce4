"""The `parser` word of tools/bench: nanoseconds and instructions a message, beside other parsers.

Instructions come from callgrind, as the difference of two runs that differ in nothing but how often
they read the message. Time comes from Google Benchmark, the median of several runs in turn, as the
machine may do other work.
"""
import json
import re
import subprocess
import sys

FEW, MANY = 200, 1200


def output_of(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n" + done.stderr.decode())
    return done


def instructions(binary, reader, message):
    """Of one reading."""
    def collected(times):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                   binary, "--count", reader, message, str(times)]
        return int(re.search(r"Collected : (\d+)", output_of(command).stderr.decode()).group(1))

    return (collected(MANY) - collected(FEW)) // (MANY - FEW)


def nanoseconds(binary):
    """CPU time of one reading, by reader and message."""
    command = [binary, "--benchmark_format=json", "--benchmark_repetitions=7", "--benchmark_min_time=0.05",
               "--benchmark_enable_random_interleaving=true", "--benchmark_report_aggregates_only=true"]
    cases = json.loads(output_of(command).stdout)["benchmarks"]
    return {case["run_name"]: case["cpu_time"] for case in cases if case["aggregate_name"] == "median"}


def parser(arguments):
    binary = f"{arguments.build}/bench/parser/parser-bench"
    times = nanoseconds(binary)
    rows = []
    for line in output_of([binary, "--list"]).stdout.decode().split("\n")[:-1]:
        reader, message, size = line.split()
        rows.append({"message": message, "bytes": int(size), "parser": reader,
                     "ns": round(times[f"{reader}/{message}"]),
                     "instructions": instructions(binary, reader, message)})
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    print("| message | bytes | parser | ns | instructions |\n| --- | ---: | --- | ---: | ---: |")
    for row in rows:
        print(f"| {row['message']} | {row['bytes']} | {row['parser']} | {row['ns']:,} | {row['instructions']:,} |")
