"""Runs two or more programs in turn, so that a machine whose speed drifts slows all of them alike, and compares their medians.

Every program prints one JSON object as its last line; `figure` picks the number to compare. Standard library only.
"""
import json
import os
import statistics
import subprocess
import sys


def machine():
    """One line about where this ran: processor, cores, compiler, commit."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown processor")
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True).stdout.splitlines()[:1]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return "%s, %d cores, load %.1f; %s; commit %s" % (model, os.cpu_count(), os.getloadavg()[0], "".join(compiler), commit or "none")


def run_json(command, **options):
    """The JSON object on the command's last line; the program's own error ends the benchmark."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit("%s\nfailed with %d: %s" % (" ".join(command), done.returncode, done.stderr.strip()[-2000:]))
    return json.loads(done.stdout.strip().splitlines()[-1])


class Side:
    def __init__(self, name, run):
        self.name, self.run, self.figures = name, run, []

    def median(self):
        return statistics.median(self.figures)

    def spread(self):
        return "%.4g [%.4g..%.4g]" % (self.median(), min(self.figures), max(self.figures))


def interleave(sides, rounds):
    """Calls each side's run() once a round; run() returns the figure (smaller is better)."""
    for _ in range(rounds):
        for side in sides:
            side.figures.append(side.run())


def report(title, unit, baseline, sides):
    """One line a side, with the ratio to the baseline taken round by round."""
    print("%s (%s, n=%d)" % (title, unit, len(baseline.figures)))
    for side in [baseline] + sides:
        ratios = [b / s for b, s in zip(baseline.figures, side.figures)]
        against = "" if side is baseline else "   %.3gx [%.3g..%.3g]" % (statistics.median(ratios), min(ratios), max(ratios))
        print("  %-32s %s%s" % (side.name, side.spread(), against))
    sys.stdout.flush()
