"""The files of a checkout and how a check reports: shared by the scripts beside it."""

import argparse
import pathlib
import subprocess
import sys


class Checkout:
    """The files git knows or would add, so that a check sees what a commit could hold and nothing that was built."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        listing = subprocess.run(
            ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True, text=True).stdout
        self.files = sorted(name for name in set(listing.split("\0")) if name and (self.root / name).is_file())
        self.problems = []

    def ending(self, *endings):
        return [name for name in self.files if name.endswith(endings)]

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8")

    def lines(self, name):
        return self.text(name).split("\n")

    def has(self, name):
        return (self.root / name).exists()

    def problem(self, where, what):
        self.problems.append(f"{where}: {what}")


def main(check, description):
    """Runs check(checkout) on the tree given with --root; exits with 1 when it found problems."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent, help="the checkout to look at")
    checkout = Checkout(parser.parse_args().root)
    check(checkout)
    for problem in checkout.problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if checkout.problems else 0)
