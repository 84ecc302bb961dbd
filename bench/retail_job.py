"""The retail forecast as a job of many product groups: the same data under many names, for scoria and for R."""
import os
import struct
import subprocess
import time

import paired


class Job:
    def __init__(self, root, data, work, groups):
        """data: folder with history/, futurex/ and models/ of one product group; work: folder to make the job in."""
        self.root, self.data, self.work, self.groups = root, data, work, groups
        self.plan = os.path.join(work, "plan.yaml")

    def prepare(self):
        """Links the group's files under a name for each group, and writes a plan that reads them."""
        for part in ("history", "futurex"):
            folder = os.path.join(self.work, "data", part)
            os.makedirs(folder, exist_ok=True)
            for group in range(1, self.groups + 1):
                link = os.path.join(folder, "product%d.csv" % group)
                if not os.path.lexists(link):
                    os.symlink(os.path.join(self.data, part, "product1.csv"), link)
        text = open(os.path.join(self.root, "examples/retail-forecast/plan.yaml")).read()
        text = text.replace(".csv.gz", ".csv").replace("models/", os.path.join(self.data, "models") + "/")
        with open(self.plan, "w") as file:
            file.write(text.split("\nreport:")[0] + "\n")

    def names(self, count):
        return ["product%d" % group for group in range(1, count + 1)]

    def run_ours(self, scoria, arguments, count=None):
        """Seconds of one run from the start of the process to its end."""
        began = time.perf_counter()
        only = ["--only", ",".join(self.names(count))] if count else []
        done = subprocess.run([scoria, "run", self.plan] + arguments + only, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return time.perf_counter() - began

    def run_r(self, count):
        """The phases' seconds of R on the first `count` groups."""
        out = os.path.join(self.work, "out-r")
        return paired.run_json(["Rscript", os.path.join(self.root, "bench/retail_r.R"), os.path.join(self.work, "data"),
                                os.path.join(self.data, "models"), out] + self.names(count))

    def check(self, expected):
        """Counts our forecasts that differ from R's bits; expected: column blocks q5..q95, rows by sku, store, week."""
        with open(expected, "rb") as file:
            numbers = file.read()
        theirs = struct.unpack("<%dd" % (len(numbers) // 8), numbers)
        rows = len(theirs) // 5
        differ = 0
        for name in self.names(self.groups):
            with open(os.path.join(self.work, "out", name + ".csv")) as file:
                header = file.readline().strip().split(",")
                first = header.index("q5")
                for i, line in enumerate(file):
                    cells = line.rstrip("\n").split(",")
                    differ += sum(float(cells[first + k]) != theirs[k * rows + i] for k in range(5))
            if i + 1 != rows:
                raise SystemExit("%s has %d rows, %d were expected" % (name, i + 1, rows))
        return differ, rows * 5 * self.groups
