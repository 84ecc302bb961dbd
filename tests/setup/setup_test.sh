#!/usr/bin/env bash
# tools/setup on machines with other packages, users and package managers than this one's.
set -u
setup=$(cd "$(dirname "$0")/../.." && pwd)/tools/setup
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# A copy of the script beside fakes: dpkg-query knows $work/installed, apt-get and sudo write down how they were called.
mkdir -p "$work/tree/tools" "$work/bin"
cp "$setup" "$work/tree/tools/setup"
fake() { printf '#!/bin/bash\n%s\n' "$2" >"$work/bin/$1"; chmod +x "$work/bin/$1"; }
for tool in bash dirname cat sed tr mkdir tail env; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
machine() {  # machine USER_ID SUDO(yes|no) INSTALLED...
  rm -f "$work/calls" "$work/bin/sudo" "$work/bin/apt-get" "$work/bin/dpkg-query"
  fake id "echo $1"
  fake apt-get "echo \"apt-get \$*\" >>$work/calls; exit \${APT_FAILS:-0}"
  [ "$2" = no ] || fake sudo "[ \"\$1\" = -n ] && exit 0; echo -n 'sudo ' >>$work/calls; exec \"\$@\""
  shift 2
  printf '%s=installed\n' "$@" >"$work/installed"
  fake dpkg-query "cat $work/installed; exit 1"
}
run() { PATH=$work/bin "$work/tree/tools/setup" "$@" >"$work/out" 2>&1 </dev/null; code=$?; touch "$work/calls"; }
claim() {  # claim WHAT CONDITION...
  local what=$1
  shift
  "$@" && return
  echo "FAILED: $what" >&2
  sed 's/^/  printed: /' "$work/out" >&2
  sed 's/^/  called:  /' "$work/calls" >&2
  failed=1
}
printed() { grep -q -- "$1" "$work/out"; }
called() { grep -q -- "$1" "$work/calls"; }
nothing_called() { [ ! -s "$work/calls" ]; }
code_is() { [ "$code" = "$1" ]; }

machine 0 no clang-16 libclang-rt-16-dev llvm-16
run fuzz
claim "says nothing and calls nothing where all packages are there" nothing_called
claim "succeeds where all packages are there" code_is 0

machine 0 no clang-16
run fuzz
claim "installs only what is missing, and never removes" \
  called '^apt-get install -y --no-remove --no-install-recommends libclang-rt-16-dev llvm-16 '
claim "refreshes the package lists first" called '^apt-get update'
claim "names what it installs" printed 'installing libclang-rt-16-dev llvm-16'

machine 0 no clang-16-doc
run fuzz
claim "is not content with a package whose name only begins alike" called ' clang-16 '

machine 1000 yes
run fuzz
claim "goes through sudo where the user is not root" called '^sudo .*apt-get install -y --no-remove'

machine 1000 no
run fuzz
claim "calls nothing without root and without sudo" nothing_called
claim "fails without root and without sudo" code_is 1
claim "prints the line to run instead" printed '^  apt-get update && apt-get install -y --no-remove --no-install-recommends clang-16'

machine 0 no
APT_FAILS=100 run fuzz
claim "fails when installing fails" code_is 1
claim "says where the log is" printed 'the whole log is build/setup-fuzz.log'

machine 0 no
rm "$work/bin/apt-get" "$work/bin/dpkg-query"
run fuzz
claim "names the packages where there is no apt" printed 'needs the equivalents of: clang-16'
claim "lets the build try where there is no apt" code_is 0

machine 0 no
run nonsense
claim "refuses a purpose that it does not know" code_is 2

exit $failed
