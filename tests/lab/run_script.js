// Runs a script of the lab (lab/native/script.cpp) on the WebAssembly module of docs/lab, through the
// pages' own loader, and prints the same lines. Usage: node run_script.js SCRIPT DOCS_LAB
'use strict';
const fs = require('fs');
const path = require('path');

const [script, lab] = process.argv.slice(2);
const {Lab, labEngine} = require(path.resolve(lab, 'engine.js'));

// The value of a packed script: const NAME = "...".
function packed(file) {
  return fs.readFileSync(path.join(lab, file), 'utf8').match(/"([A-Za-z0-9+/=]*)"/)[1];
}

function randomValues(count, seed, levels) {
  const values = new Float32Array(count);
  for (let i = 0; i < count; ++i) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    values[i] = levels > 0 ? (seed >>> 8) % levels : 2 * ((seed >>> 8) / 16777216) - 1;
  }
  return values;
}

function checksum(values) {
  let hash = 2166136261;
  for (const word of new Uint32Array(values.buffer)) hash = Math.imul(hash ^ word, 16777619);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

// [name, values, shape] of each tensor of a safetensors file.
function* tensors(bytes) {
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
  delete header.__metadata__;
  for (const [name, {shape, data_offsets: [first, end]}] of Object.entries(header))
    yield [name, new Float32Array(bytes.slice(8 + size + first, 8 + size + end).buffer), shape];
}

async function main() {
  const engine = labEngine(new WebAssembly.Module(await Lab.unpack(packed('wasm.js'))));
  let session = 0;
  for (const line of fs.readFileSync(script, 'utf8').split('\n')) {
    const [verb, name, ...rest] = line.trim().split(/\s+/);
    if (!verb || verb.startsWith('#')) continue;
    const numbers = rest.map(Number);
    if (verb === 'open') session = engine.open(name);
    else if (verb === 'set') engine.set(session, name, rest[0] || '');
    else if (verb === 'put') {
      const [n, h, w, c, seed, levels] = numbers;
      engine.put(session, name, randomValues(n * h * w * c, seed, levels || 0), [n, h, w, c]);
    } else if (verb === 'weights') {
      const bytes = await Lab.unpack(packed('comic-weights.js'));
      const shipped = fs.readFileSync(path.join(path.dirname(script), name));
      if (Buffer.compare(Buffer.from(bytes), shipped) !== 0) throw new Error('comic-weights.js is not ' + name);
      for (const tensor of tensors(bytes)) engine.put(session, ...tensor);
    } else if (verb === 'run') engine.run(session, name, numbers[0] || 1);
    else if (verb === 'get') {
      const {values, shape} = engine.get(session, name);
      console.log(name, shape.join('x'), checksum(values));
    } else throw new Error('unknown verb in ' + line);
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
