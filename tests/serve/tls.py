"""sslscan on the TLS port: TLS 1.2 and 1.3 alone, authenticated ciphers with forward secrecy, no renegotiation, a strong certificate."""

import os
import subprocess
import urllib.parse
import xml.etree.ElementTree as ElementTree

from served import done, step

address = urllib.parse.urlsplit(os.environ["SCORIA_SERVE_SECURE_URL"]).netloc
ran = subprocess.run(["sslscan", "--no-colour", "--xml=-", address], capture_output=True, text=True, timeout=300)
test = ElementTree.fromstring(ran.stdout).find("ssltest")
protocols = {f"{one.get('type')}{one.get('version')}": one.get("enabled") for one in test.findall("protocol")}
ciphers = [(one.get("sslversion"), one.get("cipher"), int(one.get("bits"))) for one in test.findall("cipher")]


@step("TLS 1.2 and 1.3, and nothing older")
def _():
    assert sorted(name for name, enabled in protocols.items() if enabled == "1") == ["tls1.2", "tls1.3"], protocols
    assert {"ssl2", "ssl3", "tls1.0", "tls1.1"} <= protocols.keys(), protocols


@step("every cipher is authenticated encryption by a key of this connection alone")
def _():
    assert ciphers
    for version, name, bits in ciphers:
        assert name.startswith("TLS_") if version == "TLSv1.3" else name.startswith("ECDHE-"), (version, name)
        assert bits >= 128 and ("GCM" in name or "CHACHA20" in name or "CCM" in name), (version, name, bits)


@step("no renegotiation, no heartbleed")
def _():
    assert test.find("renegotiation").get("supported") == "0", test.find("renegotiation").attrib
    assert all(one.get("vulnerable") == "0" for one in test.findall("heartbleed"))


@step("groups and certificate are strong")
def _():
    groups = {one.get("name").split()[0] for one in test.findall("group")}
    assert groups == {"x25519", "secp256r1", "secp384r1"}, groups
    certificate = test.find("certificates/certificate")
    key = certificate.find("pk")
    assert (key.get("error"), key.get("type"), key.get("curve_name")) == ("false", "EC", "prime256v1"), key.attrib
    assert certificate.findtext("signature-algorithm") in ("ecdsa-with-SHA256", "ecdsa-with-SHA384", "sha256WithRSAEncryption"), certificate.findtext("signature-algorithm")
    assert certificate.findtext("expired") == "false"


done()
