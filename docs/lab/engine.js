// sumi's engine in the page. wasm.js holds the module; this file runs it, in a worker, so that the page
// stays responsive. These are classic scripts, because a browser loads no ES modules from file://.
'use strict';

// A loaded module (WebAssembly.Module) as functions. Runs in the page, in the worker, and in node.
function labEngine(module) {
  let memory = null;
  const bytes = () => new Uint8Array(memory.buffer);
  const view = () => new DataView(memory.buffer);
  const system = {
    clock_time_get(clock, precision, at) {
      view().setBigUint64(at, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
    environ_sizes_get(count, size) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    environ_get: () => 0,
    fd_close: () => 0,
    fd_seek: () => 70,
    fd_read: () => 8,
    fd_write(file, vectors, count, written) {
      let total = 0;
      for (let i = 0; i < count; ++i) total += view().getUint32(vectors + 8 * i + 4, true);
      view().setUint32(written, total, true);
      return 0;
    },
    proc_exit(code) {
      throw new Error('the engine ended with code ' + code);
    },
  };
  // The module contains the CPU kernels only; those of other devices are imports that nothing calls.
  const imports = {};
  for (const {module: space, name} of WebAssembly.Module.imports(module)) {
    imports[space] = imports[space] || {};
    imports[space][name] = system[name] || (name === 'emscripten_notify_memory_growth' ? () => {} : () => {
      throw new Error(name + ' is not in the lab');
    });
  }
  const instance = new WebAssembly.Instance(module, imports);
  const call = instance.exports;
  memory = call.memory;
  call._initialize();

  const text = (at) => {
    const all = bytes();
    let end = at;
    while (all[end]) ++end;
    return new TextDecoder().decode(all.subarray(at, end));
  };
  // Calls use(addresses) with the texts in the engine's memory.
  const withTexts = (texts, use) => {
    const addresses = texts.map((one) => {
      const encoded = new TextEncoder().encode(one + '\0');
      const at = call.lab_allocate(encoded.length);
      bytes().set(encoded, at);
      return at;
    });
    try {
      return use(...addresses);
    } finally {
      addresses.forEach((at) => call.lab_release(at));
    }
  };
  const checked = (result) => {
    if (result < 0) throw new Error(text(call.lab_error()));
    return result;
  };
  return {
    open: (kind) => checked(withTexts([kind], (k) => call.lab_open(k))),
    close: (session) => call.lab_close(session),
    set: (session, key, value) =>
      checked(withTexts([key, String(value)], (k, v) => call.lab_set(session, k, v))),
    put(session, name, values, shape) {
      const at = call.lab_allocate(values.length * 4);
      new Float32Array(memory.buffer, at, values.length).set(values);
      try {
        checked(withTexts([name], (n) => call.lab_put(session, n, at, ...shape)));
      } finally {
        call.lab_release(at);
      }
    },
    // Performs an action `times` times; returns the number of calls left, or undefined after none.
    run(session, action, times = 1) {
      let left;
      for (let i = 0; i < times; ++i) left = checked(withTexts([action], (a) => call.lab_run(session, a)));
      return left;
    },
    // {values, shape} of a tensor.
    get(session, name) {
      const count = checked(withTexts([name], (n) => call.lab_get(session, n)));
      return {
        values: new Float32Array(memory.buffer, call.lab_values(), count).slice(),
        shape: Array.from(new Int32Array(memory.buffer, call.lab_shape(), 4)),
      };
    },
    describe(session, name) {
      const at = withTexts([name], (n) => call.lab_describe(session, n));
      if (!at) throw new Error(text(call.lab_error()));
      return text(at).trim().split('\n').map((line) => line.split(' '))
        .map(([part, first, count, shape]) => ({name: part, first: +first, count: +count, shape}));
    },
  };
}

// The worker's side: a message is {id, commands}, each command [function, arguments after the session...].
function labWorker() {
  let engine = null, session = 0;
  self.onmessage = ({data}) => {
    if (data.module) {
      engine = labEngine(data.module);
      session = engine.open(data.kind);
      self.postMessage({id: 0});
      return;
    }
    try {
      const results = data.commands.map(([verb, ...rest]) => engine[verb](session, ...rest));
      const buffers = results.filter((r) => r && r.values instanceof Float32Array).map((r) => r.values.buffer);
      self.postMessage({id: data.id, results}, buffers);
    } catch (error) {
      self.postMessage({id: data.id, error: error.message});
    }
  };
}

const Lab = (() => {
  // The bytes of a packed script: base64 of a gzip file.
  async function unpack(packed) {
    const compressed = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
    const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // A session in a worker. send(commands) performs them in order and resolves to their results; it
  // rejects with the engine's line if one fails, and the rest are not performed.
  async function open(kind) {
    const module = await WebAssembly.compile(await unpack(LAB_WASM));
    const source = labEngine.toString() + '\n(' + labWorker.toString() + ')();';
    const worker = new Worker(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
    const waiting = new Map();
    let last = 0;
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = (event) => reject(new Error(event.message || 'the engine could not start'));
      worker.postMessage({module, kind});
    });
    worker.onmessage = ({data}) => {
      const {resolve, reject} = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.error) reject(new Error(data.error)); else resolve(data.results);
    };
    const send = (commands) => new Promise((resolve, reject) => {
      waiting.set(++last, {resolve, reject});
      worker.postMessage({id: last, commands});
    });
    return {
      send,
      set: (key, value) => send([['set', key, value]]),
      put: (name, values, shape) => send([['put', name, values, shape]]),
      run: async (action, times = 1) => (await send([['run', action, times]]))[0],
      get: async (name) => (await send([['get', name]]))[0],
      describe: async (name) => (await send([['describe', name]]))[0],
    };
  }

  return {open, unpack};
})();

if (typeof module !== 'undefined') module.exports = {Lab, labEngine};
