import type { Rng } from '#lib/random/rng.ts';
import type { Reading } from '#gpu-worker/model/prefix-decoder.ts';
import { sampleToken } from '#gpu-worker/model/sampling.ts';
import type { Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import type { FormPart } from './answer-form.ts';
import type { TokenLogprob } from './chat-client.ts';
import { tokenLogprob } from './token-logprob.ts';

export interface WriteOptions {
  /** Longest answer, in tokens. */
  maxTokens: number;
  temperature: number;
  rng: Rng;
  stopIds: readonly number[];
  /** Likeliest tokens told of each place; null: no log-probabilities. */
  top: number | null;
}

export interface Written {
  text: string;
  /** Tokens of the answer. */
  count: number;
  ended: 'stop' | 'length';
  logprobs: TokenLogprob[] | null;
}

/** Tokens read ahead in a pass: a pass over 24 takes a sixth longer than one over a single token. */
const MOST_AHEAD = 32;

/** What of a text is the inside of a JSON string. */
const INSIDE = /^(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*/u;
/** An escape of which only the beginning stands. */
const BEGUN_ESCAPE = /^\\(?:u[\dA-Fa-f]{0,3})?$/;

/**
 * Lets a model write an answer of a form and no other: it decides where the form leaves a choice, by its own odds among
 * what is allowed there, and what is fixed is written without asking it. A text ends where the model closes it, stops, or
 * writes what no JSON string may hold. Log-probabilities are those under the form: 0 for what is fixed, the end of a text
 * included. The answer is cut off (`length`) where `maxTokens` or the model's context ends first. Throws as `Reading.write`.
 */
export async function writeForm(reading: Reading, tokenizer: Tokenizer, form: readonly FormPart[], options: WriteOptions): Promise<Written> {
  const { maxTokens, temperature, rng, stopIds, top } = options;
  const most = Math.min(maxTokens, reading.room);
  const [ids, logprobs]: [number[], TokenLogprob[]] = [[], []];
  let text = '';
  let lastChoice = '';
  /** Chosen, and not yet read by the model. */
  let pending: number[] = [];

  const put = (token: number, logits: Float32Array | null, allowed?: readonly number[]): void => {
    ids.push(token);
    pending.push(token);
    if (top !== null) logprobs.push(tokenLogprob(tokenizer, token, logits, top, allowed));
  };
  const catchUp = async (likely?: readonly number[]): Promise<void> => {
    if (pending.length > 0) await reading.write(pending, likely);
    pending = [];
  };
  /** The model's choice among some tokens, or all. */
  const draw = (allowed?: readonly number[]): number => {
    const drawn = sampleToken(allowed ? Float32Array.from(allowed, (id) => reading.logits[id]!) : reading.logits, { temperature, topP: 1 }, rng);
    return allowed ? allowed[drawn]! : drawn;
  };
  /** Tokens of a text that follows what stands already. */
  const following = (next: string): number[] => {
    // Where its first letters would be one token with what stands, it is written as on a new line: by itself, some
    // tokenizers (SentencePiece) would put a space before it.
    for (const lead of [text, '\n']) {
      const [before, whole] = [tokenizer.encode(lead), tokenizer.encode(lead + next)];
      if (before.every((id, i) => whole[i] === id)) return [...whole.subarray(before.length)];
    }
    return [...tokenizer.encode(next)];
  };
  const cut = (): Written => ({ text, count: ids.length, ended: 'length', logprobs: top === null ? null : logprobs });

  /** What is likely to stand from a part of the form on, up to where the model is free: the choice that it made last, again and again. */
  const foreseen = (from: number): number[] => {
    const end = form.findIndex(({ kind }, i) => i >= from && kind !== 'fixed' && kind !== 'choice');
    const parts = form.slice(from, end < 0 ? undefined : end);
    const said = parts.map((part) =>
      part.kind === 'choice' ? (part.options.find((option) => option === lastChoice) ?? part.options[0]!) : (part as { text: string }).text,
    );
    return following(said.join('')).slice(0, MOST_AHEAD);
  };

  /** Writes one of some texts, and gives it; null where the room ended first. `ahead`: what is likely to follow what stands. */
  const choose = async (texts: readonly string[], ahead: () => number[]): Promise<string | null> => {
    let left = texts.map((option) => ({ option, tokens: following(option) }));
    for (let at = 0; at < Math.max(...left.map(({ tokens }) => tokens.length)); at++) {
      if (ids.length >= most) return null;
      const allowed = [...new Set(left.map(({ tokens }) => tokens[at]).filter((token) => token !== undefined))];
      let token = allowed[0]!;
      if (allowed.length > 1) {
        await catchUp(at === 0 ? ahead() : undefined);
        token = draw(allowed);
        put(token, reading.logits, allowed);
      } else put(token, null);
      left = left.filter(({ tokens }) => tokens[at] === token);
    }
    text += left[0]!.option;
    return left[0]!.option;
  };

  /** The tokens that go on with an escape. */
  const finishing = (escape: string): number[] =>
    [...reading.logits.keys()].filter((id) => {
      const more = tokenizer.decode([id]);
      const [all, inside] = [escape + more, INSIDE.exec(escape + more)![0]];
      return more !== '' && (inside === all || BEGUN_ESCAPE.test(all));
    });

  /** Writes the inside of a string. Gives what it wrote, or null where the room ended first. */
  const writeString = async (): Promise<string | null> => {
    const [own, before]: [number[], number] = [[], ids.length];
    let [written, begun] = ['', ''];
    while (before + own.length < most) {
      await catchUp();
      // An escape that was begun cannot be taken back, and a text cannot end in it.
      const allowed = begun === '' ? undefined : finishing(begun);
      const token = draw(allowed);
      const all = stopIds.includes(token) ? `${written}"` : tokenizer.decode([...own, token]);
      const inside = INSIDE.exec(all)![0];
      begun = BEGUN_ESCAPE.exec(all.slice(inside.length))?.[0] ?? '';
      if (inside.length + begun.length < all.length) return inside.slice(written.length);
      own.push(token);
      put(token, reading.logits, allowed);
      // A character that is split over tokens, or an escape of which only the beginning stands, is not at its end.
      if (begun === '' && !all.endsWith('\ufffd')) {
        text += all.slice(written.length);
        written = all;
      }
    }
    return null;
  };

  /** Writes anything at all. Gives whether the model came to an end. */
  const writeAnything = async (): Promise<boolean> => {
    let ended = false;
    while (!ended && ids.length < most) {
      await catchUp();
      const token = draw();
      ended = stopIds.includes(token);
      if (!ended) put(token, reading.logits);
    }
    text = tokenizer.decode(ids);
    return ended;
  };

  let carried = '';
  for (const [i, part] of form.entries()) {
    if (part.kind === 'anything') {
      if (!(await writeAnything())) return cut();
      continue;
    }
    if (part.kind === 'string') {
      const rest = await writeString();
      if (rest === null) return cut();
      carried = rest;
      continue;
    }
    // What follows a choice is a part of it, so that no option is the beginning of another.
    if (part.kind === 'fixed' && form[i - 1]?.kind === 'choice') continue;
    const next = form[i + 1];
    const tail = part.kind === 'choice' && next?.kind === 'fixed' ? next.text : '';
    const texts = part.kind === 'fixed' ? [carried + part.text] : part.options.map((option) => option + tail);
    carried = '';
    const written = await choose(texts, () => foreseen(i));
    if (written === null) return cut();
    if (part.kind === 'choice') lastChoice = part.options[texts.indexOf(written)]!;
  }
  return { ...cut(), ended: 'stop' };
}
