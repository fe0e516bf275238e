// Many names on one line: the first few, and how many more.
const namedMax = 3;

export function named(names: readonly string[]): string {
  const shown = names.slice(0, namedMax).join(', ');
  return names.length > namedMax ? `${shown} and ${names.length - namedMax} more` : shown;
}
