"""Compares the scores of models/judges with SciPy, scikit-learn and numpy on random arrays, by way of judge_arrays. What needs
SciPy or scikit-learn is skipped aloud where this Python and the judges' (third_party/judges.txt) lack them."""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "export"), os.path.join(HERE, "..", "parity")]
import judges  # noqa: E402

np, scipy, _ = judges.need("numpy", "scipy", "sklearn")
import scipy.linalg  # noqa: E402
import scipy.ndimage  # noqa: E402
import scipy.special  # noqa: E402
import scipy.stats  # noqa: E402
import sklearn.metrics.pairwise as pairwise  # noqa: E402
import sklearn.neighbors  # noqa: E402

import sumi_files as files  # noqa: E402

checks = files.Checks()
rng = np.random.default_rng(3)


def near(what, ours, theirs, tolerance=1e-9):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    checks.true("%s: shapes %s and %s" % (what, ours.shape, theirs.shape), ours.shape == theirs.shape)
    checks.small(what, np.max(np.abs(ours - theirs) / np.maximum(1, np.abs(theirs))), tolerance)


def arrays():
    mix = rng.normal(size=(16, 16))
    photo = np.cumsum(rng.integers(-30, 31, (33, 42, 3)), 1) % 256
    photo[8:20, 10:30] = (200, 40, 90)  # a flat area with edges
    drawing = (photo // 64 * 64).astype(float)
    drawing[16:18] = 0  # a dark line
    unit = rng.normal(size=(20, 27))
    return {
        "a": rng.normal(size=(640, 16)) @ mix, "b": rng.normal(0.3, 1.1, (560, 16)) @ mix,
        "logits": rng.normal(0, 2, (203, 7)), "ranks_x": rng.integers(0, 30, 91) * 0.5, "ranks_y": rng.integers(4, 40, 70) * 0.5,
        "photo": photo.astype(np.float32), "drawing": drawing.astype(np.float32),
        "directions": unit / np.linalg.norm(unit, axis=1, keepdims=True),
        "patches_x": rng.normal(size=(300, 27)), "patches_y": rng.normal(0.2, 1.3, (300, 27)),
    }


def frechet(a, b):
    """The formula of Dowson and Landau with SciPy's square root of a matrix."""
    ca, cb = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(ca @ cb).real
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * root)


def kernel(a, b):
    """Unbiased MMD with scikit-learn's polynomial kernel."""
    k = [pairwise.polynomial_kernel(x, y, degree=3, gamma=1 / a.shape[1], coef0=1) for x, y in ((a, a), (b, b), (a, b))]
    m, n = len(a), len(b)
    return (k[0].sum() - np.trace(k[0])) / (m * (m - 1)) + (k[1].sum() - np.trace(k[1])) / (n * (n - 1)) - 2 * k[2].mean()


def covered(rows, centers):
    """Share of the rows within the ball of any center, by scikit-learn's neighbors."""
    found = sklearn.neighbors.NearestNeighbors(n_neighbors=4).fit(centers)
    radii = found.kneighbors(centers)[0][:, 3]  # the first is the center itself
    return (pairwise.euclidean_distances(rows, centers) <= radii[None]).any(1).mean()


def class_score(logits, splits):
    scores = []
    for part in np.split(logits, [k * len(logits) // splits for k in range(1, splits)]):
        p = scipy.special.softmax(part, 1)
        scores.append(np.exp(scipy.stats.entropy(p, np.broadcast_to(p.mean(0), p.shape), axis=1).mean()))
    return [np.mean(scores), np.std(scores)]


def pyramid(image, smallest):
    """Karras 2018 with SciPy's convolution."""
    taps = np.outer((1, 4, 6, 4, 1), (1, 4, 6, 4, 1))[..., None] / 256
    levels = [image.astype(np.float64)]
    while min((side + 1) // 2 for side in levels[-1].shape[:2]) >= smallest:
        small = scipy.ndimage.convolve(levels[-1], taps, mode="mirror")[::2, ::2]
        spread = np.zeros_like(levels[-1])
        spread[::2, ::2] = small
        levels[-1] = levels[-1] - scipy.ndimage.convolve(spread, 4 * taps, mode="mirror")
        levels.append(small)
    return levels


def sets(data, out):
    a, b = data["a"], data["b"]
    near("Frechet distance", out["fd"], frechet(a, b), 1e-8)
    near("kernel distance", out["kd"], kernel(a, b))
    value, error, blocks = out["kd_blocks"]
    checks.true("10 blocks of the kernel distance, not %s" % blocks, blocks == 10)
    checks.true("the kernel distance %.4g lies within 4 errors of the blocks' %.4g +- %.2g" % (out["kd"], value, error),
                0 < error and abs(value - out["kd"]) < 4 * error)
    near("precision", out["precision"], covered(b, a))
    near("recall", out["recall"], covered(a, b))
    checks.true("precision and recall say something: %.3f, %.3f" % (out["precision"], out["recall"]),
                0 < out["precision"] < 1 and 0 < out["recall"] < 1)
    distance, index = sklearn.neighbors.NearestNeighbors(n_neighbors=1).fit(a).kneighbors(b)
    checks.true("nearest rows", out["nearest"] == index[:, 0].tolist())
    near("their distances", out["distance"], distance[:, 0])
    own = sklearn.neighbors.NearestNeighbors(n_neighbors=2).fit(a).kneighbors(a)[0][:, 1]
    near("distances within the set", out["own_distance"], own)
    x, y = data["ranks_x"], data["ranks_y"]
    test = scipy.stats.mannwhitneyu(x, y, alternative="two-sided", use_continuity=False, method="asymptotic")
    near("rank test: probability", out["rank"][0], 1 - test.statistic / (len(x) * len(y)))
    near("rank test: p of its normal score", 2 * scipy.stats.norm.sf(abs(out["rank"][1])), test.pvalue)
    for k, splits in enumerate((1, 4)):
        near("class score in %d parts" % splits, out["class_score"][k], class_score(data["logits"], splits))
    for part, whole, low, high in out["wilson"]:
        theirs = scipy.stats.binomtest(part, whole).proportion_ci(0.95, method="wilson")
        near("interval of %d in %d" % (part, whole), [low, high], [theirs.low, theirs.high], 1e-7)


def images(data, out):
    levels = pyramid(data["photo"], 8)
    checks.true("levels of the pyramid: %d" % len(levels), len(levels) == len(out["pyramid"]) == 3)
    for ours, theirs in zip(out["pyramid"], levels):
        near("pyramid %s" % (theirs.shape,), np.reshape(ours["values"], (ours["height"], ours["width"], 3)), theirs, 1e-4)
    projected = [data[name] @ data["directions"].T for name in ("patches_x", "patches_y")]
    theirs = np.mean([scipy.stats.wasserstein_distance(x, y) for x, y in zip(projected[0].T, projected[1].T)])
    near("sliced distance", out["sliced"], theirs, 1e-5)
    near("difference", out["difference"], np.abs(data["photo"].astype(float) - data["drawing"]).mean())


with tempfile.TemporaryDirectory() as work:
    data = arrays()
    files.write_safetensors(work + "/arrays.safetensors", data)
    said = subprocess.run([os.environ["JUDGE_ARRAYS"], work + "/arrays.safetensors"], check=True, capture_output=True, text=True)
    out = json.loads(said.stdout)
    sets(data, out)
    images(data, out)
checks.finish()
