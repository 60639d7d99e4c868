// The page pictures: a GAN that learns small pictures.
'use strict';

(async () => {
  const {$} = Ui;
  const start = {network: 'pictures', size: 16, channels: 1, ngf: 16, ndf: 16, nz: 32, shown: 64, d_norm: 'batch',
                 gan_mode: 'vanilla', lr_g: .001, lr_d: .001, n_critic: 1, batch_size: 32, ema: .99, show_ema: 1,
                 beta1: .5, seed: 1};
  // Rates that let the generator run after whatever the discriminator likes most at the moment.
  const collapsing = {lr_g: .02, lr_d: 1e-5, n_critic: 1};
  let session, kind = 'digits', size = 16, set = null, files = null, last = null, before = null, perTurn = 1;
  let losses, scores, variety;

  function clearCurves() {
    losses = {d: [], g: []};
    scores = {real: [], fake: []};
    variety = [];
  }
  clearCurves();

  // ---- drawing

  // Pictures [count,size,size,channels] as a square sheet.
  function drawSheet(canvas, values, side, channels, most = 64) {
    const count = Math.min(most, values.length / (side * side * channels)), columns = Math.ceil(Math.sqrt(count)) || 1;
    const image = new ImageData(columns * side, Math.ceil(count / columns) * side || 1);
    for (let i = 0; i < count; ++i)
      for (let y = 0; y < side; ++y)
        for (let x = 0; x < side; ++x) {
          const to = 4 * (((Math.floor(i / columns)) * side + y) * image.width + (i % columns) * side + x);
          const from = ((i * side + y) * side + x) * channels;
          for (let c = 0; c < 3; ++c) image.data[to + c] = Math.round(127.5 * (values[from + (channels > 1 ? c : 0)] + 1));
          image.data[to + 3] = 255;
        }
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.style.imageRendering = 'pixelated';
    canvas.getContext('2d').putImageData(image, 0, 0);
  }

  // Mean squared distance between pictures, over pairs of the first 64.
  function spread(values, each) {
    const count = Math.min(64, values.length / each);
    const mean = new Float64Array(each);
    for (let i = 0; i < count; ++i) for (let p = 0; p < each; ++p) mean[p] += values[i * each + p] / count;
    let sum = 0;
    for (let i = 0; i < count; ++i)
      for (let p = 0; p < each; ++p) sum += (values[i * each + p] - mean[p]) ** 2;
    return sum / count;
  }

  function render() {
    if (!last) return;
    drawSheet($('samples'), last.samples, size, set.channels);
    const [step, , , lossD, , lossG] = last.status;
    const now = variety.length ? variety[variety.length - 1][1] : 1;
    $('summary').textContent = `at step ${step}; variety ${now.toFixed(2)}; loss of D ${Ui.format(lossD)}, of G ${Ui.format(lossG)}`;
    $('samples').setAttribute('aria-label', `Generated pictures at step ${step}, variety ${now.toFixed(2)}`);
    Ui.plot($('losses'), [{color: 'accent', points: losses.d}, {color: 'fake', points: losses.g}]);
    Ui.plot($('scores'), [{color: 'real', points: scores.real}, {color: 'fake', points: scores.fake}]);
    Ui.plot($('variety'), [{color: 'fake', points: variety}], 110);
  }

  async function act(commands) {
    const results = await session.send([...commands, ['get', 'status'], ['get', 'samples']]);
    const [status, samples] = results.slice(commands.length);
    last = {status: status.values, samples: samples.values};
    const [step, , , lossD, , lossG, dReal, dFake] = last.status, each = size * size * set.channels;
    if (step > 0 && !(variety.length && variety[variety.length - 1][0] >= step)) {
      losses.d.push([step, lossD]);
      losses.g.push([step, lossG]);
      scores.real.push([step, dReal]);
      scores.fake.push([step, dFake]);
      variety.push([step, Math.sqrt(spread(last.samples, each) / set.spread)]);
      losses = {d: Ui.thin(losses.d), g: Ui.thin(losses.g)};
      scores = {real: Ui.thin(scores.real), fake: Ui.thin(scores.fake)};
      variety = Ui.thin(variety);
    }
    render();
  }

  // ---- data

  async function useData(newKind, newSize) {
    const made = newKind === 'own' ? await PictureData.own(files, newSize) : await PictureData.make(newKind, newSize);
    made.spread = spread(made.values, newSize * newSize * made.channels) || 1;
    await playing.stop();
    Ui.showPlaying(false);
    [kind, size, set] = [newKind, newSize, made];
    drawSheet($('real'), set.values, size, set.channels);
    $('real-summary').textContent = `${set.count} pictures of ${size}\u00d7${size} pixels`;
    clearCurves();
    await act([['set', 'size', size], ['set', 'channels', set.channels], ['put', 'data', set.values, [set.count, size, size, set.channels]]]);
    Ui.say(`Ready to learn ${set.count} pictures. Press Play.`);
  }
  const load = (newKind, newSize) => useData(newKind, newSize).catch(fail);

  // ---- actions

  const playing = Ui.loop(async () => {
    const begin = performance.now();
    await act([['run', 'step', perTurn]]);
    const took = performance.now() - begin;
    perTurn = Math.max(1, Math.min(20, Math.round(perTurn * (took < 60 ? 2 : took > 150 ? .5 : 1))));
  }, fail);

  function fail(error) {
    Ui.showPlaying(false);
    Ui.sayError(error);
  }
  const where = () => Ui.say(`Step ${last.status[0]}.`);

  $('play').addEventListener('click', async () => {
    if (playing.on) {
      await playing.stop();
      Ui.showPlaying(false);
      where();
    } else {
      Ui.say('Training.');
      Ui.showPlaying(true);
      playing.start();
    }
  });
  $('step').addEventListener('click', async () => {
    await playing.stop();
    Ui.showPlaying(false);
    await act([['run', 'step']]).then(where, fail);
  });
  $('restart').addEventListener('click', async () => {
    await playing.stop();
    Ui.showPlaying(false);
    clearCurves();
    await act([['run', 'restart']]).then(() => Ui.say('New weights.'), fail);
  });
  $('collapse').addEventListener('click', () => {
    const on = !before;
    const wanted = on ? collapsing : before;
    if (on) before = Object.fromEntries(Object.keys(collapsing).map((key) => [key, controls.value[key]]));
    else before = null;
    for (const [key, value] of Object.entries(wanted)) controls.set(key, value, true);
    $('collapse').setAttribute('aria-pressed', on);
    $('collapse').textContent = on ? 'Back to your rates' : 'Make it collapse';
    Ui.say(on ? 'G now learns two thousand times faster than D, and runs after the one picture that D likes most. Watch Variety.'
              : 'Your rates again. Watch whether Variety comes back; if it does not, press Restart.');
  });

  async function changed(key, value, restarts) {
    if (restarts) clearCurves();
    try {
      const commands = [['set', key, value]];
      if (key === 'ema') commands.push(['set', 'show_ema', value > 0 && $('show_ema').checked ? 1 : 0]);
      if (playing.on) await session.send(commands);
      else await act(commands);
    } catch (error) {
      fail(error);
    }
  }

  // ---- controls

  const form = $('controls');
  const box = Ui.element('fieldset', {}, Ui.element('legend', {textContent: 'Pictures (a change restarts)'}));
  form.append(box);
  const kindList = Ui.list(box, {id: 'data', label: 'set', options: PictureData.options, value: kind, change: (value) => {
    if (value !== 'own') return load(value, size);
    if (files) return load('own', size);
    Ui.say('Choose pictures of your own below.');
    $('files').focus();
  }});
  const choose = (id, label, properties) => {
    const input = Ui.element('input', {type: 'file', id, accept: 'image/*', multiple: true, ...properties});
    input.addEventListener('change', () => {
      files = input.files;
      if (!files.length) return;
      kindList.value = 'own';
      load('own', size);
    });
    box.append(Ui.element('div', {className: 'control'}, Ui.element('label', {htmlFor: id, textContent: label}), Ui.element('span'), input));
  };
  choose('files', 'your own pictures', {});
  choose('folder', 'or a whole folder', {webkitdirectory: true});
  Ui.list(box, {id: 'size', label: 'size in pixels', options: [['16', '16 (fast)'], ['32', '32 (about ten times the work)']],
                value: '16', change: (value) => load(kind, +value)});
  const controls = GanControls.build(form, start, changed);
  const nets = Ui.element('fieldset', {}, Ui.element('legend', {textContent: 'Networks and samples'}));
  form.append(nets);
  Ui.checkbox(nets, {id: 'show_ema', label: 'samples with the EMA', value: true,
                     change: (on) => changed('show_ema', on && controls.value.ema > 0 ? 1 : 0, false)});
  const network = (key) => (value) => changed(key, value, true);
  Ui.slider(nets, {id: 'ngf', label: 'width of G (restarts)', values: [4, 8, 16, 32], value: 16, change: network('ngf')});
  Ui.slider(nets, {id: 'ndf', label: 'width of D (restarts)', values: [4, 8, 16, 32], value: 16, change: network('ndf')});
  Ui.list(nets, {id: 'd_norm', label: 'norm in D (restarts)', value: 'batch', change: network('d_norm'),
                 options: [['batch', 'batch norm'], ['layer', 'layer norm, for penalties'], ['none', 'none']]});
  Ui.list(nets, {id: 'upsample', label: 'upsampling in G (restarts)', value: 'transpose', change: network('upsample'),
                 options: [['transpose', 'transposed convolution'], ['nearest', 'nearest and convolution'], ['bilinear', 'bilinear and convolution']]});
  Ui.list(nets, {id: 'diffaugment', label: 'augmentation for D', value: '', change: (value) => changed('diffaugment', value, false),
                 options: [['', 'none'], ['translation', 'translation'], ['translation,cutout', 'translation and cutout']]});
  Ui.slider(nets, {id: 'seed', label: 'seed (restarts)', values: [1, 2, 3, 4, 5, 6, 7, 8], value: 1, change: network('seed')});
  window.addEventListener('resize', render);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', render);

  try {
    session = await Lab.open('gan');
    await session.send(Object.entries(start).map(([key, value]) => ['set', key, value]));
    await useData(kind, size);
    document.body.dataset.ready = 'yes';
  } catch (error) {
    fail(error);
  }
})();
