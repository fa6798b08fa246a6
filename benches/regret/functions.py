"""The functions of the regret bench, as `src/learn/function.rs` defines them, for the peers.

A space is a list of ("f", name, low, high, log), ("i", name, low, high, log) and ("c", name, choices).
`python functions.py noise` prints the noise that the bench adds: 2 % of (median - minimum), one digit.
"""

import math

import numpy as np

A3 = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35.0]])
P3 = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])
A6 = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
P6 = 1e-4 * np.array([[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
                      [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])
ALPHA = np.array([1.0, 1.2, 3.0, 3.2])


def branin(x):
    a, b = x[:2]
    return (b - 5.1 / (4 * math.pi**2) * a * a + 5 / math.pi * a - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10


def camel6(x):
    a, b = x
    return (4 - 2.1 * a * a + a**4 / 3) * a * a + a * b + (-4 + 4 * b * b) * b * b


def goldstein_price(x):
    a, b = x
    p = 1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a * a - 14 * b + 6 * a * b + 3 * b * b)
    q = 30 + (2 * a - 3 * b) ** 2 * (18 - 32 * a + 12 * a * a + 48 * b - 36 * a * b + 27 * b * b)
    return p * q


def hartmann(a, p):
    return lambda x: float(-(ALPHA * np.exp(-(a * (np.asarray(x) - p) ** 2).sum(1))).sum())


def ackley(x):
    x = np.asarray(x)
    n = len(x)
    return float(-20 * math.exp(-0.2 * math.sqrt((x * x).sum() / n)) - math.exp(np.cos(2 * math.pi * x).sum() / n) + 20 + math.e)


def levy(x):
    w = 1 + (np.asarray(x) - 1) / 4
    return float(math.sin(math.pi * w[0]) ** 2 + ((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)).sum()
                 + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2))


def rosenbrock(x):
    x = np.asarray(x)
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def rastrigin(x):
    x = np.asarray(x)
    return float((10 + x * x - 10 * np.cos(2 * math.pi * x)).sum())


def styblinski_tang(x):
    x = np.asarray(x)
    return float(0.5 * (x**4 - 16 * x * x + 5 * x).sum())


def michalewicz(x):
    x = np.asarray(x)
    i = np.arange(1, len(x) + 1)
    return float(-(np.sin(x) * np.sin(i * x * x / math.pi) ** 20).sum())


def lmft(x):
    lr, batch, warmup, wd, dropout, scheduler = x
    b = math.log2(batch / 32)
    u = math.log10(lr) + 4 - 0.5 * b * math.log10(2) - {"linear": 0.0, "cosine": -0.15, "constant": 0.25}[scheduler]
    e = 0.35 * u * u + 0.8 * (warmup - 0.06) ** 2 + 0.02 * (math.log10(wd) + 2) ** 2 + 1.2 * (dropout - 0.1) ** 2 + 0.02 * b * b
    if u >= 0:
        e += 1.6 * max(0.0, u - 0.6 - 2 * warmup) ** 2
    e += 0.25 * max(0.0, -math.log10(wd) - 3) * max(0.0, 0.1 - dropout)
    e += {"linear": 0.015, "cosine": 0.0, "constant": 0.04}[scheduler]
    return 1.2 + 2.6 * (1 - math.exp(-e / 2.6))


def mlp(x):
    lr, layers, width, dropout, activation = x
    w = math.log2(width) - 8
    a = math.log10(lr) + 2.5 + 0.1 * (layers - 4) + 0.2 * w - {"relu": 0.0, "tanh": 0.3, "gelu": -0.2}[activation]
    e = (0.25 if a < 0 else 0.6) * a * a + 0.03 * (layers - 4) ** 2 + 0.02 * w * w
    e += 0.8 * (dropout - 0.2 - 0.03 * w) ** 2 + {"relu": 0.02, "tanh": 0.08, "gelu": 0.0}[activation]
    return 0.05 + 1 - math.exp(-e)


def svm(x):
    c, g = math.log10(x[0]) - 1, math.log10(x[1]) + 2
    q = 0.12 * g * g + 0.3 * (c + 0.6 * g) ** 2 + 0.05 * (1 - math.cos(3 * g))
    return 0.08 + 0.4 * (1 - math.exp(-q))


# Mixed surfaces that `src/learn/function.rs` has not; `loop.py` plays them. What one choice shifts is where others are best.


def lora(x):
    lr, rank, alpha, dropout, target, scheduler = x
    scale = math.log10(lr) + 0.5 * math.log10(alpha / rank) + 0.15 * math.log2(rank / 8)
    u = scale - {"qv": -3.4, "all": -3.9, "mlp": -3.6}[target] - {"cosine": 0.1, "linear": 0.0}[scheduler]
    e = (0.4 if u < 0 else 0.9) * u * u + 0.03 * (math.log2(rank) - 5) ** 2 + 1.5 * (dropout - 0.07) ** 2
    e += {"qv": 0.03, "all": 0.0, "mlp": 0.05}[target] + {"cosine": 0.0, "linear": 0.01}[scheduler]
    return 0.9 + 2 * (1 - math.exp(-e / 2))


def optimizers(x):
    lr, decay, warmup, batch, optimizer, scheduler = x
    best, floor, right = {"sgd": (-0.8, 0.06, -3.5), "adam": (-3.1, 0.02, -4.5), "adamw": (-2.9, 0.0, -1.5),
                          "lion": (-3.8, 0.012, -1.0)}[optimizer]
    u = math.log10(lr) - best - 0.5 * math.log10(batch / 64) - {"cosine": 0.1, "linear": 0.05, "constant": -0.2}[scheduler]
    e = (0.25 if u < 0 else 0.7) * u * u + 0.02 * (math.log10(decay) - right) ** 2 + 0.6 * (warmup - 0.08) ** 2
    e += 0.01 * (math.log2(batch) - 6) ** 2 + floor + {"cosine": 0.0, "linear": 0.004, "constant": 0.02}[scheduler]
    return 1.0 + 1.5 * (1 - math.exp(-e / 1.5))


def boosting(x):
    lr, trees, depth, subsample, booster, policy = x
    a = math.log10(lr) + math.log10(trees) - 1.3 - {"gbtree": 0.0, "dart": 0.35}[booster]
    b = depth - {"depthwise": 6, "lossguide": 8}[policy]
    e = 0.35 * a * a + 0.012 * b * b + 0.5 * (subsample - 0.75) ** 2 + 0.03 * (math.log10(lr) + 1.6) ** 2 + 0.01 * a * b
    e += {"gbtree": 0.006, "dart": 0.0}[booster] + {"depthwise": 0.0, "lossguide": 0.004}[policy]
    return 0.3 + 1 - math.exp(-e)


def two_choices(x):
    """The sum of two functions of the same two numbers, each chosen (after Ru et al. 2020, Func2C)."""
    a, b, first, second = x

    def chosen(kind):
        if kind == "rosenbrock":
            return (100 * (2 * b - 4 * a * a) ** 2 + (1 - 2 * a) ** 2) / 300
        if kind == "turned":
            return (100 * (2 * a - 4 * b * b) ** 2 + (1 - 2 * b) ** 2) / 300 + 0.05
        if kind == "camel":
            return camel6([3 * a, 2 * b]) / 10
        s, t = 4.5 * a, 4.5 * b
        return ((1.5 - s + s * t) ** 2 + (2.25 - s + s * t * t) ** 2 + (2.625 - s + s * t**3) ** 2) / 50

    return chosen(first) + chosen(second)


def box(d, low, high):
    return [("f", f"x{i}", low, high, False) for i in range(d)]


BRANIN = [("f", "x0", -5.0, 10.0, False), ("f", "x1", 0.0, 15.0, False)]
FUNCTIONS = {
    "branin": (branin, BRANIN, 0.39788735772973816, 0.7),
    "camel6": (camel6, [("f", "x0", -3.0, 3.0, False), ("f", "x1", -2.0, 2.0, False)], -1.0316284534898774, 0.2),
    "hartmann3": (hartmann(A3, P3), box(3, 0.0, 1.0), -3.8627797873326624, 0.07),
    "hartmann6": (hartmann(A6, P6), box(6, 0.0, 1.0), -3.3223680114155147, 0.06),
    "ackley5": (ackley, box(5, -5.0, 10.0), 0.0, 0.3),
    "levy4": (levy, box(4, -10.0, 10.0), 0.0, 0.7),
    "levy10": (levy, box(10, -10.0, 10.0), 0.0, 2.0),
    "rosenbrock4": (rosenbrock, box(4, -5.0, 10.0), 0.0, 500.0),
    "branin8": (branin, BRANIN + [("f", f"x{i}", 0.0, 1.0, False) for i in range(2, 8)], 0.39788735772973816, 0.7),
    "lmft": (lmft, [("f", "lr", 1e-6, 1e-2, True), ("c", "batch", [8, 16, 32, 64]), ("f", "warmup", 0.0, 0.3, False),
                    ("f", "wd", 1e-5, 1e-1, True), ("f", "dropout", 0.0, 0.5, False),
                    ("c", "scheduler", ["linear", "cosine", "constant"])], 1.2, 0.01),
    "rastrigin3": (rastrigin, box(3, -3.12, 7.12), 0.0, 1.0),
    "styblinski4": (styblinski_tang, box(4, -5.0, 5.0), -156.66466281508572, 3.0),
    "goldstein_price": (goldstein_price, box(2, -2.0, 2.0), 3.0, 100.0),
    "michalewicz5": (michalewicz, box(5, 0.0, math.pi), -4.687658179088148, 0.08),
    "mlp": (mlp, [("f", "lr", 1e-5, 1e-1, True), ("i", "layers", 1, 8, False), ("i", "width", 16, 1024, True),
                  ("f", "dropout", 0.0, 0.6, False), ("c", "activation", ["relu", "tanh", "gelu"])], 0.05, 0.01),
    "svm": (svm, [("f", "c", 1e-3, 1e3, True), ("f", "gamma", 1e-5, 1e1, True)], 0.08, 0.005),
}

MIXED = {
    "lora": (lora, [("f", "lr", 1e-6, 1e-2, True), ("i", "rank", 2, 128, True), ("i", "alpha", 2, 256, True),
                    ("f", "dropout", 0.0, 0.3, False), ("c", "target", ["qv", "all", "mlp"]),
                    ("c", "scheduler", ["cosine", "linear"])], 0.9, 0.01),
    "optimizers": (optimizers, [("f", "lr", 1e-5, 1.0, True), ("f", "decay", 1e-6, 1.0, True), ("f", "warmup", 0.0, 0.3, False),
                                ("i", "batch", 8, 512, True), ("c", "optimizer", ["sgd", "adam", "adamw", "lion"]),
                                ("c", "scheduler", ["cosine", "linear", "constant"])], 1.0, 0.01),
    "boosting": (boosting, [("f", "lr", 1e-3, 0.5, True), ("i", "trees", 20, 2000, True), ("i", "depth", 2, 14, False),
                            ("f", "subsample", 0.3, 1.0, False), ("c", "booster", ["gbtree", "dart"]),
                            ("c", "policy", ["depthwise", "lossguide"])], 0.3, 0.005),
    "two_choices": (two_choices, [("f", "a", -1.0, 1.0, False), ("f", "b", -1.0, 1.0, False),
                                  ("c", "first", ["rosenbrock", "camel", "beale"]),
                                  ("c", "second", ["rosenbrock", "camel", "beale", "turned"])], -0.2063256906979755, 0.02),
}


def from_unit(space, u):
    """Each coordinate an equal share of the axis for every value; logs where the axis has them."""
    x = []
    for axis, t in zip(space, u):
        t = float(t)
        if axis[0] == "c":
            x.append(axis[2][min(len(axis[2]) - 1, int(t * len(axis[2])))])
        else:
            low, high, log = axis[2:]
            if axis[0] == "i":
                low, high = low - 0.5, high + 0.5
            v = math.exp(math.log(low) + t * (math.log(high) - math.log(low))) if log else low + t * (high - low)
            if axis[0] == "i":
                v = int(min(max(round(v), axis[2]), axis[3]))
            else:
                v = min(max(v, low), high)
            x.append(v)
    return x


if __name__ == "__main__":
    r = np.random.default_rng(0)
    for name, (f, space, minimum, noise) in FUNCTIONS.items():
        y = np.array([f(from_unit(space, u)) for u in r.random((20000, len(space)))])
        print(f"{name:16} sd {0.02 * (np.median(y) - minimum):.3g} used {noise}   least seen - minimum {y.min() - minimum:.3g}")
