import { AppError } from '#lib/errors/app-error.ts';
import type { RawConfig } from '#gpu-worker/model/families/family.ts';
import type { EncoderSpec } from '#gpu-worker/embed/encoder-spec.ts';
import { bert, roberta } from './bert.ts';
import { mpnet } from './mpnet.ts';

const FAMILIES: Readonly<Record<string, (raw: RawConfig, where: string) => EncoderSpec>> = {
  bert,
  roberta,
  'xlm-roberta': roberta,
  mpnet,
};

/** Describes an encoder by its `config.json`. Throws AppError 'unsupported' for another family, 'invalid_config' naming the key. */
export function encoderSpec(raw: RawConfig, where: string): EncoderSpec {
  const type = raw['model_type'];
  const describe = typeof type === 'string' && Object.hasOwn(FAMILIES, type) ? FAMILIES[type] : undefined;
  if (!describe) {
    const known = Object.keys(FAMILIES).join(', ');
    throw new AppError(
      'unsupported',
      `${where}: model_type ${JSON.stringify(type) ?? '(missing)'} is no sentence encoder that is supported; choose one of ${known}.`,
      {
        field: 'model_type',
      },
    );
  }
  return describe(raw, where);
}
