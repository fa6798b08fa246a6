"""Queued configurations first, in a running Ray Tune: a Searcher around any other.

    tuner = tune.Tuner(train, tune_config=tune.TuneConfig(
        metric="loss", mode="min", num_samples=60, search_alg=Queued("exp.queue", HyperOptSearch(space))))

What `tunescope accept` (or `A` in the explorer) puts into the folder becomes the next trial; otherwise the
searcher inside is asked. Its results reach that searcher only where it allows (`add_evaluated_point`);
Ray keeps them either way, and the entry moves to `done/` with the end of its trial.
"""
from queue_folder import Queue
from ray.tune.search import Searcher


class Queued(Searcher):
    def __init__(self, queue, inner, metric=None, mode=None):
        super().__init__(metric=metric or inner.metric, mode=mode or inner.mode)
        self.queue, self.inner, self.entries = Queue(queue), inner, {}

    def set_search_properties(self, metric, mode, config, **spec):
        self._metric, self._mode = metric or self._metric, mode or self._mode
        return self.inner.set_search_properties(metric, mode, config, **spec)

    def suggest(self, trial_id):
        entry = self.queue.claim()
        if entry is None:
            return self.inner.suggest(trial_id)
        self.entries[trial_id] = entry
        return dict(entry["params"])

    def on_trial_result(self, trial_id, result):
        if trial_id not in self.entries:
            self.inner.on_trial_result(trial_id, result)

    def on_trial_complete(self, trial_id, result=None, error=False):
        entry = self.entries.pop(trial_id, None)
        if entry is None:
            return self.inner.on_trial_complete(trial_id, result, error)
        self.queue.done(entry)
        if result and not error and self.metric in result:
            try:
                self.inner.add_evaluated_point(entry["params"], result[self.metric])
            except NotImplementedError:
                pass  # this searcher learns from its own trials alone

    def save(self, checkpoint_path):
        self.inner.save(checkpoint_path)

    def restore(self, checkpoint_path):
        self.inner.restore(checkpoint_path)
