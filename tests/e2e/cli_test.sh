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
check "a Python model without names says how many columns it takes" 1 "the model has 3 columns, whose names its file does not keep, and the input has" "$scoria" score "$pickles/py36.iot.p3.gz" "$rows"
check "inspect shows a Python model" 0 "types            predict, decision, score (the first is the default)" "$scoria" inspect "$pickles/py36.iot.p3.gz"
check "inspect says where it came from" 0 "Python pickle, protocol 3, written by scikit-learn 0.19.2" "$scoria" inspect "$pickles/py36.iot.p3.gz"
check "inspect outlines what cannot be scored" 0 ".X_min_: numpy scalar" "$scoria" inspect "$pickles/np2.isotonic.p5.gz"
check "inspect says why it cannot" 0 "cannot be scored: the file's object is sklearn.isotonic.IsotonicRegression" "$scoria" inspect "$pickles/np2.isotonic.p5.gz"
check "inspect shows what joblib wrote" 0 "joblib file, protocol" "$scoria" inspect "$pickles/np2.joblib.lz4"
check "inspect prints a Python model as JSON" 0 '"family": "OneClassSVM"' "$scoria" inspect "$pickles/py36.iot.p3.gz" --json
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

# Models by key: rows are scored by the model that their key names, from files and from a web server.
sensors=$root/examples/sensor-anomaly
readings=$sensors/data/readings.csv
set="$sensors/models/model_{Device}_{Sensor}"
check "models by key score a table" 0 '"2026-11-02 06:00:00.000","1","1",12.57,1' "$scoria" score "$set" "$readings" --features Value --keep TS,Device,Sensor,Value
check "a model that flags nearly all rows is named" 0 "model_3_4 flags 350 of 350 rows" "$scoria" score "$set" "$readings" --features Value
check "a share may be chosen" 0 "model_2_2 flags 88 of 354 rows" "$scoria" score "$set" "$readings" --features Value --warn-flagged 0.2
check "a share is one" 1 "must be a share from 0 to 1" "$scoria" score "$set" "$readings" --features Value --warn-flagged 50
check "a key without model names key and file" 1 "model_4_1', which the rows with Device 4, Sensor 1 need" \
  "$scoria" score "$set" - --features Value < <(printf 'Device,Sensor,Value\n1,1,12\n4,1,12\n')
check "keys without model may be skipped and are counted" 0 "2 keys have no model: 3 rows without prediction (Device 4, Sensor 1: 2; Device 5, Sensor 1: 1)" \
  "$scoria" score "$set" - --features Value --missing skip < <(printf 'Device,Sensor,Value\n1,1,12\n4,1,12\n5,1,12\n4,1,1\n')
check "or take another model" 0 "1 row scored by the default model" \
  "$scoria" score "$set" - --features Value --missing default="$sensors/models/model_1_1" < <(printf 'Device,Sensor,Value\n4,1,12\n')
check "what becomes of them is one of three" 1 "must be error, skip or default=FILE" "$scoria" score "$set" "$readings" --missing null
check "one model has no keys that could be missing" 1 "is one model" "$scoria" score "$model" "$rows" --missing skip
check "a key is no path" 1 "cannot be part of a file's name" \
  "$scoria" score "$set" - --features Value --missing skip < <(printf 'Device,Sensor,Value\n../models/model_1,1,12\n')
check "features are counted" 1 "the model has 1: 'x0'" "$scoria" score "$set" "$readings" --features Value,TS
check "features are columns" 1 "--features: the input has no column 'Val'" "$scoria" score "$set" "$readings" --features Val
check "keys are columns" 1 "the input has no column 'Sensor'" "$scoria" score "$set" - --features Value < <(printf 'Device,Value\n1,12\n')
check "features serve single models too" 0 "predict" "$scoria" score "$sensors/models/model_1_1" "$readings" --features Value
"$scoria" score "$model" - >"$work/by_name" < <(printf 'a,b\n1,0.25\n-1,3\n')
"$scoria" score "$model" - --features z,y >"$work/by_position" < <(printf 'y,z\n0.25,1\n3,-1\n')
cmp -s "$work/by_name" "$work/by_position" || { echo "FAILED: --features by position"; failures=$((failures + 1)); }
"$scoria" score "$set" "$readings" --features Value -o "$work/set.csv" 2>/dev/null
gzip -c "$readings" | "$scoria" score "$set" - --features Value 2>/dev/null >"$work/set_pipe.csv"
cmp -s "$work/set.csv" "$work/set_pipe.csv" || { echo "FAILED: models by key score a pipe differently"; failures=$((failures + 1)); }
cat >"$work/serve.py" <<'PY'
import functools, http.server, os, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *rest): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=sys.argv[1]))
with open(sys.argv[2] + ".new", "w") as port: port.write(str(server.server_address[1]))
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
PY
python3 "$work/serve.py" "$sensors/models" "$work/port" &
server=$!
for _ in $(seq 1 100); do [ -e "$work/port" ] && break; sleep 0.1; done
web=http://127.0.0.1:$(cat "$work/port")
"$scoria" score "$web/model_{Device}_{Sensor}?sig=secret" "$readings" --features Value -o "$work/web.csv" 2>"$work/err"
cmp -s "$work/set.csv" "$work/web.csv" || { echo "FAILED: models from the web score differently"; failures=$((failures + 1)); }
grep -q secret "$work/err" && { echo "FAILED: a secret of a web address was shown"; failures=$((failures + 1)); }
check "one model may be on the web" 0 "predict" "$scoria" score "$web/model_1_1" "$readings" --features Value
check "inspect looks at it there" 0 "OneClassSVM" "$scoria" inspect "$web/model_1_1"
check "what the web does not have is named" 1 "model_7?sig=***" "$scoria" score "$web/model_7?sig=secret" "$readings" --features Value
kill $server
wait $server 2>/dev/null

# The example: a file for each sensor, one of all, and a report.
cp -r "$sensors" "$work/sensors"
rm -rf "$work/sensors/out"
check "a run warns of a model that flags nearly all rows" 0 "warning: models/model_3_4 flags 350 of 350 rows" \
  "$scoria" run "$work/sensors/plan.yaml" --report "$work/flags.html"
[ "$(ls "$work/sensors/out" | grep -c '^preds_.*csv$')" = 15 ] || { echo "FAILED: a file for each sensor"; failures=$((failures + 1)); }
[ "$(grep -o '<figure class="series' "$work/flags.html" | wc -l)" = 15 ] || { echo "FAILED: a chart for each sensor"; failures=$((failures + 1)); }
check "a dry run tells of the files by key" 0 "out/preds_{Device}_{Sensor}.csv" "$scoria" run "$work/sensors/plan.yaml" --dry-run

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
