#!/usr/bin/env python3
"""A worker of an Optuna study, to be started on as many machines as there are.

    optuna_worker.py postgresql://user@host/db finetune 20

Storage in a database is what the machines share: tunescope opens the same URL, and what a person accepts there
becomes the next trial of whichever worker is free. A worker that dies is noticed by its heartbeat, and its
trial is run again.
"""
import sys

import optuna


def objective(trial):
    x = trial.suggest_float("x", 0.0, 1.0)
    n = trial.suggest_int("n", 1, 100)
    return (x - 0.3) ** 2 + (n - 40) ** 2 * 1e-4


if __name__ == "__main__":
    url, name, trials = sys.argv[1], sys.argv[2], int(sys.argv[3])
    storage = optuna.storages.RDBStorage(
        url,
        heartbeat_interval=60,
        failed_trial_callback=optuna.storages.RetryFailedTrialCallback(max_retry=2),
    )
    study = optuna.create_study(storage=storage, study_name=name, load_if_exists=True)
    stop = optuna.study.MaxTrialsCallback(trials, states=(optuna.trial.TrialState.COMPLETE,))
    study.optimize(objective, callbacks=[stop])
