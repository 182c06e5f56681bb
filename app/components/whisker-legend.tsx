/** What the marks of a whisker mean, in words. */
export function WhiskerLegend({ of = 'windows' }: { of?: 'windows' | 'latents' }) {
  return (
    <p className="legend">
      <span>
        <span aria-hidden="true" className="text-accent">
          ●
        </span>{' '}
        score on its 95 % interval
      </span>
      <span>
        <span aria-hidden="true">◇</span> control: another latent’s explanation on the same exam
      </span>
      <span>
        <span aria-hidden="true">│</span> chance, 0.50
      </span>
      <span>± half the interval · number of {of}</span>
    </p>
  );
}
