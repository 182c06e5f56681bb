import { parseArgs } from 'node:util';
import { errorMessage } from '#lib/errors/app-error.ts';
import { generateClient } from '#platform/database/generate-client.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { createLog } from '#platform/log/log.ts';
import { Console } from './console.ts';
import { readLine } from './format-line.ts';
import { StopList } from './stop-list.ts';

// `npm run demo`: the whole system on this machine. With --check: the same, then a check that it works, then the end.
// `npm run dev` adds --dev: the site from its sources.
const terminal = new Console(process.stdout);
// A terminal that was closed takes no more lines; what follows is the same as when it hangs up.
process.stdout.on('error', () => undefined);
try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
}
// Nothing is left to wait for; a stray handle must not keep a stopped launcher alive.
process.exit();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false }, dev: { type: 'boolean', default: false } } });
  const env = loadEnvironment(process.env);
  const write = (text: string) => {
    const line = readLine(text, 'launcher', new Date());
    if (line) terminal.line(line);
  };
  const log = createLog({ name: 'launcher', level: env.logLevel, destination: { write } });
  // What follows imports Prisma's client, which may have to be written first.
  if (generateClient()) log.info({ event: 'prisma_client_generated' });
  const { launch, signInHint } = await import('./launch.ts');
  const { checkInstance } = await import('./check.ts');
  const { openDatabase } = await import('#platform/database/database.ts');

  const stops = new StopList(log);
  const abort = new AbortController();
  let end: (code: number) => void = () => undefined;
  const over = new Promise<number>((resolve) => (end = resolve));
  const shutDown = (code: number) => {
    abort.abort();
    void stops.stop().then(() => end(code));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stops.stopping) log.warn({ event: 'still_stopping', signal });
      else log.info({ event: 'stopping', signal });
      shutDown(0);
    });
  }
  const onFatal = (error: unknown) => {
    log.error({ event: 'giving_up', error });
    shutDown(1);
  };

  try {
    const { environment, children } = await launch({ env, variables: process.env, dev: values.dev, log, terminal, stops, onFatal });
    if (!values.check) {
      const hint = signInHint(env, environment.siteUrl);
      if (terminal.interactive) {
        terminal.text(
          `\n  Latent Atlas is at ${environment.siteUrl}\n  Sign in at ${hint.url} as ${hint.email}${hint.passwordFile ? `; the password is in ${hint.passwordFile}` : ''}\n  Ctrl-C stops it.\n`,
        );
      } else log.info({ event: 'sign_in', ...hint });
      return await over;
    }
    const database = await openDatabase(environment.databaseUrl, { max: 2 });
    stops.add('check’s connection', () => database.close());
    const site = `http://${environment.siteHost}:${environment.sitePort}`;
    const summary = await checkInstance(database.pool, site, abort.signal);
    const crashes = children.site.crashes + children.worker.crashes;
    await stops.stop();
    terminal.text(crashes === 0 ? summary : `${summary}; ${crashes} crashes on the way`);
    return 0;
  } catch (error) {
    if (stops.stopping) return await over;
    await stops.stop();
    terminal.text(values.check ? `check failed: ${errorMessage(error)}` : errorMessage(error));
    return 1;
  }
}
