// `$(VAR)` in commands, arguments and values: known names are replaced, unknown ones stay as they are, `$$` is one `$`
// (third_party/forked/golang/expansion). https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/

export type Lookup = (name: string) => string | undefined;

export function expand(text: string, lookup: Lookup): string {
  let expanded = '';
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1];
    if (text[at] !== '$' || next === undefined) expanded += text[at];
    else if (next === '$') {
      expanded += '$';
      at++;
    } else if (next !== '(') {
      // A lone dollar keeps what follows it.
      expanded += `$${next}`;
      at++;
    } else {
      const end = text.indexOf(')', at + 2);
      if (end < 0) {
        expanded += '$(';
        at++;
        continue;
      }
      const name = text.slice(at + 2, end);
      expanded += lookup(name) ?? `$(${name})`;
      at = end;
    }
  }
  return expanded;
}
