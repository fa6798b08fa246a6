#!/bin/sh
# One trial of `tunescope run` as a Kubernetes job:
#
#   IMAGE=registry/train:1 tunescope run --space space.toml --budget trials=60 --jobs 16 -- \
#       demo/cluster/kubernetes.sh python train.py
#
# The parameters are in the container's environment as TUNESCOPE_PARAM_<NAME>; its log becomes the output of
# the trial. The name of the job tells trial and attempt apart, so one that is there already is followed and
# not started twice. A loop that is stopped deletes the job.
set -eu
name="tune-${STUDY:-study}-${TUNESCOPE_TRIAL:-0}-${TUNESCOPE_ATTEMPT:-1}"
trap 'kubectl delete job "$name" --ignore-not-found; exit 143' TERM INT
python3 - "$name" "$@" <<'PY' | kubectl apply -f - >&2
import json, os, sys
env = [{"name": k, "value": v} for k, v in sorted(os.environ.items()) if k.startswith("TUNESCOPE_")]
box = {"name": "trial", "image": os.environ["IMAGE"], "command": sys.argv[2:], "env": env}
json.dump({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": sys.argv[1]},
           "spec": {"backoffLimit": 0, "ttlSecondsAfterFinished": 3600, "template": {"spec": {
               "restartPolicy": "Never", "containers": [box]}}}}, sys.stdout)
PY
while :; do # in the foreground a trap would wait for the whole job
    state=$(kubectl get job "$name" -o 'jsonpath={.status.succeeded}/{.status.failed}')
    [ "$state" = / ] || break
    sleep "${POLL:-5}" & wait $!
done
kubectl logs "job/$name"
[ "${state%%/*}" = 1 ]
