import Form from 'next/form';

/** The one search field, in the header and large on the home page; a plain GET form. `/` brings the focus here. */
export function SearchField({ q = '', big = false, id }: { q?: string; big?: boolean; id: string }) {
  return (
    <Form
      action="/search"
      role="search"
      aria-label={big ? 'Search the atlas' : 'Search from here'}
      className={big ? 'field field-big' : 'field'}
      data-search-field={big ? 'big' : 'small'}
    >
      <svg width="15" height="15" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.6" className="flex-none">
        <circle cx="7" cy="7" r="4.6" />
        <path d="m10.6 10.6 3.6 3.6" />
      </svg>
      <label htmlFor={id} className="sr-only">
        Search explanations
      </label>
      <input
        key={q}
        id={id}
        type="search"
        name="q"
        defaultValue={q}
        maxLength={400}
        autoComplete="off"
        enterKeyHint="search"
        placeholder="A meaning, “exact words”, or model@coder:index"
      />
      <kbd className="needs-script max-lg:hidden" aria-hidden="true">
        /
      </kbd>
      <button type="submit" className={big ? 'btn btn-main' : 'sr-only'}>
        Search
      </button>
    </Form>
  );
}
