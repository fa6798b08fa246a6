#!/bin/sh
# One trial of `tunescope run` as a Slurm job:
#
#   tunescope run --space space.toml --budget trials=60 --jobs 16 -- demo/cluster/slurm.sh train.sh
#
# The job is submitted with its configuration (TUNESCOPE_PARAM_<NAME> and TUNESCOPE_TRIAL travel in the
# environment), waited for, and its output becomes the output of the trial. A loop that is stopped cancels
# the job. Options for sbatch go into SBATCH_OPTIONS, such as "--gres=gpu:1 --time=8:00:00".
set -eu
out=$(mktemp -d "${TMPDIR:-.}/trial-${TUNESCOPE_TRIAL:-0}-XXXXXX") # a folder that all nodes see
job=
trap 'if [ -n "$job" ]; then scancel "$job"; fi; exit 143' TERM INT
# shellcheck disable=SC2086 # several options are several words
sbatch --wait --export=ALL --output="$out/log" ${SBATCH_OPTIONS-} "$@" >"$out/id" &
pid=$!
while [ ! -s "$out/id" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
job=$(sed 's/[^0-9]//g' "$out/id")
status=0
wait "$pid" || status=$?
cat "$out/log"
[ "$status" -eq 0 ] && rm -r "$out"
exit "$status"
