#!/bin/sh
# Scores ten houses with curl, and prints the doubles.
# SCORE_URL; SCORE_USER and SCORE_PASSWORD, where the service has a login; SCORE_CA, the authority's certificate, where no system knows it.
set -eu
here=$(dirname "$0")
url=${SCORE_URL:-https://127.0.0.1:8443/score}
# By standard input: a password in the command line could be read by everybody on the machine.
escaped() { printf %s "$1" | sed 's/["\\]/\\&/g'; }
{
  printf 'url = "%s"\n' "$(escaped "$url")"
  if [ -n "${SCORE_USER:-}" ]; then printf 'user = "%s"\n' "$(escaped "$SCORE_USER:$SCORE_PASSWORD")"; fi
  if [ -n "${SCORE_CA:-}" ]; then printf 'cacert = "%s"\n' "$(escaped "$SCORE_CA")"; fi
} | curl --silent --show-error --fail --max-time 30 --config - --header 'Content-Type: application/json' --data-binary "@$here/rows.json" |
  tr -d '[] ' | tr ',' '\n' | awk '{printf "%.17g\n", $1}'
