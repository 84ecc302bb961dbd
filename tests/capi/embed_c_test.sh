#!/usr/bin/env bash
# Installs the library, builds examples/embed-c and the C program of docs/embedding.md against it, and compares with R's answers.
# usage: embed_c_test.sh BUILD_FOLDER
set -eu
build=$1
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$build" --component library --prefix "$folder/installed" >"$folder/install.log"
package=$(find "$folder/installed" -name scoria.pc)
export PKG_CONFIG_PATH=${package%/*} LD_LIBRARY_PATH=${package%/pkgconfig/*}
cc=${CC:-cc}

cp examples/embed-c/{Makefile,score.c} "$folder"
make -s -C "$folder" CC="$cc" CFLAGS=-Werror
# columns of expected.csv, as R wrote them: 17 digits.
compare() {
  local case=tests/golden/$1 type=$2 columns=$3
  "$folder/score" "$case/model.rds" "$case/input.csv" "$type" >"$folder/answer.csv" 2>"$folder/messages"
  cut -d, -f"$columns" "$case/expected.csv" | diff - "$folder/answer.csv" >&2 || { echo "$1, $type: not R's answer" >&2; exit 1; }
}
compare rf_class_levels_25_three_classes response 1
compare rf_class_levels_25_three_classes prob 2-4
compare rf_reg_levels_31 response 1
grep -q '"family":"randomForest"' "$folder/messages"
if "$folder/score" tests/golden/rf_reg_levels_31/model.rds tests/golden/rf_class_levels_53/input.csv response 2>"$folder/messages"; then
  echo "a table without the model's columns was scored" >&2
  exit 1
fi
grep -q "invalid: the input lacks column" "$folder/messages"

# The program in the document, word for word.
awk '/^```c$/ {inside = 1; next} /^```$/ {inside = 0} inside' docs/embedding.md >"$folder/document.c"
"$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags scoria) -o "$folder/document" "$folder/document.c" $(pkg-config --libs scoria)
cp tests/golden/rf_class_even_ties/model.rds "$folder/model.rds"
answer=$(cd "$folder" && ./document)
expected=$(sed -n '2,3p' tests/golden/rf_class_even_ties/expected.csv | cut -d, -f2,3 | tr ',' ' ')
[ "$answer" = "$expected" ] || { printf 'docs/embedding.md: the program gives\n%s\nand R\n%s\n' "$answer" "$expected" >&2; exit 1; }
