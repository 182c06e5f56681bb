import { plural } from '#lib/format/number.ts';
import { protocolNamed, type ProtocolName } from './protocol.ts';

/**
 * What must be said beside every score of a protocol that shows the explainer documents of its exam; null for those that
 * keep them apart. `overlap`: firing windows of the exam that were evidence too, null where it is not known.
 */
export function protocolNote(name: ProtocolName, overlap: number | null): string | null {
  if (protocolNamed(name).sides === 'documents') return null;
  const shared =
    overlap === null || overlap === 0 ? '' : `, and ${plural(overlap, 'firing window')} of the exam ${overlap === 1 ? 'was' : 'were'} shown to the explainer`;
  return `Protocol ${name}: evidence and exam share documents${shared}. Its scores come out higher than on unseen documents; compare them with published ones, never with those of protocol atlas.`;
}
