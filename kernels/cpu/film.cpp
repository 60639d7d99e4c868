// Feature-wise linear modulation. Rows of y are shared out among the threads; a chunk of a
// sample's pixels gives dx and, in fixed order, its part of the two sums.
#include "kernels/film.h"

#include "kernels/cpu/pad_source.h"
#include "kernels/cpu/reduce.h"

namespace sumi::kernels::cpu {
namespace {

constexpr i64 film_width = 512;  // channels of which a chunk holds partial sums at once

// Computes dx of `rows` pixels of `width` channels, and the sums of x dz and dz, which are added to
// `scales` and `shifts`.
template <class T>
inline void film_block(const T* x, const T* dy, T* dx, i64 rows, i64 c, i64 width, const float* gamma,
                       const float* beta, float slope, double* scales, double* shifts) {
  for (i64 r0 = 0; r0 < rows; r0 += lane_rows) {
    float scale[film_width], shift[film_width];
    std::fill(scale, scale + width, 0.0F);
    std::fill(shift, shift + width, 0.0F);
    for (i64 r = r0; r < std::min(r0 + lane_rows, rows); ++r) {
      const T *in = x + r * c, *grad = dy + r * c;
      T* out = dx ? dx + r * c : nullptr;
      if (out) {
#pragma omp simd
        for (i64 i = 0; i < width; ++i) {
          const float v = static_cast<float>(in[i]), g = static_cast<float>(grad[i]), leak = slope * g;
          const float dz = gamma[i] * v + beta[i] > 0.0F ? g : leak;
          scale[i] += v * dz;
          shift[i] += dz;
          put(gamma[i] * dz, out[i]);
        }
      } else {
#pragma omp simd
        for (i64 i = 0; i < width; ++i) {
          const float v = static_cast<float>(in[i]), g = static_cast<float>(grad[i]), leak = slope * g;
          const float dz = gamma[i] * v + beta[i] > 0.0F ? g : leak;
          scale[i] += v * dz;
          shift[i] += dz;
        }
      }
    }
    for (i64 i = 0; i < width; ++i) {
      scales[i] += scale[i];
      shifts[i] += shift[i];
    }
  }
}

}  // namespace

void film(const Exec&, View x, View gamma, View beta, double slope, View residual, const PadGeom& pad,
          MutView y) {
  const Shape s = x.shape;
  const float *const gammas = gamma.as<float>(), *const betas = beta.as<float>();
  const auto leak = static_cast<float>(slope);
  dispatch_f32_bf16("film", x.dtype, [&]<class T>() {
    const T* const xs = x.as<T>();
    const T* const rs = residual ? residual.as<T>() : nullptr;
    pad_rows<T>(pad, s, y, [=](i64 first, T* to) {
      const i64 sample = first / (s.h * s.w) * s.c;
      const float *const g = gammas + sample, *const b = betas + sample;
      for (i64 w = 0; w < s.w; ++w) {
        const T* const in = xs + (first + w) * s.c;
        T* const out = to + w * s.c;
        if (rs) {
          const T* const more = rs + (first + w) * s.c;
#pragma omp simd
          for (i64 c = 0; c < s.c; ++c) {
            const float z = g[c] * static_cast<float>(in[c]) + b[c], leaked = leak * z;
            put((z > 0.0F ? z : leaked) + static_cast<float>(more[c]), out[c]);
          }
        } else {
#pragma omp simd
          for (i64 c = 0; c < s.c; ++c) {
            const float z = g[c] * static_cast<float>(in[c]) + b[c], leaked = leak * z;
            put(z > 0.0F ? z : leaked, out[c]);
          }
        }
      }
    });
  });
}

void film_backward(const Exec& e, View x, View gamma, View beta, double slope, View dy, MutView dx,
                   MutView dgamma, MutView dbeta) {
  const Shape s = x.shape;
  const Chunks chunks(s.n, s.h * s.w, s.c);
  Workspace w(e);
  const auto scale_piece = w.add<double>(s.n * chunks.count * s.c),
             shift_piece = w.add<double>(s.n * chunks.count * s.c);
  w.allocate();
  double *const scales = w.at<double>(scale_piece), *const shifts = w.at<double>(shift_piece);
  const auto leak = static_cast<float>(slope);
  const float *const gammas = gamma.as<float>(), *const betas = beta.as<float>();
  dispatch_f32_bf16("film_backward", x.dtype, [&]<class T>() {
    const T *const xs = x.as<T>(), *const dys = dy.as<T>();
    T* const dxs = dx ? dx.as<T>() : nullptr;
    for_chunks(chunks, [=](i64 n, i64 chunk, i64 first, i64 end) {
      const i64 from = (n * s.h * s.w + first) * s.c, to = (n * chunks.count + chunk) * s.c;
      std::fill(scales + to, scales + to + s.c, 0.0);
      std::fill(shifts + to, shifts + to + s.c, 0.0);
      for (i64 c0 = 0; c0 < s.c; c0 += film_width)
        film_block(xs + from + c0, dys + from + c0, dxs ? dxs + from + c0 : nullptr, end - first, s.c,
                   std::min(film_width, s.c - c0), gammas + n * s.c + c0, betas + n * s.c + c0, leak,
                   scales + to + c0, shifts + to + c0);
    });
  });
  for (i64 n = 0; n < s.n; ++n)
    for (i64 c = 0; c < s.c; ++c) {
      double scale = 0, shift = 0;
      for (i64 chunk = 0; chunk < chunks.count; ++chunk) {
        scale += scales[(n * chunks.count + chunk) * s.c + c];
        shift += shifts[(n * chunks.count + chunk) * s.c + c];
      }
      dgamma.as<float>()[n * s.c + c] = static_cast<float>(scale);
      dbeta.as<float>()[n * s.c + c] = static_cast<float>(shift);
    }
}

}  // namespace sumi::kernels::cpu
