'use client';

import { usePathname, useSearchParams } from 'next/navigation';
import { SearchField } from './search-field.tsx';

/** The header's search field; on the search page it holds what was asked. */
export function HeaderSearch() {
  const path = usePathname();
  const q = useSearchParams().get('q') ?? '';
  return <SearchField id="header-search" q={path === '/search' ? q : ''} />;
}
