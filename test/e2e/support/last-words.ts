// What a process said last, shown with the test that failed: on a machine of CI nobody can look for it.
import { afterEach, type SuiteContext, type TestContext } from 'node:test';

const shownCharacters = 4_000;
const failed: string[] = [];
afterEach((context: TestContext | SuiteContext) => {
  if ('passed' in context && !context.passed) failed.push(context.fullName);
});

/** To be called when the test has ended; one that passed says nothing. */
export function showLastWords(context: TestContext, who: string, text: string): void {
  const { fullName } = context;
  // A test does not count those within it.
  const ours = failed.some((name) => name === fullName || name.startsWith(`${fullName} > `));
  if (ours) context.diagnostic(`the last words of ${who}:\n${text.slice(-shownCharacters)}`);
}

/** Of what belongs to all tests of a file: to be called after them. */
export function showLastWordsOfFile(who: string, text: () => string): void {
  if (failed.length > 0) process.stdout.write(`the last words of ${who}:\n${text().slice(-shownCharacters)}\n`);
}
