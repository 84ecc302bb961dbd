#!/usr/bin/env bash
# Writes the pickles of this folder anew, each environment in a throw-away virtual environment with packages of PyPI.
# usage: tests/data/pickle/make.sh FOLDER_OF_PYTHONS      with FOLDER/2.7.*/bin/python, FOLDER/3.6.*, 3.9.*, 3.11.* (as pyenv keeps them)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
pythons=${1:?usage: tests/data/pickle/make.sh FOLDER_OF_PYTHONS}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

environment() {  # environment TAG PYTHON PACKAGES...
  local tag=$1 python
  python=$(ls -d "$pythons/$2".*/bin/python | tail -n 1)
  shift 2
  if "$python" -m venv "$work/$tag" 2>/dev/null; then :; else  # Python 2 has no venv of its own
    "$(ls -d "$pythons"/3.11.*/bin/python | tail -n 1)" -m venv "$work/maker"
    "$work/maker/bin/pip" -q install 'virtualenv<20.22'
    "$work/maker/bin/virtualenv" -q -p "$python" "$work/$tag"
  fi
  "$work/$tag/bin/pip" -q install "$@"
  rm -f "$here/$tag".* "$here/dumps.$tag.txt.gz"
  # A fixed seed, so that sets and dicts of old Pythons keep their order from run to run.
  PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 "$work/$tag/bin/python" -W ignore "$here/make.py" "$tag" "$here"
}

environment py27 2.7 'scikit-learn==0.20.4' 'numpy<1.17'
environment py36 3.6 'scikit-learn==0.19.2' 'numpy<1.16' 'scipy<1.2'
environment py39 3.9 'scikit-learn==0.24.2' 'numpy<1.22' 'scipy<1.8' 'joblib==1.0.1'
environment np1 3.11 'scikit-learn==1.2.2' 'numpy<1.25' 'scipy<1.11' 'joblib==1.2.0' lz4
environment np2 3.11 'scikit-learn==1.9.1' 'numpy==2.4.6' 'joblib==1.6.0' lz4
