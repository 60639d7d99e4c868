// Pictures to learn: digits and clothes that the page draws, comic heads from samples/, or the
// visitor's own files. A set is {values, count, size, channels}, values in [-1,1], [count,size,size,channels].
'use strict';

const PictureData = (() => {
  const drawnCount = 512;

  function randomFrom(seed) {
    return () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return (seed >>> 8) / 16777216;
    };
  }

  // Strokes in the unit square, as lists of points; a curve runs through the middles of its lines.
  const digits = [
    [[[.5, .1], [.2, .2], [.2, .8], [.5, .95], [.8, .8], [.8, .2], [.5, .1], [.3, .14]]],
    [[[.3, .3], [.45, .2], [.55, .08], [.55, .5], [.55, .95]]],
    [[[.2, .3], [.25, .05], [.8, .05], [.8, .45], [.4, .7], [.2, .92], [.25, .93], [.8, .92]]],
    [[[.2, .12], [.75, .0], [.85, .4], [.45, .47], [.9, .5], [.8, 1], [.2, .88]]],
    [[[.65, .95], [.65, .5], [.65, .06]], [[.65, .06], [.4, .35], [.15, .65], [.5, .65], [.88, .65]]],
    [[[.8, .1], [.5, .1], [.28, .1], [.27, .3], [.25, .46], [.8, .3], [.95, .9], [.5, 1], [.2, .85]]],
    [[[.7, .06], [.3, .2], [.15, .8], [.5, 1], [.85, .9], [.8, .45], [.4, .5], [.22, .7]]],
    [[[.18, .1], [.5, .1], [.84, .1], [.6, .45], [.42, .95]]],
    [[[.5, .48], [.15, .35], [.25, .02], [.75, .02], [.85, .35], [.5, .48], [.1, .65], [.2, 1], [.8, 1], [.9, .65], [.5, .48]]],
    [[[.78, .35], [.6, .6], [.2, .5], [.2, .05], [.8, .0], [.8, .4], [.76, .7], [.65, .95]]],
  ];
  // Outlines of clothes, right halves mirrored.
  const clothes = [
    [[.5, .16], [.62, .1], [.95, .3], [.84, .48], [.72, .4], [.72, .92], [.5, .92]],        // shirt
    [[.5, .08], [.76, .08], [.82, .95], [.58, .95], [.52, .4], [.5, .38]],                  // trousers
    [[.5, .16], [.6, .08], [.66, .1], [.62, .42], [.9, .94], [.5, .96]],                    // dress
    [[.5, .34], [.62, .34], [.62, .2], [.68, .2], [.68, .34], [.92, .34], [.96, .9], [.5, .9]],  // bag
    [[.5, .12], [.64, .1], [.88, .28], [.95, .92], [.8, .92], [.74, .5], [.72, .94], [.53, .94], [.52, .3], [.5, .3]],  // coat
    [[.5, .4], [.66, .3], [.74, .55], [.98, .64], [.96, .72], [.5, .72]],                   // hat
  ];

  function drawDigit(c, strokes, random) {
    const jitter = () => (random() - .5) * .09;
    c.lineWidth = .1 + .07 * random();
    c.lineCap = c.lineJoin = 'round';
    for (const stroke of strokes) {
      const points = stroke.map(([x, y]) => [x + jitter(), y + jitter()]);
      c.beginPath();
      c.moveTo(...points[0]);
      for (let i = 1; i + 1 < points.length; ++i) {
        const [x, y] = points[i], [nx, ny] = points[i + 1];
        c.quadraticCurveTo(x, y, (x + nx) / 2, (y + ny) / 2);
      }
      c.lineTo(...points[points.length - 1]);
      c.stroke();
    }
  }

  function drawClothes(c, half, random) {
    const wide = .75 + .35 * random();
    const right = half.map(([x, y]) => [.5 + (x - .5) * wide, y + (random() - .5) * .04]);
    const left = right.map(([x, y]) => [1 - x, y]).reverse();
    c.globalAlpha = .45 + .55 * random();
    c.beginPath();
    [...right, ...left].forEach(([x, y], i) => i ? c.lineTo(x, y) : c.moveTo(x, y));
    c.fill();
    if (random() < .3) {  // a band across
      c.globalAlpha *= .5;
      c.globalCompositeOperation = 'destination-out';
      c.fillRect(0, .4 + .3 * random(), 1, .07);
    }
  }

  // One picture per call of draw, in white on black, slightly turned and scaled.
  function drawn(size, shapes, draw) {
    const random = randomFrom(11), canvas = document.createElement('canvas');
    canvas.width = canvas.height = size;
    const c = canvas.getContext('2d', {willReadFrequently: true});
    const values = new Float32Array(drawnCount * size * size);
    c.strokeStyle = c.fillStyle = '#fff';
    for (let i = 0; i < drawnCount; ++i) {
      c.reset ? c.reset() : (canvas.width = size);
      c.strokeStyle = c.fillStyle = '#fff';
      c.translate(size / 2, size / 2);
      c.rotate((random() - .5) * .25);
      const scale = size * (.72 + .14 * random());
      c.scale(scale, scale);
      c.translate(-.5 + (random() - .5) * .08, -.5 + (random() - .5) * .08);
      draw(c, shapes[i % shapes.length], random);
      const pixels = c.getImageData(0, 0, size, size).data;
      for (let p = 0; p < size * size; ++p) values[i * size * size + p] = pixels[4 * p + 3] / 127.5 - 1;
    }
    return {values, count: drawnCount, size, channels: 1};
  }

  // LAB_HEADS: 4 bits a pixel, 32x32.
  async function heads(size) {
    const packed = await Lab.unpack(LAB_HEADS), count = packed.length / 512, step = 32 / size;
    const values = new Float32Array(count * size * size);
    const level = (i, x, y) => {
      const at = i * 1024 + y * 32 + x, byte = packed[at >> 1];
      return (at & 1 ? byte & 15 : byte >> 4) / 7.5 - 1;
    };
    for (let i = 0; i < count; ++i)
      for (let y = 0; y < size; ++y)
        for (let x = 0; x < size; ++x) {
          let sum = 0;
          for (let dy = 0; dy < step; ++dy)
            for (let dx = 0; dx < step; ++dx) sum += level(i, x * step + dx, y * step + dy);
          values[(i * size + y) * size + x] = sum / (step * step);
        }
    return {values, count, size, channels: 1};
  }

  // The visitor's image files: the middle square of each, in color. Files that are no images are left out.
  async function own(files, size, most = 1000) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = size;
    const c = canvas.getContext('2d', {willReadFrequently: true}), pictures = [];
    c.imageSmoothingQuality = 'high';
    for (const file of [...files].slice(0, most)) {
      let bitmap;
      try {
        bitmap = await createImageBitmap(file);
      } catch {
        continue;
      }
      const side = Math.min(bitmap.width, bitmap.height);
      c.fillStyle = '#fff';
      c.fillRect(0, 0, size, size);
      c.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, size, size);
      bitmap.close();
      pictures.push(c.getImageData(0, 0, size, size).data);
    }
    if (!pictures.length) throw new Error('None of these files is a picture that the browser can read.');
    const values = new Float32Array(pictures.length * size * size * 3);
    pictures.forEach((pixels, i) => {
      for (let p = 0; p < size * size; ++p)
        for (let channel = 0; channel < 3; ++channel)
          values[(i * size * size + p) * 3 + channel] = pixels[4 * p + channel] / 127.5 - 1;
    });
    return {values, count: pictures.length, size, channels: 3};
  }

  return {
    options: [['digits', 'digits, drawn by the page'], ['clothes', 'clothes, drawn by the page'],
              ['heads', 'comic heads (Lorelei, CC0)'], ['own', 'your own pictures']],
    make: (kind, size) => kind === 'heads' ? heads(size)
      : kind === 'digits' ? drawn(size, digits, drawDigit) : drawn(size, clothes, drawClothes),
    own,
  };
})();
