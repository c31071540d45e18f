#!/usr/bin/env bash
# Train on a Slurm cluster.
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS in the environment.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of train.py]" >&2
    exit 2
fi
. "$(dirname "${BASH_SOURCE[0]}")/processes.sh"
on_slurm "$1" "$2" train.py "$3" --launcher=slurm "${@:4}"
