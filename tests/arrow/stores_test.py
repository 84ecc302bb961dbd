#!/usr/bin/env python3
"""Tables in S3: a server that speaks it on this machine (moto).
usage: tests/arrow/stores_test.py SCORIA [unittest's options]"""

import logging
import os

from moto.server import ThreadedMotoServer
from pyarrow import fs

import program
from program import MODEL, ProgramTest, scoria
from stores import Store

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "open-sesame", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1"}


class S3(Store, ProgramTest):
    secrets = ["open-sesame"]

    @classmethod
    def setUpClass(cls):
        os.environ.update(KEYS)
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)  # a part may arrive after an abort
        cls.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        cls.server.start()
        host, port = cls.server.get_host_and_port()
        cls.query = f"?scheme=http&endpoint_override={host}:{port}"
        cls.store = fs.S3FileSystem(endpoint_override=f"{host}:{port}", scheme="http", allow_bucket_creation=True)
        cls.store.create_dir("rows")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def shown(self, name):
        return f"s3://rows/{name}"

    def uri(self, name):
        return self.shown(name) + self.query

    def test_a_secret_in_a_uri_is_not_shown(self):
        code, _, err = scoria("score", MODEL, self.uri("absent.parquet").replace("s3://", "s3://test:open-sesame@"))
        self.assertEqual(code, 1)
        self.no_secret_in(err)


if __name__ == "__main__":
    program.main()
