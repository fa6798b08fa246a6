#!/usr/bin/env python3
"""One suggestion as a whole process: tunescope beside its peers, in turn, on the same trials.

    python3 -m venv target/peers
    target/peers/bin/pip install optuna torch botorch scikit-optimize
    cargo build --release
    target/peers/bin/python benches/peers.py target/release/tunescope [N D REPEATS]

Each peer is used as its documentation shows (Optuna GPSampler, BoTorch SingleTaskGP with LogEI, scikit-optimize
"GP"), in a fresh process that reads the same JSONL, builds its study and asks once. The processes run one after
the other, round by round, so that a change of the machine's speed meets them all; medians and ratios are printed.
"""
import json, os, random, statistics, subprocess, sys, tempfile, time

A = [[10, 3, 17, 3.5, 1.7, 8], [.05, 10, 17, .1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, .05, 10, .1, 14]]
P = [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
     [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]]
BEST = [.20169, .150011, .476874, .275332, .311652, .6573]


def hartmann6(x):
    from math import exp
    return -sum(a * exp(-sum(A[i][j] * (x[j] - 1e-4 * P[i][j]) ** 2 for j in range(6)))
                for i, a in enumerate([1.0, 1.2, 3.0, 3.2]))


def make(n, d, folder):
    draw = random.Random(1000 * d + n)
    path = os.path.join(folder, f"trials_{n}_{d}.jsonl")
    with open(path, "w") as f:
        for _ in range(n):
            x = [draw.random() for _ in range(d)]
            y = hartmann6((x + BEST[len(x):])[:6]) + draw.gauss(0, 0.02)
            f.write(json.dumps({"params": {f"x{j}": v for j, v in enumerate(x)}, "value": y}) + "\n")
    space = os.path.join(folder, f"space_{d}.toml")
    with open(space, "w") as f:
        f.write('[study]\nmetric = "value"\ndirection = "minimize"\n')
        for j in range(d):
            f.write(f'[params.x{j}]\ntype = "float"\nlow = 0.0\nhigh = 1.0\n')
    return path, space


def ask(who, path):
    """In a process of its own: reads the trials and prints one suggestion."""
    rows = [json.loads(line) for line in open(path)]
    names = list(rows[0]["params"])
    x, y = [[r["params"][k] for k in names] for r in rows], [r["value"] for r in rows]
    if who == "optuna":
        import optuna
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        space = {k: optuna.distributions.FloatDistribution(0, 1) for k in names}
        study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=0))
        study.add_trials([optuna.trial.create_trial(params=r["params"], distributions=space, value=r["value"]) for r in rows])
        trial = study.ask()
        print([trial.suggest_float(k, 0, 1) for k in names])
    elif who == "botorch":
        import torch
        from botorch.acquisition import LogExpectedImprovement
        from botorch.fit import fit_gpytorch_mll
        from botorch.models import SingleTaskGP
        from botorch.models.transforms import Standardize
        from botorch.optim import optimize_acqf
        from gpytorch.mlls import ExactMarginalLogLikelihood
        torch.set_default_dtype(torch.float64)
        X, Y = torch.tensor(x), -torch.tensor(y).unsqueeze(-1)
        gp = SingleTaskGP(X, Y, outcome_transform=Standardize(1))
        fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
        bounds = torch.tensor([[0.0] * len(names), [1.0] * len(names)])
        print(optimize_acqf(LogExpectedImprovement(gp, best_f=Y.max()), bounds=bounds, q=1, num_restarts=10, raw_samples=512)[0])
    elif who == "skopt":
        from skopt import Optimizer
        from skopt.space import Real
        optimizer = Optimizer([Real(0.0, 1.0) for _ in names], random_state=0, n_initial_points=5)
        optimizer.tell(x, y)
        print(optimizer.ask())


def main():
    if sys.argv[1] == "--ask":
        return ask(sys.argv[2], sys.argv[3])
    program = sys.argv[1]
    n, d, repeats = (int(v) for v in (sys.argv[2:] + ["100", "6", "5"][len(sys.argv) - 2:])[:3])
    with tempfile.TemporaryDirectory() as folder:
        path, space = make(n, d, folder)
        commands = {"tunescope": [program, "suggest", path, "--space", space, "--format", "json"]}
        for who in ("optuna", "botorch", "skopt"):
            if who != "skopt" or n < 1000:  # at n = 1000 it takes a minute and a half
                commands[who] = [sys.executable, __file__, "--ask", who, path]
        times = {who: [] for who in commands}
        environment = dict(os.environ, OMP_NUM_THREADS="1", PYTHONWARNINGS="ignore")
        for round_ in range(repeats + 1):
            for who, command in commands.items():
                started = time.monotonic()
                subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                if round_:  # the first warms the page cache
                    times[who].append(time.monotonic() - started)
        ours = times["tunescope"]
        print(f"n = {n}, d = {d}, {repeats} rounds")
        for who, mine in times.items():
            ratio = statistics.median(t / o for t, o in zip(mine, ours))
            print(f"{who:<10} {statistics.median(mine) * 1e3:9.1f} ms   {min(mine) * 1e3:9.1f} … {max(mine) * 1e3:9.1f}   {ratio:7.1f} x")


if __name__ == "__main__":
    main()
