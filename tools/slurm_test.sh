#!/usr/bin/env bash
# Test on a Slurm cluster.
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS in the environment.
set -euo pipefail
if [ $# -lt 4 ]; then
    echo "usage: slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [arguments of test.py]" >&2
    exit 2
fi
. "$(dirname "${BASH_SOURCE[0]}")/processes.sh"
on_slurm "$1" "$2" test.py "$3" "$4" --launcher=slurm "${@:5}"
