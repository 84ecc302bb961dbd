"""Scores ten houses with Python's own library, and prints the doubles.

usage: python3 score.py
SCORE_URL; SCORE_USER and SCORE_PASSWORD, where the service has a login; SCORE_CA, the authority's certificate, where no system knows it.
"""
import base64
import json
import os
import pathlib
import ssl
import urllib.request

url = os.environ.get("SCORE_URL", "https://127.0.0.1:8443/score")
body = (pathlib.Path(__file__).parent / "rows.json").read_bytes()
request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
if user := os.environ.get("SCORE_USER"):
    word = base64.b64encode(f"{user}:{os.environ['SCORE_PASSWORD']}".encode()).decode()
    request.add_header("Authorization", "Basic " + word)
trust = ssl.create_default_context(cafile=os.environ.get("SCORE_CA")) if url.startswith("https:") else None
with urllib.request.urlopen(request, timeout=30, context=trust) as reply:
    for price in json.load(reply):
        print("%.17g" % price)
