import { expect, test } from 'vitest';
import { protocolNote } from './protocol-note.ts';

test('only protocols whose sides share documents have something to confess, with the number where it is known', () => {
  expect(protocolNote('atlas', 0)).toBeNull();
  expect(protocolNote('paper', 17)).toContain('evidence and exam share documents, and 17 firing windows of the exam were shown');
  expect(protocolNote('delphi', 1)).toContain('1 firing window of the exam was shown');
  for (const unknown of [null, 0]) expect(protocolNote('paper', unknown)).toContain('share documents. Its scores');
});
