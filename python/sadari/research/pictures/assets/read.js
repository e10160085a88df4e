"use strict";
// What travels in the page: texts of base64 over gzip.
const Read = (() => {
  function plain(id) {
    const text = document.getElementById(id).textContent.trim();
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
    return bytes;
  }

  function inflated(id) {
    const stream = new Blob([plain(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream);
  }

  const text = id => inflated(id).text();

  // Columns of whole numbers, each byte place on its own; even numbers stand for zero and above, odd ones for below it.
  async function columns(id) {
    const buffer = await inflated(id).arrayBuffer();
    const size = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
    const found = {}, bytes = new Uint8Array(buffer);
    let at = 4 + size;
    for (const [name, count, width] of head.columns) {
      const values = new Float64Array(count);
      for (let place = 0, unit = 1; place < width; place++, unit *= 256)
        for (let row = 0; row < count; row++) values[row] += bytes[at++] * unit;
      for (let row = 0; row < count; row++) values[row] = values[row] % 2 ? -(values[row] + 1) / 2 : values[row] / 2;
      found[name] = values;
    }
    return { columns: found, notes: head.notes };
  }

  function summed(deltas) {
    const values = new Float64Array(deltas.length);
    for (let row = 0, sum = 0; row < deltas.length; row++) values[row] = sum += deltas[row];
    return values;
  }

  // Rows that travel as one list for each key.
  function rows(turned) {
    const names = Object.keys(turned.columns);
    return Array.from({ length: turned.count }, (_, row) =>
      Object.fromEntries(names.map(name => [name, turned.columns[name][row]])));
  }

  const summary = async id => JSON.parse(await text(id));

  // Positions, each with its parts.
  async function positions(id) {
    const found = JSON.parse(await text(id)), parts = rows(found.parts);
    let told = 0;
    return rows(found.positions).map(position => ({ ...position, parts: parts.slice(told, told += position.parts) }));
  }

  const step = name => String(name).replaceAll("%", "%25").replaceAll(".", "%2E");
  const path = (...names) => names.map(step).join(".");

  // The value at a path such as result.equity_end or positions.3.net; undefined if there is none.
  function at(whole, key) {
    let value = whole;
    for (const name of key.split(".")) {
      if (value === null || value === undefined) return undefined;
      value = value[name.replaceAll("%2E", ".").replaceAll("%25", "%")];
    }
    return value;
  }

  return { text, columns, summed, summary, positions, path, step, at };
})();
