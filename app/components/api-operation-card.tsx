import type { ApiOperation } from '#lib/openapi/operations.ts';
import { outline } from '#lib/openapi/outline.ts';

/** One operation of the API: what it does, what it takes, what it answers, and a command that tries it. */
export function ApiOperationCard({ operation, base }: { operation: ApiOperation; base: string }) {
  return (
    <article className="card mb-4" id={operation.id}>
      <div>
        <h3>{operation.summary}</h3>
        <p className="mt-1 flex flex-wrap items-center gap-2">
          <span className={operation.method === 'GET' ? 'chip' : 'chip chip-on'}>{operation.method}</span>
          <span className="mono min-w-0 break-all">{operation.path}</span>
          {!operation.open && <span className="chip">admin’s key</span>}
        </p>
        {operation.description !== '' && <p className="mt-2 text-t1 text-ink-2">{operation.description}</p>}
        {operation.parameters.length > 0 && (
          <dl className="pairs mt-3">
            {operation.parameters.map((parameter) => (
              <div key={parameter.name} className="contents">
                <dt className="mono">
                  {parameter.name}
                  {parameter.required ? '' : '?'}
                </dt>
                <dd>
                  <span className="mono break-words">{outline(parameter.schema)}</span>
                  {parameter.schema.default !== undefined && <span className="text-ink-3"> = {JSON.stringify(parameter.schema.default)}</span>}
                  {parameter.description !== '' && <span className="text-ink-3"> · {parameter.description}</span>}
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
      {operation.body !== null && <Outline title="Body" text={outline(operation.body)} open />}
      {operation.answer !== null && <Outline title="Answer" text={outline(operation.answer)} />}
      <div>
        <pre className="copyable" tabIndex={0} aria-label={`Command for ${operation.summary}`}>
          {command(operation, base)}
        </pre>
        <p className="mt-1 text-t0 text-ink-3">
          {operation.refusals.map(({ status, description }) => `${status} ${description.replaceAll('`', '')}`).join(' · ')}
        </p>
      </div>
    </article>
  );
}

function Outline({ title, text, open = false }: { title: string; text: string; open?: boolean }) {
  return (
    <details open={open}>
      <summary className="text-t1 text-ink-2">{title}</summary>
      <pre className="copyable mt-2" tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </details>
  );
}

function command(operation: ApiOperation, base: string): string {
  const method = operation.method === 'GET' ? '' : ` -X ${operation.method}`;
  const key = operation.open ? '' : ' -H "x-api-key: $ATLAS_KEY"';
  const body = operation.body === null ? '' : ` -H 'content-type: application/json' -d @body.json`;
  return `curl${method}${key}${body} '${base}${operation.path}'`;
}
