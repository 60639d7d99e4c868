#!/usr/bin/env python3
"""Counts the instructions that the memory-bound CUDA kernels execute for each element, and fails above a budget.

    scripts/instruction_budget.py [FILE.cu...]     default: all files below; needs nvcc, no GPU
    scripts/instruction_budget.py --self-test

The sources are compiled for sm_90a and the machine code is read from the object file: 16 bytes an instruction, of
which only branches, loads, stores and a few others are decoded. A kernel's loop over its rows is the innermost loop
that stores (or, of a sum, loads) 16 bytes at once; the figure is the longest way through it, inner loops once, divided
by the elements of 16 bytes. Of pad_grad it is the way of pixels that no border copies, which enters no inner loop. Ways through a transcendental function, a root, a division of floats or a call are left out: they are
operations or activations that a step does not use there. What a thread does once, before and after its loop, is not counted.
"""
import concurrent.futures
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARCH = '90a'
BUDGET = {'f32': 30, 'bf16': 20}  # instructions for an element

# Kernels of each file, by the name of the function; their budgets if they have their own.
RESIZE = {'f32': 44, 'bf16': 29}  # an element is made of four, at positions computed for each pixel
RESIZE_GRAD = {'f32': 45, 'bf16': 26}  # for the first reader of an input; each more adds 6 and 5
KERNELS = {
    'kernels/cuda/norm_apply.cu': {'norm_apply_rows': None},
    'kernels/cuda/norm_backward.cu': {'norm_grad_sums': None, 'norm_input_grad': None},
    'kernels/cuda/norm/vectorized.cu': {'norm_stats_vectorized': None},
    'kernels/cuda/pad.cu': {'pad_rows': None, 'pad_grad_rows': None},
    'kernels/cuda/elementwise.cu': {'binary_rows': None, 'affine_rows': None, 'fill_vectors': None,
                                    'cast_vectors': None, 'copy_box_rows': None},
    'kernels/cuda/resize.cu': {'resize_rows': RESIZE, 'resize_grad_rows': RESIZE_GRAD},
}

# Bits 0 to 8 of an instruction; bits 9 to 11 say where its operands are.
BRANCH, EXIT, CALL, RETURN, LOAD, STORE, MUFU = 0x147, 0x14D, 0x144, 0x150, 0x181, 0x186, 0x108
CHECK_DIVISION = 0x102
SLOW_FUNCTIONS = {0, 1, 2, 3, 5, 8, 9}  # MUFU: cos, sin, ex2, lg2, rsq, sqrt, tanh
BITS_128 = 6


class Instruction:
    def __init__(self, index, low, high):
        self.operation = low & 0x1FF
        self.successors = [index + 1]
        self.wide = (high >> 9) & 7 == BITS_128
        if self.operation == BRANCH:
            conditional = (low >> 12) & 0xF != 7 or (high >> 23) & 0xF != 7 or low & 0xFFF != 0x947
            offset = ((high & 0x3FFFF) << 30 | low >> 34) << 8 | (low >> 16) & 0xFF
            if offset >> 55:
                offset -= 1 << 56
            self.successors = [index + 1 + offset * 4 // 16] + ([index + 1] if conditional else [])
        elif self.operation in (EXIT, RETURN) and (low >> 12) & 0xF == 7:
            self.successors = []
        self.left_out = (self.operation in (CALL, RETURN, CHECK_DIVISION)
                         or self.operation == MUFU and (high >> 10) & 0xF in SLOW_FUNCTIONS)


def decode(code):
    words = struct.unpack(f'<{len(code) // 8}Q', code)
    return [Instruction(i // 2, words[i], words[i + 1]) for i in range(0, len(words), 2)]


def functions(elf):
    """Yields name and code of the kernels in a 64-bit ELF file."""
    start, = struct.unpack_from('<Q', elf, 0x28)
    size, count, names_at = struct.unpack_from('<HHH', elf, 0x3A)
    headers = [struct.unpack_from('<IIQQQQ', elf, start + i * size) for i in range(count)]
    names = headers[names_at][4]
    for name, _, _, _, offset, length in headers:
        text = elf[names + name:elf.index(b'\0', names + name)].decode()
        if text.startswith('.text.'):
            yield text[len('.text.'):], elf[offset:offset + length]


def longest_way(code, head, back, direct=False):
    """Instructions of the longest way from `head` to `back` inside the loop, inner loops once (`direct`: not
    entered); 0 if there is none."""
    longest = {}
    inner = [(j, i) for i in range(head, back + 1) for j in code[i].successors
             if direct and code[i].operation == BRANCH and head < j <= i]
    for i in range(back, head - 1, -1):
        if code[i].left_out or any(first <= i <= last for first, last in inner):
            continue
        if i == back:
            longest[i] = 1
            continue
        ahead = [longest[j] for j in code[i].successors if i < j <= back and j in longest]
        if ahead:
            longest[i] = 1 + max(ahead)
    return longest.get(head, 0)


def row_loops(code, operation):
    """The innermost loops with an access of 16 bytes, as (head, last branch back)."""
    back = {}
    for i, instruction in enumerate(code):
        for j in instruction.successors:
            if instruction.operation == BRANCH and j <= i:
                back[j] = max(i, back.get(j, i))
    wide = [i for i, instruction in enumerate(code) if instruction.operation == operation and instruction.wide]
    loops = [(head, end) for head, end in back.items() if any(head <= i <= end for i in wide)]
    return [(head, end) for head, end in loops
            if not any(other != (head, end) and head <= other[0] and other[1] <= end for other in loops)]


def measure(symbol, code):
    """(type, instructions for an element) of a kernel that accesses 16 bytes at once, else None."""
    half = '4bf16E' in symbol
    loops = row_loops(code, LOAD if re.search('norm_grad_sums|norm_stats', symbol) else STORE)
    elements = 8 if half or 'cast_vectors' in symbol else 4
    longest = max((longest_way(code, *loop, 'pad_grad' in symbol) for loop in loops), default=0)
    return ('bf16' if half else 'f32', longest / elements) if longest else None


def compile_source(source, scratch):
    target = pathlib.Path(scratch) / (pathlib.Path(source).stem + '.cubin')
    subprocess.run(['nvcc', '-DSUMI_CUDA=1', '-I.', '-std=c++20', '--expt-relaxed-constexpr',
                    f'-gencode=arch=compute_{ARCH},code=sm_{ARCH}', '-cubin', '-o', str(target), source],
                   cwd=ROOT, check=True)
    return target.read_bytes()


def figures(elf, names):
    """For each of the names the worst figure of each type over its instances."""
    worst = {}
    for symbol, code in functions(elf):
        for name in names:
            if f'{len(name)}{name}I' not in symbol:
                continue
            measured = measure(symbol, decode(code))
            if measured:
                key = name, measured[0]
                worst[key] = max(worst.get(key, 0), measured[1])
    return worst


def self_test():
    def word(operation, guard=7, offset=0):
        return operation | guard << 12 | (offset & 0xFF) << 16 | ((offset >> 8) & 0x3FFFFFFF) << 34

    def high(size=0, offset=0, function=0):
        return size << 9 | 7 << 23 | (offset >> 38) & 0x3FFFF | function << 10
    back = -4 * 4
    code = b''.join(struct.pack('<QQ', low, hi) for low, hi in [
        (word(0x824), high()),                                # before the loop
        (word(0x981), high(BITS_128)),                        # head: load
        (word(0x947, guard=0, offset=4), high()),             # skips one instruction, or not
        (word(0x221), high()),
        (word(0x986), high(BITS_128)),                        # store
        (word(0x947, guard=1, offset=back - 4), high(offset=back - 4)),
        (word(0x94D), high())])
    instructions = decode(code)
    assert row_loops(instructions, STORE) == [(1, 5)], row_loops(instructions, STORE)
    assert longest_way(instructions, 1, 5) == 5
    assert measure('4bf16E_norm_apply', instructions) == ('bf16', 5 / 8)
    print('instruction_budget: self-test passed')


def main():
    if sys.argv[1:] == ['--self-test']:
        return self_test()
    sources = sys.argv[1:] or list(KERNELS)
    failures = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, elf in zip(sources, pool.map(lambda s: compile_source(s, scratch), sources)):
            found = figures(elf, KERNELS[source])
            for name in KERNELS[source]:
                for dtype in BUDGET:
                    if (name, dtype) not in found:
                        print(f'instruction_budget: {source}: no loop of {name} in {dtype} was found', file=sys.stderr)
                        failures += 1
                        continue
                    limit = (KERNELS[source][name] or BUDGET)[dtype]
                    value = found[name, dtype]
                    failures += value > limit
                    print(f'{name:24} {dtype:5} {value:5.1f} instructions an element, at most {limit}'
                          + (' EXCEEDED' if value > limit else ''))
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
