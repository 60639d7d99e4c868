// The page points: trains, steps and draws.
'use strict';

(async () => {
  const {$} = Ui;
  const start = {network: 'points', ngf: 32, ndf: 32, layers: 2, nz: 2, latent: 'uniform', shown: 256, history: 200,
                 gan_mode: 'vanilla', lr_g: .002, lr_d: .002, n_critic: 1, batch_size: 64, ema: 0, beta1: .5, seed: 1};
  const shown = {field: true, manifold: true, pull: false, average: false};
  let session, data = 'ring', real = PointsData.make(data), drawn = [], cursor = null, last = null, perTurn = 4;
  let losses = {d: [], g: []}, scores = {real: [], fake: []}, parts = null;

  // ---- drawing

  function render() {
    if (!last) return;
    const probability = ['vanilla', 'saturating'].includes(controls.value.gan_mode);
    PointsView.draw($('plane'), {
      field: shown.field && last.field, probability, mapped: shown.manifold && last.mapped, real,
      samples: last.samples, pull: shown.pull && last.pull, cursor: data === 'own' ? cursor : null,
    });
    const [step, phase] = last.status;
    [...$('phases').children].forEach((item, i) =>
      i === phase ? item.setAttribute('aria-current', 'step') : item.removeAttribute('aria-current'));
    const share = Math.round(100 * PointsView.covered(real, last.samples));
    $('summary').textContent = `Step ${step}. ${share} % of the real points have a generated one nearby. ` +
      `Loss of D ${Ui.format(last.status[3])}, of G ${Ui.format(last.status[5])}.`;
    $('plane').setAttribute('aria-label', `The plane at step ${step}: ${share} % of the real points are covered`);
    $('back').disabled = last.status[8] === 0;
    Ui.plot($('losses'), [{color: 'accent', points: losses.d}, {color: 'fake', points: losses.g}]);
    Ui.plot($('scores'), [{color: 'real', points: scores.real}, {color: 'fake', points: scores.fake}]);
    GanControls.fillTable($('layers-d'), GanControls.layerRows(parts.d, last.d, last.d_gradient));
    GanControls.fillTable($('layers-g'), GanControls.layerRows(parts.g, last.g, last.g_gradient));
  }

  const always = ['status', 'samples', 'field', 'mapped', 'g', 'd', 'g_gradient', 'd_gradient'];

  // Performs commands, then reads and draws all that is shown.
  async function act(commands) {
    const wanted = shown.pull ? [...always, 'pull'] : always;
    const results = await session.send([...commands, ...wanted.map((name) => ['get', name]),
                                        ['describe', 'd'], ['describe', 'g']]);
    const read = results.slice(commands.length);
    last = Object.fromEntries(wanted.map((name, i) => [name, read[i].values]));
    parts = {d: read[wanted.length], g: read[wanted.length + 1]};
    note();
    render();
  }

  function note() {
    const [step, phase, , lossD, , lossG, dReal, dFake] = last.status;
    for (const points of [losses.d, losses.g, scores.real, scores.fake])
      while (points.length && points[points.length - 1][0] >= step) points.pop();
    if (step === 0 || phase !== 0) return;
    losses.d.push([step, lossD]);
    losses.g.push([step, lossG]);
    scores.real.push([step, dReal]);
    scores.fake.push([step, dFake]);
    losses = {d: Ui.thin(losses.d), g: Ui.thin(losses.g)};
    scores = {real: Ui.thin(scores.real), fake: Ui.thin(scores.fake)};
  }

  function clearCurves() {
    losses = {d: [], g: []};
    scores = {real: [], fake: []};
  }

  // ---- actions

  const playing = Ui.loop(async () => {
    const before = performance.now();
    await act([['run', 'step', perTurn]]);
    const took = performance.now() - before;
    perTurn = Math.max(1, Math.min(40, Math.round(perTurn * (took < 25 ? 1.5 : took > 50 ? .6 : 1))));
  }, fail);

  function fail(error) {
    Ui.showPlaying(false);
    Ui.sayError(error);
  }

  async function pausedThen(text, commands) {
    try {
      await playing.stop();
      Ui.showPlaying(false);
      await act(commands);
      Ui.say(text());
    } catch (error) {
      fail(error);
    }
  }
  const phaseName = () => $('phases').children[last.status[1]].textContent;
  const where = () => `Step ${last.status[0]}. Next phase: ${phaseName()}.`;

  $('play').addEventListener('click', async () => {
    if (playing.on) {
      await playing.stop();
      Ui.showPlaying(false);
      Ui.say(where());
    } else {
      Ui.say('Training.');
      Ui.showPlaying(true);
      playing.start();
    }
  });
  $('step').addEventListener('click', () => pausedThen(where, [['run', 'step']]));
  $('phase').addEventListener('click', () => pausedThen(where, [['run', 'phase']]));
  $('back').addEventListener('click', () => pausedThen(where, [['run', 'back']]));
  $('restart').addEventListener('click', () => {
    clearCurves();
    pausedThen(where, [['run', 'restart']]);
  });

  async function changed(key, value, restarts) {
    if (restarts) clearCurves();
    try {
      if (playing.on) await session.set(key, value);
      else await act([['set', key, value]]);
      if (key === 'ema' && value === 0 && shown.average) await session.set('show_ema', 0);
    } catch (error) {
      fail(error);
    }
  }

  async function useData(key) {
    data = key;
    if (key === 'own') {
      cursor = [0, 0];
      if (!drawn.length) drawn = [[-.5, 0], [.5, 0]];
      Ui.say('Draw on the plane with the pointer, or with the arrow keys and the space bar on the plane. Delete clears.');
    }
    real = key === 'own' ? PointsData.around(drawn) : PointsData.make(key);
    await act([['put', 'data', real, [real.length / 2, 1, 1, 2]]]);
  }

  function addPlace(place) {
    drawn.push(place);
    useData('own').catch(fail);
  }

  // ---- controls

  const form = $('controls');
  const dataBox = Ui.element('fieldset', {}, Ui.element('legend', {textContent: 'Real points'}));
  Ui.list(dataBox, {id: 'data', label: 'distribution', options: PointsData.options, value: data,
                    change: (key) => useData(key).catch(fail)});
  form.append(dataBox);
  const controls = GanControls.build(form, start, changed);
  const netBox = Ui.element('fieldset', {}, Ui.element('legend', {textContent: 'Networks (a change restarts)'}));
  form.append(netBox);
  const network = (key) => (value) => changed(key, value, true);
  Ui.slider(netBox, {id: 'ngf', label: 'width of G', values: [4, 8, 16, 32, 64], value: 32, change: network('ngf')});
  Ui.slider(netBox, {id: 'ndf', label: 'width of D', values: [4, 8, 16, 32, 64], value: 32, change: network('ndf')});
  Ui.slider(netBox, {id: 'layers', label: 'hidden layers', values: [1, 2, 3, 4], value: 2, change: network('layers')});
  Ui.slider(netBox, {id: 'seed', label: 'seed', values: [1, 2, 3, 4, 5, 6, 7, 8], value: 1, change: network('seed')});
  const toggle = (key, label) => Ui.checkbox($('shown'), {id: 'show-' + key, label, value: shown[key], change: (on) => {
    shown[key] = on;
    if (!playing.on) act([]).catch(fail);
  }});
  toggle('field', 'field of D');
  toggle('manifold', 'manifold of G');
  toggle('pull', 'gradient at the samples');
  Ui.checkbox($('shown'), {id: 'show_ema', label: 'samples with the EMA', value: false, change: (on) => {
    shown.average = on;
    changed('show_ema', on ? 1 : 0, false);
  }});

  // ---- drawing by hand

  const plane = $('plane');
  let pressed = false;
  plane.addEventListener('pointerdown', (event) => {
    if (data !== 'own') return;
    pressed = true;
    addPlace(PointsView.place(plane, event));
  });
  plane.addEventListener('pointermove', (event) => {
    if (pressed && data === 'own') addPlace(PointsView.place(plane, event));
  });
  window.addEventListener('pointerup', () => { pressed = false; });
  plane.addEventListener('keydown', (event) => {
    if (data !== 'own') return;
    const move = {ArrowLeft: [-.05, 0], ArrowRight: [.05, 0], ArrowUp: [0, .05], ArrowDown: [0, -.05]}[event.key];
    if (move) cursor = cursor.map((v, i) => Math.max(-1, Math.min(1, v + move[i])));
    else if (event.key === ' ' || event.key === 'Enter') addPlace([...cursor]);
    else if (event.key === 'Delete' || event.key === 'Backspace') drawn = [[...cursor]];
    else return;
    event.preventDefault();
    render();
  });
  window.addEventListener('resize', render);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', render);

  // ---- start

  try {
    session = await Lab.open('gan');
    const field = PointsView.fieldPoints(), latent = PointsView.latentPoints();
    await act([...Object.entries(start).map(([key, value]) => ['set', key, value]),
               ['put', 'points', field, [field.length / 2, 1, 1, 2]],
               ['put', 'latent', latent, [PointsView.points, 1, 1, 2]],
               ['put', 'data', real, [real.length / 2, 1, 1, 2]]]);
    Ui.say('Ready. Press Play, or go one phase at a time.');
    document.body.dataset.ready = 'yes';
  } catch (error) {
    fail(error);
  }
})();
