// Real points of the page points: distributions in the square [-1,1]^2.
'use strict';

const PointsData = (() => {
  const count = 512;

  // A small generator of random numbers, so that a distribution is the same at every visit.
  function randomFrom(seed) {
    return () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return (seed >>> 8) / 16777216;
    };
  }
  const make = (place) => {
    const random = randomFrom(7);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const values = new Float32Array(2 * count);
    for (let i = 0; i < count; ++i) values.set(place(i, random, normal), 2 * i);
    return values;
  };

  const shapes = {
    ring: ['eight clusters on a ring', (i, random, normal) => {
      const a = Math.PI * (i % 8) / 4;
      return [.7 * Math.cos(a) + .04 * normal(), .7 * Math.sin(a) + .04 * normal()];
    }],
    two: ['two clusters', (i, random, normal) => [(i % 2 ? .5 : -.5) + .12 * normal(), (i % 2 ? .4 : -.4) + .12 * normal()]],
    line: ['a line', (i, random, normal) => {
      const t = 2 * random() - 1;
      return [.8 * t, .45 * t + .03 * normal()];
    }],
    circle: ['a circle', (i, random, normal) => {
      const a = 2 * Math.PI * random(), r = .7 + .03 * normal();
      return [r * Math.cos(a), r * Math.sin(a)];
    }],
    grid: ['a grid of 25 clusters', (i, random, normal) =>
      [(i % 5 - 2) * .38 + .025 * normal(), (Math.floor(i / 5) % 5 - 2) * .38 + .025 * normal()]],
    moons: ['two moons', (i, random, normal) => {
      const a = Math.PI * random(), upper = i % 2;
      return [(upper ? Math.cos(a) - .5 : 1 - Math.cos(a) - .5) * .6 + .03 * normal(),
              (upper ? Math.sin(a) - .25 : .25 - Math.sin(a)) * .8 + .03 * normal()];
    }],
  };

  return {
    options: [...Object.entries(shapes).map(([key, [text]]) => [key, text]), ['own', 'your own drawing']],
    make: (key) => make(shapes[key][1]),
    // `count` points about each place that was drawn.
    around: (places) => {
      const random = randomFrom(3), values = new Float32Array(2 * count);
      for (let i = 0; i < count; ++i) {
        const [x, y] = places[Math.floor(random() * places.length)];
        values.set([x + .06 * (random() - .5), y + .06 * (random() - .5)], 2 * i);
      }
      return values;
    },
  };
})();
