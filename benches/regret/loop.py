"""The loop of `tunescope suggest` through the real program, on any function of `functions.py`, beside the peers' files.

    python benches/regret/loop.py --functions lora,optimizers [--noise] [--seeds 0-11] [--label separable]
        [--program target/release/tunescope] [-- --kernel 'matern52[{numbers}]*(constant+constant*categorical[{choices}])']

What stands behind `--` goes to `tunescope suggest`; `{numbers}` and `{choices}` are the names of the function's parameters.
Writes <function>[.noisy].<label>.csv as peers.py does, to REGRET_OUT or benches/results/regret; what is there is not run again.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import peers
from functions import FUNCTIONS, MIXED

ROOT = os.path.dirname(os.path.dirname(peers.HERE))


def space_file(space):
    lines = ["[study]", 'metric = "value"', 'direction = "minimize"']
    for axis in space:
        lines.append(f"[params.{axis[1]}]")
        if axis[0] == "c":
            lines += ['type = "categorical"', f"choices = {json.dumps(axis[2])}"]
        else:
            kind = "float" if axis[0] == "f" else "int"
            lines += [f'type = "{kind}"', f"low = {axis[2]}", f"high = {axis[3]}", f"log = {str(axis[4]).lower()}"]
    return "\n".join(lines) + "\n"


def play(run, program, extra):
    numbers = ",".join(a[1] for a in run.space if a[0] != "c")
    choices = ",".join(a[1] for a in run.space if a[0] == "c")
    extra = [e.replace("{numbers}", numbers).replace("{choices}", choices) for e in extra]
    with tempfile.TemporaryDirectory() as folder:
        results, space = os.path.join(folder, "results.jsonl"), os.path.join(folder, "space.toml")
        with open(space, "w") as fh:
            fh.write(space_file(run.space))
        with open(results, "a", buffering=1) as fh:
            for i in range(peers.N):
                if i < peers.N0:
                    x = run.first[i]
                else:
                    t0 = time.perf_counter()
                    command = [program, "suggest", results, "--space", space, "--seed", str(run.seed), "--format", "json", *extra]
                    said = subprocess.run(command, capture_output=True, text=True)
                    if said.returncode:
                        raise RuntimeError(said.stderr)
                    params = json.loads(said.stdout)[0]["params"]
                    x = [params[name] for name in run.names]
                    run.asks.append(time.perf_counter() - t0)
                fh.write(json.dumps({"trial": i, "params": dict(zip(run.names, x)), "value": run(x)}) + "\n")


def main():
    words = sys.argv[1:]
    extra = words[words.index("--") + 1 :] if "--" in words else []
    p = argparse.ArgumentParser()
    p.add_argument("--functions", default=",".join(MIXED))
    p.add_argument("--noise", action="store_true")
    p.add_argument("--seeds", default="0-11")
    p.add_argument("--label", default="tunescope")
    p.add_argument("--program", default=os.path.join(ROOT, "target", "release", "tunescope"))
    a = p.parse_args(words[: len(words) - len(extra) - 1] if "--" in words else words)
    first, last = (int(t) for t in a.seeds.split("-"))
    os.makedirs(peers.OUT, exist_ok=True)
    for function in a.functions.split(","):
        if function not in FUNCTIONS | MIXED:
            sys.exit(f"there is no function {function}; there are {', '.join(FUNCTIONS | MIXED)}")
        out = peers.path(function, a.noise, a.label)
        for seed in range(first, last + 1):
            if seed in peers.done(out):
                continue
            run = peers.Run(function, a.noise, seed)
            play(run, a.program, extra)
            peers.write(out, run)
            print(function, a.label, seed, f"{min(run.truth) - run.minimum:.3g}", flush=True)


if __name__ == "__main__":
    main()
