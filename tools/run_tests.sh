#!/usr/bin/env bash
# Environment, linters, tests; arguments go to pytest.
set -eu
. "$(dirname "$0")/environment.sh" mmaction2,test
ruff check .
ruff format --check .
mypy
python -m pytest "$@"
