#!/usr/bin/env bash
# The program as a person meets it: exit codes, messages, pipes, and what an interrupted or failing run leaves behind.
# usage: tests/e2e/cli_test.sh SCORIA
set -u
scoria=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
pickles=$root/tests/data/pickle

# check NAME EXPECTED_STATUS EXPECTED_TEXT COMMAND...: the text must be in what the command prints.
check() {
  local name=$1 status=$2 text=$3 got
  shift 3
  "$@" >"$work/out" 2>&1
  got=$?
  if [ "$got" != "$status" ] || ! grep -qF -- "$text" "$work/out"; then
    echo "FAILED: $name: exit $got, expected $status with '$text'; it printed:"
    head -n 5 "$work/out"
    failures=$((failures + 1))
  fi
}

model=$root/tests/golden/gbm_default_trees_cv/model.rds
rows=$root/tests/golden/gbm_default_trees_cv/input.csv

check "help names every command" 0 "evaluate" "$scoria" --help
check "a command's help has an example" 0 "Example:" "$scoria" run --help
check "no command is a usage error" 2 "subcommand" "$scoria"
check "an unknown option is a usage error" 2 "--nope" "$scoria" score "$model" "$rows" --nope
check "a missing model is named" 1 "no-such.rds" "$scoria" score no-such.rds "$rows"
check "a missing input is named" 1 "no-such.csv" "$scoria" score "$model" no-such.csv
check "an unknown type lists the known ones" 1 "'link', 'response'" "$scoria" score "$model" "$rows" --type prob
check "an unknown parameter lists the known ones" 1 "'n.trees'" "$scoria" score "$model" "$rows" --param trees=3
check "a parameter needs a value" 1 "NAME=VALUE" "$scoria" score "$model" "$rows" --param n.trees
check "an unknown kept column lists the known ones" 1 "it has 'a', 'b'" "$scoria" score "$model" "$rows" --keep id
check "a file that is no model is told from one" 1 "no R serialization stream" "$scoria" score "$rows" "$rows"
check "an R object that is no model names its class" 1 "gbm, randomForest" "$scoria" score "$root/tests/data/rdata/altrep.xdr.v3.gz" "$rows"
check "a text where a number belongs names row and column" 1 "row 1, column 'b': 'x'" "$scoria" score "$model" - < <(printf 'a,b\n1,x\n')
check "a ragged line names its number" 1 "line 3" "$scoria" score "$model" - < <(printf 'a,b\n1,2\n1\n')
check "a full disk is told" 1 "No space left" bash -c '"$1" score "$2" "$3" >/dev/full' _ "$scoria" "$model" "$rows"
check "a Python model is named by its class" 1 "sklearn.pipeline.Pipeline of StandardScaler, OneClassSVM" "$scoria" score "$pickles/py36.iot.p3.gz" "$rows"
check "inspect shows a Python model" 0 ".mean_: numpy array <f8 [3]" "$scoria" inspect "$pickles/py36.iot.p3.gz"
check "inspect shows what joblib wrote" 0 "joblib file, protocol" "$scoria" inspect "$pickles/np2.joblib.lz4"
check "inspect prints a Python model as JSON" 0 '"writer": "scikit-learn 0.19.2"' "$scoria" inspect "$pickles/py36.iot.p3.gz" --json
printf "cos\\nsystem\\n(S'touch %s'\\ntR." "$work/pwned" >"$work/hostile.pkl"
check "a pickle that asks for a command is refused" 1 "asks to call os.system('touch" "$scoria" score "$work/hostile.pkl" "$rows"
check "inspect refuses it as well" 1 "nothing in it is called" "$scoria" inspect "$work/hostile.pkl"
[ ! -e "$work/pwned" ] || { echo "FAILED: a pickle ran a command"; failures=$((failures + 1)); }
check "inspect prints JSON" 0 '"family": "gbm"' "$scoria" inspect "$model" --json
golden="$root/tests/golden"
check "inspect counts the classes" 0 "classes          3: 'setosa', 'versicolor', 'virginica'" \
  "$scoria" inspect "$golden/gbm_multinomial/model.rds"
check "inspect says that columns go by position" 0 "by position: the file keeps no names" \
  "$scoria" inspect "$golden/kmeans_unnamed_matrix/model.rds"
check "inspect shows a discriminant's own prior" 0 "default as fitted: 0." "$scoria" inspect "$golden/lda_two_groups/model.rds"

# The same rows through a pipe, a file and JSON lines give the same numbers.
"$scoria" score "$model" "$rows" -o "$work/file.csv"
"$scoria" score "$model" - <"$rows" >"$work/pipe.csv"
cmp -s "$work/file.csv" "$work/pipe.csv" || { echo "FAILED: a pipe and a file differ"; failures=$((failures + 1)); }
gzip -c "$rows" >"$work/rows.csv.gz"
"$scoria" score "$model" "$work/rows.csv.gz" >"$work/gz.csv"
cmp -s "$work/file.csv" "$work/gz.csv" || { echo "FAILED: compressed rows score differently"; failures=$((failures + 1)); }
"$scoria" score "$model" "$rows" -o "$work/file.jsonl"
[ "$(sed 1d "$work/file.csv" | head -n 1)" = "$(head -n 1 "$work/file.jsonl" | sed 's/.*://; s/}//')" ] ||
  { echo "FAILED: JSON lines and CSV differ"; failures=$((failures + 1)); }

# A plan with a model per store, joins and fill, in a copy of its folder.
cp -r "$root/examples/store-demand" "$work/demand"
rm -rf "$work/demand/out"
demand=$work/demand/plan.yaml
check "a dry run lists the steps" 0 "prepare 3: join stores" "$scoria" run "$demand" --dry-run
[ ! -e "$work/demand/out" ] || { echo "FAILED: a dry run wrote something"; failures=$((failures + 1)); }
check "explain tells what a step added" 0 "(145 added)" "$scoria" run "$demand" --explain
check "explain tells what models use" 0 "price, size, brand, lag1, trend, month_mean" "$scoria" run "$demand" --explain
check "a run tells of keys that found nothing" 0 "240 rows of 'prepare 3: join stores' found no key" "$scoria" run "$demand"
check "a run tells of models that are not there" 0 "'models/demand_6.rds': 12 predictions" "$scoria" run "$demand"
check "a missing model is an error when the plan says nothing" 1 "rows with store 6 need" "$scoria" run "$demand" --set models.1.missing=error
check "an output tells of models that were not there" 0 "models/demand_6.rds" "$scoria" inspect "$work/demand/out/demand.csv"
sed -i 's/trend: lag1 - lag2/trend: lag1 - lagg2/' "$demand"
check "an error of a plan names line and column" 1 "plan.yaml', line 24, column 19: features.mutate.trend" "$scoria" run "$demand"
check "an error of a setting names the setting" 1 "--set features.filter: features.filter: expression 'week >'" \
  "$scoria" run "$demand" --set 'features.filter=week >'

# A failing run leaves the old output as it was, and no other file.
echo old >"$work/kept.csv"
printf 'a,b\n1,2\n1,x\n' | "$scoria" score "$model" - -o "$work/kept.csv" 2>/dev/null
[ "$(cat "$work/kept.csv")" = old ] || { echo "FAILED: an output was replaced by a failing run"; failures=$((failures + 1)); }
ls -A "$work" | grep -q tmp- && { echo "FAILED: a temporary file was left"; failures=$((failures + 1)); }

# Ctrl-C: whole partitions stay, the rest is absent, and --resume does only what is left.
mkdir -p "$work/job/data/history" "$work/job/data/futurex"
for i in $(seq 1 60); do
  ln -s "$root/examples/retail-forecast/data/history/product1.csv.gz" "$work/job/data/history/product$i.csv.gz"
  ln -s "$root/examples/retail-forecast/data/futurex/product1.csv.gz" "$work/job/data/futurex/product$i.csv.gz"
done
ln -s "$root/examples/retail-forecast/models" "$work/job/models"
cp "$root/examples/retail-forecast/plan.yaml" "$work/job/plan.yaml"
"$scoria" run "$work/job/plan.yaml" --jobs 1 >"$work/out" 2>&1 &
pid=$!
for _ in $(seq 1 600); do
  [ -n "$(ls "$work/job/out" 2>/dev/null | grep -m1 run.json)" ] && break
  sleep 0.1
done
kill -INT $pid
wait $pid
status=$?
[ $status = 130 ] || { echo "FAILED: an interrupted run exits with 130, not $status"; cat "$work/out"; failures=$((failures + 1)); }
grep -q -- "--resume" "$work/out" || { echo "FAILED: an interrupted run says how to go on"; cat "$work/out"; failures=$((failures + 1)); }
ls -A "$work/job/out" | grep -q tmp- && { echo "FAILED: an interrupted run left a temporary file"; failures=$((failures + 1)); }
done_before=$(ls "$work/job/out" | grep -c 'run.json$')
check "resume does only what is left" 0 "($done_before were up to date)" "$scoria" run "$work/job/plan.yaml" --resume
[ "$(ls "$work/job/out" | grep -c 'run.json$')" = 60 ] || { echo "FAILED: resume did not finish"; failures=$((failures + 1)); }

[ $failures = 0 ] && echo "all is as a person expects"
exit $((failures > 0))
