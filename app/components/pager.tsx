import Link from 'next/link';

/** Previous and next page of a list, and where one is in it. */
export function Pager({ page, pages, hrefOf }: { page: number; pages: number; hrefOf: (page: number) => string }) {
  if (pages <= 1) return null;
  return (
    <nav aria-label="Pages" className="mt-6 flex items-center gap-2 text-t1 text-ink-3">
      {page > 1 && (
        <Link className="btn" rel="prev" href={hrefOf(page - 1)} prefetch={false}>
          ← Previous
        </Link>
      )}
      <span className="num">
        {page} of {pages}
      </span>
      {page < pages && (
        <Link className="btn" rel="next" href={hrefOf(page + 1)} prefetch={false}>
          Next →
        </Link>
      )}
    </nav>
  );
}
