#!/usr/bin/env python3
"""Tables in an object store: a server that speaks S3 on this machine (moto).
usage: tests/arrow/stores_test.py SCORIA [unittest's options]"""

import json
import logging
import os

import pyarrow.csv
import pyarrow.parquet as pq
from moto.server import ThreadedMotoServer
from pyarrow import fs

import program
from program import MODEL, ROWS, ProgramTest, scoria

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1"}


class S3(ProgramTest):
    @classmethod
    def setUpClass(cls):
        os.environ.update(KEYS)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        cls.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        cls.server.start()
        host, port = cls.server.get_host_and_port()
        cls.query = f"?scheme=http&endpoint_override={host}:{port}&allow_bucket_creation=true"
        cls.store = fs.S3FileSystem(endpoint_override=f"{host}:{port}", scheme="http", allow_bucket_creation=True)
        cls.store.create_dir("rows")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def uri(self, name):
        return f"s3://rows/{name}{self.query}"

    def names(self):
        return [entry.base_name for entry in self.store.get_file_info(fs.FileSelector("rows", recursive=True))]

    def test_every_format_is_read_from_a_store(self):
        table = pyarrow.csv.read_csv(ROWS)
        pq.write_table(table, "rows/in.parquet", filesystem=self.store, row_group_size=7)
        with self.store.open_output_stream("rows/in.arrow") as out, pyarrow.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
        with self.store.open_output_stream("rows/in.csv") as out:
            out.write(ROWS.read_bytes())
        for name in ["in.parquet", "in.arrow", "in.csv"]:
            self.assertEqual(self.score(self.uri(name)), self.score(ROWS), name)

    def test_what_is_written_to_a_store_is_read_from_it(self):
        expected = pyarrow.csv.read_csv(pyarrow.BufferReader(self.score(ROWS).encode()))
        self.score(ROWS, "-o", self.uri("out.parquet"))
        self.assertEqual(pq.read_table("rows/out.parquet", filesystem=self.store)["link"], expected["link"])
        self.score(ROWS, "-o", self.uri("out.csv"))
        with self.store.open_input_stream("rows/out.csv") as stream:
            self.assertEqual(stream.read().decode(), self.score(ROWS))

    def test_a_plan_reads_and_writes_a_store(self):
        pq.write_table(pyarrow.csv.read_csv(ROWS), "rows/plan.parquet", filesystem=self.store)
        plan = self.folder / "plan.yaml"
        plan.write_text(f"name: store\ninput: {{rows: \"{self.uri('plan.parquet')}\"}}\nfeatures: {{from: [rows]}}\n"
                        f"models: {{file: {MODEL}, column: link}}\ncolumns: [a]\noutput: \"{self.uri('planned.parquet')}\"\n")
        code, out, err = scoria("run", plan)
        self.assertEqual(code, 0, out + err)
        expected = pyarrow.csv.read_csv(pyarrow.BufferReader(self.score(ROWS).encode()))
        self.assertEqual(pq.read_table("rows/planned.parquet", filesystem=self.store)["link"], expected["link"])
        with self.store.open_input_stream("rows/planned.parquet.run.json") as stream:
            self.assertEqual(json.loads(stream.read())["rows"], expected.num_rows)

    def test_a_failed_run_leaves_no_object(self):
        bad = self.folder / "bad.csv"
        bad.write_text("a,b\n" + "1,2\n" * 200_000 + "1,x\n")
        for name in ["bad.parquet", "bad.csv"]:
            self.refused("bad.csv", bad, "-o", self.uri(name))
            self.assertNotIn(name, self.names())

    def test_errors_name_the_object_and_no_secret(self):
        code, _, err = scoria("score", MODEL, self.uri("absent.parquet"))
        self.assertEqual(code, 1)
        self.assertIn("s3://rows/absent.parquet", err)
        with_secret = self.uri("absent.parquet").replace("s3://", "s3://somebody:open-sesame@")
        code, _, err = scoria("score", MODEL, with_secret)
        self.assertEqual(code, 1)
        self.assertNotIn("open-sesame", err)


if __name__ == "__main__":
    program.main()
