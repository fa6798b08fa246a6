"""Makes strange but real Optuna files, and says what Optuna itself reads in them.

    python optuna_files.py make DIR      writes journals and databases with the installed Optuna
    python optuna_files.py truth FILE    JSON: every study of the file by Optuna's own API

`tests/data/optuna` was made by it, each file by the Optuna that its name says, with what that one says of it in
truth.json; `tests/optuna_files.rs` compares. Where Optuna is installed, that test also makes the files anew.
"""
import json
import math
import os
import subprocess
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
VERSION = tuple(int(x) for x in optuna.__version__.split(".")[:2])
nan, inf = float("nan"), float("inf")


def storage_of(path):
    if path.endswith(".db"):
        return optuna.storages.RDBStorage("sqlite:///" + os.path.abspath(path))
    if VERSION >= (4, 0):
        from optuna.storages.journal import JournalFileBackend
        return optuna.storages.JournalStorage(JournalFileBackend(path))
    return optuna.storages.JournalStorage(optuna.storages.JournalFileStorage(path))


def suggest(trial):
    """Every kind of parameter, conditional ones too."""
    x = trial.suggest_float("x", -5, 5)
    lr = trial.suggest_float("lr", 1e-12, 1e12, log=True)
    s = trial.suggest_float("stepped", 0, 1, step=0.1)
    n = trial.suggest_int("n", -7, 9, step=4)
    m = trial.suggest_int("m", 1, 2 ** 40, log=True)
    one = trial.suggest_float("one", 2.5, 2.5)
    only = trial.suggest_categorical("only", ["only"])
    c = trial.suggest_categorical("c", [None, True, 7, 0.5, "x", "None", "true", "7", "", " pad ", "tab\there", "新しい", "\x1b[31mred"])
    total = x * x + s + n * 0.01 + math.log(lr) * 0.001
    if c in (None, True, "x"):
        total += trial.suggest_float("only if c.é", 0, 1)
        if trial.suggest_categorical("deeper", [False, True]):
            total += trial.suggest_int("deepest", 0, 3)
    return total


def zoo(trial):
    v = suggest(trial)
    k = trial.number
    trial.set_user_attr("note", "line\nbreak \x1b[2J \u202e bidi \x00 end" if k % 2 else {"a": [1, None, True]})
    if k == 3:
        trial.set_user_attr("big", "é" * 5000)
        trial.set_user_attr("k\x1b[31m" + "e" * 300, 1)
        try:
            trial.set_system_attr("huge", ["x" * 100] * 100)
        except Exception:
            pass
    if k % 5 == 0:
        return v
    for step in (0, 1, 5, 3, 10 ** 9):
        y = nan if (k == 6 and step == 1) else inf if (k == 7 and step == 3) else -inf if (k == 8 and step == 5) else v / (step + 1)
        trial.report(y, step)
    if k % 5 == 1:
        raise optuna.TrialPruned()
    if k % 5 == 2 and k < 10:
        raise RuntimeError("boom")
    if k == 13:
        return nan
    if k == 14:
        return inf
    if k == 18:
        return -inf
    return v


def make_zoo(path):
    st = storage_of(path)
    study = optuna.create_study(study_name="zoo", storage=st, sampler=optuna.samplers.RandomSampler(seed=1))
    study.set_user_attr("who", "me\x1b[0m")
    study.enqueue_trial({"x": 1.5, "c": None, "n": 1})
    study.optimize(zoo, n_trials=25, catch=(RuntimeError, ValueError))
    study.enqueue_trial({"x": 0.25, "c": "新しい", "lr": 1e-3, "unknown": 3})
    if VERSION >= (2, 10):
        study.ask()
    return study


def make_pruned_empty(path):
    st = storage_of(path)
    study = optuna.create_study(study_name="pruned", direction="maximize", storage=st, sampler=optuna.samplers.RandomSampler(seed=1))

    def f(t):
        x = t.suggest_float("x", 0, 1)
        if t.number % 3 == 0:
            raise optuna.TrialPruned()
        if t.number % 3 == 1:
            t.report(x, 0)
            raise optuna.TrialPruned()
        t.report(nan, 2)
        raise optuna.TrialPruned()

    study.optimize(f, n_trials=9)


def make_multi(path):
    st = storage_of(path)

    def constraints(t):
        return (t.params.get("x", 0) - 0.5, -1.0)

    sampler = optuna.samplers.NSGAIISampler(seed=1, population_size=6, constraints_func=constraints)
    study = optuna.create_study(study_name="multi", directions=["minimize", "maximize", "minimize"], storage=st, sampler=sampler)

    def f(t):
        x = t.suggest_float("x", 0, 1)
        y = t.suggest_int("y", 0, 10)
        if t.number == 4:
            return x, inf, y
        if t.number == 5:
            return nan, 1, 2
        return x, y * 1.0, x * y

    study.optimize(f, n_trials=20)
    if hasattr(study, "set_metric_names"):
        study.set_metric_names(["loss", "acc %", "t"])


def make_constrained(path):
    """Limits in both dialects; the best value of all breaks one, and one trial tells of none."""
    st = storage_of(path)

    def old(t):
        return () if t.number == 3 else (t.user_attrs["c"], t.user_attrs["d"])

    named = hasattr(optuna.trial.Trial, "set_constraint")
    is_old = not named or path.endswith(".db")
    sampler = optuna.samplers.TPESampler(seed=1, **({"constraints_func": old} if is_old else {}))
    study = optuna.create_study(study_name="constrained", storage=st, sampler=sampler)

    def f(t):
        x, y = t.suggest_float("x", 0, 6), t.suggest_float("y", 0, 6)
        c, d = math.cos(x) * math.cos(y) - math.sin(x) * math.sin(y) + 0.5, x - 5.5
        t.set_user_attr("c", c)
        t.set_user_attr("d", d)
        if not is_old and t.number != 3:
            t.set_constraint("c", c)
            t.set_constraint("memory left", d)
        if t.number == 6:
            raise optuna.TrialPruned()
        return math.sin(x) + y

    study.optimize(f, n_trials=16)


def make_several(path):
    st = storage_of(path)
    for name in ("b study", "a/ü", "deleted", "empty"):
        s = optuna.create_study(study_name=name, storage=st, sampler=optuna.samplers.RandomSampler(seed=2))
        if name != "empty":
            s.optimize(lambda t: t.suggest_float("p", 0, 1 + len(name)), n_trials=3)
    optuna.delete_study(study_name="deleted", storage=st)
    s = optuna.create_study(study_name="deleted", direction="maximize", storage=st, sampler=optuna.samplers.RandomSampler(seed=2))
    s.optimize(lambda t: t.suggest_int("q", 0, 9), n_trials=4)
    if hasattr(optuna, "copy_study"):
        optuna.copy_study(from_study_name="b study", from_storage=st, to_storage=st, to_study_name="copy of b")
    s = optuna.load_study(study_name="b study", storage=st)
    s.optimize(lambda t: t.suggest_float("p", 0, 1), n_trials=2)


def make_templates(path):
    """add_trial in every state, legacy distributions, other bounds, told out of order."""
    from optuna import distributions as D
    st = storage_of(path)
    study = optuna.create_study(study_name="templates", storage=st)
    T = optuna.trial.TrialState
    legacy = [D.UniformDistribution(0, 1), D.LogUniformDistribution(1e-5, 1), D.DiscreteUniformDistribution(0, 1, 0.25),
              D.IntUniformDistribution(0, 10), D.IntLogUniformDistribution(1, 100)]
    for k in range(8):
        kw = dict(params={"u": 0.5, "l": 0.01, "d": 0.75, "i": 3 + k % 3, "il": 7, "c": [True, 0, None][k % 3]},
                  distributions={"u": legacy[0], "l": legacy[1], "d": legacy[2], "i": legacy[3], "il": legacy[4],
                                 "c": D.CategoricalDistribution([True, 0, None])})
        study.add_trial(optuna.trial.create_trial(state=T.COMPLETE, value=k * 1.0, intermediate_values={0: 1.0, 7: nan, 3: inf}, user_attrs={"k": k}, **kw))
    study.add_trial(optuna.trial.create_trial(state=T.PRUNED, params={}, distributions={}, intermediate_values={1: 0.5}))
    study.add_trial(optuna.trial.create_trial(state=T.FAIL, params={}, distributions={}))
    study.add_trial(optuna.trial.create_trial(state=T.WAITING, params={}, distributions={}, system_attrs={"fixed_params": {"u": 0.25}}))
    try:
        study.add_trial(optuna.trial.create_trial(state=T.COMPLETE, value=inf, params={}, distributions={}))
    except Exception:
        pass
    a = [study.ask() for _ in range(4)]
    for t in reversed(a):
        t.suggest_float("w", 0, 10 + t.number)
    study.tell(a[3], 0.5)
    study.tell(a[1], state=T.FAIL)
    study.tell(a[2], -3.0)


def make_compat(path):
    """Bounds that move, and distributions that do not go with the first."""
    st = storage_of(path)
    study = optuna.create_study(study_name="compat", storage=st, sampler=optuna.samplers.RandomSampler(seed=3))

    def f(t):
        a = t.suggest_float("a", -t.number, 1 + t.number)
        b = t.suggest_int("b", t.number, 10 * (t.number + 1))
        c = t.suggest_float("s", 0, 1 + t.number % 2, step=0.25)
        try:
            t.suggest_float("c", 1e-3, 1, log=t.number % 2 == 1)
        except ValueError:
            pass
        try:
            t.suggest_categorical("k", ["a", "b"] if t.number < 3 else ["a", "b", "z"])
        except ValueError:
            pass
        return a + b + c

    study.optimize(f, n_trials=8, catch=(ValueError,))


def make_interleaved(path):
    st = storage_of(path)
    study = optuna.create_study(study_name="threads", storage=st, sampler=optuna.samplers.RandomSampler(seed=4))

    def f(t):
        x = t.suggest_float("x", 0, 1)
        for i in range(3):
            t.report(x + i, i)
        return x

    study.optimize(f, n_trials=24, n_jobs=4 if path.endswith(".log") else 1)


def make_retry(path):
    if not path.endswith(".db") or VERSION < (3, 0):
        return
    st = optuna.storages.RDBStorage("sqlite:///" + os.path.abspath(path), heartbeat_interval=1, grace_period=2,
                                    failed_trial_callback=optuna.storages.RetryFailedTrialCallback(max_retry=3))
    study = optuna.create_study(study_name="retry", storage=st, sampler=optuna.samplers.RandomSampler(seed=4))
    code = """
import optuna,os,sys,time
optuna.logging.set_verbosity(40)
st=optuna.storages.RDBStorage(sys.argv[1],heartbeat_interval=1,grace_period=2,failed_trial_callback=optuna.storages.RetryFailedTrialCallback(max_retry=3))
s=optuna.load_study(study_name="retry",storage=st)
def f(t):
    x=t.suggest_float("x",0,1); t.report(x,0); time.sleep(1.2); os._exit(9)
s.optimize(f,n_trials=1)
"""
    subprocess.run([sys.executable, "-c", code, "sqlite:///" + os.path.abspath(path)])
    time.sleep(3)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=4)
    subprocess.run([sys.executable, "-c", code, "sqlite:///" + os.path.abspath(path)])


def make_empty(path):
    storage_of(path)


def make_nostudytrials(path):
    optuna.create_study(study_name="none yet", storage=storage_of(path))


MAKERS = {n[5:]: f for n, f in list(globals().items()) if n.startswith("make_")}


def state_word(t):
    return {"FAIL": "failed"}.get(t.state.name, t.state.name.lower())


def told(t):
    """The numbers of the limits, in the order in which they were told."""
    old = list(t.system_attrs.get("constraints") or [])
    return old + [v for k, v in t.system_attrs.items() if k.startswith("constraints:")]


def truth(path):
    st = storage_of(path)
    out = []
    for s in optuna.get_all_study_summaries(storage=st):
        study = optuna.load_study(study_name=s.study_name, storage=st)
        trials = study.get_trials(deepcopy=False)
        rows = []
        for t in trials:
            rows.append({
                "id": t.number, "state": state_word(t), "params": t.params,
                "values": None if t.values is None else list(t.values),
                "intermediate": {str(k): v for k, v in t.intermediate_values.items()},
                "seconds": (t.datetime_complete - t.datetime_start).total_seconds() if t.datetime_complete and t.datetime_start else None,
                "fixed": t.system_attrs.get("fixed_params"),
                "constraints": told(t),
                "user": sorted(k for k, v in t.user_attrs.items() if len(json.dumps(v)) < 4000),
            })
        best = None
        ok = [t for t in trials if t.state == optuna.trial.TrialState.COMPLETE and all(math.isfinite(v) for v in t.values)
              and all(c <= 0 for c in told(t))]
        if len(study.directions) == 1 and ok:
            pick = min if study.directions[0].name != "MAXIMIZE" else max
            b = pick(ok, key=lambda t: t.value)
            best = {"value": b.value, "ids": [t.number for t in ok if t.value == b.value]}
        space = {}
        for t in trials:
            for n, d in t.distributions.items():
                space.setdefault(n, []).append(json.loads(optuna.distributions.distribution_to_json(d)))
        out.append({"study": s.study_name, "directions": [d.name.lower() if d.name != "NOT_SET" else "minimize" for d in study.directions],
                    "trials": rows, "best": best, "space": space})
    return out


def sayable(x):
    """JSON has no NaN: numbers that are none become texts."""
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"
    if isinstance(x, dict):
        return {k: sayable(v) for k, v in x.items()}
    return [sayable(v) for v in x] if isinstance(x, (list, tuple)) else x


def make(folder):
    os.makedirs(folder, exist_ok=True)
    for name, maker in MAKERS.items():
        for ext in ("db", "log"):
            # Journals came with 3.1; they have no heartbeats.
            if ext == "log" and (VERSION < (3, 1) or name == "retry"):
                continue
            try:
                maker(os.path.join(folder, f"{name}.{ext}"))
            except Exception as e:
                print(f"{name}.{ext}: {type(e).__name__}: {e}"[:200], file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        print(json.dumps({f: sayable(truth(f)) for f in sys.argv[2:]}))
