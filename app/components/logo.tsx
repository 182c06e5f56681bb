/** Nine latents, one of them firing. */
export function Logo() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" className="block flex-none">
      <g fill="currentColor" opacity=".32">
        {[3, 10, 17].flatMap((y) => [3, 10, 17].filter((x) => !(x === 17 && y === 3)).map((x) => <circle key={`${x}-${y}`} cx={x} cy={y} r="2" />))}
      </g>
      <circle cx="17" cy="3" r="3" fill="var(--fire)" />
    </svg>
  );
}
