import { formatCount } from '#lib/format/number.ts';

/** One facet: its values as check boxes with the number of latents behind each. Works as a plain form field. */
export function FacetList({
  title,
  name,
  options,
  chosen,
  label = (value) => value,
}: {
  title: string;
  name: string;
  options: readonly { value: string; count: number }[];
  chosen: readonly string[];
  label?: (value: string) => string;
}) {
  const absent = chosen.filter((value) => !options.some((option) => option.value === value)).map((value) => ({ value, count: 0 }));
  const all = [...options, ...absent];
  if (all.length === 0) return null;
  return (
    <fieldset>
      <legend>{title}</legend>
      {all.map((option) => (
        <label key={option.value} className="option">
          <input type="checkbox" name={name} value={option.value} defaultChecked={chosen.includes(option.value)} />
          <span title={label(option.value)}>{label(option.value)}</span>
          <span className="num">{formatCount(option.count)}</span>
        </label>
      ))}
    </fieldset>
  );
}
