# Starts one of our tools on several processes. Sourced by dist_*.sh and slurm_*.sh.
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}"

# on_this_machine PROCESSES TOOL [arguments of the tool]
on_this_machine() {
    local processes=$1 tool=$2 cores
    # torchrun would give every process a single thread.
    cores=$(getconf _NPROCESSORS_ONLN)
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((cores > processes ? cores / processes : 1))}
    exec python -m torch.distributed.run --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
        --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" --nproc_per_node="$processes" \
        "$tools/$tool" "${@:3}"
}

# on_slurm PARTITION JOB_NAME TOOL [arguments of the tool]
on_slurm() {
    local gpus_per_node=${GPUS_PER_NODE:-8} cpus_per_task=${CPUS_PER_TASK:-5} srun_args
    read -r -a srun_args <<<"${SRUN_ARGS:-}"
    export MASTER_PORT=${MASTER_PORT:-$((12000 + RANDOM % 20000))}
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$cpus_per_task}
    # The odd form of srun_args is for bash before 4.4, where an empty array counts as unset.
    exec srun -p "$1" --job-name="$2" --gres="gpu:$gpus_per_node" --ntasks="${GPUS:-8}" \
        --ntasks-per-node="$gpus_per_node" --cpus-per-task="$cpus_per_task" --kill-on-bad-exit=1 \
        ${srun_args[@]+"${srun_args[@]}"} \
        python -u "$tools/$3" "${@:4}"
}
