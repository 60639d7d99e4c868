"""Networks as ncnn itself runs them, without its f16, bf16 and Winograd forms, which round."""

import sys

import judges

(ncnn,) = judges.need("ncnn")

ROUNDING = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage", "use_winograd_convolution",
            "use_sgemm_convolution", "use_vulkan_compute")


def network(path):
    """The network of NAME.param and NAME.bin, on one thread. Ends the program where ncnn does not load it."""
    net = ncnn.Net()
    for option in ROUNDING:
        if hasattr(net.opt, option):
            setattr(net.opt, option, False)
    net.opt.num_threads = 1
    if net.load_param(path) or net.load_model(path[:-len(".param")] + ".bin"):
        sys.exit("ncnn does not load %s" % path)
    return net
