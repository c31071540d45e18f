#!/usr/bin/env bash
# Test with several processes on this machine.
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT in the environment. Without CUDA over gloo.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: dist_test.sh CONFIG CHECKPOINT PROCESSES [arguments of test.py]" >&2
    exit 2
fi
. "$(dirname "${BASH_SOURCE[0]}")/processes.sh"
on_this_machine "$3" test.py "$1" "$2" --launcher pytorch "${@:4}"
