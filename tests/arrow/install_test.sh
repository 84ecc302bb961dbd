#!/usr/bin/env bash
# An installed program writes Parquet with the libraries that were installed with it, or the system's; never with those of the build.
# usage: install_test.sh BUILD_FOLDER
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$build" --component program --prefix "$folder" >"$folder/install.log"

places=$(ldd "$folder/lib/scoria/libscoria_arrow.so" | grep -E 'lib(arrow|parquet)')
if grep -E "not found|=> $PWD/" <<<"$places" >&2; then
  echo "the installed module does not find its libraries, or takes the build's" >&2
  exit 1
fi
case=tests/golden/gbm_bernoulli
"$folder/bin/scoria" score $case/model.rds $case/input.csv -o "$folder/direct.csv"
"$folder/bin/scoria" score $case/model.rds $case/input.csv -o "$folder/answer.parquet"
[ "$(head -c 4 "$folder/answer.parquet")" = PAR1 ] || { echo "no Parquet file was written" >&2; exit 1; }
# What it wrote it can read: predictions of its own input, taken there and back.
"$folder/bin/scoria" score $case/model.rds $case/input.csv --keep "$(head -1 $case/input.csv | tr -d '"')" -o "$folder/rows.parquet"
"$folder/bin/scoria" score $case/model.rds "$folder/rows.parquet" -o "$folder/again.csv"
cmp "$folder/direct.csv" "$folder/again.csv"
