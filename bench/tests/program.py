#!/usr/bin/env python3
"""sumi-bench as scripts call it: standard output, exit codes and Google Benchmark's flags. Usage: program.py SUMI-BENCH"""
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(sys.argv[1]).resolve()
TINY = ["--benchmark_min_time=0.001", "--benchmark_repetitions=2"]
CONV = ["conv", "--problem", "n1h8w8c16k16r3s3p1", "--pass", "fprop"]
LAYERS = ["conv", "relu", "--net", "dcgan64", "--batch", "1", "--pass", "fprop", "--device", "cpu"]


def bench(*words, code=0):
    done = subprocess.run([BENCH, *words], capture_output=True, text=True, check=False,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == code, (words, done.returncode, done.stdout[-500:], done.stderr[-500:])
    if code == 2:
        assert not done.stdout and done.stderr.count("\n") == 1, (words, done.stdout, done.stderr)
    return done.stdout, done.stderr


def results(text):
    return [b for b in json.loads(text)["benchmarks"] if b["run_type"] == "iteration"]


def check_json():  # with --device auto: without a GPU the emulation's tables must not follow
    out, _ = bench(*CONV, *TINY, "--benchmark_format=json", "--variant", "all", "--peer")
    assert json.loads(out)["context"]["executable"] == str(BENCH), json.loads(out)["context"]
    assert all(b["real_time"] > 0 for b in results(out))
    peers = {b["name"].split("/")[4] for b in results(out) if "peer_percent" in b}
    there = {b["name"].split("/")[4] for b in results(out)}
    assert peers == (there - {"onednn", "cudnn"} if there & {"onednn", "cudnn"} else set()), (peers, there)


def check_variants_ran():  # a row is what it is called
    out, _ = bench(*CONV, *TINY, "--benchmark_format=json", "--variant", "all", "--dtype", "f32,bf16", "--device", "cpu")
    for b in results(out):
        name = b["name"].split("/")[4]
        ran = "onednn" if b["label"].startswith("onednn") else "winograd" if "winograd" in b["label"] else "own"
        assert name in ("auto", ran), (name, b["label"])


def check_csv(folder):  # rows with different counters
    file = folder / "rows.csv"
    words = [*LAYERS, *TINY, "--benchmark_filter=dcgan64 d3", "--peer", "--variant", "all"]
    out, _ = bench(*words, "--benchmark_format=csv", f"--benchmark_out={file}", "--benchmark_out_format=csv")
    for text in (out, file.read_text()):
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {len(row) for row in rows} == {15} and not any(None in row for row in rows), rows
        assert any(row["GB/s"] for row in rows) and any(row["GFLOP/s"] for row in rows), rows


def check_names():
    names = bench(*LAYERS, "--benchmark_list_tests")[0].split("\n")
    assert "conv/fprop/n1h16w16c128k256r4s4u2p1/f32/auto/dcgan64 d3" in names, names
    names = bench(*LAYERS, "--benchmark_list_tests", "--benchmark_filter=d3$")[0].splitlines()
    assert len(names) == 1, names
    others = bench(*LAYERS, "--benchmark_list_tests", "--benchmark_filter=-d3$")[0].splitlines()
    assert others and not any(name.endswith("d3") for name in others), others
    out, _ = bench(*CONV, *TINY, "--benchmark_report_aggregates_only=true", "--device", "cpu")
    assert out.count("GFLOP/s") == 2 and "auto" in out, out  # the roofline's and the row's


def check_emulation():
    dense = ["dense", "--problem", "m8n8k8", "--pass", "fprop", "--variant", "all"]
    if "counts nothing" in subprocess.run([BENCH, *dense, "--device", "emu"], capture_output=True, text=True,
                                          check=False).stderr:
        return
    out, _ = bench(*dense, "--device", "emu", "--benchmark_filter=register")
    assert "register_blocked" in out and "gemm_tiled" not in out, out
    assert "dense/fprop/b1m8n8k8nn/f32/tiled" in bench(*dense, "--benchmark_list_tests")[0]
    out, _ = bench(*dense, *TINY, "--benchmark_filter=tiled")  # no row of the CPU has that name
    assert "gemm_tiled" in out and "roofline measured here" not in out, out
    bench(*dense, "--device", "emu", "--benchmark_format=json", code=2)
    bench(*dense, "--device", "emu", "--benchmark_out=never.json", code=2)


def check_wrong_usage():
    for flag in ("format=xml", "out_format=xml", "filter=[", "filter=nothing", "time_unit=parsec", "context=word", "color=maybe",
                 "list_tests=perhaps", "min_time=soon", "repetitions=0", "out=/no/such/folder/x", "out", "nonsense=1",
                 "enable_random_interleaving=true"):
        _, error = bench(*CONV, "--device", "cpu", "--benchmark_" + flag, code=2)
        assert "--benchmark_" + flag.split("=")[0] in error, error
    bench(*CONV, "--device", "cpu", "--variant", "bogus", code=2)
    bench("conv", "--problem", "n1h9w9c4k4r5s5p2", "--pass", "fprop", "--device", "cpu", "--variant", "winograd", code=2)
    assert "--benchmark_filter" in bench("--help")[0]


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    check_json()
    check_variants_ran()
    check_csv(pathlib.Path(scratch))
    check_names()
    check_emulation()
    check_wrong_usage()
print("sumi-bench: what scripts rely on holds")
