# Makes the virtual environment .venv of the clone, with the tested versions, and activates it.
# Sourced by quickstart.sh and run_tests.sh with the extras to install: . tools/environment.sh mmaction2,test
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
    echo "$PYTHON is $("$PYTHON" --version 2>&1), Python 3.10 or newer is needed (tested: 3.11); name one: PYTHON=python3.11 bash $0" >&2
    exit 1
}
[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv || exit
# shellcheck disable=SC1091
. .venv/bin/activate
python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt --editable ".[$1]" || exit
