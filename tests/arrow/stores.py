"""What each object store must do, whoever runs it. A store's own test gives a server on this machine, a client of pyarrow for it, and URIs."""

import json
import socket
import subprocess
import time

import pyarrow.csv
import pyarrow.parquet as pq
from pyarrow import fs

from program import MODEL, ROWS, ProgramTest, scoria


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_server(command, port):
    """A server that is told to listen on a port of 127.0.0.1, once it does."""
    server = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.1)
    server.kill()
    raise RuntimeError(f"{command[0]} does not listen on port {port}")


def expected_table():
    code, out, err = scoria("score", MODEL, ROWS)
    assert code == 0, err
    return pyarrow.csv.read_csv(pyarrow.BufferReader(out.encode()))


class Store:
    """The tests that every store runs; a mixin of a ProgramTest with `store` (a client with a bucket "rows"), `uri(name)`, `shown(name)`, and
    `secrets`, which must appear nowhere."""

    answers_one_request_at_a_time = False

    def names(self):
        return sorted(entry.path for entry in self.store.get_file_info(fs.FileSelector("rows", recursive=True)))

    def bytes_of(self, name):
        with self.store.open_input_stream(f"rows/{name}") as stream:
            return stream.read()

    def put(self, name, content):
        with self.store.open_output_stream(f"rows/{name}") as out:
            out.write(content)

    def no_secret_in(self, text):
        for secret in self.secrets:
            self.assertNotIn(secret, text)

    def test_every_format_is_read_from_a_store(self):
        table = pyarrow.csv.read_csv(ROWS)
        pq.write_table(table, "rows/in.parquet", filesystem=self.store, row_group_size=7)
        with self.store.open_output_stream("rows/in.arrow") as out, pyarrow.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
        self.put("in.csv", ROWS.read_bytes())
        for name in ["in.parquet", "in.arrow", "in.csv"]:
            self.assertEqual(self.score(self.uri(name)), self.score(ROWS), name)

    def test_what_is_written_to_a_store_is_read_from_it(self):
        self.score(ROWS, "-o", self.uri("new/out.parquet"))
        self.assertEqual(pq.read_table("rows/new/out.parquet", filesystem=self.store)["link"], expected_table()["link"])
        self.score(ROWS, "-o", self.uri("out.csv"))
        self.assertEqual(self.bytes_of("out.csv").decode(), self.score(ROWS))

    def test_many_megabytes_go_out_and_in(self):
        header, *rows = ROWS.read_text().splitlines(keepends=True)
        large = self.folder / "large.csv"
        large.write_text(header + "".join(rows) * (800_000 // len(rows)))
        local = self.folder / "local.csv"
        self.score(large, "-o", local)
        self.assertGreater(local.stat().st_size, 12 << 20)
        self.put("large.csv", large.read_bytes())
        if self.answers_one_request_at_a_time:
            self.assertEqual(self.score(self.uri("large.csv")), local.read_text())
            self.score(large, "-o", self.uri("large-out.csv"))
        else:
            self.score(self.uri("large.csv"), "-o", self.uri("large-out.csv"))
        self.assertEqual(self.bytes_of("large-out.csv"), local.read_bytes())

    def test_an_output_replaces_an_older_one(self):
        self.put("again.csv", b"old")
        self.score(ROWS, "-o", self.uri("again.csv"))
        self.assertEqual(self.bytes_of("again.csv").decode(), self.score(ROWS))
        self.assertEqual([name for name in self.names() if name.startswith("rows/again.csv")], ["rows/again.csv"])

    def test_a_plan_reads_and_writes_a_store(self):
        pq.write_table(pyarrow.csv.read_csv(ROWS), "rows/plan.parquet", filesystem=self.store)
        plan = self.folder / "plan.yaml"
        plan.write_text(f"name: store\ninput: {{rows: \"{self.uri('plan.parquet')}\"}}\nfeatures: {{from: [rows]}}\n"
                        f"models: {{file: {MODEL}, column: link}}\ncolumns: [a]\noutput: \"{self.uri('planned.parquet')}\"\n")
        code, out, err = scoria("run", plan)
        self.assertEqual(code, 0, out + err)
        self.no_secret_in(out + err)
        found = pq.read_table("rows/planned.parquet", filesystem=self.store)
        self.assertEqual(found["link"], expected_table()["link"])
        self.no_secret_in(found.schema.metadata[b"scoria"].decode())
        record = self.bytes_of("planned.parquet.run.json").decode()
        self.assertEqual(json.loads(record)["rows"], found.num_rows)
        self.no_secret_in(record)

    def test_provenance_holds_no_secret(self):
        self.put("from.csv", ROWS.read_bytes())
        self.score(self.uri("from.csv"), "-o", self.uri("told.parquet"))
        told = pq.read_schema("rows/told.parquet", filesystem=self.store).metadata[b"scoria"].decode()
        self.assertEqual(json.loads(told)["input"], self.shown("from.csv"))
        self.no_secret_in(told)

    def test_a_failed_run_leaves_nothing_behind(self):
        bad = self.folder / "bad.csv"
        bad.write_text("a,b\n" + "1,2\n" * 200_000 + "1,x\n")
        large = self.folder / "large.csv"
        large.write_text("a,b\n" + "1,2\n" * 2_000_000 + "1,x\n")
        self.put("kept.csv", b"an older answer")
        before = self.names()
        for rows, name in [(bad, "bad.parquet"), (bad, "bad.csv"), (large, "bad/deep.csv"), (bad, "kept.csv")]:
            self.refused(rows.name, rows, "-o", self.uri(name))
            self.assertEqual(self.names(), before, name)
        self.assertEqual(self.bytes_of("kept.csv"), b"an older answer")

    def test_an_absent_object_is_named_without_secrets(self):
        for name in ["absent.parquet", "absent.csv"]:
            code, out, err = scoria("score", MODEL, self.uri(name))
            self.assertEqual((code, out), (1, ""))
            self.assertIn(self.shown(name), err)
            self.no_secret_in(err)

    def test_an_absent_bucket_is_refused(self):
        code, _, err = scoria("score", MODEL, ROWS, "-o", self.uri("x.csv").replace("rows/", "absent/"))
        self.assertEqual(code, 1)
        self.assertIn(self.shown("x.csv").replace("rows/", "absent/"), err)
