'use client';

import Form from 'next/form';
import type { ReactNode } from 'react';

/** Fields left at “any” stay out of the address. */
function leaveOutEmpty(form: HTMLFormElement | null): (() => void) | undefined {
  if (form === null) return undefined;
  const onFormData = ({ formData }: FormDataEvent): void => {
    for (const [name, value] of [...formData]) if (value === '') formData.delete(name);
  };
  form.addEventListener('formdata', onFormData);
  return () => form.removeEventListener('formdata', onFormData);
}

/** A GET form that sends itself when a box is ticked or a choice made; without JavaScript its button does. */
export function AutoSubmit({ action, className, children, label }: { action: string; className?: string; children: ReactNode; label: string }) {
  return (
    <Form
      action={action}
      className={className}
      aria-label={label}
      scroll={false}
      ref={leaveOutEmpty}
      onChange={(event) => {
        const field = event.target;
        if (field instanceof HTMLSelectElement || (field instanceof HTMLInputElement && field.type === 'checkbox')) event.currentTarget.requestSubmit();
      }}
    >
      {children}
    </Form>
  );
}
