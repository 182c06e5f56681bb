import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

// A template comes with a checkpoint from outside and is a program: loops and strings can be made to grow without end.
const MAX_TEMPLATE_BYTES = 256 * 1024;
const MAX_OUTPUT_CHARACTERS = 4_000_000;
const MAX_SECONDS = 5;
const MAX_MEMORY_MB = 256;

const named = z.array(z.looseObject({ name: z.string(), template: z.string() }));
const token = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const configSchema = z.looseObject({ chat_template: z.union([z.string(), named]).nullish(), bos_token: token, eos_token: token });

// Plain JavaScript, so that it runs wherever this file runs, whatever compiles the rest.
const RENDER = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.jinja).then(({ Template }) => {
  const template = new Template(workerData.template);
  let left = workerData.limit;
  const texts = workerData.contexts.map((context) => {
    const text = template.render(context);
    left -= text.length;
    if (left < 0) throw new Error('the result is longer than ' + workerData.limit + ' characters');
    return text;
  });
  parentPort.postMessage({ texts });
}).catch((error) => parentPort.postMessage({ error: String(error && error.message || error) }));
`;

/**
 * Formats messages by the chat template of a checkpoint folder (`chat_template.jinja`, or the key in
 * `tokenizer_config.json`), ready for the assistant's answer. The text holds the special tokens; encode it without
 * adding more. The template runs apart, with limits on time, memory and size. Throws AppError 'unsupported' when the
 * checkpoint has no template, 'invalid_config' when it fails or exceeds the limits.
 */
export async function formatChat(dir: string, messages: readonly ChatMessage[]): Promise<string> {
  return (await format(dir, [messages], true))[0]!;
}

/** Writes out finished conversations by the checkpoint's template, as text to be read. Throws as `formatChat` does. */
export function formatConversations(dir: string, conversations: readonly (readonly ChatMessage[])[]): Promise<string[]> {
  return format(dir, conversations, false);
}

async function format(dir: string, conversations: readonly (readonly ChatMessage[])[], openEnded: boolean): Promise<string[]> {
  const { template, config } = await readTemplate(dir);
  const text = (value: z.infer<typeof token>): string => (typeof value === 'string' ? value : (value?.content ?? ''));
  const context = { add_generation_prompt: openEnded, bos_token: text(config.bos_token), eos_token: text(config.eos_token) };
  try {
    return await render(
      template,
      conversations.map((messages) => ({ ...context, messages })),
    );
  } catch (cause) {
    throw new AppError('invalid_config', `The chat template of ${dir} failed: ${errorMessage(cause)}`, { cause });
  }
}

/** The chat template of a checkpoint folder with the config it belongs to. Throws AppError 'unsupported' when there is none. */
export async function readTemplate(dir: string): Promise<{ template: string; config: z.infer<typeof configSchema> }> {
  const config = await readConfig(join(dir, 'tokenizer_config.json'));
  const template = (await readTemplateFile(join(dir, 'chat_template.jinja'))) ?? templateOf(config);
  if (template === null)
    throw new AppError('unsupported', `${dir} has no chat template, so conversations cannot be written out for it: give plain text, or a model that has one.`);
  if (template.length > MAX_TEMPLATE_BYTES)
    throw new AppError('invalid_config', `The chat template of ${dir} is longer than ${MAX_TEMPLATE_BYTES} characters.`);
  return { template, config };
}

async function render(template: string, contexts: readonly unknown[]): Promise<string[]> {
  const jinja = pathToFileURL(createRequire(import.meta.url).resolve('@huggingface/jinja')).href;
  const worker = new Worker(RENDER, {
    eval: true,
    execArgv: [],
    env: {},
    workerData: { jinja, template, contexts, limit: MAX_OUTPUT_CHARACTERS },
    resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const result = await new Promise<{ texts?: string[]; error?: string }>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`it took longer than ${MAX_SECONDS} seconds`)), MAX_SECONDS * 1000);
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (result.texts === undefined) throw new Error(result.error ?? 'it gave no text');
    return result.texts;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

async function readConfig(path: string): Promise<z.infer<typeof configSchema>> {
  try {
    return configSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new AppError('unsupported', `${path} cannot be read, so there is no chat template: ${errorMessage(cause)}`, { cause });
  }
}

async function readTemplateFile(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  if (!found) return null;
  if (found.size > MAX_TEMPLATE_BYTES) throw new AppError('invalid_config', `${path} is longer than ${MAX_TEMPLATE_BYTES} bytes.`);
  return readFile(path, 'utf8');
}

/** The template that a config holds: the one named `default` where there are several. */
function templateOf({ chat_template: stated }: z.infer<typeof configSchema>): string | null {
  if (stated === null || stated === undefined || typeof stated === 'string') return stated ?? null;
  return (stated.find(({ name }) => name === 'default') ?? stated[0])?.template ?? null;
}
