#!/usr/bin/env python3
"""Votes on a page of blind pairs in a headless browser, and reads the votes with the program. Usage: SUMI=... human_page.py

Exit code 77 if chromium-headless-shell or websocket is not installed.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import report_page

PAIRS = 12


def write_images(folder, level):
    """Flat gray images of 16x16, whose level tells the set."""
    folder.mkdir()
    for i in range(PAIRS):
        (folder / ("%02d.pgm" % i)).write_bytes(b"P5\n16 16\n255\n" + bytes([level + i]) * 256)


def vote(page):
    """Chooses the lighter image of each pair, except for `neither` in the second and a vote that is taken back."""
    light = ("(() => { const c = document.createElement('canvas').getContext('2d', {willReadFrequently: true}); return ['left', 'right'].map((id) => {"
             " c.drawImage(document.querySelector('#' + id + ' img'), 0, 0); return c.getImageData(3, 3, 1, 1).data[0]; }); })()")
    page.key("ArrowLeft", 37)
    page.key("Backspace", 8)
    assert page.value("document.getElementById('where').textContent") == "pair 1 of %d" % PAIRS
    sides = []
    for i in range(PAIRS):
        page.call("Runtime.evaluate", awaitPromise=True,
                  expression="Promise.all([...document.querySelectorAll('.pair img')].map((n) => n.decode()))")
        left, right = page.value(light)
        assert abs(left - right) == 100, (left, right)
        sides.append("left" if left > right else "right")
        if i == 1:
            page.key("ArrowDown", 40)
        elif i % 2:
            page.value("document.getElementById('%s').click()" % sides[-1])
        else:
            page.key("ArrowLeft", 37) if left > right else page.key("ArrowRight", 39)
    assert len(set(sides)) == 2, sides  # both orders occur


def main():
    if not report_page.BROWSER or not report_page.websocket:
        print("skipped: chromium-headless-shell or python3-websocket is not installed")
        return 77
    sumi = os.environ["SUMI"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_images(folder / "light", 120)
        write_images(folder / "dark", 20)
        output = folder / "pairs.html"
        subprocess.run([sumi, "evaluate", "--images", "light", "--against", "dark", "--human-sheet", output, "--pairs", str(PAIRS),
                        "--cache", "cache", "--threads", "1"], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        page = report_page.Page(output.as_uri(), folder / "profile")
        try:
            assert page.value("getComputedStyle(document.getElementById('above')).display") == "none"
            assert "light" not in page.value("document.querySelector('main').innerText")
            vote(page)
            assert not page.value("document.getElementById('done').hidden")
            tally = page.value("document.getElementById('tally').innerText")
            assert "light\t11" in tally and "dark\t0" in tally and "neither\t1" in tally, tally
            assert "100 % of the decided pairs, 95 % interval 74 % to 100 %" in tally, tally
            (folder / "votes.json").write_text(page.value("exported()"))
            assert page.value("document.documentElement.scrollWidth <= innerWidth")
            assert not page.errors, page.errors
            outside = [u for u in page.requests if not u.startswith(("file:", "data:", "about:", "blob:"))]
            assert not outside, outside
        finally:
            page.close()
        said = subprocess.run([sumi, "evaluate", "--votes", "votes.json", "--json"], check=True, capture_output=True, cwd=folder)
        counted = json.loads(said.stdout)
        assert (counted["for_a"], counted["for_b"], counted["neither"]) == (11, 0, 1), counted
    print("pairs: keys, buttons, the way back, the tally and the exported votes, in %s" % pathlib.Path(report_page.BROWSER).name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
