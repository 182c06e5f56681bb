import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import { PICKLES, readShardIndex, SHARD_INDEX, SINGLE_FILE } from '#gpu-worker/model/weights.ts';
import { inSplit, isTextFile } from '#gpu-worker/text/text-spec.ts';
import { coderFiles, CODER_FILES_EXPECTED } from '#gpu-worker/sparse-coder/coder-layouts.ts';
import type { FilesWanted } from './snapshot.ts';

const CONFIG = 'config.json';
/** Small files that are used where they are there. */
const BESIDE = ['generation_config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'chat_template.jinja'];
const PICKLE = /\.(?:pt|pth|bin|pkl)$/;

/** What a language model needs of its folder: config, tokenizer, and weights in safetensors. `where` is for people. */
export function modelFiles(where: string): FilesWanted {
  return {
    kind: 'model',
    first(names) {
      if (!names.includes(CONFIG)) throw new AppError('not_found', `${where} has no ${CONFIG}: it is no checkpoint in Hugging Face's layout.`);
      const weights = [SINGLE_FILE, SHARD_INDEX].find((name) => names.includes(name));
      if (weights === undefined) {
        const pickle = PICKLES.find((name) => names.includes(name));
        if (pickle === undefined) throw new AppError('not_found', `${where} holds neither ${SINGLE_FILE} nor ${SHARD_INDEX}.`);
        throw new AppError(
          'unsupported',
          `${where} has its weights in ${pickle}, a Python pickle, which can run code when it is read; nothing was fetched. Choose a revision with safetensors.`,
        );
      }
      return [CONFIG, ...BESIDE.filter((name) => names.includes(name)), weights];
    },
    async then(dir) {
      const index = join(dir, SHARD_INDEX);
      // An index beside a single file is left over from a conversion.
      if ((await isFile(join(dir, SINGLE_FILE))) || !(await isFile(index))) return [];
      return [...new Set((await readShardIndex(index)).values())].sort();
    },
  };
}

/** Files that say how a sentence embedder is put together, and the folders of its modules. */
const EMBEDDER_FILES = ['modules.json', 'sentence_bert_config.json', 'config_sentence_transformers.json'];
const MODULE_CONFIG = /^\d+_[A-Za-z]+\/config\.json$/;

/** What a sentence embedder needs of its folder: a model's files, and those that make sentence vectors of it. */
export function embedderFiles(where: string): FilesWanted {
  const model = modelFiles(where);
  return {
    kind: 'embedder',
    async first(names, deeper) {
      if (!names.includes('modules.json'))
        throw new AppError('not_found', `${where} has no modules.json: it is no sentence embedder in the layout of sentence-transformers.`);
      const beside = (await deeper()).filter((path) => EMBEDDER_FILES.includes(path) || MODULE_CONFIG.test(path));
      return [...(await model.first(names, deeper)), ...beside];
    },
    then: model.then,
  };
}

/** What a sparse coder needs of its folder, by the format its files show. */
export function coderFilesWanted(where: string): FilesWanted {
  return {
    kind: 'coder',
    async first(names, deeper) {
      const all = await deeper();
      const files = coderFiles(all);
      if (files) return files;
      const folders = [...new Set(all.flatMap((path) => ancestors(path)))].filter((folder) => coderFiles(within(all, folder)) !== null).sort();
      const pickle = names.find((name) => PICKLE.test(name));
      const hint = folders.length > 0 ? ` It holds coders in ${folders.slice(0, 8).join(', ')}${folders.length > 8 ? ', …' : ''}: name one after a colon.` : '';
      const refusal = pickle !== undefined && folders.length === 0 ? ` ${pickle} is a Python pickle, which can run code when it is read.` : '';
      throw new AppError('unsupported', `${where} holds no sparse coder; ${CODER_FILES_EXPECTED} is expected.${hint}${refusal}`);
    },
    then: () => Promise.resolve([]),
  };
}

// Data sets come in hundreds of files; who wants more than a few names them, or a split.
const MAX_TEXT_FILES = 16;

/** The text files of a data set's folder: `file` alone when one is named, else those of the split. */
export function textFilesWanted(where: string, file: string | null, split: string | null): FilesWanted {
  return {
    kind: `text:${file ?? ''}:${split ?? ''}`,
    async first(names, deeper) {
      if (file !== null) {
        if (!names.includes(file)) throw new AppError('not_found', `${where} has no such file.`, { field: 'text' });
        return [file];
      }
      const found = (await deeper()).filter((name) => isTextFile(name) && inSplit(name, split)).sort();
      if (found.length === 0)
        throw new AppError('not_found', `${where} holds no .txt, .jsonl or .parquet file${split === null ? '' : ` of the split ${split}`}.`, { field: 'text' });
      if (found.length > MAX_TEXT_FILES)
        throw new AppError(
          'too_large',
          `${where} holds ${found.length} files of text; name one after a colon (such as ${found[0]}), or a folder or split of at most ${MAX_TEXT_FILES}.`,
          {
            field: 'text',
          },
        );
      return found;
    },
    then: () => Promise.resolve([]),
  };
}

function within(paths: readonly string[], folder: string): string[] {
  return paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
}

function ancestors(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
