// The controls of a GAN: loss, rates, regularizers. Both GAN pages have them.
'use strict';

const GanControls = (() => {
  const rates = [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, .001, .002, .003, .005, .01, .02, .05, .1];
  const weights = [0, .001, .003, .01, .03, .1, .3, 1, 3, 10, 30];
  const off = (v) => v === 0 ? 'off' : String(v);

  const losses = [
    ['vanilla', 'vanilla: \u2212log D(G(z))'], ['saturating', 'saturating: log(1 \u2212 D(G(z)))'],
    ['lsgan', 'least squares'], ['hinge', 'hinge'], ['wgan', 'Wasserstein'],
    ['wgan-gp', 'Wasserstein with gradient penalty'],
  ];

  // key, label, values, default
  const regularizers = [
    ['lambda_gp', 'gradient penalty', weights, 0],
    ['r1', 'R1 penalty', weights, 0],
    ['clip_weights', 'clip weights of D to', [0, .01, .03, .05, .1, .3, 1], 0],
    ['label_smoothing', 'label smoothing', [0, .05, .1, .2, .3], 0],
    ['instance_noise', 'instance noise', [0, .01, .02, .05, .1, .2, .5], 0],
    ['feature_matching', 'feature matching', weights, 0],
    ['mode_seeking', 'mode seeking', weights, 0],
    ['historical_averaging', 'historical averaging', weights, 0],
    ['minibatch_discrimination', 'minibatch discrimination kernels', [0, 4, 8, 16], 0],
  ];
  const restarting = ['spectral_norm', 'minibatch_discrimination'];

  // Builds the fieldsets in `parent`. start: values of settings. change(key, value, restarts) is called
  // for every change. Returns {value, set(key, value)}.
  function build(parent, start, change) {
    const value = {...start}, inputs = {};
    const changed = (key) => (v) => {
      value[key] = v;
      change(key, v, restarting.includes(key));
      // The mode's own penalty, as sumi train sets it.
      if (key === 'gan_mode' && v === 'wgan-gp' && !value.lambda_gp) set('lambda_gp', 10, true);
    };
    function set(key, v, tell = false) {
      value[key] = v;
      const input = inputs[key];
      if (input instanceof HTMLInputElement && input.type === 'checkbox') input.checked = Boolean(v);
      else if (input) input.value = v;
      if (tell) change(key, v, restarting.includes(key));
    }
    const group = (title, open = true) => {
      const box = Ui.element('fieldset', {}, Ui.element('legend', {textContent: title}));
      if (open) return parent.append(box), box;
      const folded = Ui.element('details', {}, Ui.element('summary', {textContent: title}));
      box.replaceChildren(folded);
      parent.append(box);
      return folded;
    };
    const slider = (box, key, label, values, format) => {
      inputs[key] = Ui.slider(box, {id: key, label, values, value: value[key] ?? values[0], change: changed(key), format});
    };

    const loss = group('Loss and rates');
    inputs.gan_mode = Ui.list(loss, {id: 'gan_mode', label: 'loss', options: losses, value: value.gan_mode,
                                     change: changed('gan_mode')});
    slider(loss, 'lr_g', 'learning rate of G', rates);
    slider(loss, 'lr_d', 'learning rate of D', rates);
    slider(loss, 'n_critic', 'updates of D per update of G', [1, 2, 3, 4, 5, 8, 10]);
    slider(loss, 'batch_size', 'batch size', [4, 8, 16, 32, 64, 128, 256]);
    slider(loss, 'ema', 'EMA of G\u2019s weights', [0, .9, .99, .995, .999], off);

    const penalties = group('Regularizers', false);
    inputs.spectral_norm = Ui.checkbox(penalties, {id: 'spectral_norm', label: 'spectral norm in D (restarts)',
      value: Boolean(value.spectral_norm), change: (on) => changed('spectral_norm')(on ? 1 : 0)});
    for (const [key, label, values] of regularizers)
      slider(penalties, key, label + (restarting.includes(key) ? ' (restarts)' : ''), values, off);
    inputs.generator_target = Ui.list(penalties, {id: 'generator_target', label: 'label in G\u2019s loss',
      options: [['real', 'real'], ['random', 'random in [0, 1]']], value: 'real', change: changed('generator_target')});
    inputs.optimizer = Ui.list(penalties, {id: 'optimizer', label: 'optimizer',
      options: [['adam', 'Adam'], ['adamw', 'AdamW'], ['rmsprop', 'RMSProp']], value: value.optimizer || 'adam',
      change: changed('optimizer')});
    slider(penalties, 'beta1', 'Adam\u2019s beta 1', [0, .5, .9]);
    return {value, set};
  }

  // Rows of a table: each layer's weights and gradients as root mean squares.
  function layerRows(parts, values, gradients) {
    const rms = (array, {first, count}) => {
      let sum = 0;
      for (let i = first; i < first + count; ++i) sum += array[i] * array[i];
      return Math.sqrt(sum / count);
    };
    return parts.map((part) => [part.name, part.shape, Ui.format(rms(values, part)), Ui.format(rms(gradients, part))]);
  }

  function fillTable(body, rows) {
    body.replaceChildren(...rows.map((row) => Ui.element('tr', {}, ...row.map((text) => Ui.element('td', {textContent: text})))));
  }

  return {build, layerRows, fillTable};
})();
