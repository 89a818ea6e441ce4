"""Runs the attacks and prints what became of the others."""
import json
import sys
import time
import traceback

from attacks import edges, files, names, shares, stage, weather
from attacks.good_room import INTERVAL

# What issue and operators ask of imcd, whatever one user does.
P99_MS = 1000
# imcd may grow by so much under an attack.
GROWTH_MIB = 512


def all_attacks():
    found = [*names.ATTACKS, *shares.ATTACKS, *weather.ATTACKS, *edges.ATTACKS, *files.ATTACKS]
    return sorted(found, key=lambda attack: attack.row)


def wanted(attacks, only):
    if not only:
        return attacks
    rows = {int(row) for row in only.split(",")}
    return [attack for attack in attacks if attack.row in rows]


def faults(played):
    """What is wrong, in words of the table; nothing where imcd held."""
    found = []
    if not played.is_alive():
        found.append("imcd ended")
    good = played.under
    if good and (good["ok"] < good["sent"] or good["lost"] or good["doubled"] or (good["ms"]["p99"] or 0) > P99_MS):
        found.append("others hurt")
    # Who hardly spoke shows nothing: the tool stood still, or the machine.
    if good and good["sent"] < played.seconds / INTERVAL / 2:
        found.append("not measured")
    if played.memory and played.memory.peak - played.memory.before > GROWTH_MIB:
        found.append("memory")
    if not all(is_so for _, is_so, _ in played.checks):
        found.append("not right")
    return found


def play(attack, seconds, options):
    """One attack on a stage of its own."""
    played = stage.Stage(seconds, options)
    begin = time.monotonic()
    try:
        attack.run(played)
        found = faults(played)
    except Exception as error:  # pylint: disable=broad-except
        # An imcd that has ended is a result; anything else is a fault of ours, told with the row.
        found = ["imcd ended"] if played.imcd and not played.is_alive() else ["failed"]
        played.note(f"{type(error).__name__}: {error}")
        if found == ["failed"]:
            traceback.print_exc()
    finally:
        log = list(played.imcd.log) if played.imcd else []
        played.close()
    memory = played.memory
    if memory and memory.is_stopped:
        played.note(f"imcd was ended at {stage.MEMORY_STOP_MIB} MiB")
    if "imcd ended" in found:
        played.notes += [f"log: {line}" for line in log[-3:]]
    return {
        "row": attack.row, "attack": attack.title, "before": played.before, "under": played.under,
        "memory_mib": {"before": memory.before, "peak": memory.peak} if memory else None,
        "verdict": f"skipped: {played.skipped}" if played.skipped else ", ".join(found) or "held",
        "checks": [{"what": what, "is_so": is_so, "seen": seen} for what, is_so, seen in played.checks],
        "notes": played.notes, "seconds": time.monotonic() - begin,
    }


COLUMNS = ("row", "attack", "p99 before", "p99 under", "max under", "200s", "lost", "doubled", "MiB", "verdict")


def milliseconds(phase, name="p99"):
    value = phase["ms"][name] if phase else None
    return "" if value is None else f"{value:,.1f}"


def table_row(result):
    under, memory = result["under"], result["memory_mib"]
    cells = [
        result["row"], result["attack"], milliseconds(result["before"]),
        milliseconds(under), milliseconds(under, "max"),
        f"{under['ok']} of {under['sent']}" if under else "", under["lost"] if under else "",
        under["doubled"] if under else "", f"{memory['before']:,.0f} to {memory['peak']:,.0f}" if memory else "",
        result["verdict"],
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def detail(result):
    """Lines below the table: what should be, what was seen."""
    lines = []
    for check in result["checks"]:
        lines.append(f"{'yes' if check['is_so'] else 'NO '}  {check['what']}: {check['seen']}")
    if result["under"] and result["under"]["ok"] < result["under"]["sent"]:
        codes = ", ".join(f"{count} x {code or 'no answer'}" for code, count in result["under"]["codes"].items())
        lines.append(f"     the good speaker's lines: {codes}")
    lines += [f"     {note}" for note in result["notes"]]
    return [f"row {result['row']}, {result['attack']} ({result['seconds']:.0f} s)", *[f"  {line}" for line in lines]]


def run(arguments):
    """tools/bench attacks"""
    stage.daemon.IMCD = str((stage.ROOT / arguments.build / "src/imcd").resolve())
    chosen = wanted(all_attacks(), arguments.only)
    if not chosen:
        sys.exit("no such row")
    results = []
    if not arguments.json:
        print("| " + " | ".join(COLUMNS) + " |\n| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for attack in chosen:
        result = play(attack, arguments.seconds, arguments.imcd)
        results.append(result)
        if not arguments.json:
            print(table_row(result), flush=True)
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        print()
        for result in results:
            print("\n".join(detail(result)), flush=True)
