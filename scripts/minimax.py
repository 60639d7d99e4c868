#!/usr/bin/env python3
"""Prints the polynomials of kernels/cpu/math.h and power.h. Each minimizes the largest weighted error (Lawson's
reweighted least squares). Coefficients are rounded to f32 from the lowest on, and the higher ones are fitted again after
each. Needs numpy and mpmath."""
import mpmath
import numpy as np

mpmath.mp.dps = 40  # near zero the functions are small differences


def fit(x, f, weight, powers):
    """The coefficients of x^powers that minimize the largest |weight (sum - f)|, after that error."""
    rows = np.stack([weight * x**p for p in powers], 1)
    share, best = np.ones(len(x)), (np.inf, None)
    for _ in range(300):
        root = np.sqrt(share)
        c = np.linalg.lstsq(rows * root[:, None], weight * f * root, rcond=None)[0]
        error = abs(rows @ c - weight * f)
        if error.max() < best[0]:
            best = error.max(), c
        share *= error / error.max() + 1e-4
        share /= share.mean()
    return best


def show(name, low, high, degree, function, weight):
    k = np.arange(1500)
    x = (low + high) / 2 - (high - low) / 2 * np.cos(np.pi * (k + 0.5) / len(k))
    f, w = (np.array([float(g(mpmath.mpf(v))) for v in x]) for g in (function, weight))
    rest, found = f, []
    for p in range(degree + 1):
        c = float(np.float32(fit(x, rest, w, range(p, degree + 1))[1][0]))
        found.append(c)
        rest = rest - c * x**p
    print(f"{name}: relative error 2^{np.log2(abs(w * rest).max()):.2f}")
    print("   " + ", ".join(f"{c:.9g}" for c in found))


half = float(mpmath.log(2)) / 2 * 1.001
root = 2**0.5
exp, expm1, log1p = mpmath.exp, mpmath.expm1, mpmath.log1p
show("e^r = 1 + r + r^2 p(r)", -half, half, 4, lambda r: (expm1(r) - r) / r**2, lambda r: r**2 / exp(r))
show("log(1 + u) = u + u^2 p(u), to 1", 0, 1, 8, lambda u: (log1p(u) - u) / u**2, lambda u: u**2 / log1p(u))
show("log(1 + u) = u - u^2 / 2 + u^3 p(u)", 1 / root - 1, root - 1, 7,
     lambda u: (log1p(u) - u + u**2 / 2) / u**3, lambda u: abs(u**3 / log1p(u)))
show("log2(1 + u) = u p(u), its absolute error", 1 / root - 1, root - 1, 8,
     lambda u: log1p(u) / u / mpmath.log(2), lambda u: abs(u))
