#!/bin/sh
# An R script as a task of a server's pool, and its log. The server is the one on this machine, or as SCORIA_SERVER, SCORIA_PROFILE or SCORIA_DATA say.
# usage: run.sh [POOL = hello-r]      SCORIA_PROGRAM: the program, unless it is in PATH
set -eu
here=$(dirname "$0")
scoria=${SCORIA_PROGRAM:-scoria}
pool=${1:-hello-r}
"$scoria" pool show "$pool" >/dev/null 2>&1 || "$scoria" pool create "$pool" --nodes 1

# The script, where nodes can fetch it: its address has a signature, so they need no key.
"$scoria" blob upload hello-r "$here/hello.r"
container=$("$scoria" blob url hello-r)
script="${container%%\?*}/hello.r?${container#*\?}"

job=hello-r-$(date +%s)-$$
"$scoria" job create "$job" --pool "$pool"
"$scoria" task create "$job" --id warm --resource "hello.r=$script" -- scoria call-r hello.r
"$scoria" task create "$job" --id cold --resource "hello.r=$script" -- Rscript --no-site-file --no-environ --no-restore hello.r
"$scoria" job wait "$job"
for task in warm cold; do
  echo "log of $task:"
  "$scoria" task logs "$job" "$task"
done
"$scoria" job delete "$job"
