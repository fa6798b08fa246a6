"""A real SMAC with the adapter: argv = folder of the adapters, queue folder, output folder."""
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from ConfigSpace import ConfigurationSpace
from smac import HyperparameterOptimizationFacade as Facade, Scenario
from smac_loop import minimize

ran = []


def objective(config, seed=0):
    ran.append(dict(config))
    return config["x"] + config["n"]


space = ConfigurationSpace({"x": (0.0, 1.0), "n": (1, 100)})
scenario = Scenario(space, deterministic=True, n_trials=20, output_directory=Path(sys.argv[3]))
facade = Facade(scenario, objective, overwrite=True, logging_level=False)
minimize(facade, sys.argv[2], objective, trials=5)
for config in list(ran):
    print("ran", config["x"], config["n"], objective(config))
print("told", len(facade.runhistory))
