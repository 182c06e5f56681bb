import Link from 'next/link';
import type { ReactNode } from 'react';

/** Where a page lies: `model › coder › index`; beside it the ways on. */
export function Breadcrumbs({ items, children }: { items: readonly { text: string; href?: string; mono?: boolean }[]; children?: ReactNode }) {
  return (
    <div className="crumbs">
      <nav aria-label="Breadcrumbs" className="min-w-0">
        <ol className="flex flex-wrap items-center gap-x-2">
          {items.map((item, i) => (
            <li key={item.text} className="flex min-w-0 items-center gap-2">
              {i > 0 && <span aria-hidden="true">›</span>}
              {item.href === undefined ? (
                <span aria-current="page" className={item.mono ? 'num' : ''}>
                  {item.text}
                </span>
              ) : (
                <Link href={item.href} className="text-ink-2" prefetch={false}>
                  {item.text}
                </Link>
              )}
            </li>
          ))}
        </ol>
      </nav>
      {children !== undefined && <div className="ml-auto flex flex-wrap gap-1 max-sm:ml-0 max-sm:basis-full">{children}</div>}
    </div>
  );
}
