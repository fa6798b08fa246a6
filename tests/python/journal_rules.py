"""Writes a journal that is full of operations which Optuna ignores, and what Optuna makes of it.

    python tests/python/journal_rules.py tests/data      (Optuna 5.0; the two files are checked in)

Every operation is drawn at random: studies that exist or not, trials that are finished or not, incompatible
distributions, races for a queued trial, templates. What tunescope reads of it must be what Optuna reads.
"""

import json
import math
import random
import sys

from optuna.storages.journal._storage import JournalStorageReplayResult

DISTRIBUTIONS = [
    '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}',
    '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}',
    '{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}',
    '{"name": "UniformDistribution", "attributes": {"low": 0.0, "high": 1.0}}',
    '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 4}}',
    '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 9}}',
    '{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 2.5]}}',
    '{"name": "CategoricalDistribution", "attributes": {"choices": ["a", "b", "c", "d"]}}',
    '{"type": "float", "low": 0.0, "high": 1.0}',
    '{"type": "int", "low": 0, "high": 4}',
]


def internal(rng, distribution):
    d = json.loads(distribution)
    if "Categorical" in distribution:
        return rng.randrange(4)
    a = d.get("attributes", d)
    if "nt" in d.get("name", d.get("type"))[:3].lower():
        return float(rng.randint(a["low"], a["high"]))
    return rng.choice([a["low"], a["high"], 0.5 * (a["low"] + a["high"])])


def moment(rng):
    return f"2026-11-23T{rng.randrange(24):02}:{rng.randrange(60):02}:00.5+00:00"


def operation(rng, studies, trials):
    op = rng.choices(range(11), [1, 0.12, 0.5, 0.5, 9, 60, 14, 12, 1, 1, 0.2])[0]
    log = {"op_code": op, "worker_id": "w"}
    study, trial = rng.randrange(studies + 1), rng.randrange(trials // 2, trials + 2)
    if op == 0:
        log |= {"study_name": f"s{rng.randrange(6)}", "directions": rng.choice([[1], [2], [1, 2]])}
    elif op in (1, 2, 3):
        log |= {"study_id": study}
        if op == 2:
            log |= {"user_attr": {"k": 1}}
        if op == 3:
            log |= {"system_attr": {"k": 1}}
    elif op == 4:
        log |= {"study_id": study, "datetime_start": rng.choice([None, moment(rng)])}
        kind = rng.random()
        if kind < 0.2:
            log |= {"state": 4, "system_attrs": {"fixed_params": {"p0": 0.5}}, "params": {}, "distributions": {}}
        elif kind < 0.4:
            d = {f"p{k}": rng.choice(DISTRIBUTIONS) for k in rng.sample(range(4), 2)}
            log |= {
                "state": 1, "value": rng.choice([rng.random(), math.inf]), "values": None,
                "datetime_complete": moment(rng), "distributions": d,
                "params": {k: internal(rng, v) for k, v in d.items()},
                "user_attrs": {}, "system_attrs": {}, "intermediate_values": {"3": 0.5, "1": math.nan},
            }
    elif op == 5:
        d = rng.choice(DISTRIBUTIONS)
        log |= {"trial_id": trial, "param_name": f"p{rng.randrange(4)}", "distribution": d,
                "param_value_internal": internal(rng, d)}
    elif op == 6:
        state = rng.choices([0, 1, 2, 3, 4], [6, 2, 1, 1, 0.3])[0]
        log |= {"trial_id": trial, "state": state, "values": rng.choice([None, [rng.random()], [math.nan]])}
        if state == 0:
            log |= {"datetime_start": moment(rng)}
        elif state != 4:
            log |= {"datetime_complete": moment(rng)}
    elif op == 7:
        value = rng.choice([rng.random(), math.nan, -math.inf])
        log |= {"trial_id": trial, "step": rng.randrange(5), "intermediate_value": value}
    elif op in (8, 9):
        log |= {"trial_id": trial, "user_attr" if op == 8 else "system_attr": {"k": 1}}
    else:
        log |= {"study_id": study, "trial_ids": [trial]}
    return log


def number(x):
    return x if x is None or math.isfinite(x) else str(x)


def main(folder):
    rng = random.Random(20261123)
    logs = []
    replay = JournalStorageReplayResult("reader")
    for _ in range(1500):
        logs.append(operation(rng, replay._next_study_id, len(replay._trials)))
        replay.apply_logs(logs[-1:])
    with open(f"{folder}/journal_rules.log", "w") as file:
        for log in logs:
            file.write(json.dumps(log, separators=(",", ":")) + "\n")
    studies = []
    for study in replay.get_all_studies():
        trials = [
            {
                "number": t.number, "state": t.state.name, "params": t.params,
                "values": None if t.values is None else [number(v) for v in t.values],
                "intermediate": {str(k): number(v) for k, v in sorted(t.intermediate_values.items())},
            }
            for t in replay.get_all_trials(study._study_id, None)
        ]
        studies.append({"name": study.study_name, "directions": [d.name for d in study.directions], "trials": trials})
    with open(f"{folder}/journal_rules.json", "w") as file:
        json.dump(studies, file, indent=0)
        file.write("\n")


main(sys.argv[1])
