#!/usr/bin/env python3
"""Tables in a Google store: a server that speaks its JSON API on this machine (gcp-storage-emulator, which `make test-stores` installs).
usage: tests/arrow/google_test.py SCORIA [unittest's options]"""

import datetime
import json
import os
import subprocess
import sys
import time

from pyarrow import fs

import program
from program import MODEL, ROOT, ROWS, ProgramTest, scoria
from stores import Store, free_port, start_server

EMULATOR = ROOT / "build" / "google-venv" / "bin" / "gcp-storage-emulator"


class Google(Store, ProgramTest):
    secrets = ["PRIVATE KEY"]
    answers_one_request_at_a_time = True

    @classmethod
    def setUpClass(cls):
        port = free_port()
        # Another server, fake-gcs-server for one, may be tried too.
        cls.place = os.environ.get("SCORIA_TEST_GOOGLE", f"127.0.0.1:{port}")
        cls.server = start_server([EMULATOR, "start", "--host", "127.0.0.1", "--port", port, "--in-memory"], port)
        cls.store = fs.GcsFileSystem(anonymous=True, scheme="http", endpoint_override=cls.place, project_id="test",
                                     retry_time_limit=datetime.timedelta(seconds=5))
        cls.store.create_dir("rows")

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait()

    def shown(self, name):
        return f"gs://anonymous@rows/{name}"

    def uri(self, name):
        return f"{self.shown(name)}?scheme=http&endpoint_override={self.place}&retry_limit_seconds=5"

    def test_a_service_accounts_file_is_taken(self):
        key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True).stdout
        account = self.folder / "account.json"
        account.write_text(json.dumps({"type": "service_account", "project_id": "test", "private_key_id": "1", "private_key": key, "client_id": "1",
                                       "client_email": "test@test.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"}))
        self.put("known.csv", ROWS.read_bytes())
        uri = self.uri("known.csv").replace("anonymous@", "")
        self.assertEqual(self.score(uri, env={"GOOGLE_APPLICATION_CREDENTIALS": str(account)}), self.score(ROWS))
        code, out, err = scoria("score", MODEL, uri.replace("known", "absent"), env={"GOOGLE_APPLICATION_CREDENTIALS": str(account)})
        self.assertEqual(code, 1, out)
        self.no_secret_in(err)
        account.write_text("{}")
        code, out, err = scoria("score", MODEL, uri, env={"GOOGLE_APPLICATION_CREDENTIALS": str(account)})
        self.assertEqual(code, 1, out)
        self.assertIn(str(account), err)

    def test_a_server_that_is_not_there_is_told_in_time(self):
        began = time.monotonic()
        uri = f"gs://anonymous@rows/x.csv?scheme=http&endpoint_override=127.0.0.1:{free_port()}&retry_limit_seconds=2"
        self.refused("gs://anonymous@rows/x.csv", uri)
        self.assertLess(time.monotonic() - began, 30)


if __name__ == "__main__":
    if not EMULATOR.exists():
        print("skipped: make test-stores installs gcp-storage-emulator, which speaks Google's JSON API")
        sys.exit(77)
    program.main()
