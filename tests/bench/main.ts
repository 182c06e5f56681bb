import { benchLatents } from './latents.ts';
import { benchPeers } from './peers.ts';
import { benchPlantedInstructions } from './planted-instructions.ts';
import { benchLlm } from './llm.ts';
import type { Print } from './print.ts';
import { benchRuntime } from './runtime.ts';
import { benchStore } from './store.ts';

/** The benches by name; each prints its figures as JSON, one a line. */
const BENCHES: Readonly<Record<string, (print: Print) => Promise<void>>> = {
  runtime: benchRuntime,
  peers: benchPeers,
  store: benchStore,
  latents: benchLatents,
  llm: benchLlm,
  instructions: benchPlantedInstructions,
};

const name = process.argv[2] ?? '';
const bench = BENCHES[name];
if (bench) await bench((line) => process.stdout.write(`${JSON.stringify(line)}\n`));
else {
  process.stderr.write(`Which bench? npm run bench -- ${Object.keys(BENCHES).join(' | ')}\n`);
  process.exitCode = 1;
}
