"""The peers of the regret bench: the same functions, first points and noise, one process, resumable.

    python benches/regret/peers.py [--functions a,b] [--noise] [--seeds 0-5] [--peers optuna_gp,...]

Writes benches/results/regret/<function>[.noisy].<peer>.csv, a row a seed: the true regret of each of the 50 evaluations,
and for noisy objectives a second row with what the peer was told (minus the minimum).
`design` as the only argument writes the shared first points and the noise (scipy's scrambled Sobol points).
"""

import os

for k in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[k] = "1"
import argparse
import csv
import logging
import math
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from functions import FUNCTIONS, MIXED, from_unit

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.environ.get("REGRET_OUT", os.path.join(os.path.dirname(HERE), "results", "regret"))
N, N0, SEEDS, DIMS = 50, 10, 20, (2, 3, 4, 5, 6, 8, 10)


def design():
    from scipy.stats import qmc

    with open(os.path.join(HERE, "init.csv"), "w") as fh:
        fh.write("d,seed,point\n")
        for d in DIMS:
            for seed in range(SEEDS):
                for u in qmc.Sobol(d, scramble=True, seed=seed).random(16)[:N0]:
                    fh.write(f"{d},{seed}," + " ".join(repr(float(t)) for t in u) + "\n")
    with open(os.path.join(HERE, "noise.csv"), "w") as fh:
        fh.write("seed,draws\n")
        for seed in range(SEEDS):
            z = np.random.default_rng(7000 + seed).standard_normal(N)
            fh.write(f"{seed}," + " ".join(f"{t:.6f}" for t in z) + "\n")


def init(d, seed):
    with open(os.path.join(HERE, "init.csv")) as fh:
        return [[float(t) for t in r["point"].split()] for r in csv.DictReader(fh) if int(r["d"]) == d and int(r["seed"]) == seed]


def noise(seed):
    with open(os.path.join(HERE, "noise.csv")) as fh:
        return next([float(t) for t in r["draws"].split()] for r in csv.DictReader(fh) if int(r["seed"]) == seed)


class Run:
    """What a peer sees: `ask(x)` gives the objective; the true values are kept aside."""

    def __init__(self, function, noisy, seed):
        self.f, self.space, self.minimum, sd = (FUNCTIONS | MIXED)[function]
        self.d, self.seed = len(self.space), seed
        self.names = [a[1] for a in self.space]
        self.unit = init(self.d, seed)
        self.first = [from_unit(self.space, u) for u in self.unit]
        self.z = [sd * z for z in noise(seed)] if noisy else [0.0] * N
        self.noisy = noisy
        self.truth, self.told, self.asks = [], [], []

    def __call__(self, x):
        t = float(self.f(x))
        self.truth.append(t)
        self.told.append(t + self.z[len(self.told)])
        return self.told[-1]


def optuna_run(run, kind):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if kind == "gp":
        import torch

        torch.set_num_threads(1)
        sampler = optuna.samplers.GPSampler(seed=run.seed, n_startup_trials=N0)
    else:
        sampler = optuna.samplers.TPESampler(seed=run.seed, n_startup_trials=N0)
    study = optuna.create_study(sampler=sampler)
    for x in run.first:
        study.enqueue_trial(dict(zip(run.names, x)))
    for i in range(N):
        t0 = time.perf_counter()
        trial = study.ask()
        x = []
        for a in run.space:
            if a[0] == "c":
                x.append(trial.suggest_categorical(a[1], a[2]))
            elif a[0] == "i":
                x.append(trial.suggest_int(a[1], a[2], a[3], log=a[4]))
            else:
                x.append(trial.suggest_float(a[1], a[2], a[3], log=a[4]))
        if i >= N0:
            run.asks.append(time.perf_counter() - t0)
        study.tell(trial, run(x))


def skopt_run(run):
    from skopt import Optimizer
    from skopt.space import Categorical, Integer, Real

    kinds = {True: "log-uniform", False: "uniform"}
    space = [Categorical(a[2]) if a[0] == "c" else (Real if a[0] == "f" else Integer)(a[2], a[3], prior=kinds[a[4]]) for a in run.space]
    optimizer = Optimizer(space, base_estimator="GP", acq_func="gp_hedge", n_initial_points=N0, random_state=run.seed)
    optimizer.tell(run.first, [run(x) for x in run.first])
    for _ in range(N0, N):
        t0 = time.perf_counter()
        x = optimizer.ask()
        plain = [v.item() if hasattr(v, "item") else v for v in x]
        y = run(plain)
        optimizer.tell(x, y)
        run.asks.append(time.perf_counter() - t0)


def botorch_run(run):
    import itertools

    import torch
    from botorch.acquisition import LogExpectedImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from botorch.models.transforms import Standardize
    from botorch.optim import optimize_acqf, optimize_acqf_mixed
    from gpytorch.mlls import ExactMarginalLogLikelihood

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(run.seed)
    logging.disable(logging.WARNING)
    counts = [len(a[2]) if a[0] == "c" else 0 for a in run.space]
    columns, at = [], 0
    for c in counts:
        columns.append(at)
        at += max(c, 1)
    width = at

    def encode(u):
        v = np.zeros(width)
        for t, c, k in zip(u, counts, columns):
            if c:
                v[k + min(c - 1, int(t * c))] = 1.0
            else:
                v[k] = t
        return v

    def decode(v):
        return [(v[k : k + c].argmax() + 0.5) / c if c else v[k] for c, k in zip(counts, columns)]

    categories = [(k, c) for c, k in zip(counts, columns) if c]
    fixed = [{k + i: float(i == chosen) for (k, c), chosen in zip(categories, combo) for i in range(c)}
             for combo in itertools.product(*(range(c) for _, c in categories))]
    units, ys = [list(u) for u in run.unit], [run(x) for x in run.first]
    for _ in range(N0, N):
        t0 = time.perf_counter()
        x = torch.from_numpy(np.array([encode(u) for u in units]))
        y = -torch.tensor(ys)[:, None]
        model = SingleTaskGP(x, y, outcome_transform=Standardize(1))
        try:
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        except Exception as error:
            print("fit failed", run.seed, repr(error)[:80], file=sys.stderr)
        with torch.no_grad():
            best = model.posterior(x).mean.max() if run.noisy else y.max()
        ei = LogExpectedImprovement(model, best_f=best)
        bounds = torch.tensor([[0.0] * width, [1.0] * width])
        if categories:
            c, _ = optimize_acqf_mixed(ei, bounds=bounds, q=1, num_restarts=2, raw_samples=64, fixed_features_list=fixed)
        else:
            c, _ = optimize_acqf(ei, bounds=bounds, q=1, num_restarts=10, raw_samples=512)
        u = decode(c[0].numpy())
        run.asks.append(time.perf_counter() - t0)
        units.append(u)
        ys.append(run(from_unit(run.space, u)))


def random_run(run):
    r = np.random.default_rng(10_000 + run.seed)
    for i in range(N):
        run(run.first[i] if i < N0 else from_unit(run.space, r.random(run.d)))


PEERS = {"optuna_gp": lambda r: optuna_run(r, "gp"), "optuna_tpe": lambda r: optuna_run(r, "tpe"), "skopt": skopt_run,
         "botorch": botorch_run, "random": random_run}


def path(function, noisy, peer):
    return os.path.join(OUT, f"{function}{'.noisy' if noisy else ''}.{peer}.csv")


def done(p):
    if not os.path.exists(p):
        return set()
    with open(p) as fh:
        return {int(r["seed"]) for r in csv.DictReader(fh)}


def write(p, run):
    new = not os.path.exists(p)
    ask = 1e3 * float(np.mean(run.asks)) if run.asks else 0.0
    with open(p, "a") as fh:
        if new:
            fh.write("seed,kind,ask_ms," + ",".join(str(i + 1) for i in range(N)) + "\n")
        for kind, ys in [("regret", run.truth)] + ([("observed", run.told)] if run.noisy else []):
            fh.write(f"{run.seed},{kind},{ask:.1f}," + ",".join(f"{y - run.minimum:.5g}" for y in ys) + "\n")


def main():
    if sys.argv[1:] == ["design"]:
        return design()
    p = argparse.ArgumentParser()
    p.add_argument("--functions", default=",".join(FUNCTIONS))
    p.add_argument("--noise", action="store_true")
    p.add_argument("--seeds", default="0-5")
    p.add_argument("--peers", default="optuna_gp,optuna_tpe,skopt,botorch,random")
    a = p.parse_args()
    first, last = (int(t) for t in a.seeds.split("-"))
    os.makedirs(OUT, exist_ok=True)
    for seed in range(first, last + 1):
        for function in a.functions.split(","):
            for peer in a.peers.split(","):
                out = path(function, a.noise, peer)
                if seed in done(out):
                    continue
                run = Run(function, a.noise, seed)
                t0 = time.time()
                try:
                    PEERS[peer](run)
                except Exception as error:
                    print("FAILED", function, peer, seed, repr(error)[:200], flush=True)
                    continue
                write(out, run)
                print(function, a.noise, peer, seed, f"{min(run.truth) - run.minimum:.3g}", f"{time.time() - t0:.0f} s", flush=True)


if __name__ == "__main__":
    main()
