import { expect, it } from 'vitest';
import { standingScores, type TakenScore } from './standing.ts';

const score = (id: string, facts: Partial<TakenScore> = {}): TakenScore => ({
  id,
  scorer: 'detection',
  value: 0.8,
  examHash: 'e1',
  unanswered: false,
  ...facts,
});
const unanswered = (id: string, examHash = 'e1') => score(id, { value: null, unanswered: true, examHash });
const short = (id: string, examHash = 'e2') => score(id, { value: null, examHash });
const standing = (...newestFirst: TakenScore[]) => [...standingScores(newestFirst)];

it('is the newest of each scorer', () => {
  expect(standing()).toEqual([]);
  expect(standing(score('4'), score('3', { scorer: 'embedding' }), score('2'), score('1', { scorer: 'embedding' }))).toEqual(['4', '3']);
});

it('is an older value only where the same exam went unanswered since', () => {
  expect(standing(unanswered('2'), score('1'))).toEqual(['1']);
  expect(standing(unanswered('3'), unanswered('2'), score('1'))).toEqual(['1']);
  expect(standing(unanswered('2', 'e2'), score('1'))).toEqual(['2']);
  expect(standing(unanswered('3'), unanswered('2', 'e2'), score('1'))).toEqual(['3']);
  expect(standing(unanswered('1'))).toEqual(['1']);
  expect(standing(score('2', { value: null, unanswered: true, examHash: null }), score('1', { examHash: null }))).toEqual(['2']);
});

it('is a shortfall, whatever was measured before windows were taken down', () => {
  expect(standing(short('2'), score('1'))).toEqual(['2']);
  expect(standing(short('2', 'e1'), score('1'))).toEqual(['2']);
  expect(standing(unanswered('3'), short('2', 'e1'), score('1'))).toEqual(['3']);
});
