/** Names and values as they are stored. */
export function RunPairs({ of }: { of: readonly (readonly [string, unknown])[] }) {
  return (
    <dl className="pairs">
      {of.map(([name, value]) => (
        <div key={name} className="contents">
          <dt>{name}</dt>
          <dd className="mono break-all">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
