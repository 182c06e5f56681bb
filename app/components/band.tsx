import type { ReactNode } from 'react';

/** The heading of a group of examples, with a hairline to the edge. */
export function Band({ children }: { children: ReactNode }) {
  return <h3 className="band">{children}</h3>;
}
