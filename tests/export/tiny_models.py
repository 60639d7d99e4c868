"""Every model of sumi with tiny networks, for the tests of exported files."""

import sumi_files as files

SIZE = 16
FOLDERS = ("a", "b", "photo", "kinds")
STYLIZER_RUN = "run of stylizer"


def noise(model, *arguments):
    return [model, "--data", "a", "--nz", 8, *arguments]


def square(model, *arguments):
    return noise(model, "--channels", 3, "--size", SIZE, "--ngf", 4, "--ndf", 4, *arguments)


def pair(model, *arguments):
    return [model, "--data-a", "a", "--data-b", "b", "--ngf", 4, "--ndf", 4, *arguments]


def cropped(model, *arguments):
    return pair(model, "--load-size", 32, "--crop-size", 32, *arguments)


ANIME = ("--lr-policy", "constant", "--init-epochs", 0)
# What trains it; its networks, a generator first; and those that take images of any size.
MODELS = {
    "gan": (noise("gan", "--channels", 3, "--size", SIZE), ("g", "d"), ()),
    "gan-reshape": (square("gan-reshape"), ("g", "d"), ()),
    "gan-conv": (square("gan-conv", "--size", 28, "--channels", 1), ("g", "d"), ()),
    "gan-autoencoder": (square("gan-autoencoder"), ("g", "d"), ()),
    "dcgan": (square("dcgan"), ("g", "d"), ("d",)),
    "dcgan, bilinear, sn": (square("dcgan", "--upsample", "bilinear", "--spectral-norm"), ("g", "d"), ("d",)),
    "dcgan, minibatch": (square("dcgan", "--minibatch-discrimination", 3), ("g", "d"), ()),
    "wgan": (square("wgan", "--n-critic", 1), ("g", "d"), ("d",)),
    "wgan-gp": (square("wgan-gp", "--n-critic", 1), ("g", "d"), ()),
    "r3gan": (square("r3gan"), ("g",), ()),
    "dcgan, wide": (square("dcgan", "--size", "32x16"), ("g", "d"), ("d",)),
    "infogan": (noise("infogan", "--size", 8, "--channels", 1), ("g", "d", "q"), ()),
    "vae": (noise("vae", "--size", 8, "--channels", 1), ("g", "e"), ()),
    "vae, conv": (square("vae", "--size", 20, "--channels", 1, "--variant", "conv", "--upsample", "nearest"), ("g", "e"), ()),
    "cyclegan": (cropped("cyclegan", "--n-blocks", 2), ("g_ab", "g_ba", "d_a"), ("g_ab", "g_ba", "d_a")),
    "cyclegan, unet, batch": (pair("cyclegan", "--load-size", 128, "--crop-size", 128, "--net-g", "unet_128", "--norm", "batch"),
                              ("g_ab", "d_b"), ("g_ab", "d_b")),
    "animegan": (cropped("animegan", *ANIME), ("g", "d"), ("g", "d")),
    "animegan, lite": (cropped("animegan", *ANIME, "--net-g", "animegan2_lite"), ("g",), ("g",)),
    "cartoongan": (cropped("cartoongan", *ANIME, "--n-blocks", 2), ("g", "d"), ("g", "d")),
    "pix2pix": (pair("pix2pix", "--load-size", 128, "--crop-size", 128, "--net-g", "unet_128"), ("g", "d"), ("g", "d")),
    "pix2pix, resnet": (cropped("pix2pix", "--net-g", "resnet_9blocks", "--n-blocks", 1, "--upsample", "nearest"), ("g",), ("g",)),
    "photo-converter": (cropped("photo-converter"), ("g", "d"), ("g",)),
    "classifier": (["classifier", "--data", "kinds", "--size", SIZE, "--width", 2, "--val-every", 0], ("f", "head1"), ("f",)),
    "classifier, one pixel": (["classifier", "--data", "kinds", "--size", 8, "--width", 2, "--val-every", 0], ("f",), ("f",)),
    "stylizer": (["stylizer", "--data-a", "photo", "--style", "ink", "--style", "manga", "--crop-size", SIZE, "--ngf", 4, "--n-blocks", 1],
                 ("g",), ("g",)),
    # After the stylizer, whose run it starts from.
    "animator": (["animator", "--data-a", "photo", "--init", STYLIZER_RUN, "--crop-size", SIZE, "--hands", 2], ("g",), ("g",)),
}


def make_pictures(work):
    """Folders a and b with four images each, photo with one, and kinds with a folder for each of two classes."""
    for folder, seed, count in (("a", 1, 4), ("b", 2, 4), ("photo", 1, 1), ("kinds/one", 3, 4), ("kinds/two", 4, 4)):
        for i, picture in enumerate(files.smooth_pictures(count, 36, 3, seed)):
            files.write_png("%s/%s/%d.png" % (work, folder, i), picture)


def train(work, name, arguments):
    """One step; returns the run."""
    run = "%s/%s" % (work, name.replace(", ", "-").replace(" ", "-"))
    arguments = ["%s/%s" % (work, a) if a in FOLDERS else work + "/stylizer" if a == STYLIZER_RUN else a for a in arguments]
    files.sumi("train", *arguments, "--outdir", run, "--batch-size", 2, "--steps", 1, "--sample-every", 0, "--threads", 1,
               "--cache", work + "/cache")
    return run
