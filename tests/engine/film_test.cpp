// First and second derivatives of feature-wise linear modulation.
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::away_from_zero;
using gradcheck::check;
using gradcheck::numbers;
using gradcheck::Tensors;

TEST_CASE("ops: gradients of film") {
  const Shape s{2, 3, 4, 2};
  const Tensor x = numbers(s, 1), gamma = away_from_zero({2, 1, 1, 2}, 2),
               beta = away_from_zero({2, 1, 1, 2}, 3);
  for (const FilmOptions& o :
       {FilmOptions{}, FilmOptions{0.2, {}}, FilmOptions{0.2, {PadMode::reflect, 1, 2, 1, 0}}}) {
    const std::string name = fmt::format("film, slope {}, pad {}", o.slope, o.next_pad.any());
    check(name, [&](const Tensors& t) { return film(t[0], t[1], t[2], o); }, {x, gamma, beta});
    check(name + ", squared", [&](const Tensors& t) { return square(film(t[0], t[1], t[2], o)); },
          {x, gamma, beta});
  }
  check("film with a residual",
        [&](const Tensors& t) {
          return square(film(t[0], t[1], t[2], {0.2, {}}, t[3]));
        },
        {x, gamma, beta, numbers(s, 4)});
}

}  // namespace
}  // namespace sumi
