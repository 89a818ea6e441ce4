"""tools/bench attacks: what one bad user can do to the others, with the real program over loopback.

Each attack is a function of one of the modules here (names, shares, weather, edges, files), marked with `@attack`. It
is given a Stage: a running imcd with default options, a proxy in front of it that is played here, and a good room whose
chat is measured before the attack and under it. report.py runs them and prints the table.
"""
