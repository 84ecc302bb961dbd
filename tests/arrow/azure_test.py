#!/usr/bin/env python3
"""Tables in Azure: a server that speaks its blob API on this machine (azurite, which `make test-stores` installs).
usage: tests/arrow/azure_test.py SCORIA [unittest's options]"""

import base64
import hashlib
import hmac
import os
import sys
import urllib.parse

from pyarrow import fs

import program
from program import MODEL, ROOT, ROWS, ProgramTest, scoria
from stores import Store, free_port, start_server

AZURITE = ROOT / "build" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
ACCOUNT = "stores"
KEY = base64.b64encode(b"a key that only this test knows and nobody else").decode()


def account_signature(permissions="rwdlac"):
    """A shared access signature of the account, as Microsoft's "Create an account SAS" says."""
    signed = {"sp": permissions, "ss": "b", "srt": "sco", "st": "", "se": "2100-01-01T00:00:00Z", "sip": "", "spr": "", "sv": "2020-08-04"}
    text = "\n".join([ACCOUNT, *signed.values(), ""])
    signed["sig"] = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()
    return urllib.parse.urlencode({name: value for name, value in signed.items() if value})


class Azure(Store, ProgramTest):
    secrets = [KEY, urllib.parse.quote(KEY, safe=""), "sig="]

    @classmethod
    def setUpClass(cls):
        os.environ["AZURITE_ACCOUNTS"] = f"{ACCOUNT}:{KEY}"
        port = free_port()
        cls.server = start_server([AZURITE, "--blobHost", "127.0.0.1", "--blobPort", port, "--silent", "--skipApiVersionCheck", "--inMemoryPersistence",
                                   "--disableTelemetry"], port)
        cls.place = f"127.0.0.1:{port}"
        cls.store = fs.AzureFileSystem(account_name=ACCOUNT, account_key=KEY, blob_storage_authority=cls.place, blob_storage_scheme="http",
                                       dfs_storage_authority=cls.place, dfs_storage_scheme="http")
        cls.store.create_dir("rows")

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait()

    def setUp(self):
        super().setUp()
        for name in ["AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_SAS_TOKEN"]:
            os.environ.pop(name, None)
        os.environ["AZURE_STORAGE_KEY"] = KEY

    def shown(self, name):
        return f"abfs://{ACCOUNT}@{self.place}/rows/{name}"

    def uri(self, name):
        return self.shown(name) + "?enable_tls=false"

    def names(self):
        # Deleting the last blob of a folder leaves the folder; Arrow has it so.
        return [path for path in super().names() if self.store.get_file_info(path).is_file]

    def test_a_signature_opens_the_store(self):
        self.put("signed.csv", ROWS.read_bytes())
        del os.environ["AZURE_STORAGE_KEY"]
        for signature in [account_signature(), "?" + account_signature()]:
            signed = {"AZURE_STORAGE_SAS_TOKEN": signature}
            self.score(self.uri("signed.csv"), "-o", self.uri("signed-out.csv"), env=signed)
            self.assertEqual(self.bytes_of("signed-out.csv").decode(), self.score(ROWS))
        self.assertEqual(self.score(self.uri("signed.csv") + "&" + account_signature()), self.score(ROWS))

    def test_a_signature_is_not_shown(self):
        del os.environ["AZURE_STORAGE_KEY"]
        secret = urllib.parse.parse_qs(account_signature("r"))["sig"][0]
        for uri, env in [(self.uri("absent.csv"), {"AZURE_STORAGE_SAS_TOKEN": account_signature("r")}),
                         (self.uri("absent.csv") + "&" + account_signature("r"), {})]:
            code, _, err = scoria("score", MODEL, uri, env=env)
            self.assertEqual(code, 1)
            self.assertIn(self.shown("absent.csv"), err)
            for form in [secret, urllib.parse.quote(secret, safe="")]:
                self.assertNotIn(form, err)

    def test_a_signature_in_a_uri_is_not_in_the_provenance(self):
        self.put("signed.csv", ROWS.read_bytes())
        out = self.folder / "out.parquet"
        self.score(self.uri("signed.csv") + "&" + account_signature(), "-o", out)
        self.assertIn(b"sig=***", out.read_bytes())
        self.assertNotIn(urllib.parse.parse_qs(account_signature())["sig"][0].encode(), urllib.parse.unquote_to_bytes(out.read_bytes()))

    def test_a_signature_that_may_not_write_leaves_nothing(self):
        del os.environ["AZURE_STORAGE_KEY"]
        before = self.names()
        self.refused("Authorization", ROWS, "-o", self.uri("denied.csv"), env={"AZURE_STORAGE_SAS_TOKEN": account_signature("rl")})
        self.assertEqual(self.names(), before)

    def test_the_account_may_come_from_the_environment(self):
        self.put("short.csv", ROWS.read_bytes())
        uri = f"abfs://rows/short.csv?enable_tls=false&blob_storage_authority={self.place}"
        self.assertEqual(self.score(uri, env={"AZURE_STORAGE_ACCOUNT": ACCOUNT}), self.score(ROWS))

    def test_the_key_of_another_account_is_not_sent(self):
        self.put("other.csv", ROWS.read_bytes())
        self.refused("AZURE_STORAGE_KEY", self.uri("other.csv"), env={"AZURE_STORAGE_ACCOUNT": "another"})

    def test_a_wrong_key_is_told(self):
        wrong = base64.b64encode(b"wrong").decode()
        self.refused("403", self.uri("x.csv"), env={"AZURE_STORAGE_KEY": wrong})

    def test_a_key_in_a_uri_is_refused_and_not_shown(self):
        uri = self.uri("x.csv").replace("@", f":{urllib.parse.quote(KEY, safe='')}@")
        code, _, err = scoria("score", MODEL, uri)
        self.assertEqual(code, 1)
        self.assertIn("AZURE_STORAGE_KEY", err)
        self.no_secret_in(err)


if __name__ == "__main__":
    if not AZURITE.exists():
        print("skipped: make test-stores installs azurite, which speaks Azure's blob API")
        sys.exit(77)
    program.main()
