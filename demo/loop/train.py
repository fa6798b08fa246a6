#!/usr/bin/env python3
"""A trainer for `tunescope run`, to be replaced by yours: logistic regression by stochastic gradients, no packages.

    cd demo/loop
    tunescope run --space space.toml --jobs 2 -- python3 train.py --lr {learning_rate} \
        --batch {batch_size} --decay {weight_decay} --schedule {schedule}

It says what tunescope listens for: a line with a step for each point of the learning curve, and at last the metric.
"""
import argparse
import math
import random

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--batch", type=int, required=True)
parser.add_argument("--decay", type=float, required=True)
parser.add_argument("--schedule", choices=["constant", "cosine"], required=True)
args = parser.parse_args()

# Few rows, many columns, one label in eight wrong: without weight decay it learns the noise.
rng = random.Random(7)
truth = [rng.gauss(0, 1) if j < 6 else 0.0 for j in range(40)]


def rows(n):
    for _ in range(n):
        x = [rng.gauss(0, 1) for _ in truth]
        label = sum(a * b for a, b in zip(x, truth)) > 0
        yield x, float(label != (rng.random() < 0.125))


train, held_out = list(rows(160)), list(rows(1000))
weights = [0.0] * len(truth)


def predict(x):
    z = sum(a * b for a, b in zip(x, weights))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def loss(data):
    total = 0.0
    for x, y in data:
        p = min(max(predict(x), 1e-9), 1 - 1e-9)
        total -= math.log(p if y else 1 - p)
    return total / len(data)


EPOCHS, step = 300, 0
steps = EPOCHS * math.ceil(len(train) / args.batch)
for epoch in range(1, EPOCHS + 1):
    rng.shuffle(train)
    for start in range(0, len(train), args.batch):
        batch = train[start : start + args.batch]
        rate = args.lr * (0.5 + 0.5 * math.cos(math.pi * step / steps) if args.schedule == "cosine" else 1.0)
        gradient = [0.0] * len(weights)
        for x, y in batch:
            error = predict(x) - y
            for j, value in enumerate(x):
                gradient[j] += error * value / len(batch)
        weights = [w - rate * (g + args.decay * w) for w, g in zip(weights, gradient)]
        step += 1
    if not all(abs(w) < 1e6 for w in weights):
        raise SystemExit(f"diverged in epoch {epoch}")
    if epoch % 20 == 0:
        print(f"step={epoch} val_loss={loss(held_out):.6f}", flush=True)
print(f"val_loss={loss(held_out):.6f}")
