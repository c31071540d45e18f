#!/usr/bin/env bash
# The whole way in one command: environment, dumps, annotations, training, test.
#   bash tools/quickstart.sh            with synthetic dumps
#   bash tools/quickstart.sh DUMPS      with your own: DUMPS/<class>/<clip>.json
# Any arguments go to tools/quickstart.py; --help lists them.
set -eu
dumps=()
case "${1:-}" in '' | -*) ;; *) dumps=("$(realpath "$1")") && shift ;; esac
. "$(dirname "$0")/environment.sh" mmaction2
python tools/quickstart.py "${dumps[@]}" "$@"
