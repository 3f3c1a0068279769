"""Writes golden.json, the numbers that the statistics are tested against, by SciPy.

    pip install scipy mpmath
    python3 golden-scipy.py > golden.json && npx prettier --write golden.json

Where the e-value leaves the range of a double, mpmath computes it in many digits instead.
"""

import json

from mpmath import mp
from scipy import special, stats

mp.dps = 60


def log_tail(a, b, point):
    """The integral of t^(a-1) (1-t)^(b-1) from point to 1, over point^a (1-point)^b."""
    series = mp.hyp2f1(1, a + b, b + 1, 1 - point, maxterms=10**6)
    return mp.log(series / b)


def log_e(bad, total, p0, prior=0.5):
    point = mp.mpf(p0)
    a, b = mp.mpf(bad) + prior, mp.mpf(total) - bad + prior
    return float(log_tail(a, b, point) - log_tail(mp.mpf(prior), mp.mpf(prior), point))


def log_e_by_scipy(bad, total, p0):
    a, b = bad + 0.5, total - bad + 0.5
    posterior = special.betaln(a, b) + special.log1p(-special.betainc(a, b, p0))
    cut = special.betaln(0.5, 0.5) + special.log1p(-special.betainc(0.5, 0.5, p0))
    powers = bad * special.xlogy(1, p0) + (total - bad) * special.log1p(-p0)
    return float(posterior - cut - powers)


def required_samples(p0, detect, alpha, power):
    threshold = float(mp.log(2 / mp.mpf(alpha)))
    bad = 0
    for total in range(1, 100_000):
        while bad <= total and log_e_by_scipy(bad, total, p0) < threshold:
            bad += 1
        if bad <= total and stats.binom.sf(bad - 1, total, detect) >= power:
            return total
    raise ValueError("more than 100,000 requests")


def dispersion(bins):
    good = [total - bad for bad, total in bins]
    table = stats.chi2_contingency([[bad for bad, _ in bins], good], correction=False)
    return table.statistic / (len(bins) - 1)


gamma = [0.01, 0.5, 1.5, 3.7, 9.99, 10, 25.5, 1e3, 1e6, 1e9]
beta = [(0.5, 0.5), (1, 1), (2.5, 40), (0.5, 1000.5), (50.5, 950.5), (1e6, 3e6), (1e-3, 7)]
tails = [
    (0.01, 0.5, 0.5), (0.01, 2.5, 100.5), (0.3, 30.5, 70.5), (0.9, 5, 2), (0.005, 0.5, 2000.5),
    (0.1, 1000.5, 9000.5), (0.11, 1000.5, 9000.5), (1e-9, 0.5, 3.5), (0.001, 1e6, 1e9),
    (0.5, 20, 20), (0.999, 3.5, 0.5),
]
binomials = [(10, 0.1, 1), (129, 0.1, 7), (1000, 0.01, 25), (50, 0.5, 50), (20000, 0.1, 1900)]
quantiles = [
    (0.975, 1, 1000), (0.975, 11, 9990), (0.975, 5, 1), (0.025, 0.5, 0.5), (0.5, 300, 20),
    (0.975, 1, 1e6), (1e-6, 3, 4),
]
evidence = [
    (0, 0, 0.01), (1, 1, 0.01), (2, 2, 0.01), (4, 61, 0.009), (0, 500, 0.01), (3, 300, 0.01),
    (20, 300, 0.03), (5, 2005, 0.005), (100, 1000, 0.1), (7, 9, 0.5), (1.25, 17.5, 0.02),
]
extreme = [
    (0, 100_000, 0.01), (1000, 1000, 0.01), (500, 100_000, 0.5), (49, 2049, 0.007),
    (300, 20_000, 0.001), (0, 20_000, 0.5),
]
samples = [
    (0.005, 0.1, 0.01, 0.95), (0.01, 0.1, 0.01, 0.95), (0.02, 0.1, 0.01, 0.95),
    (0.05, 0.1, 0.01, 0.95), (0.01, 0.03, 0.01, 0.95), (0.01, 0.1, 0.001, 0.8),
    (0.5, 0.9, 0.01, 0.95), (0.5, 1, 0.01, 0.95), (0.03, 0.05, 0.05, 0.9),
]
colors = [((5, 100), (1, 900)), ((10, 500), (10, 500)), ((40, 100), (360, 900)), ((3, 3), (0, 7))]
bursts = [[(0, 50), (20, 50), (0, 50), (1, 40)], [(5, 100), (0, 20), (30, 60), (2, 200), (1, 9)]]


def two_sample(new, former, ratio):
    theta = new[1] * ratio / (new[1] * ratio + former[1])
    return log_e(new[0], new[0] + former[0], theta, prior=1)


def upper_bound(bad, total):
    side = stats.binomtest(bad, total, alternative="less")
    return side.proportion_ci(confidence_level=0.975, method="exact").high


bounds = [(0, 1), (0, 740), (1, 1000), (10, 10_000), (250, 500), (7, 7)]

golden = {
    "logGamma": [[z, special.gammaln(z)] for z in gamma],
    "logBeta": [[a, b, special.betaln(a, b)] for a, b in beta],
    "tails": [
        [x, a, b, special.betainc(a, b, x), special.betaincc(a, b, x)] for x, a, b in tails
    ],
    "binomialTail": [[n, p, k, stats.binom.sf(k - 1, n, p)] for n, p, k in binomials],
    "betaQuantile": [[q, a, b, stats.beta.ppf(q, a, b)] for q, a, b in quantiles],
    "logE": [[x, n, p0, log_e_by_scipy(x, n, p0)] for x, n, p0 in evidence if x == int(x)],
    "logEDigits": [[x, n, p0, log_e(x, n, p0)] for x, n, p0 in evidence + extreme],
    "upperBound": [[bad, total, upper_bound(bad, total)] for bad, total in bounds],
    "requiredSamples": [[*question, required_samples(*question)] for question in samples],
    "dispersion": [[bins, dispersion(bins)] for bins in bursts],
    "twoSample": [[*pair, 1.5, two_sample(*pair, 1.5)] for pair in colors],
}

groups = []
for name, rows in golden.items():
    lines = ",\n".join(f"    {json.dumps(row, default=float)}" for row in rows)
    groups.append(f'  "{name}": [\n{lines}\n  ]')
print("{\n" + ",\n".join(groups) + "\n}")
