import Link from 'next/link';
import type { Theme } from '#lib/theme/theme.ts';
import { HeaderSearch } from './header-search.tsx';
import { Logo } from './logo.tsx';
import { ThemeToggle } from './theme-toggle.tsx';

/** Who is looking, as far as the header cares. */
export interface Viewer {
  name: string;
  admin: boolean;
}

export function SiteHeader({ theme, viewer, signOut }: { theme: Theme; viewer: Viewer | null; signOut: () => Promise<void> }) {
  const links = [
    { href: '/#models', text: 'Models' },
    { href: '/about', text: 'About' },
    { href: '/docs/api', text: 'API' },
    ...(viewer?.admin ? [{ href: '/admin/runs', text: 'Runs' }] : []),
  ];
  const account =
    viewer === null ? (
      <Link href="/sign-in" prefetch={false}>
        Sign in
      </Link>
    ) : (
      <form action={signOut}>
        <button type="submit" className="cursor-pointer hover:text-accent" title={`Signed in as ${viewer.name}`}>
          Sign out
        </button>
      </form>
    );
  return (
    <header className="site-header">
      <Link href="/" className="flex items-center gap-2 font-[650] tracking-[-0.01em] whitespace-nowrap">
        <Logo />
        <span className="max-sm:sr-only">Latent Atlas</span>
      </Link>
      <HeaderSearch />
      <nav aria-label="Site" className="ml-auto flex items-center gap-4 text-t1 text-ink-2 max-lg:hidden">
        {links.map((link) => (
          <Link key={link.href} href={link.href} prefetch={false}>
            {link.text}
          </Link>
        ))}
        {account}
      </nav>
      <div className="max-lg:ml-auto flex items-center gap-2">
        <ThemeToggle initial={theme} />
        <details className="menu lg:hidden" name="menu">
          <summary className="btn">Menu</summary>
          <div className="text-t2">
            {links.map((link) => (
              <Link key={link.href} href={link.href} prefetch={false}>
                {link.text}
              </Link>
            ))}
            {account}
          </div>
        </details>
      </div>
    </header>
  );
}
