// The largest singular value of a weight, by power iteration (spectral normalization, Miyato 2018).
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// w is the matrix W [k, rest]: its first axis gives the rows, the other three together the columns.
// With `update`, runs one iteration in the order of torch.nn.utils.spectral_norm, overwriting v and
// u:
//   v = W^T u / max(|W^T u|, eps);  u = W v / max(|W v|, eps)
// Then, and without `update` from the given u and v:
//   sigma = u^T W v
// u [1,1,1,k], v [1,1,1,rest], sigma [1]; one dtype for all, sums in f32 or wider.
using SpectralNorm = void(const Exec&, View w, bool update, double eps, MutView u, MutView v, MutView sigma);

namespace ref {
SpectralNorm spectral_norm;
}
namespace cpu {
SpectralNorm spectral_norm;
}
namespace cuda {
SpectralNorm spectral_norm;
}

inline void spectral_norm(const Exec& e, View w, bool update, double eps, MutView u, MutView v,
                          MutView sigma) {
  const std::int64_t rows = w.shape.n, columns = w.shape.h * w.shape.w * w.shape.c;
  check_on_device("spectral_norm", e, {w, u, v, sigma});
  check_same_dtype("spectral_norm", {w, u, v, sigma});
  check_shape("spectral_norm", "u", u.shape, Shape::vector(rows));
  check_shape("spectral_norm", "v", v.shape, Shape::vector(columns));
  check_shape("spectral_norm", "sigma", sigma.shape, Shape::scalar());
  on_device(
      "spectral_norm", e, [&] { ref::spectral_norm(e, w, update, eps, u, v, sigma); },
      [&] { cpu::spectral_norm(e, w, update, eps, u, v, sigma); },
      [&] { cuda::spectral_norm(e, w, update, eps, u, v, sigma); });
}

}  // namespace sumi::kernels
