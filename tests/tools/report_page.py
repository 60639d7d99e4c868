#!/usr/bin/env python3
"""Opens a report in a headless browser, moves its controls and reads what it shows. Usage: SUMI=... report_page.py

Exit code 77 if chromium-headless-shell or websocket is not installed.
"""
import atexit
import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib

try:
    import websocket
except ImportError:
    websocket = None

BROWSER = shutil.which("chromium-headless-shell") or shutil.which("chromium")


class Page:
    """A tab, driven by the Chrome DevTools Protocol."""

    def __init__(self, url, folder):
        self.process = subprocess.Popen(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--remote-allow-origins=*",
             "--user-data-dir=%s" % folder, "--window-size=1000,1400", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        atexit.register(self.close)  # also where a check fails
        port_file = pathlib.Path(folder) / "DevToolsActivePort"
        for _ in range(600):
            if port_file.exists() and port_file.read_text().strip():
                break
            time.sleep(0.1)
        port = port_file.read_text().split()[0]
        tabs = json.load(urllib.request.urlopen("http://127.0.0.1:%s/json" % port))
        self.socket = websocket.create_connection([t for t in tabs if t["type"] == "page"][0]["webSocketDebuggerUrl"])
        self.number, self.errors, self.requests = 0, [], []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Page.navigate", url=url)
        for _ in range(600):
            if self.value("document.readyState === 'complete' && document.title !== 'sumi'"):
                return
            time.sleep(0.1)

    def call(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.errors.append(answer)
            if answer.get("method") == "Network.requestWillBeSent":
                self.requests.append(answer["params"]["request"]["url"])
            if answer.get("id") == self.number:
                return answer.get("result", {})

    def value(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True).get("result", {}).get("value")

    def key(self, name, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def drag(self, selector, start, end):
        x, y, w, h = self.value("(() => { const n = document.querySelector('%s'); n.scrollIntoView();"
                                " const b = n.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()" % selector)
        for kind, share in (("mousePressed", start), ("mouseMoved", (start + end) / 2), ("mouseMoved", end),
                            ("mouseReleased", end)):
            self.call("Input.dispatchMouseEvent", type=kind, x=x + w * share, y=y + h / 2, button="left",
                      buttons=1, clickCount=1)

    def close(self):
        """Ends the browser. Debian's program is a script that waits for it, so its whole session is killed."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def png(level):
    """A gray PNG of 8x8 pixels."""
    def chunk(name, data):
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
    rows = b"".join(b"\0" + bytes([level]) * 8 for _ in range(8))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", (8).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0")
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_run(run, factor):
    (run / "samples").mkdir(parents=True)
    (run / "options.json").write_text(json.dumps({"model": "dcgan", "lr": 0.001 * factor, "steps": 400}))
    (run / "log.txt").write_text("2026-11-30 10:00:00  warning: something <i>odd</i>\n2026-11-30 10:00:01  done: 400 steps\n")
    lines = [{"step": s, "seconds": s / 10, "loss_d": factor * 100 / s, "d_real": 0.5} for s in range(4, 401, 4)]
    for line in lines:
        if line["step"] % 100 == 0:
            line["fd"] = factor * abs(line["step"] - 300) + 7
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "300.safetensors").write_text("")
    (run / "best.json").write_text(json.dumps({"step": 300, "metric": "fd", "value": 7}))
    (run / "stats.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for i in range(5):
        (run / "samples" / ("%d.png" % (i * 100))).write_bytes(png(i * 40))


def shown_sheet(page, number=0):
    """The bytes of the sheet that is shown."""
    source = page.value("document.getElementById('sheet%d').src" % number)
    return base64.b64decode(source.split(",", 1)[1])


def check_one(page):
    assert page.value("document.getElementById('at').textContent") == "400"
    assert shown_sheet(page) == png(160)
    page.value("document.getElementById('moment').focus()")
    page.key("ArrowLeft", 37)
    page.key("ArrowLeft", 37)
    assert page.value("document.getElementById('at').textContent") == "200"
    assert shown_sheet(page) == png(80)
    assert "sample=200" in page.value("location.hash")
    legend = "[...document.querySelectorAll('figcaption span')].map(n => n.textContent).join(' ')"
    page.value("(() => { const n = document.getElementById('smoothing'); n.value = 0; n.dispatchEvent(new Event('input')); })()")
    assert "loss_d 0.25" in page.value(legend), page.value(legend)
    before = page.value("document.querySelector('path.curve').getAttribute('d')")
    page.drag("svg", 0.3, 0.6)
    low, high = (int(page.value("document.getElementById('%s').value" % end)) for end in ("from", "to"))
    assert 80 < low < 140 and 200 < high < 260, (low, high)
    assert page.value("document.querySelector('path.curve').getAttribute('d')") != before
    page.value("document.getElementById('all').click()")
    assert page.value("document.querySelector('path.curve').getAttribute('d')") == before
    assert page.value("document.querySelector('#messages li').textContent") == "something <i>odd</i>"
    rows = page.value("[...document.querySelectorAll('#options table')[0].rows].map(r => r.textContent).join(' ')")
    assert "lr0.0010.0002" in rows, rows
    assert "best checkpoint step 300 (fd 7)" in page.value("document.getElementById('runs').textContent")
    assert page.value("document.querySelectorAll('circle').length") == 4
    assert page.value("document.querySelectorAll('circle.best').length") == 1
    assert "best" in page.value("document.querySelector('#files').textContent")
    assert page.value("document.documentElement.scrollWidth <= innerWidth")


def check_two(page):
    names = page.value("[...document.querySelectorAll('.sheets figcaption')].map(n => n.textContent).join(' ')")
    assert names == "a b", names
    assert shown_sheet(page, 1) == png(160)
    assert page.value("document.querySelectorAll('svg').length") == 3  # loss_d, d_real and fd
    assert page.value("document.querySelector('svg').querySelectorAll('path.curve').length") == 2


def main():
    if not BROWSER or not websocket:
        print("skipped: chromium-headless-shell or python3-websocket is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make_run(folder / "a", 1)
        make_run(folder / "b", 2)
        for number, (runs, check) in enumerate(((["a"], check_one), (["a", "b"], check_two))):
            output = folder / ("%d.html" % number)
            subprocess.run([os.environ["SUMI"], "report", *(folder / r for r in runs), "-o", output], check=True,
                           stdout=subprocess.DEVNULL)
            page = Page(output.as_uri(), folder / ("profile%d" % number))
            try:
                check(page)
                assert not page.errors, page.errors
                outside = [u for u in page.requests if not u.startswith(("file:", "data:", "about:"))]
                assert not outside, outside
            finally:
                page.close()
    print("report: slider, zoom, smoothing, options and two runs side by side, in %s" % pathlib.Path(BROWSER).name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
