#!/usr/bin/env python3
"""The load generator against the real imcd, in small: it counts what was delivered, and its reports add up."""
import json
import os
import pathlib
import re
import socket
import subprocess
import unittest

from daemon import ImcdTest

IMC_BENCH = os.environ.get(
    "IMC_BENCH", str(pathlib.Path(__file__).resolve().parents[2] / "build/tools/imc_bench/imc-bench"))


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench(ImcdTest):
    transport = "udp"

    def setUp(self):
        super().setUp()
        self.proxy = f"127.0.0.1:{free_port()}"
        self.start("--listen=tcp:127.0.0.1:0", f"--outbound_proxy={self.proxy};transport={self.transport}",
                   "--room_rate=0", "--user_rate=0")
        ready = next(line for line in self.daemon.log if "imcd ready:" in line)
        self.server = re.search(rf" {self.transport}:(\S+)", ready).group(1)

    def bench(self, *options, code=0):
        done = subprocess.run(
            [IMC_BENCH, f"--server={self.server}", f"--listen={self.proxy}", "--warmup=0.2", *options],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done


class BenchTest(Bench):
    def test_a_closed_loop_delivers_each_message_once_to_everybody(self):
        result = json.loads(self.bench("--json", "--rooms=2", "--members=5", "--duration=1").stdout)
        messages, deliveries = result["messages"], result["deliveries"]
        self.assertGreater(messages["accepted"], 10)
        self.assertEqual(messages["offered"], messages["accepted"])
        self.assertEqual(deliveries["received"], 4 * messages["accepted"])
        self.assertEqual((deliveries["lost"], deliveries["duplicates"], deliveries["strays"]), (0, 0, 0))

    def test_changes_are_counted_and_become_durable(self):
        result = json.loads(self.bench("--json", "--changes", "--rooms=4", "--members=2", "--duration=1").stdout)
        self.assertGreater(result["messages"]["accepted"], 20)
        self.assertEqual(result["answer_ms"]["count"], result["messages"]["accepted"])
        self.assertEqual(result["messages"]["refused"], {})

    def test_an_open_loop_says_what_was_offered_and_reads_well(self):
        text = self.bench("--members=3", "--rate=50", "--duration=1").stdout
        self.assertRegex(text, r"\A1 x 3 members, 64-byte texts, open loop, 50 messages/s; counted for 1\.0 s\n")
        self.assertRegex(text, r"\ndeliveries +0 lost,")

    def test_silent_members_cost_nobody_else_a_message(self):
        result = json.loads(self.bench("--json", "--members=10", "--silent-share=0.2", "--duration=1", "--drain=1").stdout)
        self.assertEqual(result["deliveries"]["lost"], 0)
        self.assertGreater(result["messages"]["accepted"], 10)

    def test_wrong_options_are_told(self):
        self.assertIn("--members", self.bench("--members=1", code=2).stderr)
        self.assertIn("--rate", self.bench("--changes", "--rate=5", code=2).stderr)


class OverTcp(Bench):
    transport = "tcp"

    def test_each_message_is_delivered_once_to_everybody(self):
        result = json.loads(self.bench("--json", "--tcp", "--rooms=2", "--members=50", "--duration=1").stdout)
        messages, deliveries = result["messages"], result["deliveries"]
        self.assertGreater(messages["accepted"], 10)
        self.assertEqual(deliveries["received"], 49 * messages["accepted"])
        self.assertEqual((deliveries["lost"], deliveries["duplicates"], deliveries["strays"]), (0, 0, 0))


if __name__ == "__main__":
    unittest.main()
