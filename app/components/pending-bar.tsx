'use client';

import { usePathname, useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';

/**
 * A hairline at the top while the next page is on its way. Pages come whole and not as skeletons filled in by scripts:
 * they stay readable without JavaScript, and a missing page keeps its status 404.
 */
export function PendingBar() {
  const here = `${usePathname()}?${useSearchParams().toString()}`;
  const [leaving, setLeaving] = useState<string | null>(null);
  useEffect(() => {
    const onClick = (event: MouseEvent): void => {
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      if (link === null || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || link.target !== '' || link.hasAttribute('download'))
        return;
      const to = new URL(link.href, location.href);
      if (to.origin === location.origin && !to.pathname.startsWith('/api/') && `${to.pathname}?${to.searchParams.toString()}` !== here) setLeaving(here);
    };
    const onSubmit = (event: SubmitEvent): void => {
      // Only forms that lead to a page; one that is sent to an action may stay where it is.
      if (event.target instanceof HTMLFormElement && event.target.getAttribute('action')?.startsWith('/')) setLeaving(here);
    };
    document.addEventListener('click', onClick);
    document.addEventListener('submit', onSubmit);
    return () => {
      document.removeEventListener('click', onClick);
      document.removeEventListener('submit', onSubmit);
    };
  }, [here]);
  return leaving === here ? <div className="pending" role="progressbar" aria-label="Loading the page" /> : null;
}
