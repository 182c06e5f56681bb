import Link from 'next/link';
import type { LatentDetail } from '#lib/catalogue/schema.ts';
import type { LatentViewName } from '#lib/latent/view.ts';

import { href } from '#lib/url/href.ts';
import { isSilent } from './silent-windows.tsx';

/** What the main column shows. Links, so that each view has an address and works without JavaScript. */
export function LatentTabs({ address, view, latent, hasExam }: { address: string; view: LatentViewName; latent: LatentDetail; hasExam: boolean }) {
  const silent = latent.examples.filter(isSilent).length;
  const tabs: { view: LatentViewName; text: string; chip?: number }[] = [
    { view: 'lines', text: 'Lines' },
    { view: 'windows', text: 'Windows' },
    { view: 'negatives', text: 'Where it is silent', chip: silent },
    ...(hasExam ? [{ view: 'verdicts' as const, text: 'Right and wrong' }] : []),
  ];
  return (
    <nav className="tabs" aria-label="View of the examples">
      {tabs.map((tab) => (
        <Link
          key={tab.view}
          href={href(address, { view: tab.view === 'lines' ? undefined : tab.view })}
          aria-current={tab.view === view ? 'page' : undefined}
          scroll={false}
          prefetch={false}
        >
          {tab.text} {tab.chip !== undefined && <span className="chip">{tab.chip}</span>}
        </Link>
      ))}
    </nav>
  );
}
