#!/usr/bin/env python3
"""Training images for a gate (sumi gate): squares of photographs, drawings and other images.

  gate_data.py --out DIR --photo DIR|LIST... --drawing DIR|LIST... --other DIR|LIST... [--count N]

Writes N PNG files to each of DIR/train/{photo,drawing,other} and N/8 to DIR/held-out/...; a source
image is in one of the two. LIST is a text file with a path on each line. Half of `other` is made
here, and all of it without --other: screens, pages of text, noise, plain areas and blocky sprites.

Every image is cut, shrunk and disturbed at random, so that neither size, sharpness, compression nor
contrast tells the classes apart.
"""
import argparse
import io
import os
import random
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

SIDE = 96  # of the squares; sumi train shrinks them to its --size
IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
WORDS = ("the of and to in is for that it with as on file edit view tools window help open save image "
         "search options settings name size type date page chapter text line value error done next "
         "previous cancel apply network training photograph drawing").split()


def images_of(place):
    if os.path.isfile(place):
        return sorted({line.strip() for line in open(place) if line.strip()})
    return sorted(os.path.join(folder, n) for folder, _, names in os.walk(place) for n in names
                  if n.lower().endswith(IMAGES))


def split(places, rng):
    """The groups of source images to train on, and a tenth of each that is held out."""
    train, held_out = [], []
    for place in places:
        files = images_of(place)
        if not files:
            sys.exit(f"gate_data.py: {place} holds no images")
        rng.shuffle(files)
        cut = max(1, len(files) // 10)
        held_out.append(files[:cut])
        train.append(files[cut:] or files)
    return train, held_out


def random_color(rng, low=0):
    return tuple(rng.randint(low, 255) for _ in range(3))


def noise_plane(rng, side, cells):
    """Smooth random values in [0, 1], `cells` of them along a side."""
    small = np.random.default_rng(rng.getrandbits(32)).random((cells, cells)) * 255
    plane = Image.fromarray(small.astype(np.uint8)).resize((side, side), Image.BICUBIC)
    return np.asarray(plane, np.float32) / 255


class Library:
    """Source images of one class: opened, laid over a background, cut to a square. A group of
    images (a folder or list of the command line) is drawn as often as the root of its size says."""

    def __init__(self, groups, rng):
        self.groups, self.rng = groups, rng
        self.weights = [len(group) ** 0.5 for group in groups]

    def open(self):
        while True:
            files = self.rng.choices(self.groups, self.weights)[0]
            path = self.rng.choice(files)
            try:
                image = Image.open(path)
                image.draft("RGB", (1024, 1024))
                image = ImageOps.exif_transpose(image).convert("RGBA")
            except (OSError, ValueError, SyntaxError):
                files.remove(path)
                continue
            if max(image.size) > 1200:
                image.thumbnail((1200, 1200))
            if min(image.size) >= 16:
                return image

    def square(self, whole=0.5, background=None):
        """Mostly the squares that sumi gate looks at; else a smaller one, anywhere."""
        rng, image = self.rng, self.open()
        if image.getextrema()[3][0] < 255:
            if rng.random() < 0.5:
                image = image.crop(image.getchannel("A").getbbox())
            base = Image.new("RGBA", image.size, (255, 255, 255, 255))
            if background is not None and rng.random() < 0.5:
                base = background(image.size).convert("RGBA")
            image = Image.alpha_composite(base, image)
        image = image.convert("RGB")
        short = min(image.size)
        side = short if rng.random() < whole else int(short * rng.uniform(0.45, 1))
        side = max(side, min(short, 48))
        x, y = rng.randint(0, image.width - side), rng.randint(0, image.height - side)
        return image.crop((x, y, x + side, y + side))


def disturbed(image, rng, color=0.3, blur=0.15, noise=0.2):
    """Another size, light, sharpness and compression of the same image."""
    side = min(image.width, int(2 ** (rng.uniform(6.6, 9) if rng.random() < 0.85 else rng.uniform(5.8, 6.6))))
    image = image.resize((side, side), rng.choice([Image.LANCZOS, Image.BICUBIC, Image.BOX]))
    if rng.random() < color:
        image = ImageEnhance.Color(image).enhance(rng.choice([0, rng.uniform(0.2, 2)]))
    if rng.random() < color:
        image = ImageEnhance.Contrast(image).enhance(rng.uniform(0.45, 1.5))
    if rng.random() < color:
        image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.6, 1.4))
    if rng.random() < 0.1:
        image = Image.merge("RGB", rng.sample(image.split(), 3))
    if rng.random() < blur:
        image = image.filter(ImageFilter.GaussianBlur(side / 400 * rng.uniform(0.3, 1.6)))
    if rng.random() < noise:
        grain = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(1, 10), (side, side, 3))
        levels = np.asarray(image, np.float32) + grain
        image = Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=rng.randint(35, 92))
        image = Image.open(file).convert("RGB")
    return image


def plain(rng, size):
    """One color, or a gradient of two."""
    white = rng.random() < 0.6
    first = (255, 255, 255) if white else random_color(rng)
    image = Image.new("RGB", size, first)
    if rng.random() < 0.3:
        ramp = Image.linear_gradient("L").resize(size).rotate(rng.choice([0, 90, 180]))
        ramp = ramp.resize(size)
        image = Image.composite(image, Image.new("RGB", size, random_color(rng)), ramp)
    return image


def cut_out(image, rng):
    """An irregular piece of an image on a plain background, as a thing that was cut out."""
    side = image.width
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius = 0.33 + sum(rng.uniform(0, 0.11 / k) * np.sin(k * angles + rng.uniform(0, 7)) for k in range(1, 7))
    stretch = rng.uniform(0.45, 1)
    points = [((0.5 + r * stretch * np.cos(a)) * side, (0.5 + r * np.sin(a)) * side)
              for r, a in zip(radius, angles)]
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).polygon(points, fill=255)
    mask = mask.rotate(rng.uniform(0, 360)).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.5)))
    return Image.composite(image, plain(rng, image.size), mask)


def flat_lit(image, rng):
    """A photograph in soft light: little local contrast, bright, smoothed between its edges."""
    smooth = image.filter(ImageFilter.MedianFilter(3)) if rng.random() < 0.5 else image
    blurred = smooth.filter(ImageFilter.GaussianBlur(image.width / 12))
    low = Image.blend(smooth, blurred, rng.uniform(0.1, 0.4))
    return ImageEnhance.Brightness(low).enhance(rng.uniform(1, 1.35))


def photograph(photos, rng):
    kind = rng.random()
    if kind < 0.25:
        return disturbed(cut_out(photos.square(0.3), rng), rng)
    image = photos.square(0.5, lambda size: plain(rng, size))
    if kind < 0.4:
        image = flat_lit(image, rng)
    return disturbed(image, rng)


def drawing(drawings, photos, rng):
    def backdrop(size):
        if rng.random() < 0.5:
            return plain(rng, size)
        return photos.square(0.2).resize(size).filter(ImageFilter.GaussianBlur(rng.uniform(3, 12)))
    image = drawings.square(0.6, backdrop)
    return disturbed(cut_out(image, rng) if rng.random() < 0.1 else image, rng)


def font(rng, fonts, size):
    return ImageFont.truetype(rng.choice(fonts), size) if fonts else ImageFont.load_default()


def sentence(rng, words):
    return " ".join(rng.choice(WORDS) for _ in range(words))


def page(rng, fonts):
    """Lines of text in columns."""
    side = rng.randint(200, 640)
    paper = random_color(rng, 215) if rng.random() < 0.75 else random_color(rng)
    dark = sum(paper) < 330
    ink = random_color(rng, 190) if dark else tuple(rng.randint(0, 90) for _ in range(3))
    image = Image.new("RGB", (side, side), paper)
    draw, size = ImageDraw.Draw(image), rng.randint(9, 34)
    face, columns, y = font(rng, fonts, size), rng.choice([1, 1, 2]), rng.randint(0, 20)
    while y < side:
        for column in range(columns):
            x = column * side // columns + rng.choice([8, 8, 8, 30])
            words = rng.choice([0, 3, 8, 8, 14])
            line = sentence(rng, words)[: int(side / columns / size * 1.7)]
            draw.text((x, y), line, fill=ink if rng.random() < 0.93 else random_color(rng), font=face)
        y += int(size * rng.choice([1.2, 1.4, 1.8]))
    return image


def screen(rng, fonts, photos, icons):
    """Windows, bars, buttons, lists and pictures."""
    side = rng.randint(260, 640)
    dark = rng.random() < 0.35
    base = rng.randint(25, 70) if dark else rng.randint(215, 255)
    shade = lambda d: tuple(max(0, min(255, base + d + rng.randint(-4, 4))) for _ in range(3))
    ink = (225, 225, 225) if dark else (30, 30, 35)
    accent = random_color(rng)
    image = Image.new("RGB", (side, side), shade(0))
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.4:  # a window over a desktop
        image.paste(plain(rng, (side, side)) if rng.random() < 0.5 else photos.square().resize((side, side)))
        draw.rectangle((20, 25, side - rng.randint(0, 60), side - rng.randint(0, 60)), fill=shade(0))
    bar = rng.randint(14, 34)
    draw.rectangle((0, 0, side, bar), fill=rng.choice([accent, shade(-25), shade(18)]))
    face = font(rng, fonts, rng.randint(9, 16))
    for i in range(rng.randint(2, 9)):
        draw.text((10 + i * side // 9, bar // 4), rng.choice(WORDS), fill=ink, font=face)
    left = rng.choice([0, side // 5, side // 3])
    draw.rectangle((0, bar, left, side), fill=shade(-14))
    y = bar + 8
    while y < side:
        height = rng.choice([14, 18, 18, 24, 40, 90])
        kind = rng.random()
        x = left + rng.randint(4, 30)
        if kind < 0.5:
            draw.text((x, y), sentence(rng, rng.randint(1, 9)), fill=ink, font=face)
        elif kind < 0.62:
            draw.rectangle((x, y, x + rng.randint(30, side // 2), y + height - 4), fill=shade(-20),
                           outline=shade(-70))
        elif kind < 0.7:
            draw.rectangle((left, y, side, y + height - 2), fill=accent)
            draw.text((x, y + 2), sentence(rng, 3), fill=(255, 255, 255), font=face)
        elif kind < 0.78:
            draw.line((left, y, side, y), fill=shade(-50))
        elif kind < 0.9 and height >= 24:
            inside = photos if rng.random() < 0.5 or icons is None else icons
            image.paste(inside.square().resize((height, height)), (x, y))
        if left and rng.random() < 0.7:
            draw.text((6, y), rng.choice(WORDS), fill=ink, font=face)
        y += height
    return image


def grain(rng):
    """Noise of any grain, gray or color, or a smooth gradient."""
    side = 144
    cells = rng.choice([3, 6, 12, 24, 48, 144, 144, 144])
    planes = [noise_plane(rng, side, cells) for _ in range(1 if rng.random() < 0.4 else 3)]
    levels = np.dstack(planes * (3 // len(planes))) * 255
    if rng.random() < 0.3:
        levels = (levels > rng.uniform(80, 180)) * 255.0
    image = Image.fromarray(levels.astype(np.uint8))
    return Image.blend(image, Image.new("RGB", image.size, random_color(rng)), rng.uniform(0, 0.8))


def blocks(rng, drawings):
    """A blocky sprite: a mirrored random figure, or a drawing with few pixels and colors."""
    cells = rng.choice([8, 12, 16, 24, 32])
    if rng.random() < 0.5:
        half = (noise_plane(rng, cells, rng.randint(3, 6)) > 0.5)[:, : cells // 2]
        body = np.concatenate([half, half[:, ::-1]], 1)
        colors = np.array([random_color(rng) for _ in range(3)], np.float32)
        which = (noise_plane(rng, cells, 4) * 2.99).astype(int)
        levels = np.where(body[..., None], colors[which], np.array(rng.choice([(255, 255, 255), (0, 0, 0)])))
        image = Image.fromarray(levels.astype(np.uint8))
    else:
        image = drawings.square(1).resize((cells * 2, cells * 2), Image.BOX).quantize(rng.choice([6, 10, 16]))
    image = image.convert("RGB").resize((192, 192), Image.NEAREST)
    return image


def other(others, drawings, photos, fonts, rng):
    kind = rng.random()
    if kind < 0.24:
        return disturbed(screen(rng, fonts, photos, others), rng, blur=0.1)
    if kind < 0.4:
        return disturbed(page(rng, fonts), rng, blur=0.1)
    if kind < 0.5:
        return grain(rng)
    if kind < 0.56 or others is None:
        return blocks(rng, drawings)

    def backdrop(size):
        return plain(rng, size)
    return disturbed(others.square(0.85, backdrop), rng, blur=0.15, noise=0.1)


def make(folder, count, sources, fonts, rng):
    photos, drawings = Library(sources["photo"], rng), Library(sources["drawing"], rng)
    others = Library(sources["other"], rng) if sources["other"] else None
    makers = {
        "photo": lambda: photograph(photos, rng),
        "drawing": lambda: drawing(drawings, photos, rng),
        "other": lambda: other(others, drawings, photos, fonts, rng),
    }
    for name, make_one in makers.items():
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        for i in range(count):
            image = make_one().resize((SIDE, SIDE), Image.LANCZOS)
            image.save(os.path.join(folder, name, f"{i:05}.png"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name in ("photo", "drawing", "other"):
        parser.add_argument("--" + name, nargs="+", default=[], required=name != "other")
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--fonts", default="/usr/share/fonts", help="folder of TrueType fonts")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    fonts = sorted(os.path.join(d, f) for d, _, names in os.walk(args.fonts) for f in names if f.endswith(".ttf"))
    parts = {"train": {}, "held-out": {}}
    for name in ("photo", "drawing", "other"):
        parts["train"][name], parts["held-out"][name] = split(getattr(args, name), rng)
        print(name, sum(map(len, parts["train"][name])), "source images")
    for part, count in (("train", args.count), ("held-out", args.count // 8)):
        make(os.path.join(args.out, part), count, parts[part], fonts, rng)


if __name__ == "__main__":
    main()
