// The page photo: the shipped style on a photograph.
'use strict';

(async () => {
  const {$} = Ui;
  const sides = [160, 240, 320, 400, 480, 600];
  const layers = [['drawing', 'the finished drawing'], ['flat', 'flat colors alone'], ['line', 'lines alone']];
  const shares = [0, .1, .2, .3, .4, .5, .6, .7, .8, .9, 1];
  let session, styles = [], source = null, side = 240, seen = null, busy = false, again = null;
  const mixture = {};

  // The tensors of a safetensors file, as commands.
  function weightCommands(bytes) {
    const size = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
    const options = JSON.parse(header.__metadata__['sumi.options']);
    delete header.__metadata__;
    styles = options.styles.split(',').map((one) => one.split('=')[0]);
    return [['set', 'width', options.ngf], ['set', 'blocks', options['n-blocks']], ['set', 'styles', styles.join(',')],
      ...Object.entries(header).map(([name, {shape, data_offsets: [first, end]}]) =>
        ['put', name, new Float32Array(bytes.slice(8 + size + first, 8 + size + end).buffer), shape])];
  }

  // ---- the photograph

  function scaled() {
    const scale = Math.min(1, side / Math.min(source.width, source.height), 2048 / Math.max(source.width, source.height));
    return [Math.max(8, Math.round(source.width * scale)), Math.max(8, Math.round(source.height * scale))];
  }

  function show() {
    const canvas = $('photo'), [width, height] = scaled();
    canvas.width = width;
    canvas.height = height;
    const c = canvas.getContext('2d', {willReadFrequently: true});
    c.fillStyle = '#fff';
    c.fillRect(0, 0, width, height);
    c.imageSmoothingQuality = 'high';
    c.drawImage(source, 0, 0, width, height);
    $('photo-summary').textContent = `photograph, ${width}\u00d7${height} pixels for the network`;
    seen = null;
  }

  async function usePicture(picture, text) {
    source = picture;
    show();
    $('photo').setAttribute('aria-label', 'The photograph: ' + text);
    await draw();
  }

  // ---- drawing

  function pixelsOf(canvas) {
    const rgba = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const values = new Float32Array(rgba.length / 4 * 3);
    for (let i = 0; i < rgba.length / 4; ++i) values.set(rgba.subarray(4 * i, 4 * i + 3), 3 * i);
    return values;
  }

  async function drawOnce() {
    const canvas = $('photo'), progress = $('progress'), begin = performance.now();
    const key = JSON.stringify(mixture);
    const settings = ['layer', 'line', 'levels'].map((name) => ['set', name, look[name]]);
    if (seen !== key) {
      progress.hidden = false;
      progress.value = 0;
      Ui.say('The network looks at the photograph.');
      if (seen === null) await session.put('photo', pixelsOf(canvas), [1, canvas.height, canvas.width, 3]);
      await session.send(Object.entries(mixture).map(([style, share]) => ['set', style, share]));
      let done = 0, left = 1;
      while (left > 0) {
        left = await session.run('band');
        progress.value = ++done / (done + left);
      }
      seen = key;
    }
    const results = await session.send([...settings, ['run', 'draw'], ['get', 'picture']]);
    paint(results[results.length - 1]);
    progress.hidden = true;
    Ui.say(`Drawn in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
  }

  function paint({values, shape: [, height, width]}) {
    const canvas = $('drawing'), image = new ImageData(width, height);
    for (let i = 0; i < width * height; ++i) image.data.set([values[3 * i], values[3 * i + 1], values[3 * i + 2], 255], 4 * i);
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d').putImageData(image, 0, 0);
    const used = Object.entries(mixture).filter(([, share]) => share > 0).map(([style]) => style).join(' and ');
    canvas.setAttribute('aria-label', 'The photograph as a drawing: ' + used);
    $('drawing-summary').textContent = 'drawing: ' + used;
    $('save').hidden = false;
    $('save').href = canvas.toDataURL('image/png');
  }

  // One drawing at a time; a change meanwhile asks for another.
  async function draw() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      do {
        again = false;
        await drawOnce();
      } while (again);
    } catch (error) {
      $('progress').hidden = true;
      Ui.sayError(error);
    } finally {
      busy = false;
    }
  }

  // ---- controls

  const look = {layer: 'drawing', line: 1, levels: -1};
  const form = $('controls');
  function buildControls() {
    const photo = Ui.element('fieldset', {}, Ui.element('legend', {textContent: 'Photograph'}));
    const input = Ui.element('input', {type: 'file', id: 'file', accept: 'image/*'});
    input.addEventListener('change', async () => {
      if (!input.files.length) return;
      try {
        await usePicture(await createImageBitmap(input.files[0]), input.files[0].name);
      } catch {
        Ui.say('The browser cannot read ' + input.files[0].name + ' as a picture.', true);
      }
    });
    photo.append(Ui.element('div', {className: 'control'}, Ui.element('label', {htmlFor: 'file', textContent: 'your own'}), Ui.element('span'), input));
    Ui.list(photo, {id: 'sample', label: 'or a sample', options: LAB_PHOTOS.map(({name}, i) => [String(i), name]), value: '0',
                    change: (i) => useSample(+i)});
    Ui.slider(photo, {id: 'side', label: 'shorter side for the network', values: sides, value: side, format: (v) => v + ' pixels',
                      change: (v) => { side = v; show(); draw(); }});
    const style = Ui.element('fieldset', {}, Ui.element('legend', {textContent: 'Styles, as shares of a mixture'}));
    for (const name of styles)
      Ui.slider(style, {id: 'style-' + name, label: name, values: shares, value: mixture[name], format: (v) => Math.round(100 * v) + ' %',
                        change: (v) => { mixture[name] = v; draw(); }});
    const finish = Ui.element('fieldset', {}, Ui.element('legend', {textContent: 'Finish'}));
    Ui.list(finish, {id: 'layer', label: 'layer', options: layers, value: look.layer, change: (v) => { look.layer = v; draw(); }});
    Ui.slider(finish, {id: 'line', label: 'strength of lines', values: [0, .25, .5, .75, 1, 1.25, 1.5, 2], value: 1,
                       change: (v) => { look.line = v; draw(); }});
    Ui.slider(finish, {id: 'levels', label: 'levels of lightness', values: [-1, 0, 2, 3, 4, 5, 6, 8], value: -1,
                       format: (v) => v < 0 ? 'the style\u2019s' : v === 0 ? 'continuous' : String(v), change: (v) => { look.levels = v; draw(); }});
    form.append(photo, style, finish);
  }

  async function useSample(i) {
    const image = new Image();
    image.src = LAB_PHOTOS[i].data;
    await image.decode();
    await usePicture(image, LAB_PHOTOS[i].name);
  }
  $('draw').addEventListener('click', draw);

  try {
    session = await Lab.open('photo');
    await session.send(weightCommands(await Lab.unpack(LAB_COMIC_WEIGHTS)));
    styles.forEach((style, i) => { mixture[style] = i === 0 ? 1 : 0; });
    buildControls();
    await useSample(0);
    document.body.dataset.ready = 'yes';
  } catch (error) {
    Ui.sayError(error);
  }
})();
