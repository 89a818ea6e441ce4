#!/usr/bin/env python3
"""tools/bench attacks in small: one attack is played to its end, and the good users beside it are measured."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from attacks import report


class AttacksTest(unittest.TestCase):
    def play(self, row):
        [chosen] = report.wanted(report.all_attacks(), str(row))
        return report.play(chosen, 2, [])

    def test_an_attack_is_played_beside_users_who_chat(self):
        result = self.play(4)
        for phase in (result["before"], result["under"]):
            self.assertGreater(phase["sent"], 0)
            self.assertEqual((phase["ok"], phase["lost"], phase["doubled"]), (phase["sent"], 0, 0))
            # Nine others hear each line.
            self.assertEqual(phase["deliveries"], 9 * phase["sent"])
        self.assertNotIn("failed", result["verdict"])
        self.assertEqual(len(result["checks"]), 6)
        self.assertIn(f"| 4 | {result['attack']} |", report.table_row(result))

    def test_every_row_of_the_table_has_an_attack(self):
        self.assertEqual({attack.row for attack in report.all_attacks()}, set(range(1, 22)))


if __name__ == "__main__":
    unittest.main()
