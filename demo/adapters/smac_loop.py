"""Queued configurations first, in a running SMAC: the ask-and-tell loop.

    minimize(smac, "smac.queue", objective, trials=60)

`smac` is any facade of SMAC3. A configuration that was accepted is evaluated next and told to SMAC, which learns
from it as from its own; the entry moves to `done/`.
"""
from ConfigSpace import Configuration
from queue_folder import Queue
from smac.runhistory import TrialInfo, TrialValue


def minimize(smac, queue, objective, trials):
    queue = Queue(queue)
    for _ in range(trials):
        entry = queue.claim()
        if entry is None:
            info = smac.ask()
        else:
            config = Configuration(smac.scenario.configspace, values=entry["params"])
            config.origin = "accepted in tunescope"
            info = TrialInfo(config=config, seed=smac.scenario.seed)
        smac.tell(info, TrialValue(cost=objective(info.config, seed=info.seed)))
        if entry is not None:
            queue.done(entry)
    return smac.intensifier.get_incumbent()
