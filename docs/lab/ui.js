// Controls and drawings that the lab's pages share.
'use strict';

const Ui = (() => {
  const $ = (id) => document.getElementById(id);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  // Adds a labeled slider. positions: the values that it can take. Calls change(value).
  function slider(parent, {id, label, values, value, change, format = String}) {
    const shown = element('output', {htmlFor: id});
    const input = element('input', {type: 'range', id, min: 0, max: values.length - 1, step: 1});
    const nearest = (v) => values.reduce((best, x, i) => Math.abs(x - v) < Math.abs(values[best] - v) ? i : best, 0);
    const show = () => {
      const text = format(values[+input.value]);
      shown.textContent = text;
      input.setAttribute('aria-valuetext', text);
    };
    input.value = nearest(value);
    input.addEventListener('input', () => {
      show();
      change(values[+input.value]);
    });
    show();
    parent.append(element('div', {className: 'control'}, element('label', {htmlFor: id, textContent: label}), shown, input));
    return {get value() { return values[+input.value]; },
            set value(v) { input.value = nearest(v); show(); }, input};
  }

  // Adds a labeled list. options: [value, text].
  function list(parent, {id, label, options, value, change}) {
    const input = element('select', {id}, ...options.map(([v, text]) => element('option', {value: v, textContent: text})));
    input.value = value;
    input.addEventListener('change', () => change(input.value));
    parent.append(element('div', {className: 'control'}, element('label', {htmlFor: id, textContent: label}),
                          element('span'), input));
    return input;
  }

  function checkbox(parent, {id, label, value, change}) {
    const input = element('input', {type: 'checkbox', id, checked: value});
    input.addEventListener('change', () => change(input.checked));
    parent.append(element('div', {className: 'row'}, input, element('label', {htmlFor: id, textContent: label})));
    return input;
  }

  // A canvas in device pixels, cleared. Returns its context, scaled to CSS pixels, and its size.
  function canvasContext(canvas, height) {
    const width = canvas.clientWidth || canvas.parentElement.clientWidth, ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = height + 'px';
    }
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return {context, width, height};
  }

  // Curves of numbers over steps. series: [{name, color, points: [[step, value], ...]}].
  function plot(canvas, series, height = 150) {
    const {context: c, width} = canvasContext(canvas, height);
    const all = series.flatMap((s) => s.points).filter(([, v]) => Number.isFinite(v));
    const left = 52, bottom = 18;
    c.strokeStyle = color('edge');
    c.fillStyle = color('quiet');
    c.font = '11px system-ui, sans-serif';
    c.strokeRect(left + .5, 4.5, width - left - 6, height - bottom - 8);
    if (all.length < 2) return;
    const steps = all.map(([s]) => s), sorted = all.map(([, v]) => v).sort((a, b) => a - b);
    // Single spikes must not flatten the curves.
    let low = sorted[Math.floor(sorted.length * .005)], high = sorted[Math.ceil(sorted.length * .995) - 1];
    if (!(high > low)) { high = low + 1; low -= 1; }
    const first = Math.min(...steps), last = Math.max(...steps, first + 1);
    const x = (s) => left + (width - left - 6) * (s - first) / (last - first);
    const y = (v) => 4 + (height - bottom - 8) * (1 - (Math.min(Math.max(v, low), high) - low) / (high - low));
    c.textAlign = 'right';
    c.fillText(format(high), left - 4, 13);
    c.fillText(format(low), left - 4, height - bottom - 3);
    c.fillText('step ' + last, width - 6, height - 3);
    c.textAlign = 'left';
    c.fillText(String(first), left, height - 3);
    for (const one of series) {
      c.strokeStyle = color(one.color);
      c.lineWidth = 1.6;
      c.setLineDash(one.dash || []);
      c.beginPath();
      one.points.forEach(([s, v], i) => i ? c.lineTo(x(s), y(v)) : c.moveTo(x(s), y(v)));
      c.stroke();
    }
    c.setLineDash([]);
  }

  // Keeps curves short: at most `most` points, by dropping every second one.
  function thin(points, most = 600) {
    return points.length <= most ? points : points.filter((_, i) => i % 2 === 0);
  }

  // Runs `turn` again and again while on, and lets the page draw between.
  function loop(turn, fail) {
    let on = false, busy = null;
    async function run() {
      while (on) {
        try {
          await turn();
        } catch (error) {
          on = false;
          fail(error);
        }
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    return {
      get on() { return on; },
      start() { if (!on) { on = true; busy = run(); } },
      async stop() { on = false; await busy; },
    };
  }

  function say(text, isError = false) {
    const status = $('status');
    status.textContent = text;
    status.classList.toggle('error', isError);
  }
  const sayError = (error) => say(error.message, true);

  // The button "play" of a page that trains: pressed, it offers the pause.
  function showPlaying(on) {
    $('play').setAttribute('aria-pressed', on);
    $('play').textContent = on ? 'Pause' : 'Play';
  }

  const format = (v) => !Number.isFinite(v) ? 'none' : Math.abs(v) >= 1000 || (v !== 0 && Math.abs(v) < .001)
    ? v.toExponential(1) : String(+v.toPrecision(3));

  return {$, color, element, slider, list, checkbox, canvasContext, plot, thin, loop, say, sayError, showPlaying, format};
})();
