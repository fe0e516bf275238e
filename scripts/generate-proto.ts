// Makes TypeScript of every .proto under src/, into generated/ beside it: `npm run generate`. What it makes is
// committed, so that nobody needs buf to run or test the project.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const binaries = join(root, 'node_modules', '.bin');

for (const folder of new Set(globSync('src/**/*.proto', { cwd: root }).map((file) => dirname(file)))) {
  const template = {
    version: 'v2',
    clean: true,
    plugins: [
      {
        local: 'protoc-gen-es',
        out: join(folder, 'generated'),
        opt: ['target=ts', 'import_extension=ts', 'erasable_syntax=true'],
      },
    ],
  };
  const { status } = spawnSync(join(binaries, 'buf'), ['generate', '--template', JSON.stringify(template), folder], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` },
  });
  if (status !== 0) process.exit(1);
  process.stdout.write(`${folder}/generated\n`);
}
