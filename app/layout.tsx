import './styles/atlas.css';
import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { readTheme, type Theme } from '#lib/theme/theme.ts';
import { PendingBar } from './components/pending-bar.tsx';
import { Shortcuts } from './components/shortcuts.tsx';
import { SiteHeader } from './components/site-header.tsx';
import { signOut } from './sign-in/actions.ts';
import { siteUrl } from './site-url.ts';
import { currentViewer } from './viewer.ts';

export async function generateMetadata(): Promise<Metadata> {
  return {
    metadataBase: await siteUrl(),
    title: { default: 'Latent Atlas', template: '%s · Latent Atlas' },
    description: 'Every latent of a sparse coder explained in plain words, scored on text it was not explained from, and searchable.',
    openGraph: { siteName: 'Latent Atlas', type: 'website', locale: 'en_GB' },
  };
}

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const [cookieStore, requestHeaders, viewer] = await Promise.all([cookies(), headers(), currentViewer()]);
  const theme = readTheme(cookieStore.get('theme')?.value);
  if (requestHeaders.get('x-atlas-embed') === '1') return <Html theme={theme}>{children}</Html>;
  return (
    <Html theme={theme}>
      <a href="#main" className="skip">
        Skip to the content
      </a>
      <SiteHeader theme={theme} viewer={viewer} signOut={signOut} />
      {children}
      <footer className="site-footer">
        <span>Latent Atlas</span>
        <Link href="/about" prefetch={false}>
          How it is made
        </Link>
        <Link href="/docs/api" prefetch={false}>
          API
        </Link>
        <span className="needs-script">
          Press <kbd>?</kbd> for keyboard shortcuts
        </span>
      </footer>
      <PendingBar />
      <Shortcuts />
    </Html>
  );
}

function Html({ theme, children }: { theme: Theme; children: ReactNode }) {
  return (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme} suppressHydrationWarning>
      <body>{children}</body>
    </html>
  );
}
