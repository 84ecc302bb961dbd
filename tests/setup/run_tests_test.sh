#!/usr/bin/env bash
# What tools/run_tests counts, from reports as ctest and GoogleTest write them.
set -u
run_tests=$(cd "$(dirname "$0")/../.." && pwd)/tools/run_tests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

ctest_report() {  # ctest_report NAME=STATUS...
  rm -rf "$work"/*
  mkdir "$work/gtest"
  local test
  echo '<testsuite name="Linux-c++">' >"$work/ctest.xml"
  for test in "$@"; do
    echo "  <testcase name=\"${test%=*}\" classname=\"${test%=*}\" time=\"0.1\" status=\"${test#*=}\">" >>"$work/ctest.xml"
  done
}
cases() {  # cases PROGRAM TESTS FAILURES SKIPPED
  cat >>"$work/gtest/$1.xml" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="99" failures="99" disabled="0" errors="0" time="0" name="AllTests">
  <testsuite name="A" tests="$2" failures="$3" disabled="0" skipped="$4" errors="0" time="0" timestamp="2026-01-01">
    <testcase name="tests=&quot;7&quot;" status="run" result="completed" />
XML
}
expect() {  # expect WHAT "PASSED FAILED SKIPPED"
  shopt -s nullglob
  local got
  got=$("$run_tests" --count "$work/ctest.xml" "$work"/gtest/*.xml)
  [ "$got" = "$2" ] && return
  echo "FAILED: $1: got '$got', want '$2'" >&2
  failed=1
}

ctest_report base=run script=run
cases base 12 0 2
cases base 5 0 0
expect "the cases of a GoogleTest program count, not the program" "16 0 2"

ctest_report base=fail
cases base 12 3 0
expect "failed cases are not passed ones" "9 3 0"

ctest_report base=fail
cases base 12 0 0
expect "a program that fails after its cases is a failure" "12 1 0"

ctest_report base=fail table=run
expect "a program that crashed and left no report is a failure" "1 1 0"

ctest_report base=notrun
expect "a program that did not run is not passed" "0 0 1"

exit $failed
