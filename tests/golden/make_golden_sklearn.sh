#!/usr/bin/env bash
# Writes the golden cases of Python models anew, each environment in a throw-away virtual environment with packages of PyPI.
# usage: tests/golden/make_golden_sklearn.sh FOLDER_OF_PYTHONS [REGEX]   with FOLDER/3.6.*/bin/python, 3.9.*, 3.11.*, 3.12.* (as pyenv keeps them)
# sk15 and sk18 are there for boosting, which names its losses otherwise from 1.5 to 1.8.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
pythons=${1:?usage: tests/golden/make_golden_sklearn.sh FOLDER_OF_PYTHONS [REGEX]}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

environment() {  # environment TAG PYTHON PACKAGES...
  local tag=$1 python
  python=$(ls -d "$pythons/$2".*/bin/python | tail -n 1)
  shift 2
  "$python" -m venv "$work/$tag"
  "$work/$tag/bin/pip" -q install "$@"
  PYTHONHASHSEED=0 "$work/$tag/bin/python" -W ignore "$here/make_golden.py" "$tag" "${regex:-}"
}

regex=${2:-}
losses=${2:-_(gb_regressor|gb_classifier_three|gb_exponential|hist_classifier_three|hist_poisson)_}
environment sk019 3.6 'scikit-learn==0.19.2' 'numpy<1.16' 'scipy<1.2' 'pandas<0.25'
environment sk024 3.9 'scikit-learn==0.24.2' 'numpy<1.22' 'scipy<1.8' 'pandas<1.4'
environment sk10 3.9 'scikit-learn==1.0.2' 'numpy<1.24' 'scipy<1.10' 'pandas<1.6'
environment sk12 3.11 'scikit-learn==1.2.2' 'numpy<1.25' 'scipy<1.11' 'pandas<2.1' lz4
environment sk14 3.11 'scikit-learn==1.4.2' 'numpy<2' 'scipy<1.14' 'pandas<2.3'
regex=$losses environment sk15 3.11 'scikit-learn==1.5.2' 'numpy<2' 'pandas<2.3'
regex=$losses environment sk18 3.12 'scikit-learn==1.8.0' numpy pandas
environment new 3.11 scikit-learn numpy pandas scipy lz4
