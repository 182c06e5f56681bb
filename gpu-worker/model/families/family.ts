import type { DecoderSpec } from '#gpu-worker/model/decoder-spec.ts';

export type RawConfig = Readonly<Record<string, unknown>>;

/** One model family: how its `config.json` becomes a description of the decoder. */
export interface Family {
  /** `model_type` in config.json. */
  modelType: string;
  /** Throws AppError 'invalid_config' or 'unsupported', naming the key. `where` names the file in messages. */
  describe(config: RawConfig, where: string): DecoderSpec;
}
