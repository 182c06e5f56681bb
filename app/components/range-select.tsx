/** A bound for a number as a list of sensible steps; a value from the address that is none of them is offered too. */
export function RangeSelect({
  label,
  name,
  value,
  steps,
  format,
}: {
  label: string;
  name: string;
  value: number | undefined;
  steps: readonly number[];
  format: (value: number) => string;
}) {
  const offered = value === undefined || steps.includes(value) ? steps : [...steps, value].sort((a, b) => a - b);
  return (
    <label className="facet flex flex-col gap-1">
      <span className="font-semibold text-ink-2">{label}</span>
      <select key={value} name={name} defaultValue={value ?? ''} className="input">
        <option value="">any</option>
        {offered.map((step) => (
          <option key={step} value={step}>
            {format(step)}
          </option>
        ))}
      </select>
    </label>
  );
}
