"""A tuner at work, for tests/live_tools.rs: `live_tools.py TOOL FOLDER [OPTION]`.

Writes a small study slowly with the real tool, then prints one JSON object: what the tool itself says of it.
"""

import json
import math
import os
import sys
import time

TOOL, FOLDER = sys.argv[1:3]
PAUSE = 0.03


def loss(lr, width, step=3):
    """Less at lr = 0.01 and at large widths; diverges at the top."""
    if lr > 0.5:
        return float("nan")
    return (math.log10(lr) + 2) ** 2 + 1.0 / width + 1.0 / (1 + step)


def configurations(count):
    for i in range(count):
        yield {
            "lr": 10 ** (-4 + 4 * ((i * 0.618) % 1)) * (1.2 if i == 5 else 1),
            "width": 2 ** (i % 5),
            "opt": ["adam", "sgd"][i % 2],
            "nesterov": bool(i % 3),
        }


def answer(rows):
    """`rows`: (id, state, value or None)."""
    print(json.dumps([{"id": str(i), "state": s, "value": v} for i, s, v in rows]), flush=True)


def finite(x):
    return x if x is not None and math.isfinite(x) else None


def mlflow():
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import logging

    import mlflow

    logging.disable(logging.WARNING)
    uri = f"sqlite:///{FOLDER}/mlflow.db" if "sqlite" in sys.argv[3:] else f"file://{FOLDER}/mlruns"
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("live")
    with mlflow.start_run(run_name="sweep"):
        for i, config in enumerate(configurations(9)):
            try:
                with mlflow.start_run(run_name=f"c{i}", nested=True):
                    mlflow.log_params(config)
                    for step in range(3):
                        mlflow.log_metric("val/loss", loss(config["lr"], config["width"], step), step=step)
                        time.sleep(PAUSE)
                    if i == 4:
                        raise ValueError("boom")
            except ValueError:
                pass
    client = mlflow.tracking.MlflowClient()
    experiment = client.get_experiment_by_name("live").experiment_id
    rows = []
    for run in client.search_runs([experiment]):
        if "mlflow.parentRunId" not in run.data.tags:
            continue
        value = finite(run.data.metrics.get("val/loss"))
        state = "complete" if run.info.status == "FINISHED" and value is not None else "failed"
        rows.append((run.info.run_id, state, value))
    answer(rows)


def wandb():
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_DIR=FOLDER)
    import wandb

    rows = []
    for i, config in enumerate(configurations(6)):
        run = wandb.init(project="live", dir=FOLDER, config={**config, "model": {"act": "relu"}}, reinit=True)
        for step in range(40):
            run.log({"val": {"loss": loss(config["lr"], config["width"], step)}, "note": "x" * 2000})
        value = finite(loss(config["lr"], config["width"], 39))
        run.finish(exit_code=1 if i == 4 else 0)
        rows.append((run.id, "complete" if value is not None and i != 4 else "failed", value))
    answer(rows)


def smac():
    import logging

    logging.disable(logging.CRITICAL)
    from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer
    from smac import HyperparameterOptimizationFacade, Scenario

    space = ConfigurationSpace(seed=1)
    lr, width = Float("lr", (1e-4, 1.0), log=True), Integer("width", (1, 64), log=True)
    opt, momentum = Categorical("opt", ["adam", "sgd"]), Float("momentum", (0.0, 1.0))
    space.add([lr, width, opt, momentum])
    space.add(EqualsCondition(momentum, opt, "sgd"))

    def target(config, seed=0):
        time.sleep(PAUSE)
        if config["width"] > 50:
            raise ValueError("too wide")
        return (math.log10(config["lr"]) + 2) ** 2 + 1.0 / config["width"]

    scenario = Scenario(space, deterministic=True, crash_cost=100.0, n_trials=14, output_directory=FOLDER, name="live", seed=2)
    facade = HyperparameterOptimizationFacade(scenario, target, overwrite=True)
    facade.optimize()
    rows = []
    for key, value in facade.runhistory.items():
        done = value.status.name == "SUCCESS"
        rows.append((key.config_id, "complete" if done else "failed", value.cost if done else None))
    answer(rows)


def ray():
    os.environ.update(RAY_AIR_NEW_OUTPUT="0", TUNE_DISABLE_AUTO_CALLBACK_LOGGERS="0", RAY_DEDUP_LOGS="0")
    import ray
    from ray import tune

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")

    def train(config):
        for step in range(3):
            time.sleep(PAUSE)
            tune.report({"val": {"loss": (math.log10(config["lr"]) + 2) ** 2 + 1.0 / (1 + step)}})
        if config["index"] == 2:
            raise ValueError("boom")

    result = tune.Tuner(
        train,
        param_space={
            "lr": tune.loguniform(1e-4, 1.0),
            "index": tune.grid_search([0, 1, 2, 3]),
            "fixed": 3,
        },
        tune_config=tune.TuneConfig(metric="val/loss", mode="min", max_concurrent_trials=1),
        run_config=tune.RunConfig(name="live", storage_path=FOLDER, verbose=0),
    ).fit()
    rows = []
    for trial in result:
        failed = trial.error is not None
        value = (trial.metrics or {}).get("val", {}).get("loss")
        rows.append((trial.metrics["trial_id"], "failed" if failed else "complete", value))
    answer(rows)
    ray.shutdown()


def hiplot():
    import hiplot

    points = [{**c, "loss": loss(c["lr"], c["width"])} for c in configurations(8)]
    experiment = hiplot.Experiment.from_iterable(points)
    path = os.path.join(FOLDER, "hiplot.json")
    with open(path, "w") as file:
        json.dump(experiment._asdict(), file)
    answer(
        (i, "complete" if math.isfinite(p["loss"]) else "failed", finite(p["loss"])) for i, p in enumerate(points)
    )


{"mlflow": mlflow, "wandb": wandb, "smac": smac, "ray": ray, "hiplot": hiplot}[TOOL]()
