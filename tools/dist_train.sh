#!/usr/bin/env bash
# Train with several processes on this machine.
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT in the environment. Without CUDA over gloo.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: dist_train.sh CONFIG PROCESSES [arguments of train.py]" >&2
    exit 2
fi
. "$(dirname "${BASH_SOURCE[0]}")/processes.sh"
on_this_machine "$2" train.py "$1" --launcher pytorch "${@:3}"
