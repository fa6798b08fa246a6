"""A real Ray Tune with the adapter: argv = folder of the adapters, queue folder, storage folder."""
import os
import sys

# Ray's workers have a niceness of 15 of their own: on a busy machine each would take minutes to import its packages.
os.environ.setdefault("RAY_worker_niceness", "0")
os.environ.setdefault("TUNE_MAX_PENDING_TRIALS_PG", "1")
sys.path.insert(0, sys.argv[1])
from ray_tune import Queued
import ray
from ray import tune
from ray.tune.search import Searcher


class Counting(Searcher):
    """A searcher of its own points, which learns nothing."""

    def __init__(self):
        super().__init__(metric="loss", mode="min")
        self.asked, self.told = 0, []

    def suggest(self, trial_id):
        self.asked += 1
        return {"x": 0.01 * self.asked, "n": 1}

    def on_trial_complete(self, trial_id, result=None, error=False):
        self.told.append(trial_id)

    def save(self, path):
        pass

    def restore(self, path):
        pass


def train(config):
    tune.report({"loss": config["x"] + config["n"]})


if __name__ == "__main__":
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, configure_logging=False)
    inner = Counting()
    tuner = tune.Tuner(
        train,
        tune_config=tune.TuneConfig(
            metric="loss", mode="min", num_samples=4, search_alg=Queued(sys.argv[2], inner),
            max_concurrent_trials=1, reuse_actors=True,  # one worker for all trials
        ),
        run_config=tune.RunConfig(storage_path=sys.argv[3], name="exp", verbose=0),
    )
    results = tuner.fit()
    for result in results:
        print("ran", result.config["x"], result.config["n"], result.metrics["loss"])
    print("inner", inner.asked, len(inner.told))
    ray.shutdown()
