#!/usr/bin/env bash
# Makes a virtual environment in which PYSKL runs beside this package, from a checkout of PYSKL:
#   bash tests/pyskl_environment.sh path/to/pyskl path/to/new/environment
#   path/to/new/environment/bin/python -m pytest tests/test_pyskl.py tests/test_graphs.py
# The versions are those that were tested, on Python 3.11; PYTHON names another interpreter.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# = 2 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
[ -f "$1/pyskl/utils/graph.py" ] || { echo "$1 is no checkout of PYSKL: it has no pyskl/utils/graph.py" >&2; exit 2; }
checkout=$(cd "$1" && pwd)

"${PYTHON:-python3}" -m venv "$2"
environment=$(cd "$2" && pwd)
pip() { "$environment/bin/python" -m pip --disable-pip-version-check "$@"; }

# What mmcv 1.x and PYSKL need older than the rest of this package has it.
{
    grep -vE '^(numpy|opencv|mmcv|mmengine|mmaction|mediapipe)' "$root/constraints.txt"
    printf '%s\n' numpy==1.26.4 opencv-python==4.11.0.86 mmcv==1.7.2
} > "$environment/constraints.txt"

# mmcv is built here, by a setup.py that imports pkg_resources and PyTorch, without the operators that PYSKL does not use.
pip install --constraint "$environment/constraints.txt" setuptools wheel numpy opencv-python torch
MMCV_WITH_OPS=0 pip install --no-build-isolation --constraint "$environment/constraints.txt" mmcv
pip install --constraint "$environment/constraints.txt" scipy requests tqdm matplotlib fvcore==0.1.5.post20221221
pip install --no-build-isolation --constraint "$environment/constraints.txt" --editable "$root" pytest hypothesis

packages=$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# mmcv imports torchvision for its model zoo, which nothing here asks for.
if ! "$environment/bin/python" -c 'import torchvision' 2> /dev/null; then
    mkdir -p "$packages/torchvision"
    echo "__version__ = '0'  # an empty stand-in" > "$packages/torchvision/__init__.py"
fi
echo "$checkout" > "$packages/pyskl.pth"  # PYSKL's own setup.py asks for mmdet and mmpose
"$environment/bin/python" -W ignore -c 'import blazepose_skl.pyskl'
echo "$environment/bin/python imports PYSKL and blazepose_skl.pyskl"
