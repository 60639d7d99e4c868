"""Generators that people have as ONNX files, built from their published structure with random weights.

The TensorFlow forms are laid out as tf2onnx writes them: NHWC with transposes around each convolution, norms as
arithmetic, sizes computed from Shape. The PyTorch forms are NCHW, with GroupNorm as InstanceNormalization between
reshapes. Sizes of channels are those of the publications, or divided by `thin`.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Writer:
    def __init__(self, opset, seed=0):
        self.nodes, self.tensors, self.count, self.opset = [], [], 0, opset
        self.random = np.random.default_rng(seed)

    def const(self, values, dtype=None):
        self.count += 1
        name = f"const_{self.count}"
        self.tensors.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def ints(self, *values):
        return self.const(values, np.int64)

    def op(self, kind, *inputs, **attributes):
        self.count += 1
        name = f"{kind}_{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def weight(self, *shape):
        scale = np.sqrt(2 / np.prod(shape[1:]))
        return self.const(self.random.standard_normal(shape) * scale, np.float32)

    def around(self, base, *shape):
        return self.const(base + 0.1 * self.random.standard_normal(shape), np.float32)

    # Ops whose parameters moved from attributes to inputs.
    def pad(self, x, pads, mode="reflect"):
        if self.opset < 11:
            return self.op("Pad", x, pads=pads, mode=mode)
        return self.op("Pad", x, self.ints(*pads), mode=mode)

    def mean(self, x, axes):
        if self.opset < 18:
            return self.op("ReduceMean", x, axes=axes, keepdims=1)
        return self.op("ReduceMean", x, self.ints(*axes), keepdims=1)

    def sum(self, x, axes):
        if self.opset < 13:
            return self.op("ReduceSum", x, axes=axes, keepdims=1)
        return self.op("ReduceSum", x, self.ints(*axes), keepdims=1)

    def cut(self, x, begin, end):
        if self.opset < 10:
            return self.op("Slice", x, starts=[begin], ends=[end], axes=[0])
        return self.op("Slice", x, self.ints(begin), self.ints(end), self.ints(0))

    def double(self, x, coordinates):
        """x [n,c,h,w] with twice the height and width."""
        if self.opset < 11:
            return self.op("Upsample", x, self.const([1, 1, 2, 2], np.float32), mode="linear")
        shape = self.op("Shape", x)
        size = self.op("Mul", self.cut(shape, 2, 4), self.ints(2, 2))
        sizes = self.op("Concat", self.cut(shape, 0, 2), size, axis=0)
        empty = "" if self.opset >= 13 else self.const([], np.float32)
        return self.op("Resize", x, empty, empty, sizes, mode="linear", coordinate_transformation_mode=coordinates)

    def save(self, path, source, result, name_in, name_out, shape):
        self.nodes.append(helper.make_node("Identity", [result], [name_out]))
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in (name_in, name_out)]
        graph = helper.make_graph(self.nodes, "graph", values[:1], values[1:], self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8,
                                  producer_name="tests/graph/networks.py")
        onnx.checker.check_model(model)
        onnx.save(model, path)


# --- PyTorch


def conv(g, x, inputs, outputs, kernel, stride=1, pad=0, groups=1, bias=True):
    tensors = [x, g.weight(outputs, inputs // groups, kernel, kernel)] + ([g.around(0, outputs)] if bias else [])
    return g.op("Conv", *tensors, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, group=groups)


def instance_norm(g, x, channels):
    ones, zeros = np.ones(channels), np.zeros(channels)
    return g.op("InstanceNormalization", x, g.const(ones, np.float32), g.const(zeros, np.float32), epsilon=1e-5)


def cyclegan(path, opset, thin=4, blocks=3):
    g, c = Writer(opset), 64 // thin
    mirrored = lambda x, k: g.pad(x, [0, 0, k, k, 0, 0, k, k])
    layer = lambda x, *a: g.op("Relu", instance_norm(g, conv(g, x, *a), a[1]))
    y = layer(mirrored("input", 3), 3, c, 7)
    y = layer(layer(y, c, 2 * c, 3, 2, 1), 2 * c, 4 * c, 3, 2, 1)
    for _ in range(blocks):
        inner = layer(mirrored(y, 1), 4 * c, 4 * c, 3)
        inner = instance_norm(g, conv(g, mirrored(inner, 1), 4 * c, 4 * c, 3), 4 * c)
        y = g.op("Add", y, inner)
    for inputs, outputs in ((4 * c, 2 * c), (2 * c, c)):
        y = g.op("ConvTranspose", y, g.weight(inputs, outputs, 3, 3), g.around(0, outputs), kernel_shape=[3, 3],
                 strides=[2, 2], pads=[1] * 4, output_padding=[1, 1])
        y = g.op("Relu", instance_norm(g, y, outputs))
    y = g.op("Tanh", conv(g, mirrored(y, 3), c, 3, 7))
    g.save(path, "input", y, "input", "output", [1, 3, "h", "w"])


def animegan2_torch(path, opset, thin=2, side=None):
    g = Writer(opset)

    def norm(x, c):
        y = g.op("Reshape", x, g.ints(0, 1, -1))
        y = g.op("Reshape", instance_norm(g, y, 1), g.op("Shape", x))
        return g.op("Add", g.op("Mul", y, g.around(1, c, 1, 1)), g.around(0, c, 1, 1))

    def block(x, inputs, outputs, kernel=3, stride=1, groups=1):
        k = kernel // 2
        if k > 0:
            x = g.pad(x, [0, 0, k, k, 0, 0, k, k] if stride == 1 else [0, 0, 0, 0, 0, 0, 1, 1])
        return g.op("LeakyRelu", norm(conv(g, x, inputs, outputs, kernel, stride, 0, groups, False), outputs), alpha=0.2)

    def inverted(x, inputs, outputs):
        wide = 2 * inputs
        y = block(block(x, inputs, wide, 1), wide, wide, 3, 1, wide)
        y = norm(conv(g, y, wide, outputs, 1, bias=False), outputs)
        return g.op("Add", x, y) if inputs == outputs else y

    a, b, c, d = (n // thin for n in (32, 64, 128, 256))
    y = block(block(block("input_image", 3, a, 7), a, b, 3, 2), b, b)
    y = block(block(y, b, c, 3, 2), c, c)
    y = inverted(block(y, c, c), c, d)
    for _ in range(3):
        y = inverted(y, d, d)
    y = g.double(block(y, d, c), "align_corners")
    y = g.double(block(block(y, c, c), c, c), "align_corners")
    y = block(block(block(y, c, b), b, b), b, a, 7)
    y = g.op("Tanh", conv(g, y, a, 3, 1, bias=False))
    g.save(path, "input_image", y, "input_image", "output_image", [1, 3] + ([side, side] if side else ["h", "w"]))


# --- TensorFlow


def nhwc(g, x, f):
    return g.op("Transpose", f(g.op("Transpose", x, perm=[0, 3, 1, 2])), perm=[0, 2, 3, 1])


def tf_conv(g, x, inputs, outputs, kernel=3, stride=1, groups=1, bias=False, mirrored=True):
    """As upstream: 'SAME' written out as a reflecting border, or 0 0 for stride 2."""
    k = kernel // 2
    if k > 0 and mirrored:
        begin, end = (k, k) if stride == 1 else (0, 1)
        x = g.pad(x, [0, begin, begin, 0, 0, end, end, 0])
    return nhwc(g, x, lambda y: conv(g, y, inputs, outputs, kernel, stride, 0, groups, bias))


def layer_norm(g, x, c):
    """tf.contrib.layers.layer_norm: moments over height, width and channels, then batch_normalization's arithmetic."""
    mean = g.mean(x, [1, 2, 3])
    difference = g.op("Sub", x, mean)
    variance = g.mean(g.op("Mul", difference, difference), [1, 2, 3])
    root = g.op("Reciprocal", g.op("Sqrt", g.op("Add", variance, g.const(1e-12, np.float32))))
    scale = g.op("Mul", root, g.around(1, c))
    return g.op("Add", g.op("Mul", x, scale), g.op("Sub", g.around(0, c), g.op("Mul", mean, scale)))


def tf_double(g, x):
    return nhwc(g, x, lambda y: g.double(y, "asymmetric"))


def animegan2_tf(path, opset, thin=2):
    g = Writer(opset)
    layer = lambda x, i, o, k=3, s=1, groups=1: g.op("LeakyRelu", layer_norm(g, tf_conv(g, x, i, o, k, s, groups), o), alpha=0.2)

    def inverted(x, inputs, outputs):
        wide = 2 * inputs
        y = layer(layer(x, inputs, wide, 1), wide, wide, 3, 1, wide)
        y = layer_norm(g, tf_conv(g, y, wide, outputs, 1), outputs)
        return g.op("Add", x, y) if inputs == outputs else y

    a, b, c, d = (n // thin for n in (32, 64, 128, 256))
    x = "generator_input:0"
    y = layer(layer(layer(x, 3, a, 7), a, b, 3, 2), b, b)
    y = layer(layer(y, b, c, 3, 2), c, c)
    y = inverted(layer(y, c, c), c, d)
    for _ in range(3):
        y = inverted(y, d, d)
    y = layer(tf_double(g, layer(y, d, c)), c, c)
    y = layer(tf_double(g, layer(y, c, c)), c, b)
    y = layer(layer(y, b, b), b, a, 7)
    y = g.op("Tanh", tf_conv(g, y, a, 3, 1))
    g.save(path, x, y, x, "generator/G_MODEL/out_layer/Tanh:0", [1, "h", "w", 3])


def moments(g, x):
    pooled = lambda y: nhwc(g, y, lambda z: g.op("GlobalAveragePool", z))
    mean = pooled(x)
    difference = g.op("Sub", x, mean)
    return mean, g.op("Sqrt", g.op("Add", pooled(g.op("Mul", difference, difference)), g.const(1e-5, np.float32)))


def lade(g, x, c):
    """AnimeGANv3's linearly adaptive denormalization."""
    other_mean, other_root = moments(g, tf_conv(g, x, c, c, 1))
    mean, root = moments(g, x)
    return g.op("Add", g.op("Mul", g.op("Div", g.op("Sub", x, mean), root), other_root), other_mean)


def attention(g, x, c, keys):
    """External attention: a softmax over pixels, then rows that sum to 1."""
    y = tf_conv(g, x, c, c, 1)
    shape = g.op("Shape", y)
    rows = g.op("Reshape", y, g.ints(1, -1, c))
    weight = g.random.standard_normal((c, keys)).astype(np.float32) * 0.2
    maps = g.op("MatMul", rows, g.const(weight))
    if g.opset >= 13:
        maps = g.op("Softmax", maps, axis=1)
    else:
        maps = g.op("Transpose", g.op("Softmax", g.op("Transpose", maps, perm=[0, 2, 1]), axis=2), perm=[0, 2, 1])
    maps = g.op("Div", maps, g.op("Add", g.const(1e-9, np.float32), g.sum(maps, [2])))
    y = g.op("Reshape", g.op("MatMul", maps, g.const(weight.T)), shape)
    y = tf_conv(g, y, c, c, 1)
    y = g.op("Add", g.op("Mul", y, g.around(1, c)), g.around(0, c))  # a folded batch norm
    return g.op("LeakyRelu", g.op("Add", x, y), alpha=0.2)


def animegan3(path, opset, thin=2):
    g = Writer(opset)
    layer = lambda x, i, o, k=3, s=1: g.op("LeakyRelu", lade(g, tf_conv(g, x, i, o, k, s), o), alpha=0.2)
    a, b, c, d = (n // thin for n in (32, 64, 128, 128))
    x = "AnimeGANv3_input:0"
    x0 = layer(x, 3, a, 7)
    x1 = layer(layer(x0, a, a, 3, 2), a, b)
    x2 = layer(layer(x1, b, b, 3, 2), b, c)
    x3 = layer(layer(x2, c, c, 3, 2), c, d)
    y = attention(g, x3, d, 128 // thin)
    y = layer(tf_double(g, y), d, c)
    y = layer(tf_double(g, layer(g.op("Add", y, x2), c, c)), c, b)
    y = layer(tf_double(g, layer(g.op("Add", y, x1), b, b)), b, a)
    y = layer(g.op("Add", y, x0), a, a)
    y = g.op("Tanh", tf_conv(g, y, a, 3, 7))
    g.save(path, x, y, x, "generator_1/main/out_layer:0", [1, "h", "w", 3])


def whitebox(path, opset, thin=2):
    """White-box Cartoonization's U-Net with its guided filter of radius 1."""
    g = Writer(opset)

    def layer(x, inputs, outputs, kernel=3, stride=1):
        def same(y):
            return g.op("Conv", y, g.weight(outputs, inputs, kernel, kernel), g.around(0, outputs), strides=[stride] * 2,
                        kernel_shape=[kernel] * 2, auto_pad="SAME_UPPER")
        return nhwc(g, x, same)

    act = lambda x: g.op("LeakyRelu", x, alpha=0.2)
    a, b, c = 32 // thin, 64 // thin, 128 // thin
    x = "input_photo:0"
    x0 = act(layer(x, 3, a, 7))
    x1 = act(layer(act(layer(x0, a, a, 3, 2)), a, b))
    y = act(layer(act(layer(x1, b, b, 3, 2)), b, c))
    for _ in range(4):
        y = g.op("Add", y, layer(act(layer(y, c, c)), c, c))
    y = act(layer(y, c, b))
    y = act(layer(act(layer(g.op("Add", tf_double(g, y), x1), b, b)), b, a))
    y = layer(act(layer(g.op("Add", tf_double(g, y), x0), a, a)), a, 3, 7)

    box = np.full((3, 1, 3, 3), 1 / 9, np.float32)
    mean = lambda v: nhwc(g, v, lambda u: g.op("Conv", u, g.const(box), group=3, kernel_shape=[3, 3], strides=[1, 1],
                                                auto_pad="SAME_UPPER"))
    size = g.cut(g.op("Shape", x), 1, 3)
    ones = g.op("Expand", g.const(np.ones((1, 1, 1, 3)), np.float32), g.op("Concat", g.ints(1), size, g.ints(3), axis=0))
    count = mean(ones)
    over = lambda v: g.op("Div", mean(v), count)
    mean_x, mean_y = over(x), over(y)
    covariance = g.op("Sub", over(g.op("Mul", x, y)), g.op("Mul", mean_x, mean_y))
    variance = g.op("Sub", over(g.op("Mul", x, x)), g.op("Mul", mean_x, mean_x))
    slope = g.op("Div", covariance, g.op("Add", variance, g.const(5e-3, np.float32)))
    offset = g.op("Sub", mean_y, g.op("Mul", slope, mean_x))
    y = g.op("Add", g.op("Mul", over(slope), x), over(offset))
    g.save(path, x, y, x, "add_1:0", [1, "h", "w", 3])


NETWORKS = {"cyclegan": cyclegan, "animegan2_torch": animegan2_torch, "animegan2_tf": animegan2_tf, "animegan3": animegan3,
            "whitebox": whitebox}

if __name__ == "__main__":  # networks.py NAME FILE: with the published sizes, at opset 13
    import sys
    whole = {"cyclegan": {"blocks": 9}}
    NETWORKS[sys.argv[1]](sys.argv[2], 13, thin=1, **whole.get(sys.argv[1], {}))
