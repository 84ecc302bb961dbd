#!/usr/bin/env python3
"""Tables in a Google store: a server that speaks its JSON API on this machine (gcp-storage-emulator).
usage: tests/arrow/google_test.py SCORIA [unittest's options]"""

import datetime
import os

from pyarrow import fs

import program
from program import ROOT, ProgramTest
from stores import Store, free_port, start_server

EMULATOR = ROOT / "build" / "google-venv" / "bin" / "gcp-storage-emulator"


class Google(Store, ProgramTest):
    secrets = []

    @classmethod
    def setUpClass(cls):
        port = int(os.environ.get("GSPORT") or 0)or free_port()
        if not os.environ.get("GSPORT"):cls.server = start_server([EMULATOR, "start", "--host", "127.0.0.1", "--port", port, "--in-memory"], port)
        cls.query = f"?scheme=http&endpoint_override=127.0.0.1:{port}&retry_limit_seconds=5"
        cls.store = fs.GcsFileSystem(anonymous=True, scheme="http", endpoint_override=f"127.0.0.1:{port}", project_id="test",
                                     retry_time_limit=datetime.timedelta(seconds=5))
        cls.store.create_dir("rows")

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait()

    def shown(self, name):
        return f"gs://anonymous@rows/{name}"

    def uri(self, name):
        return self.shown(name) + self.query


if __name__ == "__main__":
    program.main()
