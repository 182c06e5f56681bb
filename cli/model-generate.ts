import { AppError } from '#lib/errors/app-error.ts';
import { openCachedDecoder } from '#gpu-worker/model/cached-decoder.ts';
import { formatChat } from '#gpu-worker/model/chat-template.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { generate } from '#gpu-worker/model/generate.ts';
import type { Intervention, InterventionSite } from '#gpu-worker/model/intervention.ts';
import { stopTokens } from '#gpu-worker/model/stop-tokens.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { loadEnvironment, type Environment } from '#platform/environment/environment.ts';
import { locateModel } from './locate.ts';
import { openCoder } from './open-coder.ts';
import { runtimeOptions } from './runtime-options.ts';

export interface GenerateOptions {
  model: string;
  prompt: string;
  chat: boolean;
  maxTokens: number;
  seed?: number;
  temperature?: number;
  topP: number;
  steer?: string;
  hookpoint?: string;
}

/** Continues a prompt and prints the new text. */
export async function modelGenerate(options: GenerateOptions, print: (line: string) => void): Promise<void> {
  const environment = loadEnvironment(process.env);
  const { dir } = await locateModel(environment, options.model);
  const checkpoint = await openCheckpoint(dir);
  const tokenizer = await openTokenizer(dir);
  const prompt = options.chat
    ? tokenizer.encode(await formatChat(dir, [{ role: 'user', content: options.prompt }]))
    : tokenizer.encodeWithSpecials(options.prompt);
  const steering = options.steer === undefined ? null : await openSteering(environment, checkpoint, options.steer, options.hookpoint);
  const decoder = await openCachedDecoder({
    checkpoint,
    sites: steering === null ? [] : [steering.site],
    ...runtimeOptions(environment),
  });
  try {
    const [tokens] = await generate(decoder, [prompt], {
      maxTokens: options.maxTokens,
      temperature: options.temperature ?? (options.seed === undefined ? 0 : 1),
      topP: options.topP,
      seed: options.seed ?? 0,
      stopIds: await stopTokens(checkpoint, tokenizer),
      interventions: steering === null ? [] : [steering.intervention],
    });
    print(tokenizer.decode(tokens!));
  } finally {
    await decoder.close();
  }
}

/** CODER:LATENT:STRENGTH read from its end, as a coder's name may hold colons. Throws AppError 'bad_request'. */
export function parseSteering(text: string): { coder: string; latent: number; strength: number } {
  const match = /^(.+):(\d+):([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)$/.exec(text);
  if (!match) throw new AppError('bad_request', `${text} is not CODER:LATENT:STRENGTH, e.g. models/presidents-4m-coders/layers.2:17:8.`, { field: 'steer' });
  return { coder: match[1]!, latent: Number(match[2]), strength: Number(match[3]) };
}

async function openSteering(
  environment: Environment,
  checkpoint: Checkpoint,
  text: string,
  hookpoint: string | undefined,
): Promise<{ site: InterventionSite; intervention: Intervention }> {
  const { coder: name, latent, strength } = parseSteering(text);
  const { coder, hookpoint: readAt } = await openCoder(environment, name, { checkpoint, hookpoint });
  return {
    site: { kind: 'latents', hookpoint: hookpoint ?? coder.outputHookpoints[0] ?? readAt, readAt, coder },
    intervention: { site: 0, latent, mode: 'add', value: strength },
  };
}
