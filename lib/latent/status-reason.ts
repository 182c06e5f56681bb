import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { protocolNamed } from '#lib/example/protocol.ts';
import { formatCount, plural } from '#lib/format/number.ts';
import { evidenceNeeded } from '#lib/run/evidence.ts';

/** `sample` may be left out, which means protocol atlas. */
type Counts = Partial<Pick<LatentDetail, 'sample'>> &
  Pick<LatentDetail, 'status' | 'tokenCount' | 'firingCount' | 'trainWindows' | 'testWindows' | 'trainDocuments' | 'testDocuments'>;

export const STATUS_NAMES: Record<LatentDetail['status'], string> = {
  ready: 'ready',
  dead: 'dead',
  too_few_windows: 'too few windows',
  too_few_documents: 'too few documents',
};

/** Why a latent has no explanation, with its own numbers; null for one that can have one. */
export function statusReason(latent: Counts): { title: string; text: string } | null {
  const protocol = protocolNamed(latent.sample?.protocol ?? 'atlas');
  const { minTrainWindows, minTestWindows, minDocuments } = protocol;
  const fired = `It fired on ${plural(latent.firingCount, 'token')} of ${formatCount(latent.tokenCount)}`;
  switch (latent.status) {
    case 'ready':
      return null;
    case 'dead':
      return {
        title: 'This latent never fired',
        text: `In ${plural(latent.tokenCount, 'token')} of text it stayed silent, so there is nothing to explain it from. Other text, or more of it, may wake it.`,
      };
    case 'too_few_windows':
      if (protocol.sides === 'shared')
        return {
          title: 'This latent fired too seldom',
          text: `${fired}, in ${plural(latent.trainWindows, 'window')}. ${evidenceNeeded(protocol.name)}`,
        };
      if (latent.trainWindows >= minTrainWindows && latent.testWindows >= minTestWindows)
        return {
          title: 'This latent is silent in too few windows',
          text: `${fired}, so widely that fewer than ${minTestWindows} windows of its exam’s side could be set against those it fires in. To test an explanation fairly takes as many, so none was made.`,
        };
      return {
        title: 'This latent fired in too few windows',
        text: `${fired}, in ${plural(latent.trainWindows, 'window')} that could be evidence and ${formatCount(latent.testWindows)} that could be its exam. To explain it and then test the explanation fairly takes ${minTrainWindows} and ${minTestWindows}, so neither was done.`,
      };
    case 'too_few_documents':
      if (Math.min(latent.trainDocuments, latent.testDocuments) >= minDocuments)
        return {
          title: 'This latent fired in too few documents',
          text: `${fired}, in ${plural(latent.trainDocuments, 'document')} that could be evidence and ${formatCount(latent.testDocuments)} that could be its exam, but nearly always in so few of them that the windows drawn are of fewer than ${minDocuments}. An explanation could fit those alone and still pass, so none was made.`,
        };
      return {
        title: 'This latent fired in too few documents',
        text: `${fired}, but only in ${plural(latent.trainDocuments, 'document')} that could be evidence and ${formatCount(latent.testDocuments)} that could be its exam. It takes ${minDocuments} on each side: an explanation could fit fewer alone and still pass, so none was made.`,
      };
  }
}
