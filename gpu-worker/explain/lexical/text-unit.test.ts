import { expect, it } from 'vitest';
import { shapesOf, unitKind } from './text-unit.ts';

it.each([
  [' the', 'word'],
  ["'ve", 'word'],
  ["'", 'mark'],
  [' 1812', 'number'],
  ['.', 'mark'],
  [' "', 'mark'],
  ['\n', 'break'],
  [' \n', 'break'],
  ['  ', 'blank'],
  ['', 'blank'],
  [' Éire', 'word'],
  ['𝒳', 'word'],
  ['�', 'mark'],
])('%j is a %s', (text, kind) => {
  expect(unitKind(text)).toBe(kind);
});

it.each([
  ['word', 'Spain', ['capitalised']],
  ['word', 'NAVY', ['all capitals']],
  ['word', 'I', ['capitalised']],
  ['word', 'spain', []],
  ['word', '東京', []],
  ['number', '1812', ['year', 'number']],
  ['number', '1492', ['number']],
  ['number', '2099', ['year', 'number']],
  ['mark', ',', ['comma', 'punctuation']],
  ['mark', '§', ['symbol', 'punctuation']],
  ['mark', '...', ['ellipsis', 'punctuation']],
  ['break', '\n', ['line break']],
  ['blank', '', []],
] as const)('a %s %j looks like %j', (kind, text, shapes) => {
  expect(shapesOf(kind, text)).toEqual(shapes);
});
