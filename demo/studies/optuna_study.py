#!/usr/bin/env python3
"""Makes finetune.optuna.log: Optuna's TPE on the demo's objective, with pruning, in a journal file.

    pip install optuna
    cargo build --release --example demo-assets
    python demo/studies/optuna_study.py
"""

import json
import pathlib
import subprocess
import sys

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVALUATE = sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/examples/demo-assets"
JOURNAL = ROOT / "demo/studies/finetune.optuna.log"
TRIALS = 40


def objective(trial: optuna.Trial) -> float:
    params = {
        "learning_rate": trial.suggest_float("learning_rate", 2e-5, 2e-1, log=True),
        "batch_size": trial.suggest_int("batch_size", 8, 64, step=8),
        "warmup_ratio": trial.suggest_float("warmup_ratio", 0.0, 0.3),
        "weight_decay": trial.suggest_float("weight_decay", 1e-3, 3.0, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.4),
        "scheduler": trial.suggest_categorical("scheduler", ["linear", "cosine", "constant"]),
        "frozen_layers": trial.suggest_int("frozen_layers", 0, 3),
    }
    command = [str(EVALUATE), "evaluate", json.dumps(params), str(trial.number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            report = json.loads(line)
            if "loss" in report:
                trial.report(report["loss"], report["step"])
                if trial.should_prune():
                    run.kill()
                    raise optuna.TrialPruned
            elif report["value"] is None:
                return float("nan")
            else:
                return report["value"]
    raise RuntimeError("the objective ended without a value")


if __name__ == "__main__":
    JOURNAL.unlink(missing_ok=True)
    study = optuna.create_study(
        study_name="finetune",
        storage=JournalStorage(JournalFileBackend(str(JOURNAL))),
        sampler=optuna.samplers.TPESampler(seed=1),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=8, n_warmup_steps=20_000),
    )
    study.set_metric_names(["val_loss"])
    study.optimize(objective, n_trials=TRIALS)
