"""The other side of linear-probe.mjs: scikit-learn's StandardScaler and LogisticRegression (lbfgs) on the same examples.

Driven by the same lines: it prints `{ version, threads, maxIterations }` when it is ready, then fits once for each line that
it is sent and answers `{ ms, cpuMs, scalingCpuMs, objective, iterations }`. The objective is computed afterwards, in float64,
by the formula of both: `mean(-log softmax) + l2/2 ||W||^2`, with l2 = 1/N, which is C = 1, scikit-learn's default.

`--setting converged` (the default) lets it do the iterations that bring the objective within 1e-6 of the optimum, relative, and no
more: they are counted beforehand in one fit to the end. `--setting default` leaves everything as it comes. `--precision`
is that of the features, and so of its products. `--load FILE` is what linear-probe.mjs exports.
"""
import argparse
import contextlib
import json
import sys
import time
import warnings
from unittest import mock

import numpy as np
import scipy.optimize
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

from simclr_model import load

parser = argparse.ArgumentParser()
parser.add_argument("--precision", choices=["float32", "float64"], default="float32")
parser.add_argument("--setting", choices=["converged", "default"], default="converged")
parser.add_argument("--threads", type=int)
parser.add_argument("--load", required=True)
options = parser.parse_args()
limit = threadpool_limits(options.threads) if options.threads else contextlib.nullcontext()
warnings.simplefilter("ignore", ConvergenceWarning)  # it is told to stop where it is good enough

data = load(options.load)
features = data["features"].numpy().astype(options.precision)
labels = data["labels"].numpy()
rows = np.arange(len(labels))
exact = StandardScaler().fit_transform(features.astype(np.float64))


def objective(weights, bias):
    logits = exact @ weights.astype(np.float64).T + bias
    logits -= logits.max(axis=1, keepdims=True)
    entropy = np.log(np.exp(logits).sum(axis=1)) - logits[rows, labels]
    return float(entropy.mean() + (weights.astype(np.float64) ** 2).sum() / (2 * len(labels)))


def iterations_needed():
    """How many iterations come within 1e-6 of what a fit to the end reaches."""
    path = []
    minimize = scipy.optimize.minimize

    def recorded(*args, **kwargs):
        return minimize(*args, callback=lambda theta: path.append(theta.copy()), **kwargs)

    model = LogisticRegression(tol=1e-10, max_iter=10_000)
    with mock.patch.object(scipy.optimize, "minimize", recorded):
        model.fit(StandardScaler().fit_transform(features), labels)

    def at(iteration):
        theta = path[iteration - 1].reshape(len(model.classes_), -1, order="F")
        return objective(theta[:, :-1], theta[:, -1])

    enough = objective(model.coef_, model.intercept_) * (1 + 1e-6)
    low, high = 0, len(path)  # the objective falls from one iteration to the next
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if at(middle) <= enough else (middle, high)
    return high


with limit:
    converged = options.setting == "converged"
    settings = {"tol": 1e-10, "max_iter": iterations_needed()} if converged else {}
    threads = max(pool["num_threads"] for pool in threadpool_info())
    ready = {"version": sklearn.__version__, "threads": threads, "maxIterations": settings.get("max_iter", 100)}
    print(json.dumps(ready), flush=True)
    for _line in sys.stdin:
        started, cpu = time.perf_counter(), time.process_time()
        scaled = StandardScaler().fit_transform(features)
        scaling = time.process_time() - cpu
        model = LogisticRegression(**settings).fit(scaled, labels)
        cpu_ms, ms = (time.process_time() - cpu) * 1000, (time.perf_counter() - started) * 1000
        answer = {"ms": ms, "cpuMs": cpu_ms, "scalingCpuMs": scaling * 1000}
        answer["objective"] = objective(model.coef_, model.intercept_)
        answer["iterations"] = int(model.n_iter_[0])
        print(json.dumps(answer), flush=True)
