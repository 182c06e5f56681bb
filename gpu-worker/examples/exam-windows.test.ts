import { expect, it } from 'vitest';
import { ATLAS_PROTOCOL, DELPHI_PROTOCOL, PAPER_PROTOCOL, PROTOCOLS } from '#lib/example/protocol.ts';
import { latentExamples } from './latent-examples.ts';
import { examWindows, examWindowsKey } from './exam-windows.ts';
import { originOf, shownSpan } from './shown-span.ts';
import { WindowTable } from './window-table.ts';

const [ROWS, ROW] = [120, 256];
const LENGTH = Uint16Array.from({ length: ROWS }, (_, row) => [256, 100, 33, 37, 32][row % 5]!);
const layout = {
  rows: ROWS,
  rowLength: ROW,
  documents: Array.from({ length: 12 }, (_, i) => ({ key: `d${i}`, split: (['train', 'test', 'reserve'] as const)[i % 3]! })),
  document: Uint32Array.from({ length: ROWS }, (_, row) => row % 12),
  length: LENGTH,
};
const tokens = Int32Array.from({ length: ROWS * ROW }, (_, at) => (at % ROW === 0 ? 1 : (at * 7919) % 5003));
// Fires on and off in three rows of four.
const place = Uint32Array.from(
  Array.from({ length: ROWS * ROW }, (_, at) => at).filter((at) => Math.floor(at / ROW) % 4 !== 0 && at % ROW < LENGTH[Math.floor(at / ROW)]! && at % 17 === 5),
);
const latent = { latent: 3, place, value: Float32Array.from(place, (at) => 1 + (at % 13)) };

it('holds every window that an exam of its protocol may hold', () => {
  for (const protocol of Object.values(PROTOCOLS)) {
    const known = new Set(examWindows(layout, protocol));
    const { test, negatives } = latentExamples({ table: new WindowTable(layout, protocol.windowLength, tokens), latent, protocol, seed: 22 });
    expect(test.length).toBeGreaterThan(20);
    expect(negatives.length).toBeGreaterThan(20);
    for (const { origin } of [...test, ...negatives]) expect(known.has(origin)).toBe(true);
  }
});

it('tells the windows of one protocol from those of another, each once and in order', () => {
  expect(new Set([ATLAS_PROTOCOL, PAPER_PROTOCOL, DELPHI_PROTOCOL].map((protocol) => JSON.stringify(examWindowsKey(protocol)))).size).toBe(3);
  for (const protocol of Object.values(PROTOCOLS)) {
    const windows = Array.from(examWindows(layout, protocol));
    expect(windows).toEqual([...new Set(windows)].sort((a, b) => a - b));
  }
});

it('finds a window again by what is shown of it', () => {
  for (const protocol of Object.values(PROTOCOLS)) {
    for (const origin of examWindows(layout, protocol)) {
      const { row, start, end } = shownSpan(layout, origin, protocol.windowLength);
      expect(originOf(layout, { row, start, tokens: { length: end - start } }, protocol.windowLength)).toBe(origin);
    }
  }
});
