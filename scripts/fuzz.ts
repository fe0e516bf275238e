// Hostile input by the minute: `npm run fuzz -- --seconds 600`, `-- --target api-server`, and again what failed:
// `-- --target api-server --seed 4711 --inputs 1`. Targets and oracles are in test/fuzz/.
import { parseArgs } from 'node:util';
import { fuzz } from '../test/fuzz/support/target.ts';
import { targets } from '../test/fuzz/targets/index.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
    seed: { type: 'string' },
    inputs: { type: 'string' },
  },
});
const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const limits = {
  firstSeed,
  inputsMax: values.inputs === undefined ? Number.MAX_SAFE_INTEGER : Number(values.inputs),
  msMax: (Number(values.seconds) * 1000) / chosen.length,
};
const say = (line: string) => process.stdout.write(`${line}\n`);

if (chosen.length === 0) {
  say(`no such target; there are ${targets.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
}
for (const target of chosen) {
  try {
    const tried = await fuzz(target, limits);
    say(`${target.name}: ${tried} inputs from seed ${firstSeed}, none of them did harm`);
  } catch (error) {
    say(`${(error as Error).message}\n${(error as Error & { cause?: Error }).cause?.stack ?? ''}`);
    process.exitCode = 1;
  }
}
