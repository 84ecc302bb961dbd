#!/usr/bin/env bash
# One plan by `scoria run`, by `scoria submit` on a local pool that scales 0 -> n -> 0, and on a machine that joined: byte-identical outputs.
# usage: tests/e2e/submit_test.sh SCORIA
set -eu
scoria=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/scoria-submit-XXXXXX")
server= node=
stop() {
  for pid in $node $server; do kill "$pid" 2>/dev/null || true; done
  for pid in $node $server; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap stop EXIT
fail() {
  echo "FAIL: $*" >&2
  tail -n 30 "$work/server.log" >&2
  [ ! -e "$work/node.log" ] || tail -n 30 "$work/node.log" >&2
  exit 1
}
# until_true SECONDS COMMAND...
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || fail "waited in vain: $*"
    sleep 0.1
  done
}

# Three products out of one, so that there is something to share out.
for copy in by_run by_submit by_joined; do
  mkdir -p "$work/$copy/data"
  cp "$root/examples/retail-forecast/plan.yaml" "$work/$copy/"
  cp -r "$root/examples/retail-forecast/models" "$work/$copy/"
  for kind in history futurex actual; do
    mkdir "$work/$copy/data/$kind"
    for product in 1 2 3; do
      cp "$root/examples/retail-forecast/data/$kind/product1.csv.gz" "$work/$copy/data/$kind/product$product.csv.gz"
    done
  done
done

"$scoria" run "$work/by_run/plan.yaml" >/dev/null

printf 'overcommit: 8\n' >"$work/server.yaml"
"$scoria" server --data "$work/data" --http 127.0.0.1:0 --https 127.0.0.1:0 --config "$work/server.yaml" >"$work/server.log" 2>&1 &
server=$!
export SCORIA_DATA=$work/data
until_true 30 "$scoria" pool list >/dev/null 2>&1

"$scoria" pool create scaled --min 0 --max 2 --idle PT1S --slots 2 >/dev/null
nodes() { "$scoria" pool show scaled --json | sed -n 's/.*"currentDedicatedNodes": \([0-9]*\).*/\1/p'; }
[ "$(nodes)" = 0 ] || fail "a pool that scales to zero began with $(nodes) nodes"
"$scoria" submit "$work/by_submit/plan.yaml" --pool scaled --one-per-item --keep --job forecast >"$work/submit.txt" || fail "submit: $(cat "$work/submit.txt")"
grep -q "3 tasks" "$work/submit.txt" || fail "submit said: $(cat "$work/submit.txt")"
is_empty() { [ "$(nodes)" = 0 ]; }
until_true 60 is_empty
"$scoria" usage --json | grep -q nodeSeconds || fail "no usage was recorded"

"$scoria" pool create far --provider joined --slots 2 >/dev/null
"$scoria" node token far >"$work/token"
https=$(sed -n 's/.*"httpsUrl": *"\([^"]*\)".*/\1/p' "$work/data/server.json")
"$scoria" node --server "$https" --pool far --token-file "$work/token" --ca-file "$work/data/tls/ca.pem" --root "$work/node" >"$work/node.log" 2>&1 &
node=$!
is_idle() { "$scoria" node list far | grep -q idle; }
until_true 30 is_idle
"$scoria" submit "$work/by_joined/plan.yaml" --pool far --chunk 2 >"$work/joined.txt" || fail "submit on a joined node: $(cat "$work/joined.txt")"
! "$scoria" pool resize far --nodes 3 2>"$work/refused.txt" || fail "a joined pool was resized"
grep -q "join" "$work/refused.txt" || fail "resizing a joined pool was refused with: $(cat "$work/refused.txt")"

count=0
for product in 1 2 3; do
  for copy in by_submit by_joined; do
    cmp "$work/by_run/out/product$product.csv" "$work/$copy/out/product$product.csv" || fail "$copy: product$product differs"
    count=$((count + 1))
  done
done
[ "$count" = 6 ] || fail "compared $count files"

# What goes wrong says what.
! "$scoria" submit "$work/by_submit/plan.yaml" --pool nowhere 2>"$work/wrong.txt" || fail "a pool that is not there was accepted"
grep -q "PoolNotFound" "$work/wrong.txt" || fail "$(cat "$work/wrong.txt")"
rm "$work/by_submit/models/"*_q50.rds
mv "$work/by_submit/models" "$work/by_submit/elsewhere"
! "$scoria" submit "$work/by_submit/plan.yaml" --pool scaled 2>"$work/wrong.txt" || fail "a plan without models was accepted"
grep -q "no file matches" "$work/wrong.txt" || fail "$(cat "$work/wrong.txt")"

# A clean stop, and a second start that goes on with what there was.
kill "$server"
wait "$server" || fail "the server's exit code is $?"
"$scoria" server --data "$work/data" --http 127.0.0.1:0 --https 127.0.0.1:0 --config "$work/server.yaml" >>"$work/server.log" 2>&1 &
server=$!
until_true 30 "$scoria" job show forecast >/dev/null 2>&1
"$scoria" task list forecast | grep -c success | grep -qx 3 || fail "$("$scoria" task list forecast)"
until_true 30 is_idle
! "$scoria" server --data "$work/data" --http 127.0.0.1:0 --https 127.0.0.1:0 2>"$work/second.txt" || fail "two servers on one folder"
grep -q "$server" "$work/second.txt" || fail "a second server said: $(cat "$work/second.txt")"
echo "submit: passed"
