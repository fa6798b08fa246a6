#!/usr/bin/env python3
"""Takes the next accepted configuration from a tunescope queue: no packages, atomic on any disk and on NFS.

claim.py RESULTS.queue   prints {"claim": FILE, "id": …, "params": {…}}; exit status 1 where nothing waits.
claim.py --done FILE     when it has run. (A result line with "queue_id": id does the same.)
In a worker: `from claim import claim`.
"""
import json, os, socket, sys

def claim(queue, pid=None):
    pending = os.path.join(queue, "pending")
    for name in sorted(n for n in os.listdir(pending) if n.endswith(".json")) if os.path.isdir(pending) else ():
        mine = os.path.join(queue, "claimed", f"{name}.{socket.gethostname()}.{pid or os.getpid()}")
        try:
            os.rename(os.path.join(pending, name), mine)
        except FileNotFoundError:
            continue  # another worker was faster, or it was withdrawn
        return {"claim": mine, **json.load(open(mine, encoding="utf-8"))}

if __name__ == "__main__":
    if sys.argv[1] == "--done":
        folder, name = os.path.split(sys.argv[2])
        sys.exit(os.rename(sys.argv[2], os.path.join(os.path.dirname(folder), "done", name)))
    found = claim(sys.argv[1], os.getppid())  # the process that called us is the worker
    sys.exit(print(json.dumps(found)) if found else 1)
