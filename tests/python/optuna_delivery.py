"""A real Optuna at the other end of a journal or a database. Run by tests/optuna_delivery.rs and its sisters."""
import json
import os
import sys
import time
import warnings

warnings.simplefilter("ignore")
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
try:
    from optuna.storages.journal import JournalFileBackend as Backend
    from optuna.storages.journal import JournalFileOpenLock as OpenLock
    from optuna.storages.journal import JournalFileSymlinkLock as SymlinkLock
except ImportError:  # before 4.0
    from optuna.storages import JournalFileOpenLock as OpenLock
    from optuna.storages import JournalFileStorage as Backend
    from optuna.storages import JournalFileSymlinkLock as SymlinkLock


def storage(path, kind="symlink", grace=30):
    if "://" in path:
        # SQLite's default patience of five seconds is short on a busy machine.
        patient = {"connect_args": {"timeout": 60}} if path.startswith("sqlite") else None
        return optuna.storages.RDBStorage(path, engine_kwargs=patient)
    try:
        lock = (OpenLock if kind == "open" else SymlinkLock)(path, grace_period=grace)
    except TypeError:  # before 4.1 there was no grace period
        lock = (OpenLock if kind == "open" else SymlinkLock)(path)
    return optuna.storages.JournalStorage(Backend(path, lock_obj=lock))


def suggest(trial):
    return {
        "lr": trial.suggest_float("lr", 1e-5, 1e-1, log=True),
        "drop": trial.suggest_float("drop", 0.0, 0.4, step=0.05),
        "n": trial.suggest_int("n", 4, 32, step=4),
        "opt": trial.suggest_categorical("opt", ["adam", "sgd", None]),
        "nesterov": trial.suggest_categorical("nesterov", [True, False]),
    }


def value_of(params):
    return params["lr"] + params["drop"] + params["n"]


def study_of(store, name):
    return optuna.create_study(
        study_name=name, storage=store, load_if_exists=True, sampler=optuna.samplers.RandomSampler()
    )


def say(**fields):
    print(json.dumps(fields), flush=True)


def seed(path, name, n="3"):
    """Runs a few trials, so that the journal knows the distributions."""
    study_of(storage(path), name).optimize(lambda t: value_of(suggest(t)), n_trials=int(n))


def several(path):
    """Three studies, of which the second is deleted after it ran."""
    store = storage(path)
    for name in ["first", "second", "third"]:
        study_of(store, name).optimize(lambda t: value_of(suggest(t)), n_trials=2)
    optuna.delete_study(study_name="second", storage=store)
    study_of(store, "second").optimize(lambda t: value_of(suggest(t)), n_trials=1)


def parked(path, name):
    """One worker. Its second trial waits for a line on standard input; then it runs three more."""
    done = []

    def objective(trial):
        if len(done) == 1:
            say(parked=trial.number)
            sys.stdin.readline()
        params = suggest(trial)
        done.append(trial.number)
        say(ran=trial.number, params=params, ours=trial.user_attrs.get("tunescope", {}).get("id"))
        return value_of(params)

    study_of(storage(path), name).optimize(objective, n_trials=5)


def work(path, name, stop, kind="symlink"):
    """One worker until the file `stop` is there and no trial waits."""
    study = study_of(storage(path, kind), name)

    def objective(trial):
        params = suggest(trial)
        say(ran=trial.number, params=params, ours=trial.user_attrs.get("tunescope", {}).get("id"))
        time.sleep(0.002)
        return value_of(params)

    def callback(study, _):
        if os.path.exists(stop):
            waiting = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.WAITING,))
            if not waiting:
                study.stop()

    study.optimize(objective, callbacks=[callback])


def dump(path, name):
    """What Optuna itself reads from the file, from its start."""
    for t in optuna.load_study(study_name=name, storage=storage(path)).get_trials(deepcopy=False):
        say(
            number=t.number,
            state=t.state.name,
            params=t.params,
            fixed=t.system_attrs.get("fixed_params"),
            ours=t.user_attrs.get("tunescope", {}).get("id"),
            value=t.value if t.state.name == "COMPLETE" else None,
        )


def append(path, name, grace):
    """Takes the lock (after the grace period, if it is left over) and writes an attribute."""
    store = storage(path, grace=int(grace))
    study = optuna.load_study(study_name=name, storage=store)
    study.set_user_attr("written", "after the lock was left behind")
    say(ok=True)


def refuses(path):
    """Whether Optuna cannot read the file."""
    try:
        optuna.get_all_study_names(storage(path))
    except ValueError:
        say(refused=True)
    else:
        say(refused=False)


def version():
    say(version=optuna.__version__)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
