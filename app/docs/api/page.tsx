import type { Metadata } from 'next';
import { ApiOperationCard } from '#app/components/api-operation-card.tsx';
import { siteUrl } from '#app/site-url.ts';
import { apiReference } from '#lib/openapi/operations.ts';
import { openApiDocument } from '#server/api/openapi.ts';
import { VERSION } from '#server/version.ts';

export const metadata: Metadata = {
  title: 'API',
  description: 'The REST API of this atlas: every address, its parameters and its answers, from its OpenAPI 3.1 document.',
  alternates: { canonical: '/docs/api' },
};

export default async function ApiPage() {
  const reference = apiReference(openApiDocument((await siteUrl()).href, VERSION));
  return (
    <main id="main">
      <div className="with-facets">
        <nav aria-label="Operations" className="self-start text-t1 max-lg:hidden lg:sticky lg:top-[72px]">
          {reference.groups.map((group) => (
            <div key={group.name} className="mb-4">
              <p className="mb-1 font-semibold text-ink-2">{group.name}</p>
              <ul>
                {group.operations.map((operation) => (
                  <li key={operation.id} className="py-[2px]">
                    <a href={`#${operation.id}`}>{operation.summary}</a>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </nav>
        <div className="min-w-0 max-w-[56rem]">
          <h1>API</h1>
          <p className="mt-2 max-w-[42em] text-ink-2">{reference.description}</p>
          <p className="facts mt-3 mb-6">
            <span>
              version <b className="num">{reference.version}</b>
            </span>
            <span className="mono break-all">{reference.base}</span>
            <a className="link" href="/api/v1/openapi.json">
              OpenAPI 3.1 document
            </a>
          </p>
          <p className="note mb-6">
            Refusals and failures are problem documents (RFC 9457, <code>application/problem+json</code>) with a <code>code</code> to branch on and, where
            fields are at fault, an <code>errors</code> list that names them.
          </p>
          {reference.groups.map((group) => (
            <section key={group.name} className="section">
              <h2 className="!text-t3 !text-ink">{group.name}</h2>
              {group.operations.map((operation) => (
                <ApiOperationCard key={operation.id} operation={operation} base={reference.base} />
              ))}
            </section>
          ))}
        </div>
      </div>
    </main>
  );
}
