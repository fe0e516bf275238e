// Draws captured terminal output as an SVG picture for the README:
//   tmux capture-pane -p -e | node scripts/terminal-svg.ts > docs/rollout.svg
// Understands what the live table uses: bold, dim, and the eight colours. Nothing is drawn that was not in the capture.
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

const escape = String.fromCharCode(27);
const column = 8.4;
const row = 19;
const margin = 18;
const colours: Readonly<Record<number, string>> = {
  30: '#484f58',
  31: '#ff7b72',
  32: '#3fb950',
  33: '#d29922',
  34: '#58a6ff',
  35: '#bc8cff',
  36: '#39c5cf',
  37: '#c9d1d9',
  90: '#8b949e',
};

interface Style {
  readonly colour?: string;
  readonly bold?: true;
  readonly dim?: true;
}

/** Select Graphic Rendition: ESC [ numbers m. */
const styleChange = new RegExp(`(${escape}\\[[\\d;]*m)`);

const lines = readFileSync(0, 'utf8').trimEnd().split('\n');
const width = Math.max(...lines.map((line) => stringWidth(stripVTControlCharacters(line)))) * column + 2 * margin;
const height = lines.length * row + 2 * margin;
process.stdout.write(
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#c9d1d9">`,
    '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
    ...lines.flatMap(drawLine),
    '</svg>\n',
  ].join('\n'),
);

function drawLine(line: string, index: number): string[] {
  const y = margin + (index + 0.75) * row;
  const drawn: string[] = [];
  let style: Style = {};
  let x = 0;
  for (const part of line.split(styleChange)) {
    if (part.startsWith(escape)) style = restyle(style, part.slice(2, -1).split(';').map(Number));
    else if (part !== '') {
      if (part.trim() !== '') drawn.push(drawText(part, margin + x * column, y, style));
      x += stringWidth(part);
    }
  }
  return drawn;
}

/** textLength keeps columns in line whatever monospaced font the reader has. */
function drawText(text: string, x: number, y: number, { colour, bold, dim }: Style): string {
  const attributes = [
    `x="${x.toFixed(1)}" y="${y.toFixed(1)}" textLength="${(stringWidth(text) * column).toFixed(1)}" xml:space="preserve"`,
    colour === undefined ? '' : ` fill="${colour}"`,
    bold === true ? ' font-weight="bold"' : '',
    dim === true ? ' opacity="0.6"' : '',
  ].join('');
  return `<text ${attributes}>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</text>`;
}

function restyle(style: Style, codes: readonly number[]): Style {
  return codes.reduce<Style>((current, code) => {
    if (code === 0) return {};
    if (code === 1) return { ...current, bold: true };
    if (code === 2) return { ...current, dim: true };
    if (code === 39)
      return { ...(current.bold === true ? { bold: true } : {}), ...(current.dim === true ? { dim: true } : {}) };
    if (code === 22) return current.colour === undefined ? {} : { colour: current.colour };
    const colour = colours[code];
    return colour === undefined ? current : { ...current, colour };
  }, style);
}
