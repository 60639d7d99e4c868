// Which products make a number of a convolution's result. The geometry alone: the values, and the sums
// that are compared with these terms, are the engine's.
'use strict';

const ConvolutionTerms = (() => {
  // size: {x, w, y} as sides of squares; stride, pad. Returns [[a, i, b, j], ...]: element i of tensor a
  // times element j of tensor b; i < 0 is padding, whose value is 0.
  function terms(result, index, size, stride, pad) {
    const list = [];
    const at = (side, row, column) =>
      row >= 0 && row < side && column >= 0 && column < side ? row * side + column : -1;
    const each = (use) => {
      for (let p = 0; p < size.y; ++p)
        for (let q = 0; q < size.y; ++q)
          for (let r = 0; r < size.w; ++r)
            for (let s = 0; s < size.w; ++s)
              use(p * size.y + q, at(size.x, p * stride - pad + r, q * stride - pad + s), r * size.w + s);
    };
    each((y, x, w) => {
      if (result === 'y' && y === index) list.push(['x', x, 'w', w]);
      if (result === 'dx' && x === index) list.push(['dy', y, 'w', w]);
      if (result === 'dw' && w === index && x >= 0) list.push(['dy', y, 'x', x]);
    });
    return list;
  }
  return {terms};
})();

if (typeof module !== 'undefined') module.exports = {ConvolutionTerms};
