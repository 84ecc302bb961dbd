#!/usr/bin/env bash
# libscoria.so exports the functions that scoria.h declares, all of them and nothing else, and writes through no standard stream.
# usage: symbols_test.sh LIBSCORIA.so
set -eu
library=$1
cd "$(dirname "$0")/../.."
exported=$(nm -D --defined-only "$library" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | sort)
declared=$(grep -oE '\bscoria_[a-z_]+\(' src/capi/scoria.h | tr -d '(' | sort -u)
if [ "$exported" != "$declared" ]; then
  echo "exported (<) and declared (>) functions differ:" >&2
  diff <(echo "$exported") <(echo "$declared") >&2
  exit 1
fi
# What would end or address the host: none of it may be called. (abort and the rest come with libstdc++, in its own library.)
forbidden=$(nm -D --undefined-only "$library" | awk '{sub(/@.*/, "", $NF); print $NF}' |
  grep -xE 'abort|exit|_exit|quick_exit|printf|puts|putchar|fork|system|popen|execv[pe]*|dlopen|signal|sigaction|setlocale' || true)
if [ -n "$forbidden" ]; then
  echo "the library calls what it must not: $forbidden" >&2
  exit 1
fi
readelf -d "$library" | grep -q "SONAME.*\[libscoria.so.$(sed -n 's/^#define SCORIA_ABI_VERSION //p' src/capi/scoria.h)\]" ||
  { echo "the library's soname lacks the ABI version of scoria.h" >&2; exit 1; }
echo "$(echo "$exported" | wc -l) functions"
