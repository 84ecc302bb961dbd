#!/bin/sh
# Trains, scores what no model has seen without R, and compares the numbers.
# usage: run.sh [OUT_DIR = out] [WORKERS = 2] [EXPECTED.csv]      SCORIA_PROGRAM: the program, unless it is in PATH
set -eu
here=$(dirname "$0")
out=${1:-out}
Rscript "$here/train.R" "$out" "${2:-2}"
"${SCORIA_PROGRAM:-scoria}" score "$out/best.rds" "$out/new_homes.csv" --type response -o "$out/predictions.csv"
Rscript "$here/compare.R" "$out" ${3:+"$3"}
