'use client';

import './styles/atlas.css';
import ErrorPage from './error.tsx';

/** When the frame itself cannot be drawn. */
export default function GlobalError(props: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Latent Atlas</title>
        <ErrorPage {...props} />
      </body>
    </html>
  );
}
