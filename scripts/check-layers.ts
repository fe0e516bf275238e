// The house rules that a linter has no words for: which room may import which (docs/architecture.md), folders are
// entered by their door (index.ts), and cycles between rooms do not exist. `npm run lint` runs it.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const source = join(import.meta.dirname, '..', 'src');

/** What each room may import besides itself. An arrow only points up this table. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  api: [],
  core: ['api'],
  machinery: ['api', 'observe'],
  pki: ['api'],
  observe: ['api'],
  client: ['api', 'machinery', 'observe', 'pki'],
  store: ['api', 'machinery', 'observe'],
  controllers: ['api', 'core', 'machinery', 'client', 'observe'],
  apiserver: ['api', 'machinery', 'store', 'pki', 'observe'],
  agent: ['api', 'core', 'machinery', 'client', 'pki', 'observe'],
  cluster: ['api', 'core', 'machinery', 'client', 'controllers', 'store', 'apiserver', 'agent', 'pki', 'observe'],
  simulation: [
    'api',
    'core',
    'machinery',
    'client',
    'controllers',
    'store',
    'apiserver',
    'agent',
    'cluster',
    'pki',
    'observe',
  ],
  testing: ['api', 'machinery', 'client', 'agent', 'cluster', 'observe'],
  cli: [
    'api',
    'core',
    'machinery',
    'client',
    'controllers',
    'store',
    'apiserver',
    'agent',
    'cluster',
    'simulation',
    'pki',
    'observe',
  ],
};
/** Pure rooms use nothing of Node and no package: no I/O, no clock, no randomness. */
const pure = new Set(['api', 'core']);
const impure = /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|process\.|setTimeout|setInterval|console\.)/;

const complaints: string[] = [];
for (const file of globSync('**/*.ts', { cwd: source }).toSorted()) {
  const room = file.split(sep)[0]!;
  const test = /\.test(-support)?\.ts$/.test(file);
  const text = readFileSync(join(source, file), 'utf8');
  const allowed = rooms[room];
  if (allowed === undefined) {
    complaints.push(`${file}: '${room}' is no room of the house`);
    continue;
  }
  if (pure.has(room) && !test) {
    for (const [index, line] of text.split('\n').entries())
      if (!/^\s*(\/\/|\*|\/\*)/.test(line) && impure.test(line))
        complaints.push(`${file}:${index + 1}: ${room}/ is pure: ${line.trim()}`);
  }
  for (const match of text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import '([^']+)'/g,
  )) {
    const specifier = match[1] ?? match[2] ?? match[3]!;
    if (!specifier.startsWith('.')) {
      if (pure.has(room) && !test) complaints.push(`${file}: ${room}/ is pure and imports '${specifier}'`);
      continue;
    }
    const target = relative(source, resolve(source, dirname(file), specifier));
    const other = target.split(sep)[0]!;
    if (other === room) continue;
    if (!allowed.includes(other) && !(test && other !== '..'))
      complaints.push(`${file}: ${room}/ may not import ${other}/`);
    const door = target.endsWith(`${sep}index.ts`);
    if (!door) complaints.push(`${file}: enter ${other}/ by a door (index.ts), not '${specifier}'`);
  }
}

for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
if (complaints.length > 0) process.exitCode = 1;
else process.stdout.write('layers: every import points up\n');
