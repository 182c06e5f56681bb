import { expect, it } from 'vitest';
import { enteredState } from './moderation.ts';

const stateOf = (...actions: ('entered' | 'withdrawn' | 'hidden' | 'shown')[]) => enteredState(actions.map((action) => ({ action })));

it('goes by the last word of an admin, and never behind a withdrawal', () => {
  expect(stateOf()).toBe('public');
  expect(stateOf('entered')).toBe('public');
  expect(stateOf('entered', 'hidden')).toBe('hidden');
  expect(stateOf('entered', 'hidden', 'shown')).toBe('public');
  expect(stateOf('entered', 'hidden', 'shown', 'hidden')).toBe('hidden');
  expect(stateOf('entered', 'withdrawn', 'shown')).toBe('withdrawn');
});
