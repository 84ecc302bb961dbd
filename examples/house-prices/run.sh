#!/bin/sh
# Serves the model with a login over TLS, asks with R, Python and curl, and compares with what R predicts; then the same of plumber.R.
# usage: run.sh [MODEL = model.rds|plumber.R]      SCORIA_PROGRAM: the program, unless it is in PATH
# PLAIN=1: over http of this machine, without a login, which `scoria serve` allows on loopback alone.
set -eu
cd "$(dirname "$0")"
scoria=${SCORIA_PROGRAM:-scoria}
work=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" || true; fi; rm -rf "$work"' EXIT

model=${1:-model.rds}
if [ -n "${PLAIN:-}" ]; then
  "$scoria" serve "$model" --http 127.0.0.1:0 >"$work/address" &
  server=$!
else
  SCORE_USER=ann
  SCORE_PASSWORD=$(od -An -tx1 -N16 /dev/urandom | tr -d ' \n')
  printf '%s\n' "$SCORE_PASSWORD" | "$scoria" user add "$SCORE_USER" --role scorer --access "$work/access" --password-stdin
  "$scoria" serve "$model" --access "$work/access" --http none --https 127.0.0.1:0 >"$work/address" &
  server=$!
  export SCORE_USER SCORE_PASSWORD
fi
# The first line is the address.
until [ -s "$work/address" ]; do
  kill -0 "$server" 2>/dev/null || { echo "scoria serve did not start" >&2; exit 1; }
  sleep 0.05
done
SCORE_URL=$(sed -n '1s/[[:space:]].*//; 1p' "$work/address")/score
export SCORE_URL
if [ -z "${PLAIN:-}" ]; then
  # Without a certificate of its own, the service has made an authority in its folder.
  SCORE_CA=$(find "$work/access" -name ca.pem | head -n 1)
  export SCORE_CA
fi

Rscript score.R >"$work/r"
python3 score.py >"$work/python"
sh score.sh >"$work/curl"
paste "$work/r" "$work/python" "$work/curl"
cmp "$work/r" "$work/python"
cmp "$work/r" "$work/curl"
if [ "$model" = model.rds ]; then
  cmp "$work/r" expected.txt
  echo "three clients, $SCORE_URL: the doubles that R predicts"
else
  # R's jsonlite writes 15 digits.
  paste "$work/r" expected.txt | awk '{d = $1 / $2 - 1; if (d > 1e-14 || d < -1e-14) {print "not what R predicts: " $0; bad = 1}} END {exit bad}'
  echo "three clients, $SCORE_URL: what R predicts, in jsonlite's 15 digits"
fi
