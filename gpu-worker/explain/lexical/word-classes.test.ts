import { expect, it } from 'vitest';
import { isContentWord, suffixOf, wordClass } from './word-classes.ts';

it('knows closed-class words and no others', () => {
  expect(['the', 'should', 'among', 'they', 'march', 'treasury'].map(wordClass)).toEqual([
    'article',
    'modal verb',
    'preposition',
    'personal pronoun',
    'month',
    null,
  ]);
});

it('finds the most telling ending that leaves two letters', () => {
  expect(['nation', 'taxation', 'speaking', 'king', 'ring', 'sing', 'ships', 'class', 'is', 'happiness'].map(suffixOf)).toEqual([
    'tion',
    'ation',
    'ing',
    null,
    null,
    null,
    's',
    null,
    null,
    'ness',
  ]);
});

it('takes as content what can say what a text is about', () => {
  expect(['navy', 'april', 'of', "we've", 'ox', 'very'].filter(isContentWord)).toEqual(['navy', 'april']);
});
