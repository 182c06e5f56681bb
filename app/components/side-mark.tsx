import type { Split } from '#lib/example/schema.ts';

/** Which side of the split a window is on: ■ evidence the explainer saw, □ exam it did not. */
export function SideMark({ split }: { split: Split }) {
  const evidence = split === 'train';
  return (
    <span className={evidence ? 'side side-train' : 'side'}>
      <span className="sr-only">{evidence ? 'evidence ' : 'exam '}</span>
    </span>
  );
}
