// The blocked loops around the micro-kernel, and the distribution of a list of products over the
// threads.
#include "kernels/cpu/product.h"

#include <cstring>
#include <mutex>

namespace sumi::kernels::cpu {
namespace {

// right panels packed at a time: 384 x 256 floats, 384 KiB; 8 were slower
constexpr i64 panel_block = 16;
constexpr i64 line = 16;        // floats in a cache line
constexpr i64 row_block = 144;  // left rows staged at a time
// Fewer columns do not repay packing the left rows.
constexpr i64 packing_panels = 12;

// A thread's staging memory, which lives as long as the thread.
struct Staging {
  Scratch panels, strips, pointers;
  std::vector<Strip> ready;
};
Staging& staging() {
  thread_local Staging mine;
  return mine;
}

// The part of the output that one thread computes, in strips and panels.
struct Part {
  i64 strip, strip_end, panel, panel_end;
};

// A tile whose rows are `step` apart, with the bias or of fewer rows or columns, to its place.
void store_tile(const Product& p, i64 row, int rows, i64 col, int cols, const float* tile, int step, bool add,
                bool biased) {
  const float* const bias = biased ? p.bias + col : nullptr;
  for (int i = 0; i < rows; ++i) {
    float* y = p.out->row(row + i) + col;
    const float* t = tile + i * step;
    if (add) {
      for (int j = 0; j < cols; ++j) y[j] += t[j];
    } else {
      for (int j = 0; j < cols; ++j) y[j] = t[j];
    }
    if (bias)
      for (int j = 0; j < cols; ++j) y[j] += bias[j];
  }
}

// Stages the left strips [first, end) of a block and returns them.
std::vector<Strip>& stage_strips(const Product& p, i64 first, i64 end, const DepthBlock& block, bool pack,
                                 const MicroKernels& kernels) {
  Staging& memory = staging();
  const i64 depth = block.size(), height = kernels.strip, strips = row_block / height;
  const bool packed = p.left->packs || pack;
  auto* space = packed ? static_cast<float*>(memory.strips.get(sizeof(float) * depth * row_block)) : nullptr;
  auto** pointers =
      static_cast<const float**>(memory.pointers.get(sizeof(float*) * strips * height * block.taps));
  memory.ready.clear();
  for (i64 i = first; i < end; ++i, pointers += height * block.taps, space += packed ? depth * height : 0) {
    const auto rows = static_cast<int>(std::min(height, p.rows - i * height));
    if (p.left->packs) {
      p.left->pack(i * height, rows, kernels.strip, block, space);
    } else {
      p.left->stage(i * height, rows, kernels.strip, block, pointers);
      if (pack) kernels.pack({block.taps, block.run, false, pointers}, space);
    }
    if (packed) pointers[0] = space;
    memory.ready.push_back({packed ? 1 : block.taps, packed ? depth : block.run, packed, pointers});
  }
  return memory.ready;
}

// One block of the inner dimension over the strips and panels of `part`.
void run_block(const Product& p, const Part& part, const DepthBlock& block, const MicroKernels& kernels) {
  Staging& memory = staging();
  const i64 depth = block.size(), strip_block = row_block / kernels.strip;
  auto* panels = static_cast<float*>(memory.panels.get(sizeof(float) * depth * tile_cols * panel_block));
  const bool first = block.tap == 0 && block.offset == 0, add = !first || p.accumulate;
  const bool biased = first && p.bias;
  alignas(64) float tile[most_rows * most_panels * tile_cols];
  float* out[most_rows];
  for (i64 j0 = part.panel; j0 < part.panel_end; j0 += panel_block) {
    const i64 j1 = std::min(j0 + panel_block, part.panel_end);
    const float* ready[panel_block];
    for (i64 j = j0; j < j1; ++j) {
      ready[j - j0] = p.right->packed(j * tile_cols, block);
      if (ready[j - j0]) continue;
      float* const panel = panels + (j - j0) * depth * tile_cols;
      p.right->pack(j * tile_cols, static_cast<int>(std::min<i64>(tile_cols, p.cols - j * tile_cols)), block,
                    panel);
      ready[j - j0] = panel;
    }
    const bool pack = kernels.pack && j1 - j0 >= packing_panels;
    for (i64 i0 = part.strip; i0 < part.strip_end; i0 += strip_block) {
      const i64 i1 = std::min(i0 + strip_block, part.strip_end);
      const std::vector<Strip>& strips = stage_strips(p, i0, i1, block, pack, kernels);
      for (i64 j = j0; j < j1; j += kernels.panels) {
        const int panels = static_cast<int>(std::min<i64>(kernels.panels, j1 - j)), step = panels * tile_cols;
        const auto cols = static_cast<int>(std::min<i64>(step, p.cols - j * tile_cols));
        // While panels are used, a part of the next ones is prefetched at each step.
        const i64 part_size = ceil_div(depth * tile_cols, (i1 - i0) * line) * line;
        const i64 coming_end = std::min(j + panels + kernels.panels, j1);
        for (i64 i = i0; i < i1; ++i) {
          const i64 at = (i - i0) * part_size;
          for (i64 coming = j + panels; coming < coming_end; ++coming)
            for (i64 k = at; k < at + part_size; k += line) __builtin_prefetch(ready[coming - j0] + k, 0, 2);
          const i64 row = i * kernels.strip;
          const auto rows = static_cast<int>(std::min<i64>(kernels.strip, p.rows - row));
          const bool half = kernels.of[0][0] && 2 * rows <= kernels.strip;
          const int height = half ? kernels.strip / 2 : kernels.strip;
          const bool direct = !biased && rows == height && cols == step;  // a whole tile, in its place
          for (int k = 0; k < height; ++k)
            out[k] = direct ? p.out->row(row + k) + j * tile_cols : tile + k * step;
          kernels.of[half ? 0 : 1][panels - 1](strips[static_cast<std::size_t>(i - i0)], ready + (j - j0),
                                               out, direct && add);
          if (!direct) store_tile(p, row, rows, j * tile_cols, cols, tile, step, add, biased);
        }
      }
    }
  }
}

void run_part(const Product& p, const Part& part, const MicroKernels& kernels) {
  if (part.strip >= part.strip_end || part.panel >= part.panel_end) return;
  if (p.run > depth_block) {
    // Equal pieces of one tap, so that none is thin.
    const i64 pieces = ceil_div(p.run, depth_block), size = ceil_div(p.run, pieces);
    for (i64 t = 0; t < p.taps; ++t)
      for (i64 at = 0; at < p.run; at += size)
        run_block(p, part, {t, 1, at, std::min(size, p.run - at)}, kernels);
    return;
  }
  const i64 taps = std::max<i64>(depth_block / p.run, 1);
  for (i64 t = 0; t < p.taps; t += taps)
    run_block(p, part, {t, std::min(taps, p.taps - t), 0, p.run}, kernels);
}

// The grid of thread parts of one product: more parts along rows repeat the packing of the right
// operand, more along columns that of the left. Packing an element costs about as much as eight
// multiplications.
void split(const Product& p, i64 threads, const MicroKernels& kernels, i64& row_parts, i64& col_parts) {
  const i64 strips = ceil_div(p.rows, kernels.strip), panels = ceil_div(p.cols, tile_cols);
  i64 best = -1;
  row_parts = col_parts = 1;
  for (i64 r = 1; r <= std::min(threads, strips); ++r) {
    const i64 c = std::min(threads / r, panels);
    const i64 tall = ceil_div(strips, r) * kernels.strip, wide = ceil_div(panels, c) * tile_cols;
    const i64 cost = tall * wide + 32 * wide + (p.left->packs ? 16 : 4) * tall;
    if (best >= 0 && cost >= best) continue;
    best = cost;
    row_parts = r;
    col_parts = c;
  }
}

Part part_of(const Product& p, const MicroKernels& kernels, i64 r, i64 row_parts, i64 c, i64 col_parts) {
  const i64 strips = ceil_div(p.rows, kernels.strip), panels = ceil_div(p.cols, tile_cols);
  return {strips * r / row_parts, strips * (r + 1) / row_parts, panels * c / col_parts,
          panels * (c + 1) / col_parts};
}

// Without an inner dimension the product is the bias.
void run_empty(const Product& p) {
  const float nothing[tile_cols] = {};
  for (i64 i = 0; i < p.rows; ++i)
    for (i64 j = 0; j < p.cols; j += tile_cols)
      store_tile(p, i, 1, j, static_cast<int>(std::min<i64>(tile_cols, p.cols - j)), nothing, tile_cols,
                 p.accumulate, p.bias != nullptr);
}

}  // namespace

void TransposedOperand::pack(i64 first, int rows, int strip, const DepthBlock& d, float* space) const {
  const float* const from = base + d.offset * row + first;
  for (i64 kk = 0; kk < d.run; ++kk) {
    float* const to = space + kk * strip;
    const float* const column = from + kk * row;
    if (rows == 12) {
      std::memcpy(to, column, sizeof(float) * 12);
    } else if (rows == 6 && strip == 6) {
      std::memcpy(to, column, sizeof(float) * 6);
    } else {
      for (int i = 0; i < strip; ++i) to[i] = i < rows ? column[i] : 0.0F;
    }
  }
}

void ColumnsOperand::pack(i64 first, int cols, const DepthBlock& d, float* out) const {
  if (transposed) return pack_transposed(base + first * row + d.offset, row, d.run, cols, out);
  pack_rows(base + d.offset * row + first, row, d.run, cols, out);
}

const float* zeros(i64 count) {
  static std::mutex guard;
  // never freed, because others may still read a smaller one
  static std::vector<std::vector<float>> all;
  const std::lock_guard lock(guard);
  if (all.empty() || static_cast<i64>(all.back().size()) < count)
    all.emplace_back(static_cast<std::size_t>(std::max<i64>(2 * count, 4096)), 0.0F);
  return all.back().data();
}

void run_product_here(const Product& p) {
  if (p.taps * p.run == 0) return run_empty(p);
  const MicroKernels& kernels = micro_kernels();
  run_part(p, part_of(p, kernels, 0, 1, 0, 1), kernels);
}

void run_products(const std::vector<Product>& products) {
  const MicroKernels& kernels = micro_kernels();
  i64 work = 0;
  for (const Product& p : products) {
    if (p.taps * p.run == 0) run_empty(p);
    work += p.rows * p.cols * std::max<i64>(p.taps * p.run, 1);
  }
  const i64 threads = work < 16 * parallel_threshold ? 1 : num_threads();
  const auto count = static_cast<i64>(products.size());
  struct Task {
    const Product* product;
    Part part;
  };
  std::vector<Task> tasks;
  for (const Product& p : products) {
    if (p.rows * p.cols * p.taps * p.run == 0) continue;
    i64 row_parts = 1, col_parts = 1;
    // Many products: one thread each. Few products: all threads share each.
    if (count < 4 * threads) split(p, threads, kernels, row_parts, col_parts);
    for (i64 r = 0; r < row_parts; ++r)
      for (i64 c = 0; c < col_parts; ++c)
        tasks.push_back({&p, part_of(p, kernels, r, row_parts, c, col_parts)});
  }
  const auto task_count = static_cast<i64>(tasks.size());
  if (threads == 1) {
    for (const Task& t : tasks) run_part(*t.product, t.part, kernels);
    return;
  }
  // Consecutive tasks of one thread are a product apart, so that all threads work on one product at
  // a time.
  const i64 rounds = ceil_div(task_count, threads);
  parallel_for(rounds * threads, [&](i64 i, int) {
    const i64 t = i % rounds * threads + i / rounds;
    if (t >= task_count) return;
    const Task& task = tasks[static_cast<std::size_t>(t)];
    run_part(*task.product, task.part, kernels);
  });
}

}  // namespace sumi::kernels::cpu
