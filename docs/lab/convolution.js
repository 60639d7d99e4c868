// The page convolution: five grids of numbers, and how each number comes about.
'use strict';

(async () => {
  const {$} = Ui;
  const names = {x: 'x, the input', w: 'w, the filter', y: 'y, the output', dy: 'dy, the loss\u2019s gradient at y',
                 dx: 'dx, the gradient at x', dw: 'dw, the gradient at w'};
  const filters = {
    edges: ['an edge', [-1, 0, 1, -2, 0, 2, -1, 0, 1]], blur: ['a blur', [1, 2, 1, 2, 4, 2, 1, 2, 1]],
    sharpen: ['sharpen', [0, -1, 0, -1, 5, -1, 0, -1, 0]], one: ['only the middle', [0, 0, 0, 0, 1, 0, 0, 0, 0]],
  };
  const side = {x: 6, w: 3, y: 4}, values = {}, grids = {};
  let stride = 1, pad = 0, chosen = {name: 'y', index: 0}, session;
  const sideOf = (name) => name === 'x' || name === 'dx' ? side.x : name === 'w' || name === 'dw' ? side.w : side.y;
  const inputs = ['x', 'w', 'dy'], results = ['y', 'dx', 'dw'];

  // ---- the engine

  async function compute() {
    side.y = Math.floor((side.x + 2 * pad - side.w) / stride) + 1;
    if (!values.dy || values.dy.length !== side.y ** 2) values.dy = Float32Array.from({length: side.y ** 2}, (_, i) => i % 3 === 0 ? 1 : 0);
    const square = (name) => [1, sideOf(name), sideOf(name), 1];
    const made = await session.send([
      ['set', 'stride', stride], ['set', 'pad', pad],
      ...inputs.map((name) => ['put', name, values[name], square(name)]),
      ['run', 'run'], ...results.map((name) => ['get', name])]);
    results.forEach((name, i) => { values[name] = made[made.length - 3 + i].values; });
    chosen.index = Math.min(chosen.index, values[chosen.name].length - 1);
    draw();
  }

  // ---- the grids

  function buildGrid(parent, name) {
    const box = Ui.element('div', {className: 'cells', id: 'grid-' + name});
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', names[name]);
    parent.append(Ui.element('figure', {}, Ui.element('figcaption', {textContent: names[name]}), box));
    grids[name] = box;
    box.addEventListener('click', (event) => {
      const cell = event.target.closest('button');
      if (cell) choose(name, +cell.dataset.index);
    });
    box.addEventListener('keydown', (event) => keyed(name, event));
  }

  const shade = (value, most) => {
    const share = Math.round(55 * Math.min(1, Math.abs(value) / (most || 1)));
    return `color-mix(in srgb, var(--${value < 0 ? 'fake' : 'real'}) ${share}%, var(--card))`;
  };

  function drawGrid(name, used) {
    const count = values[name].length, most = Math.max(...values[name].map(Math.abs)), box = grids[name];
    box.style.gridTemplateColumns = `repeat(${sideOf(name)}, auto)`;
    while (box.children.length > count) box.lastChild.remove();
    while (box.children.length < count) box.append(Ui.element('button', {type: 'button'}));
    [...box.children].forEach((cell, i) => {
      const row = Math.floor(i / sideOf(name)), column = i % sideOf(name);
      const here = chosen.name === name && chosen.index === i;
      cell.dataset.index = i;
      cell.textContent = signed(values[name][i]);
      cell.style.background = shade(values[name][i], most);
      cell.className = here ? 'here' : used.has(name + i) ? 'used' : '';
      cell.tabIndex = here || (chosen.name !== name && i === 0) ? 0 : -1;
      cell.setAttribute('aria-label', `${name}, row ${row + 1}, column ${column + 1}: ${cell.textContent}` +
        (used.has(name + i) ? ', used' : ''));
      if (here) cell.setAttribute('aria-current', 'true'); else cell.removeAttribute('aria-current');
    });
  }

  function draw() {
    const used = new Set(), list = ConvolutionTerms.terms(chosen.name, chosen.index, side, stride, pad);
    for (const [a, i, b, j] of list) used.add(a + i).add(b + j);
    Object.keys(grids).forEach((name) => drawGrid(name, used));
    $('more').disabled = $('less').disabled = !inputs.includes(chosen.name);
    if (inputs.includes(chosen.name)) {
      $('sum').textContent = `${place()} = ${signed(values[chosen.name][chosen.index])}. Press +1 or \u22121 to change it, or type a number.`;
      return;
    }
    const value = (name, i) => i < 0 ? 0 : values[name][i];
    const factor = (v) => v < 0 ? `(${signed(v)})` : Ui.format(v);
    const parts = list.map(([a, i, b, j]) => `${factor(value(a, i))}\u00b7${factor(value(b, j))}`);
    const padded = list.some(([, i]) => i < 0) ? ' (0 stands for padding)' : '';
    $('sum').textContent = `${place()} = ${parts.join(' + ') || 'no product'} = ${signed(values[chosen.name][chosen.index])}${padded}`;
  }
  const signed = (v) => Ui.format(v).replace('-', '\u2212');
  const place = () => {
    const n = sideOf(chosen.name);
    return `${chosen.name}[${Math.floor(chosen.index / n) + 1},${chosen.index % n + 1}]`;
  };

  function choose(name, index, focus = false) {
    if (chosen.name !== name || chosen.index !== index) typed = '';
    chosen = {name, index};
    draw();
    if (focus) grids[name].children[index].focus();
  }

  // ---- keys

  let typed = '';
  function keyed(name, event) {
    const n = sideOf(name), index = +event.target.dataset.index;
    const [row, column] = [Math.floor(index / n), index % n];
    const move = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
    if (move) {
      const [r, c] = [row + move[0], column + move[1]];
      if (r >= 0 && r < n && c >= 0 && c < n) choose(name, r * n + c, true);
      event.preventDefault();
      return;
    }
    if (!inputs.includes(name)) return;
    if (chosen.name !== name || chosen.index !== index) choose(name, index);
    if (event.key === '+' || event.key === '-') {
      change(name, index, values[name][index] + (event.key === '+' ? 1 : -1));
    } else if (/^[0-9.]$/.test(event.key)) {
      typed += event.key;
      if (Number.isFinite(parseFloat(typed))) change(name, index, parseFloat(typed));
    } else if (event.key === 'Backspace' || event.key === 'Delete') {
      typed = '';
      change(name, index, 0);
    }
  }
  function change(name, index, value) {
    values[name][index] = Math.max(-99, Math.min(99, value));
    compute().catch(Ui.sayError);
  }

  // Steps through y, then dx, then dw.
  function walk(by) {
    if (!results.includes(chosen.name)) return choose('y', 0);
    let {name, index} = chosen, which = results.indexOf(name);
    index += by;
    if (index >= values[name].length) [which, index] = [(which + 1) % 3, 0];
    if (index < 0) {
      which = (which + 2) % 3;
      index = values[results[which]].length - 1;
    }
    choose(results[which], index);
  }
  const addToChosen = (by) => change(chosen.name, chosen.index, values[chosen.name][chosen.index] + by);
  $('more').addEventListener('click', () => addToChosen(1));
  $('less').addEventListener('click', () => addToChosen(-1));
  $('next').addEventListener('click', () => walk(1));
  $('previous').addEventListener('click', () => walk(-1));

  // ---- controls

  const form = $('controls');
  const geometry = Ui.element('fieldset', {}, Ui.element('legend', {textContent: 'Geometry'}));
  form.append(geometry);
  const recompute = () => compute().catch(Ui.sayError);
  Ui.slider(geometry, {id: 'stride', label: 'stride', values: [1, 2, 3], value: 1, change: (v) => { stride = v; recompute(); }});
  Ui.slider(geometry, {id: 'pad', label: 'padding', values: [0, 1, 2], value: 0, change: (v) => { pad = v; recompute(); }});
  const numbers = Ui.element('fieldset', {}, Ui.element('legend', {textContent: 'Numbers'}));
  form.append(numbers);
  Ui.list(numbers, {id: 'filter', label: 'filter', options: Object.entries(filters).map(([key, [text]]) => [key, text]), value: 'edges',
                    change: (key) => { values.w = Float32Array.from(filters[key][1]); recompute(); }});
  const images = {
    step: ['a bright half', (r, c) => c < 3 ? 1 : 5], spot: ['one bright spot', (r, c) => r === 2 && c === 2 ? 9 : 0],
    ramp: ['a ramp', (r, c) => r + c], random: ['random', () => Math.floor(10 * Math.random())],
  };
  const image = (key) => Float32Array.from({length: 36}, (_, i) => images[key][1](Math.floor(i / 6), i % 6));
  Ui.list(numbers, {id: 'image', label: 'input', options: Object.entries(images).map(([key, [text]]) => [key, text]), value: 'step',
                    change: (key) => { values.x = image(key); recompute(); }});
  const losses = {
    some: ['every third number of y', (i) => i % 3 === 0 ? 1 : 0], all: ['the sum of y', () => 1], one: ['the first number of y', (i) => i === 0 ? 1 : 0],
  };
  Ui.list(numbers, {id: 'loss', label: 'the loss is', options: Object.entries(losses).map(([key, [text]]) => [key, text]), value: 'some',
                    change: (key) => { values.dy = Float32Array.from({length: side.y ** 2}, (_, i) => losses[key][1](i)); recompute(); }});

  try {
    session = await Lab.open('convolution');
    for (const name of ['x', 'w', 'y']) buildGrid($('forward'), name);
    for (const name of ['dy', 'dx', 'dw']) buildGrid($('backward'), name);
    values.x = image('step');
    values.w = Float32Array.from(filters.edges[1]);
    await compute();
    Ui.say('Ready. Choose a number, or press Next number.');
    document.body.dataset.ready = 'yes';
  } catch (error) {
    Ui.sayError(error);
  }
})();
