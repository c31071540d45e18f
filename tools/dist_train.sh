#!/usr/bin/env bash
# Train with several processes on this machine.
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT in the environment. Without CUDA over gloo.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: dist_train.sh CONFIG PROCESSES [arguments of train.py]" >&2
    exit 2
fi
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
processes=$2
# torchrun would give every process a single thread.
cores=$(getconf _NPROCESSORS_ONLN)
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((cores > processes ? cores / processes : 1))}
export PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}"

exec python -m torch.distributed.run --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" --nproc_per_node="$processes" \
    "$tools/train.py" "$1" --launcher pytorch "${@:3}"
