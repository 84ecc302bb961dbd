#!/usr/bin/env bash
# Packs as a person meets them: the same numbers as the files, damage told of, and a pack replaced while somebody reads it.
# usage: tests/e2e/pack_test.sh SCORIA
set -u
scoria=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
golden=$root/tests/golden

fail() {
  echo "FAILED: $1"
  failures=$((failures + 1))
}

# check NAME EXPECTED_STATUS EXPECTED_TEXT COMMAND...: the text must be in what the command prints.
check() {
  local name=$1 status=$2 text=$3 got
  shift 3
  "$@" >"$work/out" 2>&1
  got=$?
  if [ "$got" != "$status" ] || ! grep -qF -- "$text" "$work/out"; then
    fail "$name: exit $got, expected $status with '$text'; it printed:"
    head -n 5 "$work/out"
  fi
}

# same NAME A B: two files are alike.
same() { cmp "$2" "$3" >"$work/out" 2>&1 || fail "$1: $(cat "$work/out")"; }

cd "$work" || exit 1
mkdir models
i=0
for version in sk019 sk024 sk10 sk12 sk14 new; do
  cp "$golden/py_elastic_net_$version/model.pkl" "models/model_a_$i" || exit 1
  i=$((i + 1))
done
# Each row of the case six times over, once for each model, in an order that jumps.
awk -F, 'NR == 1 { print "Device,Sensor," $0; next } { for (k = 0; k < 6; ++k) print "a," (NR * 5 + k * k) % 6 "," $0 }' \
  "$golden/py_elastic_net_new/input.csv" >rows.csv

check "packs a folder's files" 0 "6 models" "$scoria" pack 'models/model_{Device}_{Sensor}' -o fleet.pack
check "a linear model is scored in place" 0 "linear: 6" "$scoria" inspect fleet.pack
check "inspect shows one model and its file" 0 "models/model_a_3" "$scoria" inspect fleet.pack --key a,3
check "inspect prints a pack as JSON" 0 '"models": 6' "$scoria" inspect fleet.pack --json
check "inspect prints a model as JSON" 0 "$(sha256sum <models/model_a_3 | cut -d' ' -f1)" "$scoria" inspect fleet.pack --key a,3 --json
check "a key that is not there is named" 1 "no model for a,9" "$scoria" inspect fleet.pack --key a,9
check "a key has as many values as columns" 1 "must have 2" "$scoria" inspect fleet.pack --key a
check "--key is for packs" 1 "is none" "$scoria" inspect models/model_a_1 --key a,1

"$scoria" score 'models/model_{Device}_{Sensor}' rows.csv --keep Device,Sensor -o files.csv || fail "scoring files"
"$scoria" score fleet.pack rows.csv --keep Device,Sensor -o packed.csv || fail "scoring a pack"
same "a pack gives the numbers of its files" files.csv packed.csv

check "a folder needs to know how its files are named" 1 "one of them is 'model_a_0'" "$scoria" pack models -o other.pack
check "a folder with --name" 0 "6 models" "$scoria" pack models --name 'model_{Device}_{Sensor}' -o named.pack
check "no file fits" 1 "6 files there have other names" "$scoria" pack 'models/sensor_{Device}' -o other.pack
check "columns need text between them" 1 "two columns stand together" "$scoria" pack 'models/{a}{b}' -o other.pack
[ ! -e other.pack ] || fail "a pack that failed is there"

# Missing keys.
{ head -1 rows.csv; sed -n 2p rows.csv; sed -n 3p rows.csv | sed 's/^a,[0-9]/b,7/'; } >strange.csv
check "a key without model is an error" 1 "no model for Device b, Sensor 7" "$scoria" score fleet.pack strange.csv
check "or left without prediction" 0 "1 row" "$scoria" score fleet.pack strange.csv --missing skip -o skipped.csv
grep -q '^NA$' skipped.csv || fail "a skipped row has no missing prediction"
check "an input without the key column" 1 "no column 'Device'" "$scoria" score fleet.pack "$golden/py_elastic_net_new/input.csv"
check "a text is refused" 1 "must be a number" "$scoria" score fleet.pack - < <(head -2 rows.csv; sed -n 3p rows.csv | sed 's/^\(a,[0-9]\),[^,]*/\1,word/')

# Models without a ready form are kept as files.
mkdir mixed
cp models/model_a_0 mixed/m_0
cp "$golden/gbm_default_trees_cv/model.rds" mixed/m_1
check "another model keeps its file" 0 "source file 1" "$scoria" pack 'mixed/m_{id}' -o mixed.pack
awk -F, 'NR == 1 { print "id," $0; next } { print "1," $0 }' "$golden/gbm_default_trees_cv/input.csv" >trees.csv
"$scoria" score mixed.pack trees.csv -o trees_packed.csv || fail "scoring a model that is kept as its file"
"$scoria" score mixed/m_1 trees.csv -o trees_alone.csv
same "a model kept as its file gives its numbers" trees_alone.csv trees_packed.csv

echo "no model" >mixed/m_2
echo "nor this" >mixed/m_3
check "every unreadable file is named" 1 "mixed/m_3" "$scoria" pack 'mixed/m_{id}' -o bad.pack
grep -qF mixed/m_2 "$work/out" || fail "the first unreadable file is not named"
[ ! -e bad.pack ] || fail "a pack of unreadable files is there"
check "or all are left out" 0 "2 models" "$scoria" pack 'mixed/m_{id}' -o bad.pack --skip-unreadable

# Damage: a flipped bit in each part.
size=$(stat -c %s fleet.pack)
for at in 40 $((size / 3)) $((size / 2)) $((size - 150)) $((size - 50)); do
  cp fleet.pack hurt.pack
  byte=$(od -An -tu1 -j "$at" -N1 hurt.pack)
  printf "\\$(printf %03o $((byte ^ 4)))" | dd of=hurt.pack bs=1 seek="$at" conv=notrunc status=none
  check "a flipped bit at $at is told of" 1 "hurt.pack" "$scoria" score hurt.pack rows.csv
done
head -c $((size - 9)) fleet.pack >short.pack
check "a pack that is cut off is told of" 1 "cut off" "$scoria" inspect short.pack

# A reader that waits for rows keeps the pack that it opened; the next one gets the new one.
mkfifo slow
"$scoria" score fleet.pack - --keep Device,Sensor -o during.csv <slow &
reader=$!
exec 3>slow
head -1 rows.csv >&3
cp models/model_a_5 models/model_a_6
"$scoria" pack 'models/model_{Device}_{Sensor}' -o fleet.pack >/dev/null || fail "packing over a pack in use"
tail -n +2 rows.csv >&3
exec 3>&-
wait "$reader" || fail "a reader of a replaced pack fails"
same "a reader of a replaced pack goes on" packed.csv during.csv
check "the next reader has the new pack" 0 "7 models" "$scoria" inspect fleet.pack
[ -z "$(find . -name '.*tmp*')" ] || fail "a temporary file stays"

[ "$failures" = 0 ] && echo "all passed"
exit "$((failures > 0))"
