#!/usr/bin/env python3
"""Works the pages of docs/lab in a headless browser: from file:// and from a server, by pointer and by keyboard, at phone width.
Usage: lab_pages.py [PAGE...]

Exit code 77 if chromium-headless-shell or websocket is not installed.
"""
import functools
import http.server
import pathlib
import re
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "tools"))
import report_page  # noqa: E402

LAB = ROOT / "docs" / "lab"
PHOTOS = ROOT / "samples" / "photos"
PATIENCE = 150  # seconds that a busy machine may take for what takes one or two


class LabPage(report_page.Page):
    def ready(self):
        self.wait("document.body.dataset.ready === 'yes'")

    def wait(self, condition):
        end = time.monotonic() + PATIENCE
        while not self.value(condition):
            assert time.monotonic() < end, "%s never came; status: %s" % (condition, self.text("status"))
            assert not self.value("document.querySelector('#status.error') !== null"), self.text("status")
            time.sleep(0.05)

    def text(self, name):
        return self.value("document.getElementById('%s')?.textContent" % name)

    def click(self, name):
        self.value("document.getElementById('%s').click()" % name)

    # Changes a control as a visitor does. For a slider `value` is the position.
    def change(self, name, value):
        self.value("(() => { const n = document.getElementById('%s'); n.value = %r; n.dispatchEvent(new Event('input', {bubbles: true}));"
                   " n.dispatchEvent(new Event('change', {bubbles: true})); })()" % (name, value))

    def press_enter(self):
        for kind in ("rawKeyDown", "char", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)

    def files(self, name, paths):
        node = self.call("DOM.getDocument")["root"]["nodeId"]
        found = self.call("DOM.querySelector", nodeId=node, selector="#" + name)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=found, files=[str(p) for p in paths])

    def pixels(self, name):
        return self.value("document.getElementById('%s').toDataURL()" % name)

    # Everything that takes the focus has a name and a role for screen readers.
    def check_names(self):
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        focusable = [n for n in nodes if not n.get("ignored") and any(
            p["name"] == "focusable" and p["value"].get("value") for p in n.get("properties", []))]
        assert len(focusable) > 8, len(focusable)
        for node in focusable:
            role = node["role"]["value"]
            if role not in ("RootWebArea", "generic"):
                assert node.get("name", {}).get("value", "").strip(), "a %s without a name: %s" % (role, node)

    def check_phone(self):
        self.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
        time.sleep(0.3)
        wide = self.value("document.documentElement.scrollWidth")
        assert wide <= 390, "%d pixels wide at 390" % wide
        self.call("Emulation.clearDeviceMetricsOverride")


def step_of(page):
    return int(re.search(r"step (\d+)", page.text("summary"), re.I).group(1))


# Every control of the settings answers, and the next step still trains.
def check_controls(page):
    names = page.value("[...document.querySelectorAll('#controls input[type=range]')].map((n) => n.id)")
    assert len(names) > 12, names
    for name in names:
        if name in ("seed", "layers", "ngf", "ndf", "clip_weights", "batch_size"):
            continue  # tried below, or slow
        before = page.value("document.querySelector('output[for=%s]').textContent" % name)
        middle = page.value("(() => { const n = document.getElementById('%s'), m = Math.ceil(n.max / 2);"
                            " return m === +n.value ? m - 1 : m; })()" % name)
        page.change(name, middle)
        after = page.value("document.querySelector('output[for=%s]').textContent" % name)
        assert before != after, "%s still shows %s" % (name, after)
    page.wait("/step 0\\b/i.test(document.getElementById('summary').textContent)")  # some of these restart
    for mode in ("saturating", "lsgan", "hinge", "wgan", "wgan-gp", "vanilla"):
        page.change("gan_mode", mode)
        before = step_of(page)
        page.click("step")
        page.wait("/step %d\\b/i.test(document.getElementById('summary').textContent)" % (before + 1))
        assert not re.search("loss of . none", page.text("summary"), re.I), page.text("summary")


def weights_of(page):
    return page.value("[...document.querySelectorAll('#layers-g td:nth-child(3)')].map((n) => n.textContent).join()")


def check_points(page):
    page.check_names()
    first = page.pixels("plane")
    page.value("document.getElementById('play').focus()")
    page.press_enter()
    page.wait("+/Step (\\d+)/.exec(document.getElementById('summary').textContent)[1] >= 60")
    page.wait("+/(\\d+) %/.exec(document.getElementById('summary').textContent)[1] >= 50")
    page.click("play")
    page.wait("document.getElementById('play').textContent === 'Play' && /Next phase/.test(document.getElementById('status').textContent)")
    assert page.pixels("plane") != first
    # One phase at a time, and back.
    step = step_of(page)
    phases = []
    for _ in range(5):
        before = page.text("status")
        page.click("phase")
        page.wait("document.getElementById('status').textContent !== %r" % before)
        phases.append(page.value("document.querySelector('#phases [aria-current]').textContent"))
    assert phases == ["backward of D", "update D", "backward through D to G", "update G", "draw a batch"], phases
    assert step_of(page) == step + 1
    before_step = weights_of(page)
    page.click("step")
    page.wait("/Step %d\\b/.test(document.getElementById('summary').textContent)" % (step + 2))
    assert weights_of(page) != before_step
    page.click("back")
    page.wait("/Step %d\\b/.test(document.getElementById('summary').textContent)" % (step + 1))
    assert weights_of(page) == before_step
    page.click("show-pull")
    page.change("data", "own")
    page.wait("/arrow keys/.test(document.getElementById('status').textContent)")
    page.value("document.getElementById('plane').focus()")
    drawn = page.pixels("plane")
    for name, code in (("ArrowRight", 39), ("ArrowUp", 38)):
        page.key(name, code)
    page.value("document.getElementById('plane').dispatchEvent(new KeyboardEvent('keydown', {key: ' '}))")
    page.wait("document.getElementById('plane').toDataURL() !== %r" % drawn)
    page.change("data", "moons")
    check_controls(page)
    page.check_phone()


def check_pictures(page):
    page.check_names()
    first = page.pixels("samples")
    page.click("play")
    page.wait("+/at step (\\d+)/.exec(document.getElementById('summary').textContent)[1] >= 12")
    page.click("collapse")
    assert page.text("collapse") == "Back to your rates"
    assert page.value("document.querySelector('output[for=lr_g]').textContent") == "0.02"
    page.click("collapse")
    assert page.value("document.querySelector('output[for=lr_g]').textContent") == "0.001"
    page.click("play")
    page.wait("document.getElementById('play').textContent === 'Play' && /^Step/.test(document.getElementById('status').textContent)")
    assert page.pixels("samples") != first
    real = page.pixels("real")
    for kind in ("heads", "clothes"):
        page.change("data", kind)
        page.wait("document.getElementById('real').toDataURL() !== %r" % real)
        page.wait("/^Ready/.test(document.getElementById('status').textContent)")
        real = page.pixels("real")
    page.files("files", sorted(PHOTOS.glob("*.jpg")))
    page.wait("/^6 pictures/.test(document.getElementById('real-summary').textContent)")
    page.wait("/at step 0/.test(document.getElementById('summary').textContent)")
    page.change("size", "32")
    page.wait("/32.32/.test(document.getElementById('real-summary').textContent)")
    page.wait("/at step 0/.test(document.getElementById('summary').textContent)")
    page.change("size", "16")
    page.wait("/16.16/.test(document.getElementById('real-summary').textContent)")
    page.wait("/at step 0/.test(document.getElementById('summary').textContent)")
    check_controls(page)
    page.check_phone()


# The written sum is the number that the engine computed.
def check_sum(page):
    text = page.text("sum").replace("\u2212", "-")
    products, value = re.match(r"\w+\[\d,\d\] = (.*) = (-?[\d.]+)", text).groups()
    total = 0.0 if products == "no product" else sum(
        float(a.strip("()")) * float(b.strip("()")) for a, b in (one.split("\u00b7") for one in products.split(" + ")))
    assert abs(total - float(value)) < 1e-3 * max(1, abs(total)), text


def check_convolution(page):
    page.check_names()
    results = page.value("['y', 'dx', 'dw'].map((n) => document.getElementById('grid-' + n).children.length).reduce((a, b) => a + b)")
    assert results == 16 + 36 + 9
    for _ in range(results):
        page.click("next")
        check_sum(page)
    for stride, pad, count in ((1, 1, 9), (0, 2, 64)):
        page.change("stride", stride)
        page.change("pad", pad)
        page.wait("document.getElementById('grid-y').children.length === %d" % count)
        for _ in range(12):
            page.click("previous")
            check_sum(page)
    page.change("pad", 0)
    page.wait("document.getElementById('grid-y').children.length === 16")
    y = page.text("grid-y")
    page.value("document.getElementById('grid-x').children[7].click()")
    page.click("more")
    page.wait("document.getElementById('grid-y').textContent !== %r" % y)
    page.value("document.getElementById('grid-x').children[7].focus()")
    page.key("ArrowRight", 39)
    assert page.value("document.activeElement.dataset.index") == "8"
    y = page.text("grid-y")
    page.value("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: '7', bubbles: true}))")
    page.wait("document.getElementById('grid-y').textContent !== %r" % y)
    assert page.value("document.getElementById('grid-x').children[8].textContent") == "7"
    for name, value in (("filter", "blur"), ("image", "ramp"), ("loss", "all")):
        before = page.text("grid-dw") + page.text("grid-y")
        page.change(name, value)
        page.wait("document.getElementById('grid-dw').textContent + document.getElementById('grid-y').textContent !== %r" % before)
    page.check_phone()


def check_photo(page):
    page.check_names()
    page.change("side", 0)
    page.wait("/160 pixels/.test(document.getElementById('photo-summary').textContent)")
    page.wait("document.getElementById('drawing').height === 160")
    page.wait("/^Drawn/.test(document.getElementById('status').textContent)")
    drawing = page.pixels("drawing")
    for name, value in (("layer", "line"), ("layer", "drawing"), ("line", 0), ("levels", 2), ("style-pencil", 10)):
        page.change(name, value)
        page.wait("document.getElementById('drawing').toDataURL() !== %r" % drawing)
        page.wait("/^Drawn/.test(document.getElementById('status').textContent)")
        drawing = page.pixels("drawing")
    page.files("file", [PHOTOS / "lake.jpg"])
    page.wait("/lake/.test(document.getElementById('photo').getAttribute('aria-label'))")
    page.wait("document.getElementById('drawing').width === 320")
    page.check_phone()


def check_index(page):
    links = page.value("[...document.querySelectorAll('main h2 a')].map((n) => n.getAttribute('href'))")
    assert links == ["points.html", "pictures.html", "convolution.html", "photo.html"]
    assert all((LAB / link).exists() for link in links)
    page.check_phone()


PAGES = {"index": check_index, "points": check_points, "pictures": check_pictures, "convolution": check_convolution,
         "photo": check_photo}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *unused):
        pass


def visit(url, check, allowed):
    with tempfile.TemporaryDirectory() as folder:
        page = LabPage(url, folder)
        try:
            if not url.endswith("index.html"):
                page.ready()
            check(page)
            assert not page.errors, page.errors
            outside = [u for u in page.requests if not u.startswith((*allowed, "data:", "blob:", "about:"))]
            assert not outside, outside
        finally:
            page.close()


def check_trains(page):
    page.click("step")
    page.wait("/Step 1\\b/.test(document.getElementById('summary').textContent)")


def main():
    if not report_page.BROWSER or not report_page.websocket:
        print("skipped: chromium-headless-shell or python3-websocket is not installed")
        return 77
    for name, check in PAGES.items():
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            begin = time.monotonic()
            visit((LAB / (name + ".html")).as_uri(), check, ["file:"])
            print("%s: %.0f s" % (name, time.monotonic() - begin), flush=True)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(LAB))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = "http://127.0.0.1:%d/" % server.server_port
        visit(address + "points.html", check_trains, [address])
        server.shutdown()
    print("lab: five pages from file:// and one from a server, in %s" % pathlib.Path(report_page.BROWSER).name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
