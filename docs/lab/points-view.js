// The picture of the plane: D's field, G's manifold, real and generated points, and where the loss
// pulls the generated ones.
'use strict';

const PointsView = (() => {
  const cells = 40, lines = 13, perLine = 25, extent = 1.15;

  // Centers of the field's cells.
  function fieldPoints() {
    const points = new Float32Array(2 * cells * cells);
    for (let y = 0; y < cells; ++y)
      for (let x = 0; x < cells; ++x)
        points.set([extent * (2 * (x + .5) / cells - 1), extent * (1 - 2 * (y + .5) / cells)], 2 * (y * cells + x));
    return points;
  }

  // Points along straight lines of a plane of the latent space [-1,1]^2: first the vertical ones.
  function latentPoints() {
    const points = [];
    for (const swap of [false, true])
      for (let i = 0; i < lines; ++i)
        for (let j = 0; j < perLine; ++j) {
          const a = 2 * i / (lines - 1) - 1, b = 2 * j / (perLine - 1) - 1;
          points.push(...(swap ? [b, a] : [a, b]));
        }
    return new Float32Array(points);
  }

  function mix(low, high, t) {
    const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    const a = parts(low), b = parts(high);
    return a.map((v, i) => Math.round(v + (b[i] - v) * t));
  }

  // D's output as 0..1: a probability as it is, a raw output by its range.
  function shares(field, isProbability) {
    if (isProbability) return field;
    let low = Infinity, high = -Infinity;
    for (const v of field) { low = Math.min(low, v); high = Math.max(high, v); }
    const span = high - low || 1;
    return field.map((v) => (v - low) / span);
  }

  function drawField(context, size, field, isProbability) {
    const image = new ImageData(cells, cells), low = Ui.color('low'), paper = Ui.color('card'), high = Ui.color('high');
    shares(field, isProbability).forEach((v, i) => {
      const rgb = v < .5 ? mix(low, paper, 2 * v) : mix(paper, high, 2 * v - 1);
      image.data.set([...rgb, 255], 4 * i);
    });
    const small = Ui.element('canvas', {width: cells, height: cells});
    small.getContext('2d').putImageData(image, 0, 0);
    context.drawImage(small, 0, 0, size, size);
  }

  // state: {field, probability, mapped, real, samples, pull, cursor}; absent parts are not drawn.
  function draw(canvas, state) {
    const side = Math.min(canvas.parentElement.clientWidth - 34, 560);
    canvas.style.width = side + 'px';
    const {context: c, width: size} = Ui.canvasContext(canvas, side);
    const x = (v) => size * (v / extent + 1) / 2, y = (v) => size * (1 - v / extent) / 2;
    if (state.field) drawField(c, size, state.field, state.probability);
    const dots = (values, color, radius) => {
      c.fillStyle = Ui.color(color);
      for (let i = 0; i < values.length; i += 2) {
        c.beginPath();
        c.arc(x(values[i]), y(values[i + 1]), radius, 0, 7);
        c.fill();
      }
    };
    if (state.mapped) {
      c.strokeStyle = Ui.color('accent');
      c.globalAlpha = .55;
      c.lineWidth = 1;
      for (let line = 0; line < 2 * lines; ++line) {
        c.beginPath();
        for (let j = 0; j < perLine; ++j) {
          const at = 2 * (line * perLine + j);
          c.lineTo(x(state.mapped[at]), y(state.mapped[at + 1]));
        }
        c.stroke();
      }
      c.globalAlpha = 1;
    }
    if (state.real) dots(state.real, 'real', 2);
    if (state.pull) drawPull(c, state, x, y);
    if (state.samples) dots(state.samples, 'fake', 2.6);
    c.strokeStyle = Ui.color('edge');
    c.lineWidth = 1;
    c.strokeRect(.5, .5, size - 1, size - 1);
    if (state.cursor) {
      const [cx, cy] = [x(state.cursor[0]), y(state.cursor[1])];
      c.strokeStyle = Ui.color('ink');
      c.strokeRect(cx - 6, cy - 6, 12, 12);
    }
  }

  // Arrows along the negative gradient. The longest is a tenth of the plane.
  function drawPull(c, {samples, pull}, x, y) {
    let longest = 1e-12;
    for (let i = 0; i < pull.length; i += 2) longest = Math.max(longest, Math.hypot(pull[i], pull[i + 1]));
    c.strokeStyle = Ui.color('fake');
    c.lineWidth = 1.2;
    c.beginPath();
    for (let i = 0; i < pull.length; i += 2) {
      const dx = .25 * pull[i] / longest, dy = .25 * pull[i + 1] / longest;
      c.moveTo(x(samples[i]), y(samples[i + 1]));
      c.lineTo(x(samples[i] + dx), y(samples[i + 1] + dy));
    }
    c.stroke();
  }

  // Share of the real points that have a generated one within this distance.
  function covered(real, samples, distance = .12) {
    let count = 0;
    for (let i = 0; i < real.length; i += 2)
      for (let j = 0; j < samples.length; j += 2)
        if (Math.hypot(real[i] - samples[j], real[i + 1] - samples[j + 1]) < distance) { ++count; break; }
    return count / (real.length / 2);
  }

  // The place on the plane of a pointer event.
  function place(canvas, event) {
    const box = canvas.getBoundingClientRect();
    return [extent * (2 * (event.clientX - box.left) / box.width - 1), extent * (1 - 2 * (event.clientY - box.top) / box.height)];
  }

  return {fieldPoints, latentPoints, draw, covered, place, cells, points: 2 * lines * perLine};
})();
