"""ONNX files of sumi export, judged by others: the checker of Python's onnx package and onnxruntime, whose results must be
within 1e-4 of sumi's own (sumi export --examples), for every network of every model, at three opsets, with random inputs of
two sizes. Networks are tiny, after one step of training.
"""

import itertools
import os
import sys
import tempfile

sys.path[:0] = [os.path.dirname(__file__), os.path.join(os.path.dirname(__file__), "..", "parity")]
import judges

np, onnx, ort = judges.need("numpy", "onnx", "onnxruntime")
import sumi_files as files
from tiny_models import MODELS, make_pictures, train

OPSETS = (13, 17, 21)
LIMIT = 1e-4
checks = files.Checks()


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def worst(path, examples):
    """The largest difference of onnxruntime's results from the examples, relative to the results' size where that exceeds 1."""
    network, errors, sizes = session(path), [], set()
    for suffix in ("", ".1"):
        if "input" + suffix not in examples:
            continue
        feed = {i.name: examples[i.name + suffix] for i in network.get_inputs()}
        feed = {i.name: feed[i.name].reshape(feed[i.name].shape[:len(i.shape)]) for i in network.get_inputs()}
        sizes.add(feed["input"].shape)
        names = [o.name for o in network.get_outputs()]
        for name, ours in zip(names, network.run(names, feed)):
            theirs = examples[name + suffix]
            errors.append(float("inf") if ours.shape != theirs.shape
                          else float(np.max(np.abs(ours - theirs))) / max(1.0, float(np.max(np.abs(theirs)))))
    return max(errors), sizes


def facts(model):
    return {p.key: p.value for p in model.metadata_props}


def judge(work, name, run, net, opset, *more):
    path = work + "/net.onnx"
    files.sumi("export", "-m", run, "--net", net, "-o", path, "--opset", opset, "--examples", work + "/examples.safetensors", "-q", *more)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    error, sizes = worst(path, files.read_safetensors(work + "/examples.safetensors")[0])
    what = "%s: %s, opset %d%s" % (name, net, opset, "".join(" " + str(m) for m in more))
    checks.small(what, error, LIMIT)
    checks.true(what + ": opset and metadata", model.opset_import[0].version == opset and facts(model)["layout"] == "NCHW"
                and facts(model)["sumi.network"] == net and facts(model)["input_range"] != "")
    return model, sizes


def main():
    only = sys.argv[1:]
    listed = {line.split()[0] for line in files.sumi("models").splitlines() if line[:1].isalpha()}
    checks.true("every model of sumi models is judged", listed == {spec[0][0] for spec in MODELS.values()})
    turn = itertools.cycle(OPSETS)
    with tempfile.TemporaryDirectory() as work:
        make_pictures(work)
        for name, (arguments, nets, any_size) in MODELS.items():
            if only and name not in only:
                continue
            run = train(work, name, arguments)
            for place, net in enumerate(nets):
                # The first network of a model at every opset; others take turns.
                for opset in OPSETS if place == 0 else (next(turn),):
                    model, sizes = judge(work, name, run, net, opset)
                checks.true("%s: %s takes %s" % (name, net, "any size" if net in any_size else "one size"),
                            (len(sizes) == 2) == (net in any_size))
            folded, _ = judge(work, name, run, nets[0], 17, "--simplify")
            count = sum(n.op_type == "BatchNormalization" for n in folded.graph.node)
            before = sum(n.op_type == "BatchNormalization" for n in model.graph.node)
            checks.true("%s: --simplify leaves no more batch norms" % name, count <= before or len(nets) > 1)
    checks.finish()


if __name__ == "__main__":
    main()
